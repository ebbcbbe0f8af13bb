using FlowForge.Temporal.Worker;

namespace FlowForge.Temporal.Tests;

/// <summary>A decider written in one place of a test.</summary>
public sealed class LambdaDecider(Action<WorkflowHistory, WorkflowTask, DecisionBuilder> decide) : IDecider
{
    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var builder = Decision.For(history, task);
        decide(history, task, builder);
        return builder.Build();
    }
}
