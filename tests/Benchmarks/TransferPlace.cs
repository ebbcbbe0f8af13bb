using System.Buffers;
using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Benchmarks;

/// <summary>Connectors that hand over files, read by themselves and by jobs that land them.</summary>
internal sealed class TransferPlace : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-benchmark", Guid.NewGuid().ToString("n"));
    private readonly DuckFactory _duck;
    private readonly CatalogDatabase _catalog;
    private readonly PluginRegistry _plugins;
    private int _runs;

    public TransferPlace()
    {
        Directory.CreateDirectory(_root);
        _duck = new DuckFactory(new DuckBudget { SpillDirectory = Path.Combine(_root, "spill") });
        _catalog = CatalogDatabase.Open(Path.Combine(_root, "catalog.db"));
        var repo = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
        _plugins = PluginRegistry.Scan(Path.Combine(repo, "artifacts", "plugins", AppContext.BaseDirectory.Split('/', StringSplitOptions.RemoveEmptyEntries)[^1]), Path.Combine(_root, "shadow"));
    }

    /// <summary>All files that match, thrown away; they must have so many bytes.</summary>
    public void Read(string connector, JsonObject settings, long bytes) => ReadAsync(connector, settings, bytes).GetAwaiter().GetResult();

    private async Task ReadAsync(string connector, JsonObject settings, long bytes)
    {
        await using var lease = _plugins.Open(connector, new OpenRequest { Settings = settings.DeepClone().AsObject(), BaseDirectory = _root, AllowedRoots = [_root], Log = new Silence() });
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        var left = bytes;
        await foreach (var file in ((IFileSource)lease.Connector).ListAsync(CancellationToken.None))
        {
            await using var stream = await file.OpenAsync(CancellationToken.None);
            for (var got = 1; got > 0; left -= got) got = await stream.ReadAsync(buffer);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        if (left != 0) throw new InvalidOperationException($"{bytes - left} of {bytes} bytes came.");
    }

    public string Root => _root;

    /// <summary>How many files match, and of a source that can tell by itself, behind those that were seen.</summary>
    public long List(string connector, JsonObject settings, string[]? seen = null) => ListAsync(connector, settings, seen).GetAwaiter().GetResult();

    private async Task<long> ListAsync(string connector, JsonObject settings, string[]? seen)
    {
        await using var lease = _plugins.Open(connector, new OpenRequest { Settings = settings.DeepClone().AsObject(), BaseDirectory = _root, AllowedRoots = [_root], Log = new Silence() });
        var count = 0L;
        await foreach (var _ in seen is null ? ((IFileSource)lease.Connector).ListAsync(CancellationToken.None) : ((IListNew)lease.Connector).ListNewAsync(seen, CancellationToken.None)) count++;
        return count;
    }

    public string NewLake() => Path.Combine(_root, "lake" + _runs++);

    /// <summary>A run of a job that loads what is new; so many rows must come.</summary>
    public void Load(string lake, string connector, JsonObject settings, long rows)
    {
        var job = new IngestDefinition { Name = "files", SourceType = connector, Connector = connector, Table = "files", Format = "json", Landing = LandingMode.Reference, PartitionMode = PartitionMode.None, Config = settings.DeepClone().AsObject() };
        var request = new JobRequest { RunId = $"r{++_runs}", Pipeline = "listing", PipelineVersion = 1, JobId = "ingest.files", BaseDirectory = _root, RunTime = DateTimeOffset.UtcNow, TxnVersion = _runs };
        var stages = new Stages();
        var result = new IngestRunner(new LakeStore(lake), _plugins, _duck, _catalog, new IngestOptions { TemporaryFolder = Path.Combine(_root, "temporary") }).RunAsync(job, request, stages, new Quiet(), CancellationToken.None).GetAwaiter().GetResult();
        stages.End();
        if (result.Counts.Loaded != rows) throw new InvalidOperationException($"{result.Counts} instead of {rows} rows.");
    }

    /// <summary>A job that lands all files that match and does nothing else with them.</summary>
    public void Land(string connector, JsonObject settings)
    {
        var lake = Path.Combine(_root, "lake" + _runs++);
        var job = new IngestDefinition { Name = "files", SourceType = connector, Connector = connector, Table = "files", Format = "csv", ForceToParquet = false, Config = settings.DeepClone().AsObject() };
        var request = new JobRequest { RunId = $"r{_runs}", Pipeline = "transfer", PipelineVersion = 1, JobId = "ingest.files", BaseDirectory = _root, RunTime = DateTimeOffset.UtcNow, TxnVersion = 1 };
        new IngestRunner(new LakeStore(lake), _plugins, _duck, _catalog, new IngestOptions { TemporaryFolder = Path.Combine(_root, "temporary") }).RunAsync(job, request, new Nowhere(), new Quiet(), CancellationToken.None).GetAwaiter().GetResult();
        Directory.Delete(lake, recursive: true);
    }

    /// <summary>What another program writes, flushed to the disk as a landed file is.</summary>
    public void Save(Action<string> write)
    {
        var path = Path.Combine(_root, "saved");
        write(path);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write)) file.Flush(flushToDisk: true);
        File.Delete(path);
    }

    public void Dispose()
    {
        _catalog.Dispose();
        _duck.Dispose();
        Directory.Delete(_root, recursive: true);
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
