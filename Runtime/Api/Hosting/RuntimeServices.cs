using FlowForge.Api.Connections;
using FlowForge.Api.Events;
using FlowForge.Api.Hooks;
using FlowForge.Api.Mapping;
using FlowForge.Api.Notebooks;
using FlowForge.Api.Sources;
using FlowForge.Api.Tables;
using FlowForge.Api.Uploads;
using FlowForge.Api.Workflows;
using FlowForge.Catalog;
using FlowForge.Datasets;
using FlowForge.Duck;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Lake.S3;
using FlowForge.Notebooks.Sessions;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Live;
using FlowForge.Orchestration.Care;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Notebooks;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;
using FlowForge.ServiceDefaults;
using FlowForge.Temporal.Worker;

namespace FlowForge.Api.Hosting;

/// <summary>The composition root: every room of the runtime, wired once.</summary>
internal static class RuntimeServices
{
    public static void AddRuntime(this IServiceCollection services, RuntimeSettings settings, IConfiguration configuration)
    {
        services.AddSingleton(settings);
        services.AddSingleton(AccessToken.LoadOrCreate(settings.TokenFile));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<FileRoots>();
        services.AddCatalog(settings);
        services.AddEngine(settings);
        services.AddSingleton(_ => PluginRegistry.Scan([settings.PluginFolder, settings.InstalledPluginFolder], own: [typeof(Ingest.Delta.DeltaConnector)]));
        services.AddOrchestration(TemporalOf(configuration), new OrchestrationOptions { ParallelJobs = settings.ParallelJobs, MaxActiveRuns = settings.MaxActiveRuns, Pools = settings.Pools });

        services.AddNotebooks(settings);

        services.AddSingleton<KnownDefinitions>();
        services.AddSingleton<KnownTables>();
        services.AddSingleton<RunReader>();
        services.AddSingleton<PipelineViews>();
        services.AddSingleton<PlannedChanges>();
        services.AddSingleton<DeliveryViews>();
        services.AddSingleton<RunEvents>();
        services.AddSingleton<TableReads>();
        services.AddSingleton<RowPages>();
        services.AddSingleton<TableShelf>();
        services.AddSingleton<TableViews>();
        services.AddSingleton<ColumnLineages>();
        services.AddSingleton<TableProfiles>();
        services.AddSingleton<TableDiffs>();
        services.AddSingleton<TableRestores>();
        services.AddSingleton<TableCare>();
        services.AddSingleton<ICareWork, CareWork>();
        services.AddSingleton<TemporalClients>();
        services.AddSingleton<ConnectionUses>();
        services.AddSingleton<ConnectionViews>();
        services.AddSingleton<ConnectionEditor>();
        services.AddSingleton<ConnectionProbe>();
        services.AddSingleton<RejectReplays>();
        services.AddSingleton<JobLooks>();
        services.AddSingleton<SchemaViews>();
        services.AddSingleton<HeldChanges>();
        services.AddSingleton<LandingViews>();
        services.AddSingleton<JobDrafts>();
        services.AddSingleton<UploadStore>();
        services.AddSingleton<SourceCards>();
        services.AddSingleton<Ingestions>();
        services.AddHostedService<RunSampling>();
        services.AddSingleton(s => new RetentionWork(s.GetRequiredService<CatalogDatabase>(), s.GetRequiredService<ExecutedNotebooks>(), settings.Retention, s.GetRequiredService<TimeProvider>()));
        // A process that works for pools alone decides nothing.
        if (settings.Pools.Count == 0) services.AddHostedService<RetentionWatch>();
        services.AddSingleton<HookDesk>();
    }

    private static void AddCatalog(this IServiceCollection services, RuntimeSettings settings)
    {
        services.AddSingleton(_ => CatalogDatabase.Open(settings.CatalogFile));
        Store(c => c.Pipelines);
        Store(c => c.Runs);
        Store(c => c.Logs);
        Store(c => c.Claims);
        Store(c => c.Files);
        Store(c => c.Schemas);
        Store(c => c.Checks);
        Store(c => c.Rejects);
        Store(c => c.Lineage);
        Store(c => c.ColumnLineage);
        Store(c => c.Profiles);
        Store(c => c.Watermarks);
        Store(c => c.Settings);
        Store(c => c.Backfills);
        Store(c => c.Care);
        Store(c => c.Deliveries);
        Store(c => c.Triggers);
        Store(c => c.Events);
        Store(c => new ConnectionStore(c));
        services.AddSingleton(s => new SecretStore(s.GetRequiredService<CatalogDatabase>(), SecretKeys.Load(settings.SecretKeyFile)));
        services.AddSingleton<IRenewals>(s => new StoredRenewals(s.GetRequiredService<SecretStore>().Renewed));
        services.AddSingleton<ConnectionBook>();

        void Store<T>(Func<CatalogDatabase, T> store) where T : class => services.AddSingleton(s => store(s.GetRequiredService<CatalogDatabase>()));
    }

