using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>An activity that has been scheduled and is not resolved: its schedule from history, its attempts in <see cref="State"/>.</summary>
internal sealed class Activity(HistoryEvent scheduled)
{
    public long ScheduledEventId { get; } = scheduled.EventId;

    public DateTime FirstScheduled { get; } = scheduled.EventTime.ToDateTime();

    public ActivityTaskScheduledEventAttributes Attributes => State.ChangedAttributes ?? scheduled.ActivityTaskScheduledEventAttributes;

    public string Id => Attributes.ActivityId;

    public ActivityState State { get; set; } = new() { Attempt = 1, ScheduledTime = scheduled.EventTime };

    public long CancelRequestedEventId { get; set; }

    public bool IsStarted => State.StartedTime is not null;

    public TimeSpan? ScheduleToClose => Times.Span(Attributes.ScheduleToCloseTimeout);

    public TimeSpan? ScheduleToStart => Times.Span(Attributes.ScheduleToStartTimeout);

    public TimeSpan? StartToClose => Times.Span(Attributes.StartToCloseTimeout);

    public TimeSpan? Heartbeat => Times.Span(Attributes.HeartbeatTimeout);

    /// <summary>When schedule-to-close runs out; null without that timeout.</summary>
    public DateTime? Expiration => ScheduleToClose is { } t ? FirstScheduled + t : null;

    public List<Engine.Timer> Timers { get; } = [];

    public void StopTimers()
    {
        Timers.ForEach(t => t.Dispose());
        Timers.Clear();
    }
}
