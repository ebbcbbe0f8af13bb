using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>A row that gets lost between reading and filtering does not pass for one that was filtered.</summary>
public sealed class LostRowTests : IDisposable
{
    private const string Files = "source_type: file_local\npartition_mode: none\n";
    private const string Merges = "write_mode: merge\ndedupe_keys: [id]\n";
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private TableSnapshot Table => _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!;

    private static readonly Dictionary<string, (string Yaml, string First, string Second, string Lost)> Cases = new()
    {
        // The first row of each is the one that gets lost: once one that would pass, once one that would not.
        ["csv"] = (Files + "format: csv\nfilter: n > 0\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,0\n4,1\n5,\n", "3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
        ["csv, widened"] = (Files + "format: csv\nfilter: n <> '0'\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,1\n4,x\n5,0\n", "3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
        ["csv, computed"] = (Files + "format: csv\ncomputed: { twice: n * 2 }\nfilter: twice > 0\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,1\n4,1\n5,0\n", "3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
        ["csv, rejects"] = (Files + "format: csv\nschema_mode: user\nuser_schema: { id: int, n: int }\nerror_handling: quarantine\nquarantine_path: quarantine/things\nfilter: n > 0\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,1\n4,x\n5,0\n", "3 read = 0 loaded + 1 rejected + 0 deduplicated + 1 filtered"),
        ["csv, replace"] = (Files + "format: csv\nwrite_mode: replace\nfilter: n > 0\nconfig: { path: 'data/*.csv', allow_smaller: true }", "id,n\n1,1\n2,0\n", "id,n\n3,0\n4,1\n5,\n", "5 read = 1 loaded + 0 rejected + 0 deduplicated + 3 filtered"),
        ["csv, first of keys"] = (Files + "format: csv\ndedupe_keys: [id]\nfilter: n > 0\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,0\n4,1\n4,1\n5,\n", "4 read = 1 loaded + 0 rejected + 1 deduplicated + 1 filtered"),
        ["csv, merged"] = (Files + Merges + "format: csv\nfilter: n > 0\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,0\n1,2\n1,3\n5,\n", "4 read = 1 loaded + 0 rejected + 1 deduplicated + 1 filtered"),
        ["csv, history"] = (Files + "format: csv\nwrite_mode: scd2\ndedupe_keys: [id]\nfilter: n > 0\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,0\n1,2\n5,\n", "3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
        ["csv, watermark"] = (Files + "format: csv\nincremental_mode: incremental\nwatermark_column: n\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,5\n", "id,n\n3,2\n4,9\n5,3\n", "3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
        ["csv, watermark and filter"] = (Files + "format: csv\nincremental_mode: incremental\nwatermark_column: n\nfilter: id < 5\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,5\n", "id,n\n3,2\n4,9\n4,3\n5,9\n", "4 read = 1 loaded + 0 rejected + 0 deduplicated + 2 filtered"),
        ["csv, dropping check"] = (Files + "format: csv\nfilter: n > 0\nchecks: [ { range: { column: n, max: 5, on_fail: drop } } ]\nconfig: { path: 'data/*.csv' }", "id,n\n1,1\n2,0\n", "id,n\n3,0\n4,9\n5,0\n6,1\n", "4 read = 1 loaded + 0 rejected + 0 deduplicated + 2 filtered"),
        ["ndjson"] = (Files + "format: ndjson\nfilter: n > 0\nconfig: { path: 'data/*.csv' }", "{\"id\":1,\"n\":1}\n{\"id\":2}\n", "{\"id\":3}\n{\"id\":4,\"n\":2}\n{\"id\":5,\"n\":0}\n", "3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
        ["rows"] = ("source_type: test_tables\nfilter: n > 0\nconfig: { table_name: t }", "id:long,n:long\n1,1\n2,0\n", "id:long,n:long\n3,0\n4,1\n5,0\n", "3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
        ["rows, contract"] = ("source_type: test_tables\nschema_mode: user\nuser_schema: { id: int, n: tinyint }\nerror_handling: quarantine\nquarantine_path: quarantine/things\nfilter: n > 0\nconfig: { table_name: t }", "id:long,n:long\n1,1\n2,0\n", "id:long,n:long\n3,0\n4,1\n5,0\n6,999\n", "4 read = 1 loaded + 1 rejected + 0 deduplicated + 1 filtered"),
        ["rows, watermark, merged"] = ("source_type: test_tables\nincremental_mode: incremental\nwatermark_column: n\n" + Merges + "config: { table_name: t, lax: true }", "id:long,n:long\n1,1\n2,5\n", "id:long,n:long\n3,2\n4,9\n2,6\n5,3\n", "4 read = 2 loaded + 0 rejected + 0 deduplicated + 1 filtered"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Row_LostBeforeTheFilter_FailsTheRunAndKeepsTheVersion(string name)
    {
        var (yaml, first, second, lost) = Cases[name];
        var rows = yaml.Contains("test_tables", StringComparison.Ordinal);
        _bench.Write(rows ? "tables/t.csv" : "data/1.csv", first);
        await _bench.RunAsync(yaml);
        var before = (Table.Version, Rows: _bench.Query("SELECT id, n FROM {t} ORDER BY ALL"));
        _bench.Write(rows ? "tables/t.csv" : "data/2.csv", second);

        _bench.LoseRow();
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));

        Assert.Equal(("FF2030", $"The rows do not add up, and nothing was published: {lost}.", false), (failure.Code, failure.Message, failure.Transient));
        Assert.Equal("This is a defect of FlowForge: keep the landed files and report it.", failure.Suggestion);
        Assert.Equal(before.Version, Table.Version);
        Assert.Equal(before.Rows, _bench.Query("SELECT id, n FROM {t} ORDER BY ALL"));

        _bench.LoseRow(false);
        var counts = (await _bench.RunAsync(yaml)).Counts;
        Assert.True(counts.Balanced && counts.Loaded > 0, counts.ToString());
        Assert.Equal(before.Version + 1, Table.Version);
    }

    [Fact]
    public async Task Row_LostOfParquetOrPages_FailsTheRun()
    {
        _bench.Write("data/1.csv", "id,n\n1,1\n2,0\n3,2\n");
        await _bench.RunAsync(Files + "format: csv\nconfig: { path: 'data/1.csv' }");
        var file = Table.Files.Single();
        Directory.CreateDirectory(Path.Combine(_bench.Workspace, "parquet"));
        File.Copy(Path.Combine(_bench.Lake.Root, "bronze", "things", file.Path), Path.Combine(_bench.Workspace, "parquet", "a.parquet"));
        _bench.Write("pages/1", "{\"id\":1,\"n\":1}\n{\"id\":2,\"n\":0}\n{\"id\":3,\"n\":2}\n");
        foreach (var source in new[] { Files + "format: parquet\nconfig: { path: 'parquet/*.parquet' }", "source_type: test_pages" })
        {
            foreach (var more in new[] { "", "\nschema_mode: user\nuser_schema: { id: int, n: int }", "\nwrite_mode: merge\ndedupe_keys: [id]" })
            {
                var job = Bench.Job($"{source}\nfilter: n > 0{more}", "others");
                _bench.LoseRow();
                var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job));
                Assert.Equal(("FF2030", "The rows do not add up, and nothing was published: 3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered."), (failure.Code, failure.Message));
                Assert.Null(_bench.Lake.Table(new TableName(Layer.Bronze, "others")).Latest());
            }
        }
    }

    [Fact]
    public async Task Change_LostBeforeTheFilter_FailsTheRun()
    {
        const string Yaml = "source_type: test_stream\nwrite_mode: merge\ndedupe_keys: [id]\nfilter: value <> 'no'";
        _bench.Write("acks.txt", "");
        _bench.Write("events.txt", "i,1,yes\ni,2,no\n");
        Assert.Equal(new RowCounts(2, 1, 0, 0, 1), (await _bench.RunAsync(Yaml)).Counts);
        _bench.Write("events.txt", "i,1,yes\ni,2,no\nu,1,more\nu,2,yes\nu,2,no\n");
        _bench.LoseRow();
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml));
        Assert.Equal("The rows do not add up, and nothing was published: 3 read = 0 loaded + 0 rejected + 1 deduplicated + 1 filtered.", failure.Message);
        Assert.Equal(["1|yes"], _bench.Query("SELECT id, value FROM {t}"));
    }

    [Fact]
    public async Task Reject_LostBeforeTheFilter_FailsTheReplay()
    {
        static string Yaml(string type) => Files + $"format: csv\nschema_mode: user\nuser_schema: {{ id: int, n: {type} }}\nerror_handling: quarantine\nquarantine_path: quarantine/things\nfilter: n > 0\nconfig: {{ path: 'data/*.csv' }}";
        _bench.Write("data/a.csv", "id,n\n1,1\n2,0.5\n3,-0.5\n4,1.5\n");
        await _bench.RunAsync(Yaml("int"));
        _bench.LoseRow();
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.ReplayAsync(Yaml("double")));
        Assert.Equal("The rows do not add up, and nothing was published: 3 read = 1 loaded + 0 rejected + 0 deduplicated + 1 filtered.", failure.Message);
        Assert.Equal(["open|3"], _bench.Rejects("SELECT status, count(*) FROM {t} GROUP BY ALL"));
        _bench.LoseRow(false);
        Assert.Equal(new RowCounts(3, 2, 0, 0, 1), (await _bench.ReplayAsync(Yaml("double"))).Counts);
    }

    [Theory]
    [InlineData("true", 4, 0)]
    [InlineData("1 = 0", 0, 4)]
    [InlineData("NULL", 0, 4)]
    [InlineData("n", 2, 2)] // A number is true unless it is 0, as WHERE has it.
    [InlineData("n > 0 -- and no more", 2, 2)]
    [InlineData("id < 3 AND coalesce(n, 1) > 0", 1, 1 + 2)]
    [InlineData("random() >= 0", 4, 0)]
    public async Task Filtered_IsCountedWhateverTheConditionIs(string filter, long loaded, long filtered)
    {
        _bench.Write("data/a.csv", "id,n\n1,1\n2,0\n3,\n4,2\n");
        foreach (var (more, table) in new[] { ("", "straight"), ("\ndedupe_keys: [id]", "keyed") })
            Assert.Equal(new RowCounts(4, loaded, 0, 0, filtered), (await _bench.RunAsync(Bench.Job($"{Files}format: csv\nfilter: \"{filter}\"{more}\nconfig: {{ path: 'data/*.csv' }}", table))).Counts);
    }
}
