using FlowForge.Catalog;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Care;

/// <summary>The workflow of work on a table: do it, then record how it ended.</summary>
public sealed class CareDecider : IDecider
{
    private static readonly ActivityOptions WorkOptions = new()
    {
        TaskQueue = CareNames.TaskQueue, StartToClose = TimeSpan.FromHours(24), Heartbeat = TimeSpan.FromSeconds(30), Retry = new() { InitialInterval = TimeSpan.FromSeconds(1), BackoffCoefficient = 2, MaximumInterval = TimeSpan.FromMinutes(1) },
    };

    private static readonly ActivityOptions FinishOptions = new()
    {
        StartToClose = TimeSpan.FromSeconds(30), Retry = new() { InitialInterval = TimeSpan.FromMilliseconds(500), MaximumInterval = TimeSpan.FromSeconds(10) },
    };

    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var decision = Decision.For(history, task);
        foreach (var query in task.Queries) decision.FailQuery(query, $"Work on a table knows no query '{query.Name}'; the catalog has its progress.");
        if (task.IsQueryOnly) return decision.Build();
        var input = history.Started.Input<CareInput>() ?? throw new InvalidOperationException("Work on a table was started without its id.");
        var (work, finish) = (history.Activities.GetValueOrDefault(CareNames.WorkId), history.Activities.GetValueOrDefault(CareNames.FinishId));
        if (work is null && !history.CancelRequested)
        {
            decision.ScheduleActivity(CareNames.WorkId, CareNames.WorkActivity, input, WorkOptions);
        }
        else if (work is { IsClosed: false })
        {
            if (history.CancelRequested && !work.CancelRequested) decision.CancelActivity(CareNames.WorkId);
        }
        else if (finish is null)
        {
            decision.ScheduleActivity(CareNames.FinishId, CareNames.FinishActivity, new FinishCareInput(input.CareId, StateOf(work), ErrorOf(work)), FinishOptions);
        }
        else if (finish.IsClosed)
        {
            Close(decision, work);
        }
        return decision.Build();
    }

    private static void Close(DecisionBuilder decision, ActivityState? work)
    {
        switch (StateOf(work))
        {
            case RunState.Succeeded: decision.CompleteWorkflow(); break;
            case RunState.Cancelled: decision.CancelWorkflow(); break;
            default: decision.FailWorkflow(new ApplicationFailure(ErrorOf(work)!.Message, ErrorOf(work)!.Code, nonRetryable: true) { Details = ErrorOf(work) }); break;
        }
    }

    private static RunState StateOf(ActivityState? work) => work is null || work.Status == ActivityStatus.Cancelled ? RunState.Cancelled : work.IsCompleted ? RunState.Succeeded : RunState.Failed;

    private static RunError? ErrorOf(ActivityState? work) => StateOf(work) != RunState.Failed ? null
        : (work!.Error as ApplicationFailure)?.DetailsAs<RunError>() ?? new RunError("FF3411", work.Error?.Message ?? "The work failed without a reason.", "Look at the runtime's log, then ask again.");
}
