namespace FlowForge.Temporal.Worker;

/// <summary>What the server asks now: decide on the newest events, and perhaps answer queries and updates.</summary>
public sealed record WorkflowTask
{
    public required string Namespace { get; init; }

    public required string WorkflowId { get; init; }

    public required string RunId { get; init; }

    public required string WorkflowType { get; init; }

    public required string TaskQueue { get; init; }

    /// <summary>1, or more when earlier attempts of this task failed or timed out.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The event up to which the previous task had seen history; newer events are new. 0 for the first task.</summary>
    public long PreviousStartedEventId { get; init; }

    /// <summary>True when only <see cref="Queries"/> are asked: commands and update messages would be dropped. The run may be closed.</summary>
    public bool IsQueryOnly { get; init; }

    public IReadOnlyList<WorkflowQuery> Queries { get; init; } = [];

    /// <summary>Updates to accept or reject now. One left without an answer is refused with a failure that says so.</summary>
    public IReadOnlyList<UpdateRequest> Updates { get; init; } = [];
}
