using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Runs;

/// <summary>
/// Takes a finished run up again where it failed, by a Temporal reset: what succeeded before stays in the history, and what succeeded after the point finds its record.
/// Only where that gives what a person expects of a retry: the pipeline is as it was, the run's inputs are, and no later run has written since. Thread-safe.
/// </summary>
public sealed class RunReset(CatalogDatabase catalog, LakeStore lake, TemporalConnection temporal, TimeProvider clock)
{
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

        var before = catalog.Runs.Jobs(run.RunId);
        if (!catalog.Runs.Reopen(run.RunId, clock.GetUtcNow()))
            throw new RunRefusedException(RunRefusal.Conflict, "FF3104", $"{run.RunId} has been retried at this moment.", "Look at the run.");
        try
        {
            var id = await handle.ResetAsync(point, "retried by a person", LeaveOut, cancel);
            catalog.Runs.SetWorkflow(run.RunId, handle.Id, id);
        }
        catch
        {
            catalog.Runs.TakeReopeningBack(run, before);
            throw;
        }
        // The beginning is history: nothing but this says that the run is under way again.
        if (history.Activities.TryGetValue(RunNames.BeginId, out var begin) && begin.IsCompleted && begin.ScheduledEventId < point) catalog.Runs.SetState(run.RunId, RunState.Running, null, clock.GetUtcNow());
        if (history.Signals.LastOrDefault(s => s.EventId < point && s.Name is RunNames.PauseSignal or RunNames.ResumeSignal)?.Name == RunNames.PauseSignal)
            await client.GetHandle(handle.Id).SignalAsync(RunNames.ResumeSignal, null, cancel);
        catalog.Logs.Append(run.RunId, null, JobLogLevel.Info, clock.GetUtcNow(), "retried: the run goes on with what did not succeed");
        return null;
    }

    /// <summary>
    /// The decision to make again: the one that scheduled the first step that did not succeed, and in any case one from before a cancel request.
    /// </summary>
    internal static long? Point(WorkflowHistory history)
    {
        var cancelled = history.CancelRequestedEventId ?? long.MaxValue;
        var failed = history.Activities.Values.Where(a => a.Id != RunNames.FinishId && a.Type != RunNames.NoteActivity && a.IsClosed && !a.IsCompleted).Select(a => a.Scheduled.WorkflowTaskCompletedEventId).DefaultIfEmpty(long.MaxValue).Min();
        var last = Math.Min(failed, cancelled);
        if (last == long.MaxValue) last = history.Activities.GetValueOrDefault(RunNames.FinishId)?.Scheduled.WorkflowTaskCompletedEventId ?? long.MaxValue;
        return history.CompletedTasks.LastOrDefault(t => t.EventId <= last)?.EventId;
    }

    private long? LatestOf(string table) => TableName.TryParse(table, out var name) ? lake.Table(name).Latest()?.Version : null;
}
