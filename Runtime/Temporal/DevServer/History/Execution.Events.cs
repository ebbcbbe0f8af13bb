using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.History;

internal sealed partial class Execution
{
    private readonly List<HistoryEvent> _events = [];
    private readonly List<TaskCompletionSource<bool>> _waiters = [];
    private readonly HashSet<long> _dirtyActivities = [];
    private int _saved;

    public IReadOnlyList<HistoryEvent> Events => _events;

    public long NextEventId => _events.Count + 1;

    /// <summary>Bytes of the events' encoded form.</summary>
    public long HistorySize { get; private set; }

    public bool HasUnsavedEvents => _saved < _events.Count;

    /// <summary>Appends an event, or buffers it while a workflow task is being worked on; state follows at once either way.</summary>
    public HistoryEvent Add(IMessage attributes, Action<HistoryEvent>? adorn = null, DateTime? time = null)
    {
        var added = EventFactory.Create(attributes, time ?? Server.Executor.Now, Server.NextTaskId());
        adorn?.Invoke(added);
        if (TaskStarted && EventFactory.IsBuffered(added.EventType))
        {
            State.Buffered.Add(added);
        }
        else
        {
            Append(added);
        }
        Apply(added);
        Touch();
        return added;
    }

    /// <summary>Gives the buffered events their ids; true when there were any.</summary>
    public bool FlushBuffered()
    {
        if (State.Buffered.Count == 0)
        {
            return false;
        }
        var buffered = State.Buffered.ToArray();
        State.Buffered.Clear();
        var started = new Dictionary<long, long>();
        foreach (var e in buffered)
        {
            Append(e);
            Wire(e, started);
        }
        Touch();
        return true;
    }

    /// <summary>Removes a buffered "timer fired": cancelling the timer undoes it.</summary>
    public bool DropBufferedTimerFired(string timerId)
    {
        var fired = State.Buffered.FirstOrDefault(e => e.TimerFiredEventAttributes?.TimerId == timerId);
        return fired is not null && State.Buffered.Remove(fired);
    }

    public bool HasBufferedTimerFired(string timerId) => State.Buffered.Any(e => e.TimerFiredEventAttributes?.TimerId == timerId);

    /// <summary>Whether a buffered event resolves the activity scheduled by that event.</summary>
    public bool HasBufferedActivityEnd(long scheduledEventId) => State.Buffered.Any(e => ActivityEnded(e) == scheduledEventId);

    /// <summary>Completes when the next event is appended.</summary>
    public void WhenChanged(TaskCompletionSource<bool> waiter) => _waiters.Add(waiter);

    public void ForgetWaiter(TaskCompletionSource<bool> waiter) => _waiters.Remove(waiter);

    public void Touch(Activity activity)
    {
        _dirtyActivities.Add(activity.ScheduledEventId);
        Touch();
    }

    /// <summary>The run has closed: unresolved activities are void.</summary>
    public void DropActivities()
    {
        foreach (var activity in Activities.Values)
        {
            activity.StopTimers();
            _dirtyActivities.Add(activity.ScheduledEventId);
        }
        Activities.Clear();
        ActivitiesById.Clear();
    }

    private void Append(HistoryEvent e)
    {
        e.EventId = NextEventId;
        _events.Add(e);
        HistorySize += e.CalculateSize();
        foreach (var waiter in _waiters)
        {
            Server.Executor.Answer(waiter, true);
        }
        _waiters.Clear();
    }

