using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>What each event does to the states of <see cref="WorkflowHistory"/>. Events point at the event that opened their state.</summary>
internal sealed class HistoryFold(WorkflowHistory history)
{
    private readonly Dictionary<long, object> _open = [];

    public OrderedDictionary<string, ActivityState> Activities { get; } = [];

    public OrderedDictionary<string, TimerState> Timers { get; } = [];

    public OrderedDictionary<string, ChildState> Children { get; } = [];

    public OrderedDictionary<string, UpdateState> Updates { get; } = [];

    public List<SignalReceived> Signals { get; } = [];

    public List<MarkerRecorded> Markers { get; } = [];

    public List<ExternalState> Externals { get; } = [];

    public List<HistoryEvent> CompletedTasks { get; } = [];

    public Dictionary<string, Payload> Memo { get; } = [];

    public Dictionary<string, Payload> SearchAttributes { get; } = [];

    public void Apply(HistoryEvent e)
    {
        switch (e.EventType)
        {
            case EventType.WorkflowExecutionStarted:
                Merge(Memo, e.WorkflowExecutionStartedEventAttributes.Memo?.Fields);
                Merge(SearchAttributes, e.WorkflowExecutionStartedEventAttributes.SearchAttributes?.IndexedFields);
                break;
            case EventType.WorkflowTaskCompleted:
                CompletedTasks.Add(e);
                break;
            case EventType.ActivityTaskScheduled:
                var activity = new ActivityState(e, history.Converter);
                Activities[activity.Id] = activity;
                _open[e.EventId] = activity;
                break;
            case EventType.TimerStarted:
                var timer = new TimerState(e);
                Timers[timer.Id] = timer;
                _open[e.EventId] = timer;
                break;
            case EventType.StartChildWorkflowExecutionInitiated:
                var child = new ChildState(e, history.Converter);
                Children[child.Id] = child;
                _open[e.EventId] = child;
                break;
            case EventType.WorkflowExecutionSignaled:
                Signals.Add(new SignalReceived(e, history.Converter));
                break;
            case EventType.MarkerRecorded:
                Markers.Add(new MarkerRecorded(e, history.Converter));
                break;
            case EventType.UpsertWorkflowSearchAttributes:
                Merge(SearchAttributes, e.UpsertWorkflowSearchAttributesEventAttributes.SearchAttributes?.IndexedFields);
                break;
            case EventType.WorkflowPropertiesModified:
                Merge(Memo, e.WorkflowPropertiesModifiedEventAttributes.UpsertedMemo?.Fields);
                break;
            case EventType.SignalExternalWorkflowExecutionInitiated:
                var signal = e.SignalExternalWorkflowExecutionInitiatedEventAttributes;
                AddExternal(new ExternalState(e.EventId, signal.WorkflowExecution?.WorkflowId ?? "", signal.SignalName));
                break;
            case EventType.RequestCancelExternalWorkflowExecutionInitiated:
                var cancel = e.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes;
                AddExternal(new ExternalState(e.EventId, cancel.WorkflowExecution?.WorkflowId ?? "", signal: null));
                break;
            case EventType.WorkflowExecutionUpdateAdmitted or EventType.WorkflowExecutionUpdateAccepted or EventType.WorkflowExecutionUpdateCompleted:
                ApplyUpdate(e);
                break;
            default:
                ApplyToOpen(e);
                break;
        }
    }

    private void ApplyToOpen(HistoryEvent e)
    {
        switch (Opened(e))
        {
            case ActivityState activity:
                activity.Apply(e);
                break;
            case ChildState child:
                child.Apply(e);
                break;
            case TimerState timer:
                timer.Status = e.EventType == EventType.TimerFired ? TimerStatus.Fired : TimerStatus.Cancelled;
                timer.ClosedTime = e.EventTime.ToDateTimeOffset();
                break;
            case ExternalState external:
                external.FailedCause = e.SignalExternalWorkflowExecutionFailedEventAttributes?.Cause.ToString()
                    ?? e.RequestCancelExternalWorkflowExecutionFailedEventAttributes?.Cause.ToString();
                external.Status = external.FailedCause is null ? ExternalStatus.Delivered : ExternalStatus.Failed;
                break;
        }
    }

