using FlowForge.Catalog;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Workflow;

/// <summary>Folds a workflow's history into <see cref="RunFacts"/>: the only place where a run's rules meet Temporal's events.</summary>
internal static class FactsReader
{
    public static RunFacts Read(WorkflowHistory history)
    {
        var input = history.Started.Input<RunInput>() ?? throw new InvalidOperationException("A run was started without its plan.");
        var waits = history.Timers.Values.Where(t => t.Id.StartsWith("retry.", StringComparison.Ordinal)).ToArray();
        var rounds = waits.Where(t => t.HasFired).ToArray();
        var began = rounds.Select(t => t.StartedEventId).DefaultIfEmpty().Max();
        var jobs = input.Steps
            .Where(s => history.Activities.TryGetValue(s.JobId, out var a) && (a.ScheduledEventId > began || a.IsCompleted))
            .ToDictionary(s => s.JobId, s => Step(history, s.JobId, a => a.Result<JobResult>()), StringComparer.Ordinal);
        return new(
            input,
            Step(history, RunNames.BeginId, a => a.Result<BeginResult>()),
            jobs,
            Step(history, RunNames.FinishId, _ => true),
            history.Signals.LastOrDefault(s => s.Name is RunNames.PauseSignal or RunNames.ResumeSignal)?.Name == RunNames.PauseSignal,
            history.CancelRequested)
        {
            Round = rounds.Length, RoundStarted = rounds.Select(t => t.ClosedTime).Max(), WaitsForRetry = waits.Any(t => t.Status == TimerStatus.Started),
        };
    }

    private static StepFact<T> Step<T>(WorkflowHistory history, string id, Func<ActivityState, T?> result)
    {
        if (!history.Activities.TryGetValue(id, out var activity)) return StepFact<T>.None;
        return activity.Status switch
        {
            ActivityStatus.Scheduled => new(StepPhase.Running, CancelRequested: activity.CancelRequested),
            ActivityStatus.Completed => new(StepPhase.Succeeded, result(activity)),
            ActivityStatus.Cancelled => new(StepPhase.Cancelled),
            _ => new(StepPhase.Failed, Error: Error(activity)),
        };
    }

    private static RunError Error(ActivityState activity) => activity.Error switch
    {
        ApplicationFailure failure => failure.DetailsAs<RunError>() ?? new RunError("FF3000", failure.Message),
        TimeoutFailure { Type: TimeoutType.Heartbeat } => new("FF3002",
            $"{activity.Id} stopped answering in each of its {activity.Attempt} attempts.",
            "Look into the run's log for what it did last; a job that needs more memory than there is ends like this."),
        TimeoutFailure => new("FF3003", $"{activity.Id} took longer than its time limit.", "Split the job, or raise the limit."),
        { } other => new("FF3000", other.Message),
        null => new("FF3000", $"{activity.Id} failed without a reason."),
    };
}