    /// <summary>Events that name the id of a started event get it here, when both were buffered.</summary>
    private static void Wire(HistoryEvent e, Dictionary<long, long> started)
    {
        switch (e.AttributesCase)
        {
            case HistoryEvent.AttributesOneofCase.ActivityTaskStartedEventAttributes:
                started[e.ActivityTaskStartedEventAttributes.ScheduledEventId] = e.EventId;
                break;
            case HistoryEvent.AttributesOneofCase.ActivityTaskCompletedEventAttributes:
                e.ActivityTaskCompletedEventAttributes.StartedEventId = started[e.ActivityTaskCompletedEventAttributes.ScheduledEventId];
                break;
            case HistoryEvent.AttributesOneofCase.ActivityTaskFailedEventAttributes:
                e.ActivityTaskFailedEventAttributes.StartedEventId = started[e.ActivityTaskFailedEventAttributes.ScheduledEventId];
                break;
            case HistoryEvent.AttributesOneofCase.ActivityTaskTimedOutEventAttributes:
                e.ActivityTaskTimedOutEventAttributes.StartedEventId = started.GetValueOrDefault(e.ActivityTaskTimedOutEventAttributes.ScheduledEventId);
                break;
            case HistoryEvent.AttributesOneofCase.ActivityTaskCanceledEventAttributes:
                e.ActivityTaskCanceledEventAttributes.StartedEventId = started.GetValueOrDefault(e.ActivityTaskCanceledEventAttributes.ScheduledEventId);
                break;
            case HistoryEvent.AttributesOneofCase.ChildWorkflowExecutionStartedEventAttributes:
                started[-e.ChildWorkflowExecutionStartedEventAttributes.InitiatedEventId] = e.EventId;
                break;
            default:
                if (ChildEnded(e) is { StartedEventId: 0 } end)
                {
                    end.SetStarted(started.GetValueOrDefault(-end.InitiatedEventId));
                }
                break;
        }
    }

    private static long ActivityEnded(HistoryEvent e) => e.AttributesCase switch
    {
        HistoryEvent.AttributesOneofCase.ActivityTaskCompletedEventAttributes => e.ActivityTaskCompletedEventAttributes.ScheduledEventId,
        HistoryEvent.AttributesOneofCase.ActivityTaskFailedEventAttributes => e.ActivityTaskFailedEventAttributes.ScheduledEventId,
        HistoryEvent.AttributesOneofCase.ActivityTaskTimedOutEventAttributes => e.ActivityTaskTimedOutEventAttributes.ScheduledEventId,
        HistoryEvent.AttributesOneofCase.ActivityTaskCanceledEventAttributes => e.ActivityTaskCanceledEventAttributes.ScheduledEventId,
        _ => 0,
    };

    private static ChildEnd? ChildEnded(HistoryEvent e) => e.AttributesCase switch
    {
        HistoryEvent.AttributesOneofCase.ChildWorkflowExecutionCompletedEventAttributes
            => new(e.ChildWorkflowExecutionCompletedEventAttributes.InitiatedEventId, e.ChildWorkflowExecutionCompletedEventAttributes.StartedEventId,
                id => e.ChildWorkflowExecutionCompletedEventAttributes.StartedEventId = id),
        HistoryEvent.AttributesOneofCase.ChildWorkflowExecutionFailedEventAttributes
            => new(e.ChildWorkflowExecutionFailedEventAttributes.InitiatedEventId, e.ChildWorkflowExecutionFailedEventAttributes.StartedEventId,
                id => e.ChildWorkflowExecutionFailedEventAttributes.StartedEventId = id),
        HistoryEvent.AttributesOneofCase.ChildWorkflowExecutionCanceledEventAttributes
            => new(e.ChildWorkflowExecutionCanceledEventAttributes.InitiatedEventId, e.ChildWorkflowExecutionCanceledEventAttributes.StartedEventId,
                id => e.ChildWorkflowExecutionCanceledEventAttributes.StartedEventId = id),
        HistoryEvent.AttributesOneofCase.ChildWorkflowExecutionTimedOutEventAttributes
            => new(e.ChildWorkflowExecutionTimedOutEventAttributes.InitiatedEventId, e.ChildWorkflowExecutionTimedOutEventAttributes.StartedEventId,
                id => e.ChildWorkflowExecutionTimedOutEventAttributes.StartedEventId = id),
        HistoryEvent.AttributesOneofCase.ChildWorkflowExecutionTerminatedEventAttributes
            => new(e.ChildWorkflowExecutionTerminatedEventAttributes.InitiatedEventId, e.ChildWorkflowExecutionTerminatedEventAttributes.StartedEventId,
                id => e.ChildWorkflowExecutionTerminatedEventAttributes.StartedEventId = id),
        _ => null,
    };

    private sealed record ChildEnd(long InitiatedEventId, long StartedEventId, Action<long> SetStarted);
}
