using FlowForge.Orchestration.Activities;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Hosting;

/// <summary>Executes the jobs of some worker pools, each from its own task queue; the jobs of all of them share this process's slots.</summary>
public sealed class PoolWorker(TemporalConnection temporal, OrchestrationOptions options, RunJobActivity job, ILoggerFactory loggers, ILogger<PoolWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var client = await temporal.WaitAsync(stoppingToken);
        using var slots = new SemaphoreSlim(options.ParallelJobs);
        var workers = options.Pools.Select(pool => new WorkflowWorker(client, new WorkerOptions { TaskQueue = RunNames.QueueOf(pool), MaxConcurrentActivities = options.ParallelJobs, LoggerFactory = loggers })
            .AddActivity(RunNames.JobActivity, context => InSlotAsync(slots, context))).ToArray();
        logger.LogInformation("worker of the pools {Pools}, {Slots} jobs at once", string.Join(", ", options.Pools), options.ParallelJobs);
        await Task.WhenAll(workers.Select(w => w.RunAsync(stoppingToken)));
    }

    private async Task<object?> InSlotAsync(SemaphoreSlim slots, ActivityContext context)
    {
        await slots.WaitAsync(context.CancellationToken);
        try
        {
            return await job.RunAsync(context);
        }
        finally
        {
            slots.Release();
        }
    }
}
