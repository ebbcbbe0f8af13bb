using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>How a child workflow is started.</summary>
public sealed record ChildOptions
{
    /// <summary>Null means the parent's task queue.</summary>
    public string? TaskQueue { get; init; }

    public TimeSpan? ExecutionTimeout { get; init; }

    public TimeSpan? RunTimeout { get; init; }

    public TimeSpan? TaskTimeout { get; init; }

    /// <summary>What becomes of the child when this run closes.</summary>
    public ParentClosePolicy ParentClosePolicy { get; init; } = ParentClosePolicy.Terminate;

    public WorkflowIdReusePolicy IdReusePolicy { get; init; } = WorkflowIdReusePolicy.AllowDuplicate;

    public RetryOptions? Retry { get; init; }

    public string? Cron { get; init; }

    public IReadOnlyDictionary<string, object?>? Memo { get; init; }

    public IReadOnlyDictionary<string, SearchAttribute>? SearchAttributes { get; init; }

    /// <summary>One line for people who look at the history.</summary>
    public string? Summary { get; init; }
}