    /// <summary>The state that was opened by the event to which <paramref name="e"/> points, if it points at one.</summary>
    private object? Opened(HistoryEvent e)
    {
        var id = e.EventType switch
        {
            EventType.ActivityTaskStarted => e.ActivityTaskStartedEventAttributes.ScheduledEventId,
            EventType.ActivityTaskCompleted => e.ActivityTaskCompletedEventAttributes.ScheduledEventId,
            EventType.ActivityTaskFailed => e.ActivityTaskFailedEventAttributes.ScheduledEventId,
            EventType.ActivityTaskTimedOut => e.ActivityTaskTimedOutEventAttributes.ScheduledEventId,
            EventType.ActivityTaskCancelRequested => e.ActivityTaskCancelRequestedEventAttributes.ScheduledEventId,
            EventType.ActivityTaskCanceled => e.ActivityTaskCanceledEventAttributes.ScheduledEventId,
            EventType.TimerFired => e.TimerFiredEventAttributes.StartedEventId,
            EventType.TimerCanceled => e.TimerCanceledEventAttributes.StartedEventId,
            EventType.StartChildWorkflowExecutionFailed => e.StartChildWorkflowExecutionFailedEventAttributes.InitiatedEventId,
            EventType.ChildWorkflowExecutionStarted => e.ChildWorkflowExecutionStartedEventAttributes.InitiatedEventId,
            EventType.ChildWorkflowExecutionCompleted => e.ChildWorkflowExecutionCompletedEventAttributes.InitiatedEventId,
            EventType.ChildWorkflowExecutionFailed => e.ChildWorkflowExecutionFailedEventAttributes.InitiatedEventId,
            EventType.ChildWorkflowExecutionTimedOut => e.ChildWorkflowExecutionTimedOutEventAttributes.InitiatedEventId,
            EventType.ChildWorkflowExecutionCanceled => e.ChildWorkflowExecutionCanceledEventAttributes.InitiatedEventId,
            EventType.ChildWorkflowExecutionTerminated => e.ChildWorkflowExecutionTerminatedEventAttributes.InitiatedEventId,
            EventType.ExternalWorkflowExecutionSignaled => e.ExternalWorkflowExecutionSignaledEventAttributes.InitiatedEventId,
            EventType.SignalExternalWorkflowExecutionFailed => e.SignalExternalWorkflowExecutionFailedEventAttributes.InitiatedEventId,
            EventType.ExternalWorkflowExecutionCancelRequested => e.ExternalWorkflowExecutionCancelRequestedEventAttributes.InitiatedEventId,
            EventType.RequestCancelExternalWorkflowExecutionFailed => e.RequestCancelExternalWorkflowExecutionFailedEventAttributes.InitiatedEventId,
            _ => 0,
        };
        return _open.GetValueOrDefault(id);
    }

    private void ApplyUpdate(HistoryEvent e)
    {
        switch (e.EventType)
        {
            case EventType.WorkflowExecutionUpdateAdmitted:
                var admitted = e.WorkflowExecutionUpdateAdmittedEventAttributes.Request;
                Updates[admitted.Meta.UpdateId] = new UpdateState(admitted.Meta.UpdateId, e.EventId, admitted, history.Converter);
                break;
            case EventType.WorkflowExecutionUpdateAccepted:
                var accepted = e.WorkflowExecutionUpdateAcceptedEventAttributes;
                var id = accepted.ProtocolInstanceId;
                // The request is left out of this event when an admitted event already carries it.
                var state = Updates.GetValueOrDefault(id) ?? new UpdateState(id, e.EventId, accepted.AcceptedRequest, history.Converter);
                state.Request = accepted.AcceptedRequest ?? state.Request;
                state.EventId = e.EventId;
                state.Status = UpdateStatus.Accepted;
                Updates[id] = state;
                break;
            default:
                var completed = e.WorkflowExecutionUpdateCompletedEventAttributes;
                if (Updates.TryGetValue(completed.Meta.UpdateId, out var update))
                {
                    update.Status = UpdateStatus.Completed;
                    update.Outcome = completed.Outcome;
                }
                break;
        }
    }

    private void AddExternal(ExternalState external)
    {
        Externals.Add(external);
        _open[external.InitiatedEventId] = external;
    }

    private static void Merge(Dictionary<string, Payload> into, IEnumerable<KeyValuePair<string, Payload>>? fields)
    {
        foreach (var (key, value) in fields ?? [])
        {
            // A null payload removes the entry, as on the server.
            if (value.Metadata.TryGetValue(PayloadConverter.EncodingKey, out var encoding) && encoding.ToStringUtf8() == "binary/null")
            {
                into.Remove(key);
            }
            else
            {
                into[key] = value;
            }
        }
    }
}
