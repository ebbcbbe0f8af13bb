using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>Rejects of rows at the watermark, which each run reads again.</summary>
public sealed class BoundaryRejectsTests : IDisposable
{
    private const string Status = "SELECT run_id, status, raw FROM {t} ORDER BY run_id, file, record";
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Yaml(string type, string more = "") => $$"""
        source_type: test_tables
        incremental_mode: incremental
        watermark_column: n
        error_handling: quarantine
        quarantine_path: quarantine/things
        schema_mode: user
        user_schema: { n: long, v: {{type}} }
        {{more}}
        config: { table_name: t }
        """;

    private void Source(params string[] rows) => _bench.Write("tables/t.csv", "n:long,v:string\n" + string.Concat(rows.Select(r => r + "\n")));

    [Fact]
    public async Task SameBadRows_ReadByEachRun_AreOpenOnce()
    {
        Source("1,1", "2,x", "2,x", "2,2");
        await _bench.RunAsync(Yaml("int"));
        Source("1,1", "2,x", "2,x", "2,2", "2,y", "2,x");
        Assert.Equal(new RowCounts(5, 0, 4, 1), (await _bench.RunAsync(Yaml("int"))).Counts);
        Assert.Equal(
        [
            """run-1|superseded|{"n":2,"v":"x"}""", """run-1|superseded|{"n":2,"v":"x"}""",
            """run-2|open|{"n":2,"v":"x"}""", """run-2|open|{"n":2,"v":"x"}""", """run-2|open|{"n":2,"v":"y"}""", """run-2|open|{"n":2,"v":"x"}""",
        ], _bench.Rejects(Status));
        // Of three equal rows the source gives one again: all three are still to be seen to.
        Source("2,x");
        await _bench.RunAsync(Yaml("int"));
        Assert.Equal(("superseded", 4L), (_bench.Rejects("SELECT status FROM {t} WHERE run_id = 'run-3'").Single(), _bench.Catalog.Rejects.OfTable("bronze.things").Sum(r => r.Open)));
        Assert.Equal(3, _bench.Rejects("SELECT 1 FROM {t} WHERE status = 'open' AND raw LIKE '%x%'").Count);
        var outcome = await _bench.ReplayAsync(Yaml("string"));
        Assert.Equal(new RowCounts(4, 4), outcome.Counts);
        Assert.Equal(["1|1", "2|2", "2|x", "2|x", "2|x", "2|y"], _bench.Query("SELECT n, v FROM {t} ORDER BY ALL"));
        // And what was replayed is known at the next read.
        Source("2,2", "2,x", "2,x", "2,y", "2,x", "3,5");
        Assert.Equal(new RowCounts(6, 1, 0, 5), (await _bench.RunAsync(Yaml("string"))).Counts);
        Assert.Equal(["1|1", "2|2", "2|x", "2|x", "2|x", "2|y", "3|5"], _bench.Query("SELECT n, v FROM {t} ORDER BY ALL"));
    }

    [Fact]
    public async Task Replay_OfARowThatALaterRunHasLoaded_LoadsNoSecondOne()
    {
        Source("1,1", "2,x", "2,2");
        await _bench.RunAsync(Yaml("int"));
        // The definition is mended, and the next run reads the bad row of the boundary again: now it fits.
        Source("1,1", "2,x", "2,2", "3,z");
        Assert.Equal(new RowCounts(3, 2, 0, 1), (await _bench.RunAsync(Yaml("string"))).Counts);
        var outcome = await _bench.ReplayAsync(Yaml("string"));
        Assert.Equal((new RowCounts(1, 0, 0, 1), "0 of 1 rejects replayed; 1 superseded, for the table has another row in their place"), (outcome.Counts, outcome.Note));
        Assert.Equal(["1|1", "2|2", "2|x", "3|z"], _bench.Query("SELECT n, v FROM {t} ORDER BY ALL"));
        Assert.Equal(["""run-1|superseded|{"n":2,"v":"x"}"""], _bench.Rejects(Status));
        Assert.Equal(0, Assert.Single(_bench.Catalog.Rejects.OfTable("bronze.things")).Open);
    }

