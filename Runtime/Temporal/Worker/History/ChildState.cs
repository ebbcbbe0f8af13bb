using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

public enum ChildStatus
{
    /// <summary>Asked for; not yet known to have started.</summary>
    Initiated,
    Started,

    /// <summary>It never started, see <see cref="ChildState.StartFailedCause"/>.</summary>
    StartFailed,
    Completed,
    Failed,
    TimedOut,
    Cancelled,
    Terminated,
}

/// <summary>One child workflow of a run.</summary>
public sealed class ChildState : EndingState
{
    internal ChildState(HistoryEvent e, PayloadConverter converter)
        : base(converter)
    {
        Initiated = e.StartChildWorkflowExecutionInitiatedEventAttributes;
        InitiatedEventId = e.EventId;
    }

    public StartChildWorkflowExecutionInitiatedEventAttributes Initiated { get; }

    public string Id => Initiated.WorkflowId;

    public string Type => Initiated.WorkflowType?.Name ?? "";

    public long InitiatedEventId { get; }

    /// <summary>Null until it started.</summary>
    public string? RunId { get; private set; }

    public ChildStatus Status { get; private set; }

    public bool IsClosed => Status is not (ChildStatus.Initiated or ChildStatus.Started);

    public bool IsCompleted => Status == ChildStatus.Completed;

    public StartChildWorkflowExecutionFailedCause StartFailedCause { get; private set; }

    internal void Apply(HistoryEvent e)
    {
        switch (e.EventType)
        {
            case EventType.ChildWorkflowExecutionStarted:
                Status = ChildStatus.Started;
                RunId = e.ChildWorkflowExecutionStartedEventAttributes.WorkflowExecution.RunId;
                return;
            case EventType.StartChildWorkflowExecutionFailed:
                Status = ChildStatus.StartFailed;
                StartFailedCause = e.StartChildWorkflowExecutionFailedEventAttributes.Cause;
                break;
            case EventType.ChildWorkflowExecutionCompleted:
                Status = ChildStatus.Completed;
                ResultPayloads = e.ChildWorkflowExecutionCompletedEventAttributes.Result;
                break;
            case EventType.ChildWorkflowExecutionFailed:
                Status = ChildStatus.Failed;
                Failure = e.ChildWorkflowExecutionFailedEventAttributes.Failure;
                RetryState = e.ChildWorkflowExecutionFailedEventAttributes.RetryState;
                break;
            case EventType.ChildWorkflowExecutionTimedOut:
                Status = ChildStatus.TimedOut;
                RetryState = e.ChildWorkflowExecutionTimedOutEventAttributes.RetryState;
                break;
            case EventType.ChildWorkflowExecutionCanceled:
                Status = ChildStatus.Cancelled;
                ResultPayloads = e.ChildWorkflowExecutionCanceledEventAttributes.Details;
                break;
            case EventType.ChildWorkflowExecutionTerminated:
                Status = ChildStatus.Terminated;
                break;
            default:
                return;
        }
        ClosedTime = e.EventTime.ToDateTimeOffset();
    }
}
