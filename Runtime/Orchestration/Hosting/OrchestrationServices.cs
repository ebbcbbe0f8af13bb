using FlowForge.Catalog;
using FlowForge.Datasets;
using FlowForge.Ingest;
using FlowForge.Ingest.Delivering;
using FlowForge.Orchestration.Activities;
using FlowForge.Orchestration.Backfills;
using FlowForge.Orchestration.Care;
using FlowForge.Orchestration.Notebooks;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Schedules;
using FlowForge.Orchestration.Triggers;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FlowForge.Orchestration.Hosting;

/// <summary>
/// Wires the orchestration. The host registers <see cref="CatalogDatabase"/>, the lake, both runners, an <see cref="ICareWork"/>, a <c>SqlReferenceReader</c>, a
/// <c>Func&lt;PipelineEnvironment&gt;</c>, and for notebooks their folder, the pool of kernels and <see cref="ExecutedNotebooks"/>.
/// </summary>
public static class OrchestrationServices
{
    public static IServiceCollection AddOrchestration(this IServiceCollection services, TemporalOptions temporal, OrchestrationOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => s.GetRequiredService<CatalogDatabase>().Runs);
        services.TryAddSingleton(s => s.GetRequiredService<CatalogDatabase>().Pipelines);
        services.TryAddSingleton(s => s.GetRequiredService<CatalogDatabase>().Logs);
        services.TryAddSingleton(s => s.GetRequiredService<CatalogDatabase>().Claims);
        services.TryAddSingleton(s => s.GetRequiredService<CatalogDatabase>().Backfills);
        services.AddSingleton(temporal);
        services.AddSingleton(new WorkerOptions { TaskQueue = options.Pools.Count == 0 ? RunNames.TaskQueue : string.Join(", ", options.Pools.Select(RunNames.QueueOf)), MaxConcurrentActivities = options.ParallelJobs + 2 });
        services.AddSingleton(options);
        services.AddSingleton<TemporalConnection>();
        services.AddSingleton<WorkerPools>();
        services.AddSingleton<PipelineReader>();
        services.AddSingleton<NotebookSources>();
        services.AddSingleton<INotebookRunner, NotebookRunner>();
        services.AddSingleton<OverlapRules>();
        services.AddSingleton<RunReset>();
        services.AddSingleton<RunService>();
        services.AddSingleton<RunReconciler>();
        services.AddSingleton<BackfillService>();
        services.AddSingleton<BackfillActivities>();
        services.AddSingleton<CareService>();
        services.AddSingleton<CareActivities>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<RunRecorder>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<BeginRunActivity>();
        services.AddSingleton<RunJobActivity>();
        services.AddSingleton<FinishRunActivity>();
        services.AddSingleton<NoteRunActivity>();
        services.AddSingleton<ScheduledStartActivity>();
        services.TryAddSingleton<ConnectorOpener>();
        services.AddSingleton<DeliveryRunner>();
        services.AddSingleton<SourceArrivals>();
        services.AddSingleton<TriggerStarter>();
        services.AddSingleton<AfterTriggers>();
        if (options.Pools.Count > 0)
        {
            services.AddHostedService<PoolWorker>();
            return services;
        }
        services.AddHostedService<RunWorker>();
        services.AddHostedService<PoolWatch>();
        services.AddHostedService<ScheduleKeeper>();
        services.AddHostedService<TriggerKeeper>();
        return services;
    }
}
