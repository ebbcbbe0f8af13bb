using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.PluginHost.Rows;
using FlowForge.Plugins;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Benchmarks;

/// <summary>A PostgreSQL table into bronze against psql's binary copy of it to nowhere.</summary>
internal sealed class PostgresBenchmark : IBenchmark
{
    public string Name => "postgres";
    public string About => "a table of 9 columns read by the postgres connector (rows/s) against psql \\copy (format binary) to /dev/null";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 50_000L : 1_500_000L;
        var rounds = isShort ? 1 : 3;
        using var server = new PostgresServer();
        if (!server.IsInstalled)
        {
            Console.WriteLine("  PostgreSQL is not installed (apt-get install postgresql)");
            yield break;
        }
        server.Start();
        server.Sql($"""
            CREATE TABLE t AS SELECT i AS id, now() - i * interval '1 second' AS at, (i % 3650)::int AS n, md5(i::text) AS code, (i / 7.0)::numeric(18,4) AS price, random() AS ratio,
              'customer ' || (i % 5000) AS customer, i % 3 = 0 AS flag, date '2020-01-01' + (i % 1500)::int AS day FROM generate_series(1::bigint, {rows}) i; ANALYZE t; CHECKPOINT
            """);
        using var place = new Place(server);
        foreach (var (what, action) in new (string, Action)[] { ("reader", place.Read), ("in place", () => place.Ingest(rows, LandingMode.Reference)), ("landed", () => place.Ingest(rows, LandingMode.Copy)) })
            yield return new Ratio($"our own processor time, {what}", Processor(action) * 1e6 / rows, 0, "µs/row");
        var (reader, peer) = Stopclock.Best(rows, rounds, place.Read, () => Copy(server));
        yield return new Ratio("reader alone, 2 connections", reader, peer, "M rows/s", 0.90);
        var (ingest, again) = Stopclock.Best(rows, rounds, () => place.Ingest(rows, LandingMode.Reference), () => Copy(server));
        yield return new Ratio("into the published table, in place", ingest, again, "M rows/s", 0.70);
        var (landed, third) = Stopclock.Best(rows, rounds, () => place.Ingest(rows, LandingMode.Copy), () => Copy(server));
        yield return new Ratio("into the published table, landed", landed, third, "M rows/s");
    }

    /// <summary>Seconds of processor time of this process: tells more than the clock on a busy machine.</summary>
    private static double Processor(Action action)
    {
        action();
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        action();
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalSeconds;
    }

    private static void Copy(PostgresServer server) => server.Sql("\\copy t to '/dev/null' (format binary)");

    private sealed class Place : IDisposable
    {
        private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-benchmark", Guid.NewGuid().ToString("n"));
        private readonly JsonObject _settings;
        private readonly DuckFactory _duck;
        private readonly CatalogDatabase _catalog;
        private readonly PluginRegistry _plugins;
        private int _run;

        public Place(PostgresServer server)
        {
            Directory.CreateDirectory(_root);
            _settings = new JsonObject { ["host"] = PostgresServer.Host, ["port"] = server.Port, ["database"] = "postgres", ["user"] = PostgresServer.User, ["password"] = PostgresServer.Password, ["table_name"] = "t" };
            _duck = new DuckFactory(new DuckBudget { SpillDirectory = Path.Combine(_root, "spill"), MemoryBytes = 2L << 30, ParallelJobs = 2 });
            _catalog = CatalogDatabase.Open(Path.Combine(_root, "catalog.db"));
            var repo = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
            _plugins = PluginRegistry.Scan(Path.Combine(repo, "artifacts", "plugins", AppContext.BaseDirectory.Split('/', StringSplitOptions.RemoveEmptyEntries)[^1]), Path.Combine(_root, "shadow"));
        }

        /// <summary>The connector's batches, thrown away.</summary>
        public void Read() => ReadAsync().GetAwaiter().GetResult();

        private async Task ReadAsync()
        {
            await using var lease = _plugins.Open("postgres", new OpenRequest { Settings = (JsonObject)_settings.DeepClone(), BaseDirectory = _root, AllowedRoots = [_root], Log = new Silence() });
            await foreach (var batch in ((IBatchSource)lease.Connector).ReadAsync(new ReadRequest(), CancellationToken.None)) batch.Rows.Dispose();
        }

        public void Ingest(long rows, LandingMode landing)
        {
            var lake = new LakeStore(Path.Combine(_root, "lake" + _run++));
            var job = new IngestDefinition { Name = "t", SourceType = "postgres", Connector = "postgres", Table = "t", PartitionMode = PartitionMode.None, WriteMode = Pipelines.WriteMode.Replace, Landing = landing, Config = (JsonObject)_settings.DeepClone() };
            var request = new JobRequest { RunId = $"r{_run}", Pipeline = "benchmark", PipelineVersion = 1, JobId = "ingest.t", BaseDirectory = _root, RunTime = DateTimeOffset.UtcNow, TxnVersion = 1 };
            var outcome = new IngestRunner(lake, _plugins, _duck, _catalog, new IngestOptions { TemporaryFolder = Path.Combine(_root, "temporary") }).RunAsync(job, request, new Nowhere(), new Quiet(), CancellationToken.None).GetAwaiter().GetResult();
            if (outcome.Counts.Loaded != rows) throw new InvalidOperationException($"{outcome.Counts.Loaded} of {rows} rows were loaded.");
            Directory.Delete(lake.Root, recursive: true);
        }

        public void Dispose()
        {
            _catalog.Dispose();
            _duck.Dispose();
            Directory.Delete(_root, recursive: true);
        }
    }

    private sealed class Nowhere : IProgress<JobProgress>
    {
        public void Report(JobProgress value) { }
    }

    private sealed class Quiet : IJobLog
    {
        public void Write(JobLogLevel level, string message) { }
    }

    private sealed class Silence : IConnectorLog
    {
        public void Debug(string message) { }
        public void Information(string message) { }
        public void Warning(string message) { }
    }
}
