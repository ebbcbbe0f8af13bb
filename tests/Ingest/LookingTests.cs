using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Dry runs, traces of rows, and watermarks that are set back.</summary>
public sealed class LookingTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DryRun_OfRows_SaysWhatWouldHappenAndLeavesNothing()
    {
        _bench.Write("tables/t.csv", "Id:string,v:string\n1,a\nx,b\n3,c\n4,d\n");
        const string Yaml = "source_type: test_tables\nschema_mode: user\nuser_schema: { Id: int, v: string }\nconfig: { table_name: t }";
        var job = Bench.Job(Yaml);
        var result = await _bench.Runner.DryRunAsync(job, _bench.Request(job), 3, Ct);
        Assert.Equal(new RowCounts(3, 2, 1), result.Counts);
        Assert.Equal(["id INTEGER Id new", "v VARCHAR v new"], result.Columns.Select(c => $"{c.Name} {c.Type} {c.Source} {c.Change}"));
        Assert.Equal(["{\"id\":1,\"v\":\"a\"}", "{\"id\":3,\"v\":\"c\"}"], result.Sample);
        Assert.Equal("test_tables:t/part-00001 2 WRONG_TYPE \"x\" is no INTEGER.", string.Join("", result.Rejects.Select(r => $"{r.File} {r.Record} {r.Reason} {r.Message}")));
        Assert.Equal(["the first 3 rows of test_tables:t"], result.Read);
        Assert.Equal("bronze.things would be made with 2 columns.", result.Effect);
        Assert.Equal("FF2020", result.Problem!.Code);
        Assert.False(Directory.Exists(_bench.Lake.LandingFolder));
        Assert.Empty(_bench.Lake.Tables());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_bench.Root, "temporary")));
    }

    [Fact]
    public async Task DryRun_OfALongFile_ReadsItsBeginning()
    {
        _bench.Write("data/a.csv", "id,v\n" + string.Concat(Enumerable.Range(0, 600_000).Select(i => $"{i},value\n")));
        var job = Bench.Job("source_type: file_local\nformat: csv\nconfig: { path: data/*.csv }");
        var result = await _bench.Runner.DryRunAsync(job, _bench.Request(job), 100, Ct);
        Assert.InRange(result.Counts.Read, 100_000, 599_999);
        Assert.True(result.Counts.Balanced);
        Assert.Null(result.Problem);
        Assert.Equal("1 file found, 1 new or changed", result.Read[0]);
        Assert.Matches("^data/a.csv, its first 41943[0-9]{2} bytes$", result.Read[1]);
        Assert.Empty(_bench.Lake.Tables());
    }

    [Fact]
    public async Task Trace_OfFilesAndRows_GivesTheRecordAsItCame()
    {
        _bench.Write("data/a.csv", "id,v\n1,\"a\nb\"\n2,plain\n3,\"q\"\n");
        var files = Bench.Job("source_type: file_local\nformat: csv\nconfig: { path: data/*.csv }");
        await _bench.RunAsync(files);
        var table = new TableName(Layer.Bronze, "things");
        var raw = Enumerable.Range(1, 4).Select(n => _bench.Runner.Trace(files, "test", "things", table, "run-1", "data/a.csv", n, Ct).Raw ?? "none").ToList();
        Assert.Equal(["1,\"a\nb\"", "2,plain", "3,\"q\"", "none"], raw);
        var trace = _bench.Runner.Trace(files, "test", "things", table, "run-1", "data/a.csv", 2, Ct);
        Assert.Equal((0L, true, null), (trace.Version, trace.LandedFile!.EndsWith("_a.csv", StringComparison.Ordinal), trace.Note));

        _bench.Write("tables/t.csv", "Id:long,v:string\n1,a\n2,b\n");
        var rows = Bench.Job("source_type: test_tables\ntable: others\nconfig: { table_name: t }", "others");
        await _bench.RunAsync(rows);
        Assert.Equal("{\"Id\":2,\"v\":\"b\"}", _bench.Runner.Trace(rows, "test", "others", new TableName(Layer.Bronze, "others"), "run-2", "test_tables:t/part-00001", 2, Ct).Raw);
        Assert.Equal("The run has landed no copy of the file (landing: reference), or its list of landed files is gone.", _bench.Runner.Trace(rows, "test", "others", table, "run-9", "nope", 2, Ct).Note);
    }

    [Fact]
    public async Task SetWatermark_ReadsAgainAndLoadsNothingTwice()
    {
        _bench.Write("tables/t.csv", "n:long,v:string\n1,a\n2,b\n2,b\n");
        var job = Bench.Job("source_type: test_tables\nincremental_mode: incremental\nwatermark_column: n\nconfig: { table_name: t }");
        await _bench.RunAsync(job);
        var would = _bench.Runner.SetWatermark(job, "test", null, null, "me");
        Assert.Equal(new WatermarkChangeText("n", "2", null, 3, null), WatermarkChangeText.Of(would));
        Assert.Equal("The next run reads all of the source again, where 3 rows of bronze.things lie; rows that are there already are not loaded twice.", would.Effect);
        Assert.Equal(1, _bench.Runner.SetWatermark(job, "test", null, 2, "me").Version);
        _bench.Write("tables/t.csv", "n:long,v:string\n0,late\n1,a\n2,b\n2,b\n");
        var outcome = await _bench.RunAsync(job, _bench.Request(job));
        Assert.Equal(new RowCounts(4, 1, 0, 3), outcome.Counts);
        Assert.Equal(["0|late", "1|a", "2|b", "2|b"], _bench.Query("FROM {t} ORDER BY n"));
        var entry = _bench.Lake.Table(new TableName(Layer.Bronze, "things")).History().Single(v => v.Version == 1);
        Assert.Equal(("SET WATERMARK", "me", "2", ""), (entry.Operation, entry.Info["by"], entry.Info["from"], entry.Info["to"]));
        var failure = Assert.Throws<JobFailedException>(() => _bench.Runner.SetWatermark(job, "test", "soon", 9, "me"));
        Assert.Equal("'soon' is no BIGINT, which the watermark column n is.", failure.Message);
    }

    private sealed record WatermarkChangeText(string Column, string? From, string? To, long Rows, long? Version)
    {
        public static WatermarkChangeText Of(Looking.WatermarkChange change) => new(change.Column, change.From, change.To, change.RowsThere, change.Version);
    }
}