    private static void AddEngine(this IServiceCollection services, RuntimeSettings settings)
    {
        services.AddSingleton(_ =>
        {
            var factory = new DuckFactory(new DuckBudget { MemoryBytes = settings.JobMemoryBytes, ParallelJobs = settings.ParallelJobs, SpillDirectory = settings.SpillFolder });
            factory.RemoveLeftovers();
            return factory;
        });
        services.AddSingleton(_ => new LakeStore(settings.LakeFolder, settings.LakeBucket));
        services.AddSingleton<SqlReferenceReader>(SqlReader.Tables);
        services.AddSingleton(s => new IngestOptions
        {
            AllowedRoots = s.GetRequiredService<FileRoots>().Roots, TemporaryFolder = Path.Combine(settings.SpillFolder, "ingest"),
            Connections = s.GetRequiredService<ConnectionBook>().Definition, Secrets = s.GetRequiredService<SecretStore>().Reveal, Renewals = s.GetRequiredService<IRenewals>(),
            Guards = s.GetRequiredService<ConnectionGuards>(), Health = s.GetRequiredService<ConnectionHealth>().Record
        });
        services.AddSingleton(new InstalledPlugins(settings.InstalledPluginFolder));
        services.AddSingleton<ConnectionGuards>();
        services.AddSingleton<ConnectionHealth>();
        services.AddHostedService<HealthWatch>();
        services.AddSingleton<ConnectorOpener>();
        services.AddSingleton<IngestRunner>();
        services.AddSingleton(new DatasetOptions { MemoryLimitBytes = settings.JobMemoryBytes / settings.ParallelJobs, SpillFolder = Path.Combine(settings.SpillFolder, "datasets") });
        services.AddSingleton<DatasetRunner>();
        services.AddSingleton(s => new LakeQuery(s.GetRequiredService<LakeStore>(), s.GetRequiredService<CatalogDatabase>(), SqlQueries.Share(s.GetRequiredService<DatasetOptions>()), s.GetRequiredService<PluginRegistry>()));
        services.AddSingleton<SqlQueries>();
        services.AddSingleton<Datasets.Testing.DatasetTester>();
        // Asked at every reading: a connector that was added meanwhile counts.
        services.AddSingleton<Func<PipelineEnvironment>>(s => () => new PipelineEnvironment
        {
            Connectors = [.. s.GetRequiredService<PluginRegistry>().Connectors.Select(c => c.Name)],
            Formats = [.. s.GetRequiredService<PluginRegistry>().Formats.Select(f => f.Name)],
            FormatEndings = s.GetRequiredService<PluginRegistry>().Formats.SelectMany(f => f.Endings.Select(e => (e, f.Name))).DistinctBy(e => e.e).ToDictionary(e => e.e, e => e.Name),
            Connections = s.GetRequiredService<ConnectionBook>().Connectors(),
            Sinks = s.GetRequiredService<ConnectorOpener>().Sinks(),
            CheckSink = s.GetRequiredService<ConnectorOpener>().CheckSink,
            CheckSettings = s.GetRequiredService<ConnectorOpener>().Check,
            RunsAfter = name => s.GetRequiredService<PipelineStore>().Get(name) is { } version
                ? [.. (s.GetRequiredService<KnownDefinitions>().Get(version)?.Triggers ?? []).OfType<AfterTrigger>().Select(t => t.Pipeline)] : null
        });
    }

    private static void AddNotebooks(this IServiceCollection services, RuntimeSettings settings)
    {
        services.AddSingleton(_ => new NotebookFolder(settings.NotebookFolder));
        services.AddSingleton(_ => new KernelPool(new KernelOptions
        {
            KernelPath = settings.KernelPath, LakeFolder = settings.LakeFolder, LakeEnvironment = settings.LakeBucket is { } bucket ? (S3LakeOptions.EnvironmentVariable, bucket.ToEnvironment()) : null, WorkingFolder = settings.Workspace, MemoryLimitBytes = settings.KernelMemoryBytes
        }));
        services.AddSingleton(new ExecutedNotebooks(settings.ExecutedNotebookFolder));
        services.AddSingleton(s => new ExecutedRetention(s.GetRequiredService<ExecutedNotebooks>(), s.GetRequiredService<CatalogDatabase>(), settings.ExecutedDays));
        services.AddHostedService<ExecutedSweep>();
        services.AddSingleton(s => new NotebookHost(s.GetRequiredService<NotebookFolder>(), s.GetRequiredService<KernelPool>(), new NotebookLimits { Kernels = settings.Kernels, IdleTime = settings.KernelIdleTime }));
        services.AddSingleton<NotebookViews>();
        services.AddSingleton<Promotion>();
        services.AddSingleton<NotebookPromotion>();
    }

    /// <summary>An empty <c>Temporal:*</c> setting is no setting.</summary>
    private static TemporalOptions TemporalOf(IConfiguration configuration)
    {
        var defaults = new TemporalOptions();
        return defaults with
        {
            Address = Setting("Address") ?? defaults.Address,
            Namespace = Setting("Namespace") ?? defaults.Namespace,
            ApiKey = Setting("ApiKey"),
            Tls = Setting("Tls") is { } tls ? tls == "true" : null,
            TlsServerName = Setting("TlsServerName"),
            TlsRootCertificatesFile = Setting("TlsRootCertificatesFile"),
            TlsClientCertificateFile = Setting("TlsClientCertificateFile"),
            TlsClientKeyFile = Setting("TlsClientKeyFile")
        };

        string? Setting(string name) => configuration["Temporal:" + name] is { Length: > 0 } value ? value : null;
    }
}
