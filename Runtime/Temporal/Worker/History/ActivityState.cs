using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Where an activity stands. Retries happen inside <see cref="Scheduled"/>: they never enter history.</summary>
public enum ActivityStatus
{
    Scheduled,
    Completed,
    Failed,
    TimedOut,
    Cancelled,
}

/// <summary>One activity of a run, folded from its events.</summary>
public sealed class ActivityState : EndingState
{
    internal ActivityState(HistoryEvent e, PayloadConverter converter)
        : base(converter)
    {
        Scheduled = e.ActivityTaskScheduledEventAttributes;
        ScheduledEventId = e.EventId;
        ScheduledTime = e.EventTime.ToDateTimeOffset();
    }

    public ActivityTaskScheduledEventAttributes Scheduled { get; }

    public string Id => Scheduled.ActivityId;

    public string Type => Scheduled.ActivityType?.Name ?? "";

    public long ScheduledEventId { get; }

    public DateTimeOffset ScheduledTime { get; }

    /// <summary>When the last attempt started; known only once the activity is closed.</summary>
    public DateTimeOffset? StartedTime { get; private set; }

    /// <summary>The attempt that closed it, from 1; 0 while it is open.</summary>
    public int Attempt { get; private set; }

    public ActivityStatus Status { get; private set; }

    public bool IsClosed => Status != ActivityStatus.Scheduled;

    public bool IsCompleted => Status == ActivityStatus.Completed;

    /// <summary>Its cancellation was asked for; it may still complete, fail or time out.</summary>
    public bool CancelRequested { get; private set; }

    /// <summary>Argument number <paramref name="index"/> that it was scheduled with.</summary>
    public T? Input<T>(int index = 0) => Converter.FromPayloads<T>(Scheduled.Input, index);

    /// <summary>The details that a cancelled activity reported, or the default.</summary>
    public T? CancelDetails<T>() => Status == ActivityStatus.Cancelled ? Converter.FromPayloads<T>(ResultPayloads) : default;

    internal void Apply(HistoryEvent e)
    {
        switch (e.EventType)
        {
            case EventType.ActivityTaskStarted:
                StartedTime = e.EventTime.ToDateTimeOffset();
                Attempt = e.ActivityTaskStartedEventAttributes.Attempt;
                return;
            case EventType.ActivityTaskCancelRequested:
                CancelRequested = true;
                return;
            case EventType.ActivityTaskCompleted:
                Status = ActivityStatus.Completed;
                ResultPayloads = e.ActivityTaskCompletedEventAttributes.Result;
                break;
            case EventType.ActivityTaskFailed:
                Status = ActivityStatus.Failed;
                Failure = e.ActivityTaskFailedEventAttributes.Failure;
                RetryState = e.ActivityTaskFailedEventAttributes.RetryState;
                break;
            case EventType.ActivityTaskTimedOut:
                Status = ActivityStatus.TimedOut;
                Failure = e.ActivityTaskTimedOutEventAttributes.Failure;
                RetryState = e.ActivityTaskTimedOutEventAttributes.RetryState;
                break;
            case EventType.ActivityTaskCanceled:
                Status = ActivityStatus.Cancelled;
                ResultPayloads = e.ActivityTaskCanceledEventAttributes.Details;
                break;
            default:
                return;
        }
        ClosedTime = e.EventTime.ToDateTimeOffset();
    }
}
