using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>Status of a Temporal workflow, in Temporal's words. <c>Unknown</c> is one that this version does not know.</summary>
public enum WorkflowState { Unknown, Running, Completed, Failed, Canceled, Terminated, ContinuedAsNew, TimedOut, Paused }

/// <summary>Which workflow is meant: its id, and its run (null for the newest), in a namespace (null for the runtime's own).</summary>
public sealed record WorkflowKey(string Id, string? Run = null, string? Namespace = null);

/// <summary>Namespaces of the Temporal server.</summary>
/// <param name="Default">The one that the runtime's own runs live in.</param>
public sealed record TemporalNamespaces(string Default, IReadOnlyList<string> Names);

/// <summary>A list that is continued with a token of the server.</summary>
/// <param name="Next">Pass it as <c>token</c> to go on; null after the last page.</param>
public sealed record TokenPage<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>One run of a workflow as a list shows it.</summary>
public record WorkflowEntry
{
    public required string Id { get; init; }
    public required string Run { get; init; }
    public required string Type { get; init; }
    public required string TaskQueue { get; init; }
    public required WorkflowState State { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }
    /// <summary>From start to close; null while it is open.</summary>
    public double? Seconds { get; init; }
    /// <summary>Events of its history; 0 on servers that count at the end only.</summary>
    public long Events { get; init; }
    /// <summary>Size of its history.</summary>
    public long Bytes { get; init; }
    /// <summary>Workflow id of the parent, for children.</summary>
    public string? Parent { get; init; }
    public string? ParentRun { get; init; }
}

/// <summary>How many runs match, by status; statuses that none has are left out.</summary>
public sealed record WorkflowCounts(long Total, IReadOnlyList<WorkflowStateCount> ByState);

/// <summary>One status and how many runs have it.</summary>
public sealed record WorkflowStateCount(WorkflowState State, long Count);

/// <summary>One run with what it got, gave and waits for.</summary>
public sealed record WorkflowDetail : WorkflowEntry
{
    /// <summary>One line that the starter gave for people.</summary>
    public string? Summary { get; init; }
    /// <summary>First run of the chain of retries, cron runs and continuations.</summary>
    public string? FirstRun { get; init; }
    /// <summary>The run that follows this one in its chain.</summary>
    public string? NextRun { get; init; }
    public int Attempt { get; init; } = 1;
    public string? Cron { get; init; }
    public bool CancelRequested { get; init; }
    public double? ExecutionTimeoutSeconds { get; init; }
    public double? RunTimeoutSeconds { get; init; }
    public double? TaskTimeoutSeconds { get; init; }
    /// <summary>Arguments, decoded where they are JSON.</summary>
    public IReadOnlyList<JsonElement> Input { get; init; } = [];
    /// <summary>What it completed with; empty for none.</summary>
    public IReadOnlyList<JsonElement> Result { get; init; } = [];
    /// <summary>Why it did not complete.</summary>
    public string? Failure { get; init; }
    public IReadOnlyDictionary<string, JsonElement> Memo { get; init; } = new Dictionary<string, JsonElement>();
    public IReadOnlyDictionary<string, JsonElement> SearchAttributes { get; init; } = new Dictionary<string, JsonElement>();
    public PendingWorkflowTask? PendingTask { get; init; }
    public IReadOnlyList<PendingActivity> PendingActivities { get; init; } = [];
    public IReadOnlyList<PendingChild> PendingChildren { get; init; } = [];
}

/// <summary>A workflow task that waits for a worker or is being worked on.</summary>
/// <param name="Started">Null while no worker has taken it.</param>
public sealed record PendingWorkflowTask(DateTimeOffset? Scheduled, DateTimeOffset? Started, int Attempt);

/// <summary>An activity that has not ended.</summary>
public sealed record PendingActivity
{
    public required string Id { get; init; }
    public required string Type { get; init; }
    /// <summary><c>scheduled</c>, <c>started</c>, <c>cancel requested</c> …</summary>
    public required string State { get; init; }
    /// <summary>1 for the first try.</summary>
    public int Attempt { get; init; }
    /// <summary>0 means without limit.</summary>
    public int MaximumAttempts { get; init; }
    public DateTimeOffset? ScheduledAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? HeartbeatAt { get; init; }
    public IReadOnlyList<JsonElement> Heartbeat { get; init; } = [];
    public string? LastFailure { get; init; }
    public string? LastWorker { get; init; }
    /// <summary>When the next try begins, while it waits for one.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }
    /// <summary>When it fails for good, tries included.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A child workflow that has not ended. Its run is null until it has started.</summary>
public sealed record PendingChild(string Id, string? Run, string Type, string ParentClosePolicy);

/// <summary>A timer that has not fired.</summary>
public sealed record PendingTimer(string Id, long EventId, DateTimeOffset StartedAt, DateTimeOffset FiresAt, string? Summary);

/// <summary>Timers of an open run, found in its history.</summary>
/// <param name="Complete">False when the history is longer than what was read.</param>
public sealed record PendingTimers(IReadOnlyList<PendingTimer> Items, bool Complete);

/// <summary>One event of a history.</summary>
/// <param name="Type">Temporal's name: <c>ActivityTaskScheduled</c>.</param>
/// <param name="About">What it is about, in a few words: an activity, a timer, a reason.</param>
/// <param name="Worker">Who caused it, as far as it is told.</param>
/// <param name="Details">Its attributes; payloads are decoded where they are JSON.</param>
public sealed record WorkflowEvent(long Id, DateTimeOffset Time, string Type, string? About, string? Worker, JsonElement Details)
{
    /// <summary>A run can be reset to this event.</summary>
    public bool IsResetPoint => Type is "WorkflowTaskCompleted" or "WorkflowTaskFailed" or "WorkflowTaskTimedOut";
}

/// <summary>Body of cancel and terminate.</summary>
public sealed record EndWorkflow(WorkflowKey Workflow, string? Reason = null);

/// <summary>Body of signal and query.</summary>
/// <param name="Argument">Left out or null for none.</param>
public sealed record CallWorkflow(WorkflowKey Workflow, string Name, JsonElement? Argument = null);

/// <summary>Answer to a query.</summary>
public sealed record QueryAnswer(JsonElement? Result);

/// <summary>Body of reset.</summary>
/// <param name="EventId">A completed, failed or timed out workflow task of the run: it is decided again.</param>
public sealed record ResetWorkflow(WorkflowKey Workflow, long EventId, string? Reason = null);

/// <summary>Answer to a reset: the new run.</summary>
public sealed record WorkflowReset(string Id, string Run);
