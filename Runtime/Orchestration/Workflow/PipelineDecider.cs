using FlowForge.Catalog;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Workflow;

/// <summary>The pipeline workflow: facts from the history, the rules' actions as commands, and the answer to the query <c>state</c>.</summary>
public sealed class PipelineDecider : IDecider
{
    /// <summary>
    /// Jobs may run for a day. A worker that is silent for fifteen seconds is taken for dead, and the attempt is made again elsewhere or after its restart.
    /// How often a job may fail or kill its worker is counted by the job activity; here there is no cap, for waiting for a busy table is an attempt too.
    /// </summary>
    private static readonly ActivityOptions JobOptions = new()
    {
        StartToClose = TimeSpan.FromHours(24),
        Heartbeat = TimeSpan.FromSeconds(15),
        Retry = new() { InitialInterval = TimeSpan.FromSeconds(1), BackoffCoefficient = 1.5, MaximumInterval = TimeSpan.FromMinutes(5) },
    };

    /// <summary>The record keeping at both ends is repeated until it succeeds.</summary>
    private static readonly ActivityOptions RecordOptions = new()
    {
        StartToClose = TimeSpan.FromSeconds(30),
        Retry = new() { InitialInterval = TimeSpan.FromMilliseconds(500), MaximumInterval = TimeSpan.FromSeconds(10) },
    };

    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var facts = FactsReader.Read(history);
        var decision = Decision.For(history, task);
        foreach (var query in task.Queries)
        {
            if (query.Name == RunNames.StateQuery) decision.Answer(query, Answer(facts));
            else decision.FailQuery(query, $"A run knows no query '{query.Name}'. Known: {RunNames.StateQuery}.");
        }
        if (task.IsQueryOnly) return decision.Build();
        foreach (var action in RunRules.Next(facts)) Add(decision, action);
        return decision.Build();
    }

    private static void Add(DecisionBuilder decision, RunAction action)
    {
        switch (action)
        {
            case RunAction.Begin begin:
                decision.ScheduleActivity(RunNames.BeginId, RunNames.BeginActivity, begin.Input, RecordOptions);
                break;
            case RunAction.StartJob job:
                decision.ScheduleActivity(job.Input.JobId, RunNames.JobActivity, job.Input, JobOptions with { Summary = job.Input.JobId, TaskQueue = job.Pool is null ? null : RunNames.QueueOf(job.Pool) });
                break;
            case RunAction.WaitForRetry wait:
                decision.StartTimer(RunNames.RetryTimer(wait.Note.Round), wait.Note.Delay);
                decision.ScheduleActivity(RunNames.NoteId(wait.Note.Round), RunNames.NoteActivity, wait.Note, RecordOptions with { ScheduleToClose = TimeSpan.FromMinutes(5) });
                break;
            case RunAction.StopStep stop:
                decision.CancelActivity(stop.ActivityId);
                break;
            case RunAction.Finish finish:
                decision.ScheduleActivity(RunNames.FinishId, RunNames.FinishActivity, finish.Input, RecordOptions);
                break;
            case RunAction.Close { State: RunState.Succeeded }:
                decision.CompleteWorkflow();
                break;
            case RunAction.Close { State: RunState.Cancelled }:
                decision.CancelWorkflow();
                break;
            case RunAction.Close { Error: var error }:
                decision.FailWorkflow(new ApplicationFailure(error?.Message ?? "The run failed.", error?.Code, nonRetryable: true) { Details = error });
                break;
            default:
                throw new InvalidOperationException($"No command for {action.GetType().Name}.");
        }
    }

    private static RunStateAnswer Answer(RunFacts facts)
    {
        var jobs = RunRules.States(facts).ToDictionary(s => s.Key, s => s.Value.State.ToText());
        var state = facts.Finish.IsClosed ? "finished" : facts.Begin.Phase == StepPhase.NotScheduled ? "queued" : facts.CancelRequested ? "cancelling" : "running";
        return new(state, facts.Paused, jobs);
    }
}
