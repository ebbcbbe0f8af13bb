using FlowForge.Contracts;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;

namespace FlowForge.Api.Workflows;

/// <summary>Runs of workflows in the API's words.</summary>
internal static class WorkflowMapping
{
    public static WorkflowState ToState(WorkflowExecutionStatus status) => Enum.TryParse<WorkflowState>(status.ToString(), out var state) ? state : WorkflowState.Unknown;

    public static WorkflowEntry ToEntry(WorkflowSummary s) => Fill(s, new WorkflowEntry
    {
        Id = s.Id, Run = s.RunId, Type = s.WorkflowType, TaskQueue = s.TaskQueue, State = ToState(s.Status), StartedAt = s.StartTime
    });

    /// <param name="first">The first event.</param>
    /// <param name="last">The newest event; the closing one of a closed run.</param>
    public static WorkflowDetail ToDetail(WorkflowDescription d, HistoryEvent? first, HistoryEvent? last)
    {
        var started = first?.WorkflowExecutionStartedEventAttributes;
        var config = d.Raw.ExecutionConfig;
        return Fill(d.Summary, new WorkflowDetail
        {
            Id = d.Summary.Id, Run = d.Summary.RunId, Type = d.Summary.WorkflowType, State = ToState(d.Summary.Status), StartedAt = d.Summary.StartTime,
            TaskQueue = config?.TaskQueue?.Name is { Length: > 0 } queue ? queue : d.Summary.TaskQueue,
            Summary = config?.UserMetadata?.Summary is { } summary ? PayloadText(summary) : null,
            FirstRun = Text(started?.FirstExecutionRunId) is { } chain && chain != d.Summary.RunId ? chain : null,
            NextRun = NextRun(last),
            Attempt = Math.Max(1, started?.Attempt ?? 1),
            Cron = Text(started?.CronSchedule),
            CancelRequested = d.Raw.WorkflowExtendedInfo?.CancelRequested ?? false,
            ExecutionTimeoutSeconds = Seconds(config?.WorkflowExecutionTimeout), RunTimeoutSeconds = Seconds(config?.WorkflowRunTimeout),
            TaskTimeoutSeconds = Seconds(config?.DefaultWorkflowTaskTimeout),
            Input = MessageJson.Values(started?.Input),
            Result = MessageJson.Values(last?.WorkflowExecutionCompletedEventAttributes?.Result),
            Failure = Failure(last),
            Memo = MessageJson.Values(d.Summary.Raw.Memo?.Fields), SearchAttributes = MessageJson.Values(d.Summary.Raw.SearchAttributes?.IndexedFields),
            PendingTask = d.PendingWorkflowTask is { } task ? new PendingWorkflowTask(Time(task.ScheduledTime), Time(task.StartedTime), task.Attempt) : null,
            PendingActivities = [.. d.PendingActivities.Select(ToActivity)],
            PendingChildren = [.. d.PendingChildren.Select(c => new PendingChild(c.WorkflowId, Text(c.RunId), c.WorkflowTypeName, Words(c.ParentClosePolicy)))]
        });
    }

    /// <summary><c>CancelRequested</c> as <c>cancel requested</c>.</summary>
    public static string Words(Enum value) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()).Replace('_', ' ');

    public static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;

    public static double? Seconds(Google.Protobuf.WellKnownTypes.Duration? span) => span?.ToTimeSpan().TotalSeconds is { } s and > 0 ? s : null;

    public static DateTimeOffset? Time(Google.Protobuf.WellKnownTypes.Timestamp? time) => time is { Seconds: > 0 } ? time.ToDateTimeOffset() : null;

    private static T Fill<T>(WorkflowSummary s, T entry) where T : WorkflowEntry => entry with
    {
        ClosedAt = s.CloseTime, Seconds = s.CloseTime is { } closed ? Math.Max(0, (closed - s.StartTime).TotalSeconds) : null,
        Events = s.HistoryLength, Bytes = s.Raw.HistorySizeBytes, Parent = Text(s.ParentId), ParentRun = Text(s.Raw.ParentExecution?.RunId)
    };

    private static PendingActivity ToActivity(PendingActivityInfo a) => new()
    {
        Id = a.ActivityId, Type = a.ActivityType?.Name ?? "", State = Words(a.State), Attempt = Math.Max(1, a.Attempt), MaximumAttempts = a.MaximumAttempts,
        ScheduledAt = Time(a.ScheduledTime), StartedAt = a.State == PendingActivityState.Scheduled ? null : Time(a.LastStartedTime), HeartbeatAt = Time(a.LastHeartbeatTime),
        Heartbeat = MessageJson.Values(a.HeartbeatDetails), LastFailure = EventWords.Text(a.LastFailure), LastWorker = Text(a.LastWorkerIdentity),
        NextAttemptAt = Time(a.NextAttemptScheduleTime), ExpiresAt = Time(a.ExpirationTime)
    };

    private static string? NextRun(HistoryEvent? last) => Text(last?.EventType switch
    {
        EventType.WorkflowExecutionCompleted => last.WorkflowExecutionCompletedEventAttributes.NewExecutionRunId,
        EventType.WorkflowExecutionFailed => last.WorkflowExecutionFailedEventAttributes.NewExecutionRunId,
        EventType.WorkflowExecutionTimedOut => last.WorkflowExecutionTimedOutEventAttributes.NewExecutionRunId,
        EventType.WorkflowExecutionContinuedAsNew => last.WorkflowExecutionContinuedAsNewEventAttributes.NewExecutionRunId,
        _ => null
    });

    private static string? Failure(HistoryEvent? last) => last?.EventType switch
    {
        EventType.WorkflowExecutionFailed => EventWords.Text(last.WorkflowExecutionFailedEventAttributes.Failure),
        EventType.WorkflowExecutionTerminated => Text(last.WorkflowExecutionTerminatedEventAttributes.Reason) ?? "It was terminated; no reason was given.",
        EventType.WorkflowExecutionTimedOut => "It ran out of time.",
        _ => null
    };

    private static string? PayloadText(Temporalio.Api.Common.V1.Payload payload) => MessageJson.Value(payload) is System.Text.Json.Nodes.JsonValue v && v.TryGetValue<string>(out var text) ? text : null;
}
