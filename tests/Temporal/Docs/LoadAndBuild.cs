using FlowForge.Temporal.Worker;

namespace FlowForge.Temporal.Tests;

// The decider that Runtime/docs/temporal.md shows; DocsTests compares the two.
public sealed class LoadAndBuild : IDecider
{
    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var decision = Decision.For(history, task);
        if (!history.Activities.TryGetValue("load", out var load))
        {
            decision.ScheduleActivity("load", "load-table", history.Started.Input<string>(),
                new ActivityOptions { StartToClose = TimeSpan.FromHours(1), Heartbeat = TimeSpan.FromSeconds(30) });
        }
        else if (load.IsCompleted)
        {
            decision.CompleteWorkflow(load.Result<long>());
        }
        else if (load.IsClosed)
        {
            decision.FailWorkflow(load.Error!);
        }
        else if (history.CancelRequested)
        {
            decision.CancelActivity("load");
        }
        return decision.Build();
    }
}
