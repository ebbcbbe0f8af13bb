using FlowForge.Temporal.DevServer.Engine;

namespace FlowForge.Temporal.DevServer.History;

internal sealed partial class Execution
{
    /// <summary>
    /// The state that follows from an event. The same code runs when the event happens and when the history is read back, so
    /// it starts nothing: no timers, no tasks. A buffered event is applied before it has an id.
    /// </summary>
    private void Apply(HistoryEvent e)
    {
        switch (e.EventType)
        {
            case EventType.WorkflowExecutionStarted:
                Start = e.WorkflowExecutionStartedEventAttributes;
                StartTime = e.EventTime.ToDateTime();
                Merge(Memo, Start.Memo?.Fields);
                Merge(SearchAttributes, Start.SearchAttributes?.IndexedFields);
                break;
            case EventType.WorkflowTaskCompleted:
                PreviousStartedEventId = e.WorkflowTaskCompletedEventAttributes.StartedEventId;
                LastCompletedTaskEventId = e.EventId;
                break;
            case EventType.ActivityTaskScheduled:
                var activity = new Activity(e);
                Activities.Add(e.EventId, activity);
                ActivitiesById[activity.Id] = activity;
                break;
            case EventType.ActivityTaskCancelRequested:
                if (Activities.TryGetValue(e.ActivityTaskCancelRequestedEventAttributes.ScheduledEventId, out var cancelled))
                {
                    cancelled.CancelRequestedEventId = e.EventId;
                }
                break;
            case EventType.ActivityTaskCompleted or EventType.ActivityTaskFailed or EventType.ActivityTaskTimedOut or EventType.ActivityTaskCanceled:
                RemoveActivity(ActivityEnded(e));
                break;
            case EventType.TimerStarted:
                var timer = e.TimerStartedEventAttributes;
                Timers.Add(timer.TimerId, new UserTimer(e.EventId, e.EventTime.ToDateTime() + (Times.Span(timer.StartToFireTimeout) ?? TimeSpan.Zero)));
                break;
            case EventType.TimerFired:
                RemoveTimer(e.TimerFiredEventAttributes.TimerId);
                break;
            case EventType.TimerCanceled:
                RemoveTimer(e.TimerCanceledEventAttributes.TimerId);
                break;
            case EventType.StartChildWorkflowExecutionInitiated:
                Children.Add(e.EventId, new ChildWorkflow(e));
                break;
            case EventType.StartChildWorkflowExecutionFailed:
                Children.Remove(e.StartChildWorkflowExecutionFailedEventAttributes.InitiatedEventId);
                break;
            case EventType.ChildWorkflowExecutionStarted:
                if (Children.TryGetValue(e.ChildWorkflowExecutionStartedEventAttributes.InitiatedEventId, out var child))
                {
                    child.Started = e;
                }
                break;
            case EventType.ChildWorkflowExecutionCompleted or EventType.ChildWorkflowExecutionFailed or EventType.ChildWorkflowExecutionCanceled
                or EventType.ChildWorkflowExecutionTimedOut or EventType.ChildWorkflowExecutionTerminated:
                Children.Remove(ChildEnded(e)!.InitiatedEventId);
                break;
            case EventType.SignalExternalWorkflowExecutionInitiated or EventType.RequestCancelExternalWorkflowExecutionInitiated:
                ExternalRequests.Add(e.EventId, e);
                break;
            case EventType.ExternalWorkflowExecutionSignaled:
                ExternalRequests.Remove(e.ExternalWorkflowExecutionSignaledEventAttributes.InitiatedEventId);
                break;
            case EventType.SignalExternalWorkflowExecutionFailed:
                ExternalRequests.Remove(e.SignalExternalWorkflowExecutionFailedEventAttributes.InitiatedEventId);
                break;
            case EventType.ExternalWorkflowExecutionCancelRequested:
                ExternalRequests.Remove(e.ExternalWorkflowExecutionCancelRequestedEventAttributes.InitiatedEventId);
                break;
            case EventType.RequestCancelExternalWorkflowExecutionFailed:
                ExternalRequests.Remove(e.RequestCancelExternalWorkflowExecutionFailedEventAttributes.InitiatedEventId);
                break;
            case EventType.WorkflowExecutionSignaled:
                var requestId = e.WorkflowExecutionSignaledEventAttributes.RequestId;
                if (requestId.Length > 0)
                {
                    SignalRequests.Add(requestId);
                }
                SignalCount++;
                break;
            case EventType.WorkflowExecutionCancelRequested:
                CancelRequested = true;
                break;
            case EventType.UpsertWorkflowSearchAttributes:
                Merge(SearchAttributes, e.UpsertWorkflowSearchAttributesEventAttributes.SearchAttributes?.IndexedFields);
                break;
            case EventType.WorkflowPropertiesModified:
                Merge(Memo, e.WorkflowPropertiesModifiedEventAttributes.UpsertedMemo?.Fields);
                break;
            case EventType.WorkflowExecutionUpdateAdmitted:
                var admitted = e.WorkflowExecutionUpdateAdmittedEventAttributes.Request;
                Updates.TryAdd(admitted.Meta.UpdateId, new WorkflowUpdate(admitted.Meta.UpdateId, admitted));
                break;
            case EventType.WorkflowExecutionUpdateAccepted:
                ApplyAccepted(e);
                break;
            case EventType.WorkflowExecutionUpdateCompleted:
                ApplyCompleted(e);
                break;
            default:
                ApplyClose(e);
                break;
        }
    }

