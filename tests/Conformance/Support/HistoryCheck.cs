namespace FlowForge.Conformance.Tests.Support;

/// <summary>What every history must satisfy, whatever happened to the server meanwhile.</summary>
internal static class HistoryCheck
{
    /// <summary>Every fault found, each with the event it concerns; empty for a valid history.</summary>
    public static IReadOnlyList<string> Faults(IReadOnlyList<HistoryEvent> events)
    {
        var faults = new List<string>();
        void Fault(HistoryEvent e, string what) => faults.Add($"event {e.EventId} {e.EventType}: {what}");
        if (events.Count == 0 || events[0].EventType != EventType.WorkflowExecutionStarted)
        {
            return ["the history does not begin with WorkflowExecutionStarted"];
        }
        var resolved = new HashSet<long>();
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            if (e.EventId != i + 1)
            {
                Fault(e, $"its id should be {i + 1}");
            }
            if (IsClosing(e.EventType) && i != events.Count - 1)
            {
                Fault(e, "events follow the closing one");
            }
            void Refers(long id, EventType wanted, string name)
            {
                if (id <= 0 || id >= e.EventId || events[(int)id - 1].EventType != wanted)
                {
                    Fault(e, $"{name} {id} is no earlier {wanted}");
                }
            }
            void Resolves(long id)
            {
                if (!resolved.Add(id))
                {
                    Fault(e, $"event {id} is resolved twice");
                }
            }
            switch (e.EventType)
            {
                case EventType.WorkflowTaskStarted:
                    Refers(e.WorkflowTaskStartedEventAttributes.ScheduledEventId, EventType.WorkflowTaskScheduled, "scheduled_event_id");
                    break;
                case EventType.WorkflowTaskCompleted:
                    Refers(e.WorkflowTaskCompletedEventAttributes.ScheduledEventId, EventType.WorkflowTaskScheduled, "scheduled_event_id");
                    Refers(e.WorkflowTaskCompletedEventAttributes.StartedEventId, EventType.WorkflowTaskStarted, "started_event_id");
                    Resolves(e.WorkflowTaskCompletedEventAttributes.ScheduledEventId);
                    break;
                case EventType.WorkflowTaskFailed:
                    Refers(e.WorkflowTaskFailedEventAttributes.StartedEventId, EventType.WorkflowTaskStarted, "started_event_id");
                    Resolves(e.WorkflowTaskFailedEventAttributes.ScheduledEventId);
                    break;
                case EventType.WorkflowTaskTimedOut:
                    Refers(e.WorkflowTaskTimedOutEventAttributes.ScheduledEventId, EventType.WorkflowTaskScheduled, "scheduled_event_id");
                    Resolves(e.WorkflowTaskTimedOutEventAttributes.ScheduledEventId);
                    break;
                case EventType.ActivityTaskScheduled:
                    Refers(e.ActivityTaskScheduledEventAttributes.WorkflowTaskCompletedEventId, EventType.WorkflowTaskCompleted, "workflow_task_completed_event_id");
                    break;
                case EventType.ActivityTaskStarted:
                    Refers(e.ActivityTaskStartedEventAttributes.ScheduledEventId, EventType.ActivityTaskScheduled, "scheduled_event_id");
                    break;
                case EventType.ActivityTaskCompleted:
                    Activity(e.ActivityTaskCompletedEventAttributes.ScheduledEventId, e.ActivityTaskCompletedEventAttributes.StartedEventId);
                    break;
                case EventType.ActivityTaskFailed:
                    Activity(e.ActivityTaskFailedEventAttributes.ScheduledEventId, e.ActivityTaskFailedEventAttributes.StartedEventId);
                    break;
                case EventType.ActivityTaskTimedOut when e.ActivityTaskTimedOutEventAttributes.StartedEventId != 0:
                    Activity(e.ActivityTaskTimedOutEventAttributes.ScheduledEventId, e.ActivityTaskTimedOutEventAttributes.StartedEventId);
                    break;
                case EventType.TimerFired:
                    Refers(e.TimerFiredEventAttributes.StartedEventId, EventType.TimerStarted, "started_event_id");
                    Resolves(e.TimerFiredEventAttributes.StartedEventId);
                    break;
                case EventType.TimerCanceled:
                    Refers(e.TimerCanceledEventAttributes.StartedEventId, EventType.TimerStarted, "started_event_id");
                    Resolves(e.TimerCanceledEventAttributes.StartedEventId);
                    break;
                case EventType.ChildWorkflowExecutionStarted:
                    Refers(e.ChildWorkflowExecutionStartedEventAttributes.InitiatedEventId, EventType.StartChildWorkflowExecutionInitiated, "initiated_event_id");
                    break;
                case EventType.ChildWorkflowExecutionCompleted:
                    Refers(e.ChildWorkflowExecutionCompletedEventAttributes.StartedEventId, EventType.ChildWorkflowExecutionStarted, "started_event_id");
                    Resolves(e.ChildWorkflowExecutionCompletedEventAttributes.InitiatedEventId);
                    break;
            }

            void Activity(long scheduled, long started)
            {
                Refers(scheduled, EventType.ActivityTaskScheduled, "scheduled_event_id");
                Refers(started, EventType.ActivityTaskStarted, "started_event_id");
                Resolves(scheduled);
                if (started > 0 && started < e.EventId && events[(int)started - 1].ActivityTaskStartedEventAttributes?.ScheduledEventId != scheduled)
                {
                    Fault(e, $"event {started} started another activity");
                }
            }
        }
        return faults;
    }

    private static bool IsClosing(EventType type) => type is EventType.WorkflowExecutionCompleted or EventType.WorkflowExecutionFailed
        or EventType.WorkflowExecutionTimedOut or EventType.WorkflowExecutionCanceled or EventType.WorkflowExecutionTerminated
        or EventType.WorkflowExecutionContinuedAsNew;
}
