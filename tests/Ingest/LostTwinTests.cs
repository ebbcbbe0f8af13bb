using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>A row that gets lost between the choice of twins and the table does not pass for a twin.</summary>
public sealed class LostTwinTests : IDisposable
{
    private const string Csv = "source_type: file_local\npartition_mode: none\nformat: csv\nconfig: { path: 'data/*.csv', allow_smaller: true }\n";
    private const string Rows = "source_type: test_tables\nconfig: { table_name: t, lax: true }\n";
    private const string Since = "incremental_mode: incremental\nwatermark_column: n\n";
    private const string Keys = "dedupe_keys: [id]\n";
    private readonly Bench _bench = Bench.Quick();

    public void Dispose() => _bench.Dispose();

    private TableSnapshot Table => _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!;

    // What the second run counts while it loses a row, and what it counts without.
    private static readonly Dictionary<string, (string Yaml, string First, string Second, string Lost, RowCounts Whole)> Cases = new()
    {
        ["appended, twins among the rows"] = (Csv + Keys, "1,1\n", "2,1\n2,2\n3,1\n", "3 read = 1 loaded + 0 rejected + 1 deduplicated + 0 filtered", new(3, 2, 0, 1)),
        ["appended, twins in the table"] = (Csv + Keys, "1,1\n", "1,5\n2,1\n3,1\n", "3 read = 1 loaded + 0 rejected + 1 deduplicated + 0 filtered", new(3, 2, 0, 1)),
        ["appended, twins among the rows and in the table"] = (Csv + Keys, "1,1\n2,1\n", "1,5\n1,6\n2,1\n3,1\n3,2\n4,1\n", "6 read = 1 loaded + 0 rejected + 4 deduplicated + 0 filtered", new(6, 2, 0, 4)),
        ["appended, without their key"] = (Csv + Keys, ",5\n9,9\n", ",5\n,5\n7,1\n7,1\n", "4 read = 1 loaded + 0 rejected + 2 deduplicated + 0 filtered", new(4, 2, 0, 2)),
        ["appended, no twins"] = (Csv + Keys, "1,1\n", "2,1\n3,1\n", "2 read = 1 loaded + 0 rejected + 0 deduplicated + 0 filtered", new(2, 2)),
        ["replaced"] = (Csv + Keys + "write_mode: replace", "1,1\n", "2,1\n2,2\n", "3 read = 1 loaded + 0 rejected + 1 deduplicated + 0 filtered", new(3, 2, 0, 1)),
        ["merged"] = (Csv + Keys + "write_mode: merge", "1,1\n2,1\n", "1,2\n1,3\n5,1\n2,1\n", "4 read = 2 loaded + 0 rejected + 1 deduplicated + 0 filtered", new(4, 3, 0, 1)),
        ["merged, keys with NULL"] = (Csv + Keys + "write_mode: merge", "1,1\n", ",2\n,3\n5,1\n", "3 read = 1 loaded + 0 rejected + 1 deduplicated + 0 filtered", new(3, 2, 0, 1)),
        ["merged, no twins"] = (Csv + Keys + "write_mode: merge", "1,1\n", "1,2\n5,1\n", "2 read = 1 loaded + 0 rejected + 0 deduplicated + 0 filtered", new(2, 2)),
        ["merged by watermark"] = (Rows + Since + Keys + "write_mode: merge", "1,1\n2,5\n", "1,9\n1,8\n2,6\n3,2\n4,7\n", "5 read = 2 loaded + 0 rejected + 1 deduplicated + 1 filtered", new(5, 3, 0, 1, 1)),
        ["merged, filtered"] = (Csv + Keys + "write_mode: merge\nfilter: n > 0", "1,1\n", "1,2\n1,3\n5,1\n6,0\n", "4 read = 1 loaded + 0 rejected + 1 deduplicated + 1 filtered", new(4, 2, 0, 1, 1)),
        ["history"] = (Csv + Keys + "write_mode: scd2", "1,1\n2,1\n", "1,2\n1,3\n5,1\n2,1\n", "4 read = 2 loaded + 0 rejected + 1 deduplicated + 0 filtered", new(4, 3, 0, 1)),
        ["appended by watermark"] = (Rows + Since + "write_mode: append", "1,1\n2,5\n2,5\n", "2,5\n2,5\n2,5\n4,6\n", "4 read = 1 loaded + 0 rejected + 2 deduplicated + 0 filtered", new(4, 2, 0, 2)),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Row_LostBehindTheChoice_FailsTheRunAndKeepsTheVersion(string name)
    {
        var (yaml, first, second, lost, whole) = Cases[name];
        var (file, head) = yaml.StartsWith(Rows, StringComparison.Ordinal) ? ("tables/t.csv", "id:long,n:long\n") : ("data/1.csv", "id,n\n");
        _bench.Write(file, head + first);
        await _bench.RunAsync(yaml);
        var before = (Table.Version, Rows: _bench.Query("SELECT id, n FROM {t} ORDER BY ALL"));
        // A replaced table has all files, others the new ones.
        _bench.Write(file.Replace("1", yaml.Contains("replace", StringComparison.Ordinal) ? "1" : "2", StringComparison.Ordinal), head + (yaml.Contains("replace", StringComparison.Ordinal) ? first : "") + second);

        _bench.LoseChosenRow();
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));

