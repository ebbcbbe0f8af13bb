using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Benchmarks;

/// <summary>A lake in a folder of its own, and jobs that read tables of a PostgreSQL server into it.</summary>
internal sealed class PostgresPlace : IDisposable
{
    private readonly PostgresServer _server;
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-benchmark", Guid.NewGuid().ToString("n"));
    private readonly DuckFactory _duck;
    private readonly CatalogDatabase _catalog;
    private readonly PluginRegistry _plugins;
    private readonly List<OwnLake> _lakes = [];
    private int _runs;

    public PostgresPlace(PostgresServer server)
    {
        _server = server;
        Directory.CreateDirectory(_root);
        // What the runtime gives its jobs unless it is told otherwise.
        _duck = new DuckFactory(new DuckBudget { MemoryBytes = 1L << 30, ParallelJobs = 2, SpillDirectory = Path.Combine(_root, "spill") });
        _catalog = CatalogDatabase.Open(Path.Combine(_root, "catalog.db"));
        var repo = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
        _plugins = PluginRegistry.Scan(Path.Combine(repo, "artifacts", "plugins", AppContext.BaseDirectory.Split('/', StringSplitOptions.RemoveEmptyEntries)[^1]), Path.Combine(_root, "shadow"));
    }

    private JsonObject Settings(string table) => new()
    {
        ["host"] = PostgresServer.Host, ["port"] = _server.Port, ["database"] = "postgres", ["user"] = PostgresServer.User, ["password"] = PostgresServer.Password, ["table_name"] = table,
    };

    /// <summary>The connector's batches, thrown away.</summary>
    public void Read(string table) => ReadAsync(table).GetAwaiter().GetResult();

    private async Task ReadAsync(string table)
    {
        await using var lease = _plugins.Open("postgres", new OpenRequest { Settings = Settings(table), BaseDirectory = _root, AllowedRoots = [_root], Log = new Silence() });
        await foreach (var batch in ((IBatchSource)lease.Connector).ReadAsync(new ReadRequest(), CancellationToken.None)) batch.Rows.Dispose();
    }

    /// <summary>The whole table into a new lake, which stays until <see cref="RemoveLakes"/>.</summary>
    public void Ingest(string table, long rows, LandingMode landing)
    {
        var lake = NewLake();
        _lakes.Add(lake);
        var outcome = lake.Run("postgres", table, new IngestDefinition { Name = table, SourceType = "postgres", Connector = "postgres", Table = table, PartitionMode = PartitionMode.None, WriteMode = Pipelines.WriteMode.Replace, Landing = landing, Config = Settings(table) });
        if (outcome.Counts.Loaded != rows) throw new InvalidOperationException($"{outcome.Counts.Loaded} of {rows} rows were loaded.");
    }

    /// <summary>A job that merges the changes of a table by its key; its first run takes the snapshot.</summary>
    public IngestDefinition Changes(string table) => new()
    {
        Name = table, SourceType = "postgres_cdc", Connector = "postgres_cdc", Table = table, PartitionMode = PartitionMode.None, WriteMode = Pipelines.WriteMode.Merge, DedupeKeys = ["id"], Landing = LandingMode.Reference, Config = Settings(table),
    };

    public void RemoveLakes()
    {
        foreach (var lake in _lakes) lake.Dispose();
        _lakes.Clear();
    }

    public OwnLake NewLake() => new(this, Path.Combine(_root, "lake" + _runs++));

    public void Dispose()
    {
        _catalog.Dispose();
        _duck.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    internal sealed class OwnLake(PostgresPlace place, string folder) : IDisposable
    {
        private readonly LakeStore _store = new(folder);
        private long _version;

        public JobOutcome Run(string connector, string table, IngestDefinition job)
        {
            var run = place._runs++;
            var request = new JobRequest { RunId = $"r{run}", Pipeline = connector, PipelineVersion = 1, JobId = "ingest." + table, BaseDirectory = place._root, RunTime = DateTimeOffset.UtcNow, TxnVersion = ++_version };
            return new IngestRunner(_store, place._plugins, place._duck, place._catalog, new IngestOptions { TemporaryFolder = Path.Combine(place._root, "temporary") }).RunAsync(job, request, new Nowhere(), new Quiet(), CancellationToken.None).GetAwaiter().GetResult();
        }

        /// <summary>One value of a query over the table, which is called <c>t</c> in it.</summary>
        public string Ask(string table, string select)
        {
            using var database = DuckDatabase.Open();
            using var session = database.Connect();
            return session.Scalar<string>($"SELECT CAST(({select.Replace("FROM t", "FROM " + _store.Table(new TableName(Layer.Bronze, table)).Latest()!.ScanSql() + " AS t", StringComparison.Ordinal)}) AS VARCHAR)")!;
        }

        public void Dispose() => Directory.Delete(folder, recursive: true);
    }

    private sealed class Nowhere : IProgress<JobProgress>
    {
        public void Report(JobProgress value) { }
    }

    private sealed class Quiet : IJobLog
    {
        public void Write(JobLogLevel level, string message)
        {
            if (Environment.GetEnvironmentVariable("FLOWFORGE_LOG") is { Length: > 0 }) Console.WriteLine($"    {DateTime.UtcNow:HH:mm:ss.fff} {Environment.CpuUsage.TotalTime.TotalSeconds:N2} s {message}");
        }
    }

    private sealed class Silence : IConnectorLog
    {
        public void Debug(string message) { }
        public void Information(string message) { }
        public void Warning(string message) { }
    }
}
