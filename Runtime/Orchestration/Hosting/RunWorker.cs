using FlowForge.Orchestration.Activities;
using FlowForge.Orchestration.Backfills;
using FlowForge.Orchestration.Care;
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
    ScheduledStartActivity scheduled, BackfillService backfills, BackfillActivities backfillSteps, CareService care, CareActivities careSteps,
    ILoggerFactory loggers, ILogger<RunWorker> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LeftOverAfter = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var client = await temporal.WaitAsync(stoppingToken);
        await ReconcileAsync(stoppingToken);
        var worker = new WorkflowWorker(client, options with { LoggerFactory = loggers });
        worker.Add(RunNames.Workflow, new PipelineDecider());
        worker.Add(RunNames.ScheduledStart, new ScheduledStartDecider());
        worker.Add(BackfillNames.Workflow, new BackfillDecider());
        worker.Add(CareNames.Workflow, new CareDecider());
        worker.AddActivity(CareNames.FinishActivity, careSteps.FinishAsync);
        worker.AddActivity(BackfillNames.RecordActivity, backfillSteps.RecordRunAsync);
        worker.AddActivity(BackfillNames.FinishActivity, backfillSteps.FinishAsync);
        worker.AddActivity(RunNames.BeginActivity, begin.RunAsync);
        worker.AddActivity(RunNames.JobActivity, job.RunAsync);
        worker.AddActivity(RunNames.FinishActivity, finish.RunAsync);
        worker.AddActivity(RunNames.NoteActivity, note.RunAsync);
        worker.AddActivity(RunNames.ScheduledStartActivity, scheduled.RunAsync);
        var careWorker = new WorkflowWorker(client, options with { TaskQueue = CareNames.TaskQueue, MaxConcurrentActivities = 1, LoggerFactory = loggers });
        careWorker.AddActivity(CareNames.WorkActivity, careSteps.WorkAsync);
        logger.LogInformation("worker on task queue {TaskQueue}, {Slots} activities at once", options.TaskQueue, options.MaxConcurrentActivities);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var leftOver = StartLeftOverAsync(ended.Token);
        try
        {
            Task[] workers = [worker.RunAsync(stoppingToken), careWorker.RunAsync(stoppingToken)];
            // One that fails ends the runtime; a stop ends both.
            await await Task.WhenAny(workers);
            await Task.WhenAll(workers);
        }
        finally
        {
            await ended.CancelAsync();
            await leftOver;
        }
    }

    /// <summary>Tries until it is done: a server that is away for a moment must not end the runtime.</summary>
    private async Task ReconcileAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await backfills.ReconcileAsync(cancel);
                await care.ReconcileAsync(cancel);
                await reconciler.ReconcileAsync(cancel);
                return;
            }
            catch (Exception error) when (!cancel.IsCancellationRequested)
            {
                logger.LogWarning(error, "catalog and Temporal could not be compared; trying again");
                await Task.Delay(TimeSpan.FromSeconds(1), cancel);
            }
        }
    }

    /// <summary>Looks from time to time for what was asked for while Temporal did not answer, and starts it.</summary>
    private async Task StartLeftOverAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(LookEvery, cancel);
                await backfills.StartLeftOverAsync(LeftOverAfter, cancel);
                await care.StartLeftOverAsync(LeftOverAfter, cancel);
                await reconciler.StartLeftOverAsync(LeftOverAfter, cancel);
            }
            catch (Exception error) when (!cancel.IsCancellationRequested)
            {
                logger.LogWarning("what waits for its start could not be started ({Reason}); trying again", error.Message);
            }
            catch (Exception) when (cancel.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
