using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

public enum TimerStatus
{
    Started,
    Fired,
    Cancelled,
}

/// <summary>One timer of a run.</summary>
public sealed class TimerState
{
    internal TimerState(HistoryEvent e)
    {
        Id = e.TimerStartedEventAttributes.TimerId;
        StartedEventId = e.EventId;
        StartedTime = e.EventTime.ToDateTimeOffset();
        Duration = e.TimerStartedEventAttributes.StartToFireTimeout?.ToTimeSpan() ?? TimeSpan.Zero;
    }

    public string Id { get; }

    public long StartedEventId { get; }

    public DateTimeOffset StartedTime { get; }

    public TimeSpan Duration { get; }

    public TimerStatus Status { get; internal set; }

    public bool HasFired => Status == TimerStatus.Fired;

    public DateTimeOffset? ClosedTime { get; internal set; }
}
