using FlowForge.Orchestration.Activities;
using FlowForge.Orchestration.Backfills;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Schedules;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Hosting;

/// <summary>Runs the worker that decides and executes runs, from the start of the runtime to its end.</summary>
public sealed class RunWorker(
    TemporalConnection temporal, WorkerOptions options, RunReconciler reconciler, BeginRunActivity begin, RunJobActivity job, FinishRunActivity finish, NoteRunActivity note,
    ScheduledStartActivity scheduled, BackfillService backfills, BackfillActivities backfillSteps,
    ILoggerFactory loggers, ILogger<RunWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var client = await temporal.WaitAsync(stoppingToken);
        await backfills.ReconcileAsync(stoppingToken);
        await reconciler.ReconcileAsync(stoppingToken);
        var worker = new WorkflowWorker(client, options with { LoggerFactory = loggers });
        worker.Add(RunNames.Workflow, new PipelineDecider());
        worker.Add(RunNames.ScheduledStart, new ScheduledStartDecider());
        worker.Add(BackfillNames.Workflow, new BackfillDecider());
        worker.AddActivity(BackfillNames.RecordActivity, backfillSteps.RecordRunAsync);
        worker.AddActivity(BackfillNames.FinishActivity, backfillSteps.FinishAsync);
        worker.AddActivity(RunNames.BeginActivity, begin.RunAsync);
        worker.AddActivity(RunNames.JobActivity, job.RunAsync);
        worker.AddActivity(RunNames.FinishActivity, finish.RunAsync);
        worker.AddActivity(RunNames.NoteActivity, note.RunAsync);
        worker.AddActivity(RunNames.ScheduledStartActivity, scheduled.RunAsync);
        logger.LogInformation("worker on task queue {TaskQueue}, {Slots} activities at once", options.TaskQueue, options.MaxConcurrentActivities);
        await worker.RunAsync(stoppingToken);
    }
}