        Assert.Equal(("FF2030", $"The rows do not add up, and nothing was published: {lost}.", "This is a defect of FlowForge: keep the landed files and report it.", false), (failure.Code, failure.Message, failure.Suggestion, failure.Transient));
        Assert.Equal(before.Version, Table.Version);
        Assert.Equal(before.Rows, _bench.Query("SELECT id, n FROM {t} ORDER BY ALL"));

        _bench.LoseChosenRow(false);
        Assert.Equal(whole, (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal(before.Version + 1, Table.Version);
    }

    [Fact]
    public async Task Change_LostBehindTheChoice_FailsTheRun()
    {
        const string Yaml = "source_type: test_stream\nwrite_mode: merge\ndedupe_keys: [id]\nfilter: value <> 'no'";
        _bench.Write("acks.txt", "");
        // The first run makes the table: what is deleted there never was, and counts as the others do.
        _bench.Write("events.txt", "i,1,a\nd,2,\ni,3,b\nu,3,c\ni,4,no\n");
        await Lost("5 read = 2 loaded + 0 rejected + 1 deduplicated + 1 filtered", new(5, 3, 0, 1, 1));
        _bench.Write("events.txt", File.ReadAllText(Path.Combine(_bench.Workspace, "events.txt")) + "u,1,b\nu,1,c\nu,3,no\nd,9,\n");
        await Lost("4 read = 1 loaded + 0 rejected + 1 deduplicated + 1 filtered", new(4, 2, 0, 1, 1));
        _bench.Write("events.txt", File.ReadAllText(Path.Combine(_bench.Workspace, "events.txt")) + "u,1,d\nu,4,no\nt,0,\ni,5,a\ni,5,b\ni,6,a\n");
        await Lost("6 read = 1 loaded + 0 rejected + 3 deduplicated + 1 filtered", new(6, 2, 0, 3, 1));
        Assert.Equal(["5|b", "6|a"], _bench.Query("SELECT id, value FROM {t} ORDER BY ALL"));

        async Task Lost(string lost, RowCounts whole)
        {
            _bench.LoseChosenRow();
            Assert.Equal($"The rows do not add up, and nothing was published: {lost}.", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml))).Message);
            _bench.LoseChosenRow(false);
            Assert.Equal(whole, (await _bench.RunAsync(Yaml)).Counts);
        }
    }

    [Theory]
    [InlineData(Keys + "write_mode: append\n", "4 read = 1 loaded + 0 rejected + 2 deduplicated + 0 filtered", 2, 2)]
    [InlineData(Keys + "write_mode: merge\n", "4 read = 1 loaded + 0 rejected + 2 deduplicated + 0 filtered", 2, 2)]
    [InlineData(Since + "write_mode: append\n", "4 read = 2 loaded + 0 rejected + 1 deduplicated + 0 filtered", 3, 1)]
    public async Task Reject_LostBehindTheChoice_FailsTheReplay(string mode, string lost, long loaded, long twins)
    {
        string Yaml(string type) => Rows + mode + $"schema_mode: user\nuser_schema: {{ id: int, n: int, v: {type} }}\nerror_handling: quarantine\nquarantine_path: quarantine/things";
        _bench.Write("tables/t.csv", "id:long,n:long,v:string\n1,1,1\n2,2,x\n3,3,y\n3,3,y\n4,4,z\n");
        await _bench.RunAsync(Yaml("int"));
        // The row 2 came right in the meantime.
        _bench.Write("tables/t.csv", "id:long,n:long,v:string\n1,1,1\n2,2,x\n");
        if (!mode.Contains("watermark", StringComparison.Ordinal)) _bench.Write("tables/t.csv", "id:long,n:long,v:string\n1,1,1\n2,2,5\n");
        await _bench.RunAsync(Yaml(mode.Contains("watermark", StringComparison.Ordinal) ? "varchar" : "int"));
        _bench.LoseChosenRow();
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.ReplayAsync(Yaml("varchar")));
        Assert.Equal(("FF2030", $"The rows do not add up, and nothing was published: {lost}."), (failure.Code, failure.Message));
        _bench.LoseChosenRow(false);
        Assert.Equal(new RowCounts(4, loaded, 0, twins), (await _bench.ReplayAsync(Yaml("varchar"))).Counts);
    }
}
