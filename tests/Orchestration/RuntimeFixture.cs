using FlowForge.Catalog;
using FlowForge.Datasets;
using FlowForge.Duck;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Orchestration.Care;
using FlowForge.Notebooks.Sessions;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Notebooks;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Temporal.DevServer;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowForge.Orchestration.Tests;

/// <summary>
/// The runtime without its API, in this process: embedded server, worker, lake, catalog and the built file connector, in a folder of its own.
/// <see cref="StopRuntimeAsync"/> and <see cref="StartRuntimeAsync"/> stand for a restart of the runtime while the server lives.
/// </summary>
public sealed class RuntimeFixture : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ff-orchestration-").FullName;
    private DevServer? _server;
    private IHost? _host;

    public string Base => Path.Combine(_folder, "workspace");

    /// <summary>What the next <see cref="StartRuntimeAsync"/> is given.</summary>
    public OrchestrationOptions Options { get; set; } = new() { ParallelJobs = 2 };

    public string NotebookFolder => Path.Combine(Base, "notebooks");

    public string CatalogFile => Path.Combine(_folder, "catalog.db");

    public IServiceProvider Services => _host!.Services;

    /// <summary>Does the work on tables, as a test tells it.</summary>
    public ICareWork Care { get; set; } = new NoCare();

    /// <summary>Of the Temporal server, which lives on while the runtime is stopped.</summary>
    public string ServerAddress => _server!.Address;

    public async Task<TemporalClient> TemporalAsync() => await Services.GetRequiredService<TemporalConnection>().GetAsync(CancellationToken.None);

    public RunService Runs => Services.GetRequiredService<RunService>();

    public CatalogDatabase Catalog => Services.GetRequiredService<CatalogDatabase>();

    public LakeStore Lake => Services.GetRequiredService<LakeStore>();

    public static async Task<RuntimeFixture> StartAsync()
    {
        var fixture = new RuntimeFixture();
        await fixture.BeginAsync();
        return fixture;
    }

    /// <summary>Starts server and runtime, with what was set before.</summary>
    public async Task BeginAsync()
    {
        Directory.CreateDirectory(Base);
        _server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = Path.Combine(_folder, "temporal.db") });
        await StartRuntimeAsync();
    }

    public async Task StartRuntimeAsync() => _host = await StartHostAsync(Options);

    /// <summary>A second runtime on the same folder that serves worker pools only; dispose it to stop it.</summary>
    public async Task<IAsyncDisposable> StartPoolAsync(params string[] pools) => new Stopped(await StartHostAsync(new() { ParallelJobs = 2, Pools = pools }));

    private sealed class Stopped(IHost host) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    private async Task<IHost> StartHostAsync(OrchestrationOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var services = builder.Services;
        services.AddLogging();
        services.AddSingleton(_ => CatalogDatabase.Open(CatalogFile));
        services.AddSingleton(_ => new DuckFactory(new DuckBudget { MemoryBytes = 512 << 20, ParallelJobs = 2, SpillDirectory = Path.Combine(_folder, "spill") }));
        services.AddSingleton(_ => new LakeStore(Path.Combine(_folder, "lake")));
        services.AddSingleton(_ => PluginRegistry.Scan(PluginFolder(), Path.Combine(_folder, "shadow", Guid.NewGuid().ToString("N"))));
        services.AddSingleton(new IngestOptions { TemporaryFolder = Path.Combine(_folder, "tmp") });
        services.AddSingleton(new DatasetOptions { SpillFolder = Path.Combine(_folder, "spill") });
        services.AddSingleton<IngestRunner>();
        services.AddSingleton<DatasetRunner>();
        services.AddSingleton<SqlReferenceReader>(sql => [.. SqlReferences.Tables(sql).Select(t => new SqlReference(t.Schema, t.Table))]);
        services.AddSingleton<Func<PipelineEnvironment>>(() => new PipelineEnvironment());
        services.AddSingleton(Care);
        services.AddSingleton(_ => new NotebookFolder(NotebookFolder));
        services.AddSingleton(_ => new KernelPool(new KernelOptions
        {
            KernelPath = KernelPath, LakeFolder = Path.Combine(_folder, "lake"), WorkingFolder = Base, StartTimeout = TimeSpan.FromSeconds(90), InterruptTimeout = TimeSpan.FromSeconds(20), Threads = 2,
        }));
        services.AddSingleton(new ExecutedNotebooks(Path.Combine(_folder, "executed")));
        services.AddOrchestration(new TemporalOptions { Address = _server!.Address }, options);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    public async Task StopRuntimeAsync()
    {
        if (_host is null) return;
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        _host = null;
    }

    /// <summary>Saves a pipeline and returns its name.</summary>
    public string Put(string yaml)
    {
        var name = PipelineParser.Parse(yaml).Definition!.Name;
        Catalog.Pipelines.Put(name, yaml, PipelineFormat.Yaml, Base);
        return name;
    }

    public void WriteFile(string name, string text)
    {
        var path = Path.Combine(Base, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public async Task<RunRecord> EndOfAsync(string runId)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var changes = Catalog.Events.Watch(ct: patience.Token);
        if (Catalog.Runs.Get(runId) is { } run && run.State.IsFinal()) return run;
        await foreach (var _ in changes)
            if (Catalog.Runs.Get(runId) is { } changed && changed.State.IsFinal()) return changed;
        throw new TimeoutException($"{runId} did not end: {string.Join("; ", Catalog.Runs.Jobs(runId).Select(j => $"{j.JobId} {j.State} {j.Phase} {j.Error?.Message}"))}");
    }

    /// <summary>Waits until the condition holds, asked after every change of the catalog.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var changes = Catalog.Events.Watch(ct: patience.Token);
        if (condition()) return;
        await foreach (var _ in changes)
            if (condition()) return;
        throw new TimeoutException("Waited 60 s for " + what);
    }

    public async ValueTask DisposeAsync()
    {
        await StopRuntimeAsync();
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class NoCare : ICareWork
    {
        public long? VersionOf(string table) => null;

        public string Do(TableCareRecord care, Action<CareProgress> progress, Action<string> found, CancellationToken ct) => throw new NotSupportedException();
    }

    /// <summary>Beside the tests, by the rule of the artifacts' layout.</summary>
    private static string KernelPath
    {
        get
        {
            var own = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(own.Parent!.Parent!.FullName, "Notebooks.Kernel", own.Name, "FlowForge.Notebooks.Kernel.dll");
        }
    }

    private static string PluginFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "FlowForge.sln"))) return Path.Combine(folder.FullName, "artifacts", "plugins", "debug");
        throw new DirectoryNotFoundException("FlowForge.sln was not found above " + AppContext.BaseDirectory);
    }
}
