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

    private Task<JobOutcome> LoadAsync(string more = "") => _bench.RunAsync("source_type: file_local\nformat: csv\nconfig: { path: in.csv }\n" + more);

    private Task<JobOutcome> DeliverAsync(string yaml, string run = "run-9", CancellationToken? ct = null, long? version = null)
    {
        var parsed = PipelineParser.Parse("pipeline: test\ndeliveries:\n  out:\n    from: bronze.things\n    " + yaml.Replace("\n", "\n    ", StringComparison.Ordinal));
        Assert.Empty(parsed.Diagnostics);
        var request = new JobRequest { RunId = run, Pipeline = "test", PipelineVersion = 1, JobId = "delivery.out", BaseDirectory = _bench.Workspace, RunTime = _bench.RunTime, TxnVersion = 1 };
        if (version is { } pinned) request = request with { InputVersions = new Dictionary<string, long> { ["bronze.things"] = pinned } };
        return _runner.RunAsync(parsed.Definition!.Deliveries[0], request, new Progress<JobProgress>(), _bench.Log, ct ?? TestContext.Current.CancellationToken);
    }
}