    [Fact]
    public async Task Replay_OfATwinOfARowOfItsOwnRun_LoadsIt()
    {
        _bench.Write("tables/t.csv", "n:long,v:string,w:string\n1,1,ok\n2,a,ok\n2,a,odd\n");
        var yaml = Yaml("string", "checks: [ { accepted_values: { column: w, values: [ok] }, on_fail: quarantine } ]").Replace("v: string", "v: string, w: string", StringComparison.Ordinal);
        Assert.Equal(new RowCounts(3, 2, 1), (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(Yaml("string"))).Counts);
        Assert.Equal(["1|1", "2|a", "2|a"], _bench.Query("SELECT n, v FROM {t} ORDER BY ALL"));
    }

    [Fact]
    public async Task SameBadRow_ThatTwoRunsRejectedForDifferentReasons_IsReplayedOnce()
    {
        Source("1,1", "2,x");
        await _bench.RunAsync(Yaml("int"));
        await _bench.RunAsync(Yaml("string", "checks: [ { accepted_values: { column: v, values: ['1'] }, on_fail: quarantine } ]"));
        var outcome = await _bench.ReplayAsync(Yaml("string"));
        Assert.Equal(["1|1", "2|x"], _bench.Query("SELECT n, v FROM {t} ORDER BY ALL"));
        Assert.Equal(1, outcome.Counts.Loaded);
        Assert.Equal(["0"], _bench.Rejects("SELECT count(*) FROM {t} WHERE status = 'open'"));
    }

    [Fact]
    public async Task Merge_RejectsWhoseNewerRowHasWon_AreSupersededAndNotReplayed()
    {
        var merge = Yaml("int", "write_mode: merge\ndedupe_keys: [id]").Replace("{ n: long,", "{ id: int, n: long,", StringComparison.Ordinal);
        _bench.Write("tables/t.csv", "id:long,n:long,v:string\n1,1,old\n2,1,old\n3,1,7\n");
        await _bench.RunAsync(merge);
        _bench.Write("tables/t.csv", "id:long,n:long,v:string\n1,2,5\n");
        await _bench.RunAsync(merge);
        var outcome = await _bench.ReplayAsync(merge.Replace("v: int", "v: string", StringComparison.Ordinal));
        Assert.Equal((new RowCounts(2, 1, 0, 1), "1 of 2 rejects replayed; 1 superseded, for the table has another row in their place"), (outcome.Counts, outcome.Note));
        Assert.Equal(["1|5", "2|old", "3|7"], _bench.Query("SELECT id, v FROM {t} ORDER BY id"));
        Assert.Equal(["1|superseded", "2|replayed"], _bench.Rejects("SELECT raw[7], status FROM {t} ORDER BY 1"));
    }

    [Fact]
    public async Task BoundaryRows_WhoseColumnWidens_AreStillKnown()
    {
        const string Infer = "source_type: test_tables\nincremental_mode: incremental\nwatermark_column: n\nconfig: { table_name: t }";
        _bench.Write("tables/t.csv", "n:long,v:object\n1,7\n2,8\n");
        await _bench.RunAsync(Infer);
        Assert.Equal("n BIGINT, v BIGINT", _bench.Schema());
        _bench.Write("tables/t.csv", "n:long,v:string\n2,8\n2,08\n2,word\n");
        Assert.Equal(new RowCounts(3, 2, 0, 1), (await _bench.RunAsync(Infer)).Counts);
        Assert.Equal(["1|7", "2|08", "2|8", "2|word"], _bench.Query("SELECT n, v FROM {t} ORDER BY ALL"));
    }

    [Fact]
    public async Task Keys_WhoseColumnWidens_AreStillKnown()
    {
        const string Infer = "source_type: test_tables\nwrite_mode: append\ndedupe_keys: [id]\nconfig: { table_name: t }";
        _bench.Write("tables/t.csv", "id:object\n7\n8\n");
        await _bench.RunAsync(Infer);
        _bench.Write("tables/t.csv", "id:string\n8\n08\nx\n");
        Assert.Equal(new RowCounts(3, 2, 0, 1), (await _bench.RunAsync(Infer)).Counts);
        Assert.Equal(["08", "7", "8", "x"], _bench.Query("SELECT id FROM {t} ORDER BY ALL"));
    }
}
