using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Delivering;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Tests;

/// <summary>Deliveries without a run around them: formats, sinks of rows, and failures between the write and its record.</summary>
public sealed class DeliveryTests : IDisposable
{
    private static readonly DuckFactory Duck = new(new DuckBudget { SpillDirectory = Path.Combine(Path.GetTempPath(), "flowforge-ingest-tests", "delivery-spill") });
    private readonly Bench _bench = new();
    private readonly DeliveryRunner _runner;

    public DeliveryTests()
    {
        var options = new IngestOptions { TemporaryFolder = Path.Combine(_bench.Root, "temporary") };
        _runner = new DeliveryRunner(_bench.Lake, new ConnectorOpener(Bench.Plugins, options), Duck, _bench.Catalog, options);
        _bench.Write("in.csv", "id,name,at\n1,\"a, \"\"b\"\"\",2024-01-02 03:04:05\n2,,\n3,näme,2024-12-31 00:00:00\n");
    }

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("out/x.csv", "read_csv('{f}', header = true)")]
    [InlineData("out/x.tsv", "read_csv('{f}', header = true, delim = '\t')")]
    [InlineData("out/x.csv.gz", "read_csv('{f}', header = true, compression = 'gzip')")]
    [InlineData("x.jsonl", "read_json('{f}', format = 'newline_delimited')")]
    [InlineData("a b/ü.ndjson.zst", "read_json('{f}', format = 'newline_delimited', compression = 'zstd')")]
    [InlineData("x.parquet", "read_parquet('{f}')")]
    public async Task RunAsync_EveryFormat_HoldsTheSameRows(string path, string read)
    {
        await LoadAsync();
        var outcome = await DeliverAsync($"to: file\npath: {path}");
        Assert.Equal((new RowCounts(3, 3), new FileInfo(Path.Combine(_bench.Workspace, path)).Length), (outcome.Counts, outcome.Bytes));
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        Assert.Equal(["1|a, \"b\"|2024-01-02 03:04:05", "2|NULL|NULL", "3|näme|2024-12-31 00:00:00"],
            session.Rows($"SELECT id::VARCHAR, name, \"at\"::VARCHAR FROM {read.Replace("{f}", Path.Combine(_bench.Workspace, path), StringComparison.Ordinal)} ORDER BY id").Select(r => string.Join("|", r.Select(v => v ?? "NULL"))));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(_bench.Root, "temporary")));
    }

    [Fact]
    public async Task RunAsync_EmptyTable_DeliversItsColumns()
    {
        _bench.Write("in.csv", "id,name\n");
        await LoadAsync("schema_mode: user\nuser_schema: { id: BIGINT, name: VARCHAR }");
        Assert.Equal(new RowCounts(0, 0), (await DeliverAsync("to: file\npath: x.csv")).Counts);
        Assert.Equal("id,name\n", File.ReadAllText(Path.Combine(_bench.Workspace, "x.csv")));
    }

    [Fact]
    public async Task RunAsync_SinkOfRows_FailsBehindItsWrite_AndIsNotWrittenTwice()
    {
        await LoadAsync();
        const string Delivery = "to: test_sink\ntable: things\nconfig: { fail_once: true }";
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery, "run-1"));
        Assert.Equal(("FF2306", "The line went dead.", true), (failure.Code, failure.Message, failure.Transient));
        Assert.Null(_bench.Catalog.Deliveries.Find("test", "out", "test_sink:things")!.Version);

        var outcome = await DeliverAsync(Delivery, "run-1");
        Assert.Equal((new RowCounts(3, 3), "3 rows of bronze.things version 0 → test_sink things"), (outcome.Counts, outcome.Note));
        Assert.Equal("things True id,name,at\nthings True id,name,at\n", File.ReadAllText(Path.Combine(_bench.Workspace, "writes.txt")));
        Assert.Equal(3, File.ReadAllLines(Path.Combine(_bench.Workspace, "sink-things.txt")).Length - 1);
        // The attempt after a kill that came behind the record.
        Assert.True((await DeliverAsync(Delivery, "run-1")).AlreadyDone);
        Assert.Equal("version 0 is there already", (await DeliverAsync(Delivery, "run-2")).Note);
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_bench.Workspace, "writes.txt")).Length);
    }

    [Fact]
    public async Task RunAsync_SinkLosesARow_IsNotDelivered()
    {
        await LoadAsync();
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync("to: test_sink\ntable: things\nconfig: { lose: true }"));
        Assert.Equal("FF2304 things got 2 rows, 3 were handed over, and version 0 of bronze.things has 3. Something else writes there, or the connector is at fault. Start the run with a full refresh to deliver anew.", $"{failure.Code} {failure.Message} {failure.Suggestion}");
        Assert.Null(_bench.Catalog.Deliveries.Find("test", "out", "test_sink:things")!.Version);
    }

    /// <summary>A sink that keeps its mark: each run brings what is new, also when the one before was killed behind the write and its run given up, or the catalog was lost.</summary>
    [Fact]
    public async Task RunAsync_MarkedSink_Append_GoesOnFromTheMark()
    {
        const string Delivery = "to: test_marked_sink\ntable: things\nmode: append\nconfig: { fail_once: true }";
        const string Job = "write_mode: append\n";
        await LoadAsync(Job);
        await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery, "run-1"));
        var again = await DeliverAsync(Delivery, "run-1");
        Assert.Equal((true, new RowCounts(3, 3), "3 rows of bronze.things version 0 → test_marked_sink things"), (again.AlreadyDone, again.Counts, again.Note));
        Assert.Equal((0L, 3L, "run-1"), _bench.Catalog.Deliveries.Find("test", "out", "test_marked_sink:things") is { } first ? (first.Version!.Value, first.Rows, first.RunId) : default);

        // Killed behind the write, and given up: the next run does not bring its rows again.
        _bench.Write("in.csv", "id,name,at\n4,four,\n");
        await LoadAsync(Job);
        File.Delete(Path.Combine(_bench.Workspace, "failed.txt"));
        await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery, "run-2"));
        _bench.Write("in.csv", "id,name,at\n5,five,\n6,six,\n");
        await LoadAsync(Job);
        var third = await DeliverAsync(Delivery, "run-3");
        Assert.Equal((new RowCounts(2, 2), "new 2 rows of bronze.things version 2 → test_marked_sink things"), (third.Counts, third.Note));
        Assert.Equal(["1", "2", "3", "4", "5", "6"], Marked("things").Select(l => l.Split('|')[0]).Order(StringComparer.Ordinal));
        Assert.Equal("version 2 is there already", (await DeliverAsync(Delivery, "run-4")).Note);
        Assert.Equal("the later version 2 is there already", (await DeliverAsync(Delivery, "run-1", version: 0)).Note);
        Assert.Equal(["things replace after= keys= 3", "things add after=test/out@:0:run-1 keys= 1", "things add after=test/out@:1:run-2 keys= 2"], Asked());

        // Of another delivery.
        var other = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery, "run-5", name: "other"));
        Assert.Equal(("FF2303", "delivery.other would write into things, which the delivery test/out wrote. Nothing was changed there."), (other.Code, other.Message));
        // A full refresh brings all rows, once however often it is tried.
        Assert.Equal(6, (await DeliverAsync(Delivery, "run-6", fullRefresh: true)).Counts.Loaded);
        Assert.True((await DeliverAsync(Delivery, "run-6", fullRefresh: true)).AlreadyDone);
        Assert.Equal(6, Marked("things").Length);
    }

    [Fact]
    public async Task RunAsync_MarkedSink_Merge_BringsTheChangesByKey()
    {
        const string Delivery = "to: test_marked_sink\ntable: things\nmode: merge\nkeys: [id]";
        const string Job = "write_mode: replace\nconfig: { path: in.csv, reload: true }";
        await LoadAsync(Job, plain: true);
        Assert.Equal("3 rows of bronze.things version 0 → test_marked_sink things", (await DeliverAsync(Delivery, "run-1")).Note);
        _bench.Write("in.csv", "id,name,at\n1,\"a, \"\"b\"\"\",2024-01-02 03:04:05\n3,other,2024-12-31 00:00:00\n4,new,\n5,new,\n");
        await LoadAsync(Job, plain: true);
        var second = await DeliverAsync(Delivery, "run-2");
        // The first row was written anew as it was: it is no change.
        Assert.Equal((new RowCounts(4, 4), "changes: 4 rows of bronze.things version 1 → test_marked_sink things"), (second.Counts, second.Note));
        Assert.Contains("things: 2 new, 1 changed and 1 gone rows of bronze.things up to version 1; 4 rows are there.", _bench.Log.Text, StringComparison.Ordinal);
        Assert.Equal(["1|a, \"b\"", "3|other", "4|new", "5|new"], Marked("things").Select(l => string.Join('|', l.Split('|')[..2])).Order(StringComparer.Ordinal));
        Assert.Equal(["things replace after= keys=id 3", "things add after=test/out@:0:run-1 keys=id 4"], Asked());

        foreach (var (rows, message) in new[]
        {
            ("7,x,2024-01-01 00:00:00\n7,y,\n", "bronze.things has 2 rows with the key (id) = (7). Make the key unique in the SQL of the table, or choose other keys."),
            (",x,2024-01-01 00:00:00\n,y,\n3,z,\n", "2 rows of bronze.things have no value in the key id. Leave such rows out in the SQL of the table, or choose other keys."),
        })
        {
            _bench.Write("in.csv", "id,name,at\n" + rows);
            await LoadAsync(Job, plain: true);
            var failure = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery));
            Assert.Equal($"FF2308 {message}", $"{failure.Code} {failure.Message} {failure.Suggestion}");
        }
        Assert.Equal(4, Marked("things").Length);
        var missing = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery.Replace("[id]", "[nr, id]", StringComparison.Ordinal)));
        Assert.Equal("FF2308 delivery.out merges by nr, which bronze.things does not have. It has: id, name, at. Correct keys.", $"{missing.Code} {missing.Message} {missing.Suggestion}");

        // Other columns: all rows anew.
        _bench.Write("in.csv", "id,name,at,more\n1,x,,y\n2,z,,\n");
        await LoadAsync(Job, plain: true);
        Assert.Equal("2 rows of bronze.things version 4 → test_marked_sink things", (await DeliverAsync(Delivery, "run-9")).Note);
        Assert.Equal(2, Marked("things").Length);
    }

    [Fact]
    public async Task RunAsync_PlainSinkOfRows_IsOnlyReplaced()
    {
        await LoadAsync();
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync("to: test_sink\ntable: things\nmode: append"));
        Assert.Equal(("FF2302", "delivery.out cannot be written: the connector 'test_sink' takes rows of a table, and only such as replace all of it."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task RunAsync_ListOfFiles_BrokenOrOfAnother_IsLeftAlone()
    {
        await LoadAsync();
        const string Delivery = "to: file\npath: all/\nformat: csv\nmode: append";
        await DeliverAsync(Delivery, "run-1");
        var list = Path.Combine(_bench.Workspace, "all", "_delivery.json");
        var text = File.ReadAllText(list);
        // Killed between the list and the catalog: the next attempt says what this run did.
        Assert.Equal((true, new RowCounts(3, 3)), await DeliverAsync(Delivery, "run-1") is var again ? (again.AlreadyDone, again.Counts) : default);
        Assert.Equal(text, File.ReadAllText(list));

        File.WriteAllText(list, text.Replace("test/out", "test/other", StringComparison.Ordinal));
        Assert.Equal("FF2303", (await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery))).Code);
        File.WriteAllText(list, text[..20]);
        Assert.Equal("FF2307", (await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync(Delivery))).Code);
        Assert.Equal(text[..20], File.ReadAllText(list));

        // The list is gone, the catalog knows the folder as ours: all rows anew, once.
        File.Delete(list);
        Assert.Equal(3, (await DeliverAsync(Delivery)).Counts.Loaded);
        Assert.Single(JsonNode.Parse(File.ReadAllText(list))!["files"]!.AsArray());
    }

    /// <summary>A run that made an older version and comes to its delivery late, or is tried again, does not put the older rows over the newer.</summary>
    [Theory]
    [InlineData("to: file\npath: x.csv", "x.csv")]
    [InlineData("to: file\npath: all/\nformat: csv\nmode: append", "all/_delivery.json")]
    [InlineData("to: test_sink\ntable: things", "sink-things.txt")]
    public async Task RunAsync_LaterVersionIsThere_ItStays(string delivery, string file)
    {
        await LoadAsync();
        await DeliverAsync(delivery, "run-1");
        _bench.Write("in.csv", "id,name,at\n9,later,\n");
        await LoadAsync();
        await DeliverAsync(delivery, "run-2");
        var there = File.ReadAllText(Path.Combine(_bench.Workspace, file));

        var late = await DeliverAsync(delivery, "run-1b", version: 0);
        Assert.Equal((default(RowCounts), "the later version 1 is there already"), (late.Counts, late.Note));
        Assert.Equal(there, File.ReadAllText(Path.Combine(_bench.Workspace, file)));
        Assert.Equal("version 1 is there already", (await DeliverAsync(delivery, "run-3")).Note);
    }

    /// <summary>A delivery that was off for longer than the table's log is kept, and files of others that are named like ours.</summary>
    [Fact]
    public async Task RunAsync_FolderOfLongAgo_IsDeliveredAnew_AndOthersFilesStay()
    {
        await LoadAsync();
        const string Delivery = "to: file\npath: all/\nformat: csv\nmode: append";
        await DeliverAsync(Delivery, "run-1");
        var folder = Path.Combine(_bench.Workspace, "all");
        string[] others = ["part-00000-0123abcd.c000.csv", "part-1.csv", "part-0000000007-1.csv"];
        foreach (var name in others) File.WriteAllText(Path.Combine(folder, name), "id\n1\n");
        File.WriteAllText(Path.Combine(folder, "part-0000000009.csv"), "left by a run that was killed\n");
        for (var i = 0; i < 10; i++)
        {
            _bench.Write("in.csv", $"id,name,at\n{10 + i},later,\n");
            await LoadAsync();
        }
        // As the clean-up of old log entries leaves it: the checkpoint of version 10 is the oldest.
        foreach (var entry in Directory.GetFiles(Path.Combine(_bench.Lake.Table(TableName.Parse("bronze.things")).Location, "_delta_log"), "*.json").Where(f => Path.GetFileName(f) is [>= '0' and <= '9', ..] && !f.Contains("00010", StringComparison.Ordinal))) File.Delete(entry);
        Assert.Equal("13 rows of bronze.things version 10 → file all/", (await DeliverAsync(Delivery, "run-2")).Note);
        Assert.Equal([.. others.Append("_delivery.json").Append("part-0000000010-all.csv").Order(StringComparer.Ordinal)], Directory.GetFiles(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.Equal(14, File.ReadAllLines(Path.Combine(folder, "part-0000000010-all.csv")).Length);
    }

    [Fact]
    public async Task RunAsync_Cancelled_OrNoSuchTable_WritesNothing()
    {
        var missing = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync("to: file\npath: x.csv"));
        Assert.Equal("FF2301 delivery.out delivers bronze.things, which does not exist yet. Run the job that makes it first.", $"{missing.Code} {missing.Message} {missing.Suggestion}");
        await LoadAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DeliverAsync("to: file\npath: x.csv", ct: new CancellationToken(canceled: true)));
        Assert.False(File.Exists(Path.Combine(_bench.Workspace, "x.csv")));
        var files = await Assert.ThrowsAsync<JobFailedException>(() => DeliverAsync("to: file\ntable: t"));
        Assert.Equal(("FF2302", "delivery.out cannot be written: the connector 'file' takes files, and the delivery names no path."), (files.Code, files.Message));
    }

    private Task<JobOutcome> LoadAsync(string more = "", bool plain = false) => _bench.RunAsync("source_type: file_local\nformat: csv\n" + (plain ? "" : "config: { path: in.csv }\n") + more);

    /// <summary>The rows that the marked sink has.</summary>
    private string[] Marked(string table) => [.. File.ReadLines(Path.Combine(_bench.Workspace, $"marked-{table}.txt")).Skip(1)];

    /// <summary>How it was asked, without the table's identity.</summary>
    private IEnumerable<string> Asked() => File.ReadLines(Path.Combine(_bench.Workspace, "writes.txt")).Select(l => l.Replace(_bench.Lake.Table(TableName.Parse("bronze.things")).Latest()!.TableId, "", StringComparison.Ordinal));

    private Task<JobOutcome> DeliverAsync(string yaml, string run = "run-9", CancellationToken? ct = null, long? version = null, bool fullRefresh = false, string name = "out")
    {
        var parsed = PipelineParser.Parse($"pipeline: test\ndeliveries:\n  {name}:\n    from: bronze.things\n    " + yaml.Replace("\n", "\n    ", StringComparison.Ordinal));
        Assert.Empty(parsed.Diagnostics);
        var request = new JobRequest { RunId = run, Pipeline = "test", PipelineVersion = 1, JobId = "delivery.out", BaseDirectory = _bench.Workspace, RunTime = _bench.RunTime, TxnVersion = 1, FullRefresh = fullRefresh };
        if (version is { } pinned) request = request with { InputVersions = new Dictionary<string, long> { ["bronze.things"] = pinned } };
        return _runner.RunAsync(parsed.Definition!.Deliveries[0], request, new Progress<JobProgress>(), _bench.Log, ct ?? TestContext.Current.CancellationToken);
    }
}
