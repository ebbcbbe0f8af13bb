using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>How a workflow is started.</summary>
public sealed record StartWorkflowOptions
{
    /// <summary>The business name of the workflow; at most one open run has it.</summary>
    public required string Id { get; init; }

    public required string TaskQueue { get; init; }

    /// <summary>What happens when a closed run has this id.</summary>
    public WorkflowIdReusePolicy IdReusePolicy { get; init; } = WorkflowIdReusePolicy.AllowDuplicate;

    /// <summary>What happens when an open run has this id.</summary>
    public WorkflowIdConflictPolicy IdConflictPolicy { get; init; } = WorkflowIdConflictPolicy.Fail;

    /// <summary>The whole chain of runs.</summary>
    public TimeSpan? ExecutionTimeout { get; init; }

    public TimeSpan? RunTimeout { get; init; }

    /// <summary>How long one decision may take before another worker is asked; the server's default is 10 s.</summary>
    public TimeSpan? TaskTimeout { get; init; }

    /// <summary>Retries of the whole workflow; null means none.</summary>
    public RetryOptions? Retry { get; init; }

    public string? Cron { get; init; }

    public TimeSpan? StartDelay { get; init; }

    public IReadOnlyDictionary<string, object?>? Memo { get; init; }

    public IReadOnlyDictionary<string, SearchAttribute>? SearchAttributes { get; init; }

    /// <summary>A signal to deliver with the start, or to the run that is open already.</summary>
    public string? StartSignal { get; init; }

    public object? StartSignalArgument { get; init; }

    /// <summary>A second start with the same request id gives the first one's run; null makes a new id, used for all tries of this call.</summary>
    public string? RequestId { get; init; }

    /// <summary>One line for people.</summary>
    public string? Summary { get; init; }
}
