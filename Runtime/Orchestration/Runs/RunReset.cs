using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Runs;

/// <summary>
/// Takes a finished run up again where it failed, by a Temporal reset: what succeeded before stays in the history, and what succeeded after the point finds its record.
/// Only where that gives what a person expects of a retry: the pipeline is as it was, the run's inputs are, and no later run has written since. Thread-safe.
/// </summary>
/// <remarks>What is to be done is on disk before Temporal hears of it, so a crash at any moment leaves a run that <see cref="CarryOutAllAsync"/> brings on its way.</remarks>
public sealed class RunReset(CatalogDatabase catalog, LakeStore lake, TemporalConnection temporal, TimeProvider clock, ILogger<RunReset> logger) : IDisposable
{
    private readonly SemaphoreSlim _carrying = new(1, 1);

#pragma warning disable CS0612 // newer servers never deliver cancel requests again and call the word obsolete; others need it
    private static readonly ResetReapplyExcludeType[] LeaveOut = [ResetReapplyExcludeType.Signal, ResetReapplyExcludeType.Update, ResetReapplyExcludeType.CancelRequest];
#pragma warning restore CS0612

    /// <returns>Null when the run goes on; else why a new run is needed, for people.</returns>
    public async Task<string?> TryAsync(RunRecord run, CancellationToken cancel)
    {
        if (catalog.Pipelines.Get(run.Pipeline)?.Version != run.PipelineVersion) return "the pipeline has changed";
        if (catalog.Runs.List(new RunFilter { Pipeline = run.Pipeline }, 1, 1).Items is [var newest] && newest.RunId != run.RunId) return "a later run has been since";
        var client = await temporal.GetAsync(cancel);
        var handle = client.GetHandle(RunNames.WorkflowId(run.RunId));
        WorkflowHistory history;
        try
        {
            history = await handle.FoldAsync(cancel);
        }
        catch (WorkflowNotFoundException)
        {
            return "Temporal no longer keeps its history";
        }
        var facts = FactsReader.Read(history);
        if (facts.Begin.Result?.InputVersions.FirstOrDefault(p => LatestOf(p.Key) != p.Value) is { Key: { } moved }) return $"{moved} has a newer version than the run read";
        if (Point(history) is not { } point) return "it ended before it began";

        var plan = new Reopening((await handle.DescribeAsync(cancel)).Summary.RunId, point, Guid.NewGuid().ToString(), BeganBefore(history, point), HeldBefore(history, point), run, catalog.Runs.Jobs(run.RunId));
        if (!catalog.Runs.Reopen(run.RunId, plan, clock.GetUtcNow()))
            throw new RunRefusedException(RunRefusal.Conflict, "FF3104", $"{run.RunId} has been retried at this moment.", "Look at the run.");
        try
        {
            // From here on the caller's patience does not count: what is written is carried out.
            await CarryOutAsync(client, run.RunId, CancellationToken.None);
        }
        catch (Exception unsure) when (!IsRefusal(unsure))
        {
            logger.LogWarning("{RunId} is reopened, and Temporal is told as soon as it answers ({Reason})", run.RunId, unsure.Message);
        }
        return null;
    }

    /// <summary>Carries out what was written of reopened runs and may not have reached Temporal, or takes it back where Temporal refuses. Repeatable.</summary>
    public async Task CarryOutAllAsync(CancellationToken cancel)
    {
        foreach (var runId in catalog.Runs.Reopenings())
        {
            try
            {
                await CarryOutAsync(await temporal.GetAsync(cancel), runId, cancel);
            }
            catch (Exception refused) when (IsRefusal(refused))
            {
                logger.LogWarning("the retry of {RunId} is taken back: {Reason}", runId, refused.Message);
            }
        }
    }

    public void Dispose() => _carrying.Dispose();

    private async Task CarryOutAsync(TemporalClient client, string runId, CancellationToken cancel)
    {
        await _carrying.WaitAsync(cancel);
        try
        {
            if (catalog.Runs.Reopening(runId) is not { } plan) return;
            if (catalog.Runs.Get(runId) is { State: RunState.Queued or RunState.Running }) await ResetAsync(client, runId, plan, cancel);
            catalog.Runs.Reopened(runId); // or it was cancelled meanwhile
        }
        finally
        {
            _carrying.Release();
        }
    }

    private async Task ResetAsync(TemporalClient client, string runId, Reopening plan, CancellationToken cancel)
    {
        var workflow = RunNames.WorkflowId(runId);
        string id;
        try
        {
            id = await client.GetHandle(workflow, plan.WorkflowRunId).ResetAsync(plan.Point, "retried by a person", LeaveOut, plan.RequestId, cancel);
        }
        catch (Exception refused) when (IsRefusal(refused))
        {
            catalog.Runs.TakeReopeningBack(plan);
            throw;
        }
        catalog.Runs.SetWorkflow(runId, workflow, id);
        // The beginning is history: nothing but this says that the run is under way again.
        if (plan.Begun) catalog.Runs.SetState(runId, RunState.Running, null, clock.GetUtcNow());
        try
        {
            var handle = client.GetHandle(workflow, id);
            if (plan.Held) await handle.SignalAsync(RunNames.ResumeSignal, null, cancel);
            if (catalog.Runs.Get(runId) is { State: RunState.Cancelled }) await handle.CancelAsync("cancelled by a person", cancel);
        }
        catch (WorkflowNotFoundException)
        {
            // It has ended already.
        }
        catalog.Logs.Append(runId, null, JobLogLevel.Info, clock.GetUtcNow(), "retried: the run goes on with what did not succeed");
    }

    /// <summary>Temporal has said no, so nothing has happened; after any other failure it may have.</summary>
    private static bool IsRefusal(Exception error) => error is WorkflowNotFoundException
        or GrpcException { Code: GrpcCode.InvalidArgument or GrpcCode.NotFound or GrpcCode.FailedPrecondition or GrpcCode.PermissionDenied or GrpcCode.Unauthenticated or GrpcCode.Unimplemented or GrpcCode.OutOfRange };

    private static bool BeganBefore(WorkflowHistory history, long point) => history.Activities.TryGetValue(RunNames.BeginId, out var begin) && begin.IsCompleted && begin.ScheduledEventId < point;

    private static bool HeldBefore(WorkflowHistory history, long point) =>
        history.Signals.LastOrDefault(s => s.EventId < point && s.Name is RunNames.PauseSignal or RunNames.ResumeSignal)?.Name == RunNames.PauseSignal;

    /// <summary>
    /// The decision to make again: the one that scheduled the first step that did not succeed, and in any case one from before a cancel request.
    /// </summary>
    public static long? Point(WorkflowHistory history)
    {
        var cancelled = history.CancelRequestedEventId ?? long.MaxValue;
        var failed = history.Activities.Values.Where(a => a.Id != RunNames.FinishId && a.Type != RunNames.NoteActivity && a.IsClosed && !a.IsCompleted).Select(a => a.Scheduled.WorkflowTaskCompletedEventId).DefaultIfEmpty(long.MaxValue).Min();
        var last = Math.Min(failed, cancelled);
        if (last == long.MaxValue) last = history.Activities.GetValueOrDefault(RunNames.FinishId)?.Scheduled.WorkflowTaskCompletedEventId ?? long.MaxValue;
        return history.CompletedTasks.LastOrDefault(t => t.EventId <= last)?.EventId;
    }

    private long? LatestOf(string table) => TableName.TryParse(table, out var name) ? lake.Table(name).Latest()?.Version : null;
}
