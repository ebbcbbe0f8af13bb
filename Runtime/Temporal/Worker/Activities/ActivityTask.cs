using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Which activity this is, and its limits. Times are UTC, by the server's clock.</summary>
public sealed class ActivityTask
{
    internal ActivityTask(PollActivityTaskQueueResponse raw, string taskQueue) => (Raw, TaskQueue) = (raw, taskQueue);

    public PollActivityTaskQueueResponse Raw { get; }

    public string TaskQueue { get; }

    public string ActivityId => Raw.ActivityId;

    public string ActivityType => Raw.ActivityType?.Name ?? "";

    public string WorkflowId => Raw.WorkflowExecution?.WorkflowId ?? "";

    public string RunId => Raw.WorkflowExecution?.RunId ?? "";

    public string WorkflowType => Raw.WorkflowType?.Name ?? "";

    public string Namespace => Raw.WorkflowNamespace;

    /// <summary>From 1.</summary>
    public int Attempt => Raw.Attempt;

    public DateTimeOffset ScheduledTime => Raw.ScheduledTime?.ToDateTimeOffset() ?? default;

    public DateTimeOffset StartedTime => Raw.StartedTime?.ToDateTimeOffset() ?? default;

    /// <summary>Null when there is none.</summary>
    public TimeSpan? StartToCloseTimeout => Positive(Raw.StartToCloseTimeout);

    public TimeSpan? ScheduleToCloseTimeout => Positive(Raw.ScheduleToCloseTimeout);

    public TimeSpan? HeartbeatTimeout => Positive(Raw.HeartbeatTimeout);

    /// <summary>Names this attempt at the server; survives restarts of both sides.</summary>
    public ReadOnlyMemory<byte> TaskToken => Raw.TaskToken.Memory;

    private static TimeSpan? Positive(Google.Protobuf.WellKnownTypes.Duration? duration) =>
        duration?.ToTimeSpan() is { } span && span > TimeSpan.Zero ? span : null;
}
