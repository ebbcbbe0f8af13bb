using System.Globalization;
using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Benchmarks;

/// <summary>A lake, a catalog and files of any size in a folder of their own.</summary>
internal sealed class IngestPlace : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-benchmark", Guid.NewGuid().ToString("n"));
    private readonly DuckFactory _duck;
    private readonly CatalogDatabase _catalog;
    private readonly PluginRegistry _plugins;
    private int _run;

    public static readonly IReadOnlyList<ColumnDefinition> Columns =
    [
        new("id", "BIGINT"), new("at", "TIMESTAMP"), new("day", "DATE"), new("amount", "DOUBLE"), new("price", "DECIMAL(18,2)"), new("quantity", "INTEGER"), new("customer", "VARCHAR"),
        new("city", "VARCHAR"), new("note", "VARCHAR"), new("flag", "BOOLEAN"), new("ratio", "DOUBLE"), new("code", "VARCHAR"),
    ];

    public IngestPlace(DuckBudget? budget = null)
    {
        Directory.CreateDirectory(_root);
        _duck = new DuckFactory((budget ?? new DuckBudget { MemoryBytes = 2L << 30, ParallelJobs = 2 }) with { SpillDirectory = Path.Combine(_root, "spill") });
        _catalog = CatalogDatabase.Open(Path.Combine(_root, "catalog.db"));
        var repo = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
        _plugins = PluginRegistry.Scan(Path.Combine(repo, "artifacts", "plugins", AppContext.BaseDirectory.Split('/', StringSplitOptions.RemoveEmptyEntries)[^1]), Path.Combine(_root, "shadow"));
    }

    public string Make(string name, long rows, string format)
    {
        var path = Path.Combine(_root, name);
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        session.Execute(string.Create(CultureInfo.InvariantCulture, $"""
            COPY (SELECT i AS id, TIMESTAMP '2020-01-01' + INTERVAL (i * 7) SECOND AS at, DATE '2020-01-01' + (i % 1000)::INTEGER AS day, (hash(i) % 1000000) / 64.0 AS amount, ((hash(i + 1) % 1000000) / 100.0)::DECIMAL(18,2) AS price,
                (hash(i + 2) % 1000)::INTEGER AS quantity, 'customer ' || (hash(i + 3) % 50000) AS customer, ['Berlin', 'New York', 'Tokyo', 'São Paulo'][1 + (i % 4)::INTEGER] AS city,
                'a note with some words, number ' || i AS note, i % 3 = 0 AS flag, (hash(i + 4) % 1000) / 1000.0 AS ratio, 'X' || (i % 9973) AS code FROM range({rows}) AS r(i)) TO {SqlText.Literal(path)} (FORMAT {format})
            """));
        return path;
    }

    public Ratio Measure(string what, string path, string format, string reader, int rounds, double target, Func<IngestDefinition, IngestDefinition> change)
    {
        var megabytes = new FileInfo(path).Length / 1e6;
        var (ours, peer) = Stopclock.Best((long)(megabytes * 1e6), rounds, () => Ingest(path, format, change), () => Copy(path, reader));
        return new Ratio(what, ours, peer, "MB/s", target);
    }

    public void Ingest(string path, string format, Func<IngestDefinition, IngestDefinition> change)
    {
        var lake = NewLake();
        Ingest(lake, path, format, change, 1);
        Directory.Delete(lake.Root, recursive: true);
    }

    /// <summary>Processor time of one ingest, in seconds.</summary>
    /// <param name="again">Into a table that has loaded the same file before.</param>
    public double Processor(string path, string format, Func<IngestDefinition, IngestDefinition> change, bool again)
    {
        var lake = NewLake();
        if (again) Ingest(lake, path, format, change, 1);
        GC.Collect();
        var before = Environment.CpuUsage.TotalTime;
        Ingest(lake, path, format, j => change(j) with { Config = new JsonObject { ["path"] = path, ["reload"] = true } }, 2);
        var processor = Environment.CpuUsage.TotalTime - before;
        Directory.Delete(lake.Root, recursive: true);
        return processor.TotalSeconds;
    }

    private LakeStore NewLake() => new(Path.Combine(_root, "lake" + _run++));

    private void Ingest(LakeStore lake, string path, string format, Func<IngestDefinition, IngestDefinition> change, long transaction)
    {
        var job = change(new IngestDefinition
        {
            Name = "big", SourceType = "file", Connector = "file", Format = format, Table = "big", PartitionMode = PartitionMode.None, Config = new JsonObject { ["path"] = path },
        });
        var request = new JobRequest { RunId = $"r{_run}-{transaction}", Pipeline = "benchmark", PipelineVersion = 1, JobId = "ingest.big", BaseDirectory = _root, RunTime = DateTimeOffset.UtcNow, TxnVersion = transaction };
        var stages = new Stages();
        new IngestRunner(lake, _plugins, _duck, _catalog, new IngestOptions { TemporaryFolder = Path.Combine(_root, "temporary") }).RunAsync(job, request, stages, new NoLog(), CancellationToken.None).GetAwaiter().GetResult();
        stages.End();
    }

    private void Copy(string path, string reader)
    {
        using var lease = _duck.LeaseAsync("copy").GetAwaiter().GetResult();
        using var session = lease.Database.Connect();
        var target = Path.Combine(_root, "copy.parquet");
        session.Execute($"COPY (FROM {reader}({SqlText.Literal(path)})) TO {SqlText.Literal(target)} (FORMAT PARQUET, COMPRESSION snappy)");
        File.Delete(target);
    }

    public void Dispose()
    {
        _catalog.Dispose();
        _duck.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private sealed class NoLog : IJobLog
    {
        public void Write(JobLogLevel level, string message) { }
    }
}
