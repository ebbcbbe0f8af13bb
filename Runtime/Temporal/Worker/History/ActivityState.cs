using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
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
public sealed class ActivityState
{
    private readonly PayloadConverter _converter;

    internal ActivityState(HistoryEvent e, PayloadConverter converter)
    {
        _converter = converter;
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

    public DateTimeOffset? ClosedTime { get; private set; }

    /// <summary>The attempt that closed it, from 1; 0 while it is open.</summary>
    public int Attempt { get; private set; }

    public ActivityStatus Status { get; private set; }

    public bool IsClosed => Status != ActivityStatus.Scheduled;

    public bool IsCompleted => Status == ActivityStatus.Completed;

    /// <summary>Its cancellation was asked for; it may still complete, fail or time out.</summary>
    public bool CancelRequested { get; private set; }

    /// <summary>Why it failed or timed out; null otherwise.</summary>
    public Failure? Failure { get; private set; }

    /// <summary>Why it was not retried; meaningful when failed or timed out.</summary>
    public RetryState RetryState { get; private set; }

    internal Temporalio.Api.Common.V1.Payloads? ResultPayloads { get; private set; }

    /// <summary>The result of a completed activity; the default when it returned none or is not completed.</summary>
    public T? Result<T>() => _converter.FromPayloads<T>(ResultPayloads);

    /// <summary>Argument number <paramref name="index"/> that it was scheduled with.</summary>
    public T? Input<T>(int index = 0) => _converter.FromPayloads<T>(Scheduled.Input, index);

    /// <summary>The details that a cancelled activity reported, or the default.</summary>
    public T? CancelDetails<T>() => Status == ActivityStatus.Cancelled ? _converter.FromPayloads<T>(ResultPayloads) : default;

    /// <summary><see cref="Failure"/> as an exception with its causes; null when there is none.</summary>
    public TemporalFailure? Error => Failure is null ? null : new FailureConverter(_converter).ToException(Failure);

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
