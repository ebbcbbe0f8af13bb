using Temporalio.Api.Command.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Query.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>A decider's answer to one workflow task, in the server's own messages. Made by a <see cref="DecisionBuilder"/>.</summary>
public sealed record Decision
{
    /// <summary>Nothing to do until the next event.</summary>
    public static Decision None { get; } = new();

    /// <summary>In the order in which the server is to carry them out.</summary>
    public IReadOnlyList<Command> Commands { get; init; } = [];

    /// <summary>Acceptances, rejections and outcomes of updates.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>By <see cref="WorkflowQuery.Id"/>.</summary>
    public IReadOnlyDictionary<string, WorkflowQueryResult> Answers { get; init; } = new Dictionary<string, WorkflowQueryResult>();

    /// <summary>Begins a decision on <paramref name="task"/>.</summary>
    public static DecisionBuilder For(WorkflowHistory history, WorkflowTask task) => new(history, task);
}