    private void ApplyClose(HistoryEvent e)
    {
        var status = e.EventType switch
        {
            EventType.WorkflowExecutionCompleted => WorkflowExecutionStatus.Completed,
            EventType.WorkflowExecutionFailed => WorkflowExecutionStatus.Failed,
            EventType.WorkflowExecutionTimedOut => WorkflowExecutionStatus.TimedOut,
            EventType.WorkflowExecutionCanceled => WorkflowExecutionStatus.Canceled,
            EventType.WorkflowExecutionTerminated => WorkflowExecutionStatus.Terminated,
            EventType.WorkflowExecutionContinuedAsNew => WorkflowExecutionStatus.ContinuedAsNew,
            EventType.WorkflowExecutionPaused => WorkflowExecutionStatus.Paused,
            EventType.WorkflowExecutionUnpaused => WorkflowExecutionStatus.Running,
            _ => WorkflowExecutionStatus.Unspecified,
        };
        if (status == WorkflowExecutionStatus.Unspecified)
        {
            return;
        }
        Status = status;
        if (!IsOpen)
        {
            CloseEvent = e;
            CloseTime = e.EventTime.ToDateTime();
        }
    }

    private void ApplyAccepted(HistoryEvent e)
    {
        var accepted = e.WorkflowExecutionUpdateAcceptedEventAttributes;
        if (!Updates.TryGetValue(accepted.ProtocolInstanceId, out var update))
        {
            update = new WorkflowUpdate(accepted.ProtocolInstanceId, accepted.AcceptedRequest ?? new());
            Updates.Add(update.Id, update);
        }
        update.Stage = UpdateWorkflowExecutionLifecycleStage.Accepted;
        update.AcceptedEventId = e.EventId;
    }

    private void ApplyCompleted(HistoryEvent e)
    {
        var completed = e.WorkflowExecutionUpdateCompletedEventAttributes;
        if (!Updates.TryGetValue(completed.Meta.UpdateId, out var update))
        {
            update = new WorkflowUpdate(completed.Meta.UpdateId, new() { Meta = completed.Meta });
            Updates.Add(update.Id, update);
        }
        update.Stage = UpdateWorkflowExecutionLifecycleStage.Completed;
        update.Outcome = completed.Outcome;
    }

    private void RemoveActivity(long scheduledEventId)
    {
        if (Activities.Remove(scheduledEventId, out var ended))
        {
            ActivitiesById.Remove(ended.Id);
            ended.StopTimers();
            _dirtyActivities.Add(scheduledEventId);
        }
    }

    private void RemoveTimer(string timerId)
    {
        if (Timers.Remove(timerId, out var ended))
        {
            ended.Timer?.Dispose();
        }
    }

    /// <summary>A null or empty payload removes its key.</summary>
    private static void Merge(Dictionary<string, Payload> target, IEnumerable<KeyValuePair<string, Payload>>? changes)
    {
        foreach (var (name, payload) in changes ?? [])
        {
            if (PayloadValue.IsNull(payload))
            {
                target.Remove(name);
            }
            else
            {
                target[name] = payload;
            }
        }
    }
}
