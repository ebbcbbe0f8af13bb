using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>
/// One run of a workflow: its history, and the state that follows from it. Behaviour lives in the classes beside it
/// (<see cref="WorkflowTasks"/>, <see cref="Activities"/> …). Touched by the executor only.
/// </summary>
internal sealed partial class Execution : IPersistent
{
    public Execution(ServerState server, NamespaceEntry ns, long key, string workflowId, string runId)
    {
        Server = server;
        Namespace = ns;
        Key = key;
        WorkflowId = workflowId;
        RunId = runId;
    }

    public ServerState Server { get; }

    public NamespaceEntry Namespace { get; }

    /// <summary>Row key, rising with age: of two runs of one id the one with the higher key is the later.</summary>
    public long Key { get; }

    public string WorkflowId { get; }

    public string RunId { get; }

    /// <summary>What does not follow from the history.</summary>
    public ExecutionState State { get; init; } = new();

    public WorkflowExecutionStartedEventAttributes Start { get; private set; } = null!;

    public WorkflowExecutionStatus Status { get; private set; } = WorkflowExecutionStatus.Running;

    public bool IsOpen => Status is WorkflowExecutionStatus.Running or WorkflowExecutionStatus.Paused;

    public DateTime StartTime { get; private set; }

    public DateTime ExecutionTime => StartTime + (Times.Span(Start.FirstWorkflowTaskBackoff) ?? TimeSpan.Zero);

    public DateTime? CloseTime { get; private set; }

    public HistoryEvent? CloseEvent { get; private set; }

    public string TaskQueue => Start.TaskQueue.Name;

    public string Type => Start.WorkflowType.Name;

    public TimeSpan TaskTimeout => Times.Span(Start.WorkflowTaskTimeout) ?? WorkflowTasks.DefaultTimeout;

    /// <summary>The started event of the last completed workflow task; 0 before the first.</summary>
    public long PreviousStartedEventId { get; private set; }

    /// <summary>The last workflow task's completion; 0 before the first.</summary>
    public long LastCompletedTaskEventId { get; private set; }

    public bool CancelRequested { get; private set; }

    public Dictionary<long, Activity> Activities { get; } = [];

    public Dictionary<string, Activity> ActivitiesById { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, UserTimer> Timers { get; } = new(StringComparer.Ordinal);

    public Dictionary<long, ChildWorkflow> Children { get; } = [];

    /// <summary>Signals and cancellations sent to other workflows that have not been answered, by initiated event.</summary>
    public Dictionary<long, HistoryEvent> ExternalRequests { get; } = [];

    public Dictionary<string, WorkflowUpdate> Updates { get; } = new(StringComparer.Ordinal);

    /// <summary>Queries waiting for the next workflow task, or riding on the present one.</summary>
    public List<PendingQuery> Queries { get; } = [];

    /// <summary>Signals received, buffered ones included.</summary>
    public int SignalCount { get; private set; }

    /// <summary>The request ids of signals: the same one twice is one signal.</summary>
    public HashSet<string> SignalRequests { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Payload> Memo { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Payload> SearchAttributes { get; } = new(StringComparer.Ordinal);

    public WorkflowTaskState? Task => State.Task;

    public bool TaskStarted => State.Task is { StartedEventId: not 0 };

    public WorkflowExecution Id => new() { WorkflowId = WorkflowId, RunId = RunId };

    /// <summary>Everything that waits for a moment; dropped when the run closes.</summary>
    public List<Engine.Timer> RunTimers { get; } = [];

    /// <summary>The log has been warned of the history's length.</summary>
    public bool WarnedOfHistory { get; set; }

    public Engine.Timer? TaskTimer { get; set; }

    public Engine.Timer? FirstTaskTimer { get; set; }

    /// <summary>The run has changed: it is saved with the present commit.</summary>
    public void Touch() => Server.Executor.Touch(this);

    public override string ToString() => $"{WorkflowId}/{RunId}";
}

/// <summary>A user timer that has not fired.</summary>
internal sealed class UserTimer(long startedEventId, DateTime due)
{
    public long StartedEventId { get; } = startedEventId;

    public DateTime Due { get; } = due;

    public Engine.Timer? Timer { get; set; }
}

/// <summary>A child that has been initiated and is not known to be closed.</summary>
internal sealed class ChildWorkflow(HistoryEvent initiated)
{
    public long InitiatedEventId => initiated.EventId;

    public StartChildWorkflowExecutionInitiatedEventAttributes Initiated => initiated.StartChildWorkflowExecutionInitiatedEventAttributes;

    public Temporalio.Api.Sdk.V1.UserMetadata? UserMetadata => initiated.UserMetadata;

    /// <summary>Null until the child has started. Its id is 0 while buffered.</summary>
    public HistoryEvent? Started { get; set; }

    public string RunId => Started?.ChildWorkflowExecutionStartedEventAttributes.WorkflowExecution.RunId ?? "";
}
