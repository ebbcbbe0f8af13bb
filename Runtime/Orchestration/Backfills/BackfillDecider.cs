using FlowForge.Catalog;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Backfills;

/// <summary>The backfill workflow: facts from the history, the rules' actions as commands. Its runs are child workflows of the ordinary kind.</summary>
public sealed class BackfillDecider : IDecider
{
    private static readonly ActivityOptions RecordOptions = new()
    {
        StartToClose = TimeSpan.FromSeconds(30), Retry = new() { InitialInterval = TimeSpan.FromMilliseconds(500), MaximumInterval = TimeSpan.FromSeconds(10) },
    };

    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var decision = Decision.For(history, task);
        foreach (var query in task.Queries) decision.FailQuery(query, $"A backfill knows no query '{query.Name}'; the catalog has its progress.");
        if (task.IsQueryOnly) return decision.Build();
        var input = history.Started.Input<BackfillInput>() ?? throw new InvalidOperationException("A backfill was started without its plan.");
        var facts = new BackfillFacts(input, [.. input.Items.Take(BackfillRules.Window).Select(i => Phase(history, i))], Finish(history), history.CancelRequested);
        foreach (var action in BackfillRules.Next(facts)) Add(decision, input, action);
        return decision.Build();
    }

    private static ItemPhase Phase(WorkflowHistory history, BackfillItem item)
    {
        if (history.Children.TryGetValue(RunNames.WorkflowId(item.RunId), out var child))
        {
            return child.Status switch
            {
                ChildStatus.Initiated => ItemPhase.Starting,
                ChildStatus.Started => ItemPhase.Running,
                ChildStatus.Completed => ItemPhase.Succeeded,
                ChildStatus.Cancelled => ItemPhase.Cancelled,
                _ => ItemPhase.Failed,
            };
        }
        if (!history.Activities.TryGetValue(BackfillNames.RecordId(item.RunId), out var record)) return ItemPhase.Waiting;
        return !record.IsClosed ? ItemPhase.Recording : record.IsCompleted ? ItemPhase.Recorded : ItemPhase.Failed;
    }

    private static StepPhase Finish(WorkflowHistory history) => !history.Activities.TryGetValue(BackfillNames.FinishId, out var finish) ? StepPhase.NotScheduled
        : !finish.IsClosed ? StepPhase.Running : finish.IsCompleted ? StepPhase.Succeeded : StepPhase.Failed;

    private static void Add(DecisionBuilder decision, BackfillInput input, BackfillAction action)
    {
        switch (action)
        {
            case BackfillAction.Record record:
                decision.ScheduleActivity(BackfillNames.RecordId(record.Item.RunId), BackfillNames.RecordActivity, new RecordRunInput(input.BackfillId, record.Item), RecordOptions);
                break;
            case BackfillAction.Start start:
                var run = new RunInput(start.Item.RunId, input.Pipeline, input.PipelineVersion, input.MaxParallelJobs, input.Steps, Attempts: input.Attempts, RetryDelay: input.RetryDelay);
                decision.StartChild(RunNames.WorkflowId(start.Item.RunId), RunNames.Workflow, run, new ChildOptions
                {
                    IdReusePolicy = WorkflowIdReusePolicy.RejectDuplicate, ParentClosePolicy = ParentClosePolicy.RequestCancel, Summary = $"{input.Pipeline} {start.Item.Start:u}",
                });
                break;
            case BackfillAction.Cancel cancel:
                decision.CancelChild(RunNames.WorkflowId(cancel.Item.RunId), "the backfill was cancelled");
                break;
            case BackfillAction.Finish finish:
                decision.ScheduleActivity(BackfillNames.FinishId, BackfillNames.FinishActivity, finish.Input, RecordOptions);
                break;
            case BackfillAction.GoOn rest:
                decision.ContinueAsNew(rest.Rest);
                break;
            case BackfillAction.Close { State: RunState.Succeeded }:
                decision.CompleteWorkflow();
                break;
            case BackfillAction.Close { State: RunState.Cancelled }:
                decision.CancelWorkflow();
                break;
            case BackfillAction.Close { Error: var error }:
                decision.FailWorkflow(new ApplicationFailure(error?.Message ?? "The backfill failed.", error?.Code, nonRetryable: true) { Details = error });
                break;
            default:
                throw new InvalidOperationException($"No command for {action.GetType().Name}.");
        }
    }
}
