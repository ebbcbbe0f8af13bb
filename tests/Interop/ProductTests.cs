using FlowForge.Catalog;
using FlowForge.Datasets;
using FlowForge.Duck;
using FlowForge.Ingest.Tests;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Interop.Tests;

/// <summary>Tables as jobs make them: with run, file and record of each row, states beside the log, rejects in a table of their own, and datasets on top.</summary>
public sealed class ProductTests(DeltaPeer peer) : IDisposable
{
    private readonly Bench _bench = new();
    private readonly DuckDatabase _database = DuckDatabase.Open(new DuckOptions { Threads = 2 });

    public void Dispose()
    {
        _database.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task Read_TheDemosTables_AreTheSame()
    {
        peer.Ready();
        _ = Bench.DemoData;
        var demo = Path.Combine(Bench.RepoRoot, "AppHost", "demo");
        foreach (var (file, left) in new[] { ("movies.yaml", (string[])[]), ("flights.yaml", ["flights", "flights_clean", "delays_by_airport", "delays_by_hour"]) })
        {
            var pipeline = PipelineParser.Parse(File.ReadAllText(Path.Combine(demo, file))).Definition!;
            foreach (var job in pipeline.Ingest.Where(j => !left.Contains(j.Name)))
            {
                var outcome = await _bench.RunAsync(job, _bench.Request(job) with { BaseDirectory = demo });
                Assert.True(outcome.Counts.Loaded > 100, job.Name);
            }
            foreach (var dataset in pipeline.Datasets.Where(d => !left.Contains(d.Name))) await BuildAsync(dataset);
        }

        using var session = _database.Connect();
        session.Execute("SET TimeZone = 'UTC'");
        List<string> Rows(LakeTable table) => PeerLake.Same(peer, session, table);
        foreach (var table in _bench.Lake.Tables()) Assert.NotEmpty(Rows(_bench.Lake.Table(table)));
        Assert.Equal(["bronze.airports", "bronze.movies", "bronze.weather", "gold.directors", "gold.genres", "gold.weather_by_month", "silver.movies_rated", "silver.weather_daily"], _bench.Lake.Tables().Select(t => t.ToString()).Order(StringComparer.Ordinal));
        Assert.NotEmpty(Rows(_bench.Lake.TableAt("quarantine/movies")));
    }

    [Fact]
    public async Task Read_TablesOfEveryWriteMode_AreTheSameInEveryVersion()
    {
        peer.Ready();
        using var session = _database.Connect();
        session.Execute("SET TimeZone = 'UTC'");
        foreach (var mode in new[] { "append", "replace", "merge", "scd2" })
        {
            string Yaml(string more) => $$"""
                source_type: file_local
                format: csv
                error_handling: quarantine
                quarantine_path: quarantine/{{mode}}
                write_mode: {{mode}}
                dedupe_keys: [id]
                partition_mode: column
                partition_pattern: kind
                {{more}}
                config: { path: "{{mode}}/*.csv" }
                """;
            var job = Bench.Job(Yaml("schema_mode: user\nuser_schema: { id: int, kind: string, amount: \"decimal(12,2)\", at: timestamp }"), mode);
            _bench.Write($"{mode}/1.csv", "id,kind,amount,at\n1,a/ü,1.50,2024-01-01 00:00:00.000001\n2,b,x,2024-01-01\n3,,3.25,\n4,b,4,1969-12-31 23:59:59.999999\n");
            await _bench.RunAsync(job);
            _bench.Write($"{mode}/2.csv", "id,kind,amount,at\n1,a/ü,9.99,2024-02-01\n5,c d,bad,\n6,%,-0.01,2024-02-02\n");
            await _bench.RunAsync(job);
            var table = _bench.Lake.Table(new TableName(Layer.Bronze, mode));
            for (var version = 0L; version <= table.Latest()!.Version; version++) PeerLake.Same(peer, session, table, version);
            Assert.NotEmpty(PeerLake.Same(peer, session, table));
            Assert.NotEmpty(PeerLake.Same(peer, session, _bench.Lake.TableAt($"quarantine/{mode}")));
        }
    }

    private async Task BuildAsync(DatasetDefinition dataset)
    {
        var runner = new DatasetRunner(_bench.Lake, _bench.Catalog, new DatasetOptions { MemoryLimitBytes = 512L << 20, Threads = 2, SpillFolder = Path.Combine(_bench.Root, "spill") });
        var request = new JobRequest { RunId = "run-d", Pipeline = "test", PipelineVersion = 1, JobId = dataset.Table, BaseDirectory = _bench.Workspace, RunTime = _bench.RunTime, TxnVersion = 1, InputVersions = new Dictionary<string, long>() };
        await runner.RunAsync(dataset, request, new Progress<JobProgress>(), _bench.Log, TestContext.Current.CancellationToken);
    }
}
