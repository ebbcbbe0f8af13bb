using FlowForge.Catalog;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Runs;

/// <summary>
/// After a start: makes catalog and Temporal agree. A run that was recorded but whose workflow never started is started, a retry that was written down is carried out; a run whose
/// workflow is gone (terminated, or its database replaced) is closed with the reason.
/// </summary>
public sealed class RunReconciler(CatalogDatabase catalog, RunStore runs, ClaimStore claims, RunService service, RunReset reset, TemporalConnection temporal, TimeProvider clock, ILogger<RunReconciler> logger)
{
    public async Task ReconcileAsync(CancellationToken cancel)
    {
        var client = await temporal.GetAsync(cancel);
        await reset.CarryOutAllAsync(cancel);
        foreach (var run in runs.Open())
        {
            try
            {
                await ReconcileAsync(client, run, cancel);
            }
            catch (RunRefusedException refused)
            {
                Close(run, RunState.Failed, new RunError(refused.Code, refused.Message, refused.Suggestion));
            }
        }
    }

    private async Task ReconcileAsync(TemporalClient client, RunRecord run, CancellationToken cancel)
    {
        WorkflowExecutionStatus status;
        try
        {
            status = (await client.GetHandle(RunNames.WorkflowId(run.RunId)).DescribeAsync(cancel)).Summary.Status;
        }
        catch (WorkflowNotFoundException)
        {
            var child = run.BackfillId is not null && run.RetryOf is null;
            if (child && run.State == RunState.Queued && catalog.Backfills.Get(run.BackfillId!) is { } backfill && !backfill.State.IsFinal()) return; // its backfill starts it
            if (run.State == RunState.Running || run.WorkflowRunId is not null || child)
            {
                Close(run, RunState.Failed, new RunError("FF3006", "Temporal no longer knows this run's workflow.", "Retry the run: jobs that have published will find nothing new."));
                return;
            }
            await StartAsync(run, cancel);
            return;
        }
        if (status is WorkflowExecutionStatus.Running)
        {
            runs.SetPaused(run.RunId, FactsReader.Read(await client.GetHandle(RunNames.WorkflowId(run.RunId)).FoldAsync(cancel)).Paused);
            await new DeadWorkers(client, logger).ReleaseAsync(run.RunId, cancel);
            return;
        }
        Close(run, status == WorkflowExecutionStatus.Canceled ? RunState.Cancelled : RunState.Failed, status == WorkflowExecutionStatus.Canceled
            ? null
            : new RunError("FF3007", $"The run's workflow ended from outside ({status}).", "Retry the run: jobs that have published will find nothing new."));
    }

    /// <summary>Starts what is recorded but has no workflow: it was asked for while Temporal did not answer; retries likewise. Repeatable.</summary>
    public async Task StartLeftOverAsync(TimeSpan age, CancellationToken cancel)
    {
        await reset.CarryOutAllAsync(cancel);
        var before = clock.GetUtcNow() - age;
        foreach (var run in runs.Open().Where(r => r is { State: RunState.Queued, WorkflowRunId: null, ReopenedAt: null } && (r.BackfillId is null || r.RetryOf is not null) && r.QueuedAt < before))
        {
            try
            {
                await StartAsync(run, cancel);
            }
            catch (RunRefusedException refused)
            {
                Close(run, RunState.Failed, new RunError(refused.Code, refused.Message, refused.Suggestion));
            }
        }
    }

    private async Task StartAsync(RunRecord run, CancellationToken cancel)
    {
        if (runs.Get(run.RunId) is not { State: RunState.Queued }) return; // cancelled since the list was read
        await service.StartWorkflowAsync(run, cancel);
        logger.LogInformation("{RunId} was recorded but not started; it is started now", run.RunId);
    }

    private void Close(RunRecord run, RunState state, RunError? error)
    {
        var now = clock.GetUtcNow();
        foreach (var job in runs.Jobs(run.RunId).Where(j => j.State is RunState.Queued or RunState.Running))
            runs.UpsertJob(job with { State = RunState.Cancelled, FinishedAt = now, Phase = null });
        claims.Release(run.RunId);
        runs.SetState(run.RunId, state, error, now);
        logger.LogWarning("{RunId} closed as {State}: {Reason}", run.RunId, state, error?.Message);
    }
}
