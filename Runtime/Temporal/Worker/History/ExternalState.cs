namespace FlowForge.Temporal.Worker;

public enum ExternalStatus
{
    Requested,
    Delivered,
    Failed,
}

/// <summary>A signal or cancel request that this run sent to another workflow.</summary>
public sealed class ExternalState
{
    internal ExternalState(long initiatedEventId, string workflowId, string? signal)
    {
        InitiatedEventId = initiatedEventId;
        WorkflowId = workflowId;
        Signal = signal;
    }

    public long InitiatedEventId { get; }

    public string WorkflowId { get; }

    /// <summary>The signal's name; null for a cancel request.</summary>
    public string? Signal { get; }

    public ExternalStatus Status { get; internal set; }

    /// <summary>The server's cause when <see cref="Status"/> is failed, for example <c>ExternalWorkflowExecutionNotFound</c>.</summary>
    public string? FailedCause { get; internal set; }
}
