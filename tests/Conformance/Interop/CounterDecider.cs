using FlowForge.Temporal.Worker;

namespace FlowForge.Conformance.Tests;

public sealed record Label(string Text);

public sealed record Total(int Sum, string Label);

/// <summary>The C# twin of <c>counter</c> in workflows.js.</summary>
internal sealed class CounterDecider : IDecider
{
    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var decision = Decision.For(history, task);
        var label = history.Started.Input<Label>(1)!;
        var sum = history.Started.Input<int>()
            + history.Signals.Where(s => s.Name == "add").Sum(s => s.Input<int>())
            + history.Updates.Values.Sum(u => u.Input<int>());
        foreach (var update in task.Updates)
        {
            var amount = update.Input<int>();
            if (amount < 0)
            {
                decision.RejectUpdate(update, new ApplicationFailure("must not be negative", "BadInput"));
                continue;
            }
            sum += amount;
            decision.AcceptUpdate(update).CompleteUpdate(update.Id, sum);
        }
        foreach (var query in task.Queries.Where(q => q.Name == "total"))
        {
            decision.Answer(query, new Total(sum, label.Text));
        }
        if (!task.IsQueryOnly && history.Signals.Any(s => s.Name == "finish"))
        {
            decision.CompleteWorkflow(new { sum, label });
        }
        return decision.Build();
    }
}

/// <summary>Doubles its input; refuses negative ones.</summary>
internal sealed class DoubleDecider : IDecider
{
    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var n = history.Started.Input<int>();
        var decision = Decision.For(history, task);
        return (n < 0 ? decision.FailWorkflow(new ApplicationFailure("cannot double it", "Negative", nonRetryable: true)) : decision.CompleteWorkflow(n * 2)).Build();
    }
}

internal sealed class FailingDecider : IDecider
{
    public Decision Decide(WorkflowHistory history, WorkflowTask task) => Decision.For(history, task)
        .FailWorkflow(new ApplicationFailure("broken", "Broken", nonRetryable: true, new IOException("the reason")) { Details = Arguments.Of(new { Rows = 3 }, "orders") }).Build();
}

internal sealed class WaitingDecider : IDecider
{
    public Decision Decide(WorkflowHistory history, WorkflowTask task) =>
        history.CancelRequested ? Decision.For(history, task).CancelWorkflow().Build() : Decision.None;
}
