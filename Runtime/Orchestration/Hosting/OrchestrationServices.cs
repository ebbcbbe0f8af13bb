using FlowForge.Orchestration.Activities;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FlowForge.Orchestration.Hosting;

/// <summary>Wires the orchestration. The host registers stores, lake, runners and the SQL reader before.</summary>
public static class OrchestrationServices
{
    /// <param name="parallelJobs">Jobs of all runs that this process executes at once.</param>
    public static IServiceCollection AddOrchestration(this IServiceCollection services, TemporalOptions temporal, int parallelJobs)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(temporal);
        services.AddSingleton(new WorkerOptions { TaskQueue = RunNames.TaskQueue, MaxConcurrentActivities = parallelJobs + 2 });
        services.AddSingleton<TemporalConnection>();
        services.AddSingleton<PipelineReader>();
        services.AddSingleton<OverlapRules>();
        services.AddSingleton<RunService>();
        services.AddSingleton<RunReconciler>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<RunRecorder>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<BeginRunActivity>();
        services.AddSingleton<RunJobActivity>();
        services.AddSingleton<FinishRunActivity>();
        services.AddHostedService<RunWorker>();
        return services;
    }
}
