using FlowForge.Contracts;
using Google.Protobuf;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Api.Workflows;

/// <summary>Events of a history in the API's words.</summary>
internal static class EventWords
{
    public static WorkflowEvent ToEvent(HistoryEvent e)
    {
        var attributes = Attributes(e);
        return new WorkflowEvent(e.EventId, e.EventTime.ToDateTimeOffset(), e.EventType.ToString(), About(e), Identity(attributes),
            attributes is null ? MessageJson.ToElement(new System.Text.Json.Nodes.JsonObject()) : MessageJson.Element(attributes));
    }

    /// <summary>A failure and its causes in one line each.</summary>
    public static string? Text(Failure? failure)
    {
        var lines = new List<string>();
        for (var at = failure; at is not null && lines.Count < 8; at = at.Cause)
        {
            var type = at.ApplicationFailureInfo?.Type ?? (at.TimeoutFailureInfo is { } timeout ? $"timeout {timeout.TimeoutType}" : "");
            lines.Add(type.Length > 0 && !at.Message.Contains(type, StringComparison.Ordinal) ? $"{type}: {at.Message}" : at.Message);
        }
        return lines.Count == 0 ? null : string.Join("\ncaused by ", lines);
    }

    private static IMessage? Attributes(HistoryEvent e) => HistoryEvent.Descriptor.Oneofs.First(o => o.Name == "attributes") is var one
        && one.Accessor.GetCaseFieldDescriptor(e) is { } field ? (IMessage)field.Accessor.GetValue(e) : null;

    private static string? Identity(IMessage? attributes) =>
        attributes?.Descriptor.FindFieldByName("identity")?.Accessor.GetValue(attributes) is string { Length: > 0 } identity ? identity : null;

    private static string? About(HistoryEvent e) => e.EventType switch
    {
        EventType.WorkflowExecutionStarted => e.WorkflowExecutionStartedEventAttributes.WorkflowType.Name,
        EventType.WorkflowExecutionFailed => First(e.WorkflowExecutionFailedEventAttributes.Failure),
        EventType.WorkflowExecutionSignaled => e.WorkflowExecutionSignaledEventAttributes.SignalName,
        EventType.WorkflowExecutionTerminated => Some(e.WorkflowExecutionTerminatedEventAttributes.Reason),
        EventType.WorkflowExecutionCancelRequested => Some(e.WorkflowExecutionCancelRequestedEventAttributes.Cause),
        EventType.WorkflowExecutionContinuedAsNew => e.WorkflowExecutionContinuedAsNewEventAttributes.NewExecutionRunId,
        EventType.WorkflowTaskFailed => $"{e.WorkflowTaskFailedEventAttributes.Cause}{Tail(First(e.WorkflowTaskFailedEventAttributes.Failure))}",
        EventType.WorkflowTaskTimedOut => e.WorkflowTaskTimedOutEventAttributes.TimeoutType.ToString(),
        EventType.ActivityTaskScheduled => $"{e.ActivityTaskScheduledEventAttributes.ActivityType.Name} · {e.ActivityTaskScheduledEventAttributes.ActivityId}",
        EventType.ActivityTaskStarted => Of(e.ActivityTaskStartedEventAttributes.ScheduledEventId, $"attempt {e.ActivityTaskStartedEventAttributes.Attempt}"),
        EventType.ActivityTaskCompleted => Of(e.ActivityTaskCompletedEventAttributes.ScheduledEventId),
        EventType.ActivityTaskFailed => Of(e.ActivityTaskFailedEventAttributes.ScheduledEventId, First(e.ActivityTaskFailedEventAttributes.Failure)),
        EventType.ActivityTaskTimedOut => Of(e.ActivityTaskTimedOutEventAttributes.ScheduledEventId, e.ActivityTaskTimedOutEventAttributes.Failure?.TimeoutFailureInfo?.TimeoutType.ToString()),
        EventType.ActivityTaskCancelRequested => Of(e.ActivityTaskCancelRequestedEventAttributes.ScheduledEventId),
        EventType.ActivityTaskCanceled => Of(e.ActivityTaskCanceledEventAttributes.ScheduledEventId),
        EventType.TimerStarted => $"{e.TimerStartedEventAttributes.TimerId} · {Figures(e.TimerStartedEventAttributes.StartToFireTimeout?.ToTimeSpan())}",
        EventType.TimerFired => Of(e.TimerFiredEventAttributes.StartedEventId, e.TimerFiredEventAttributes.TimerId),
        EventType.TimerCanceled => Of(e.TimerCanceledEventAttributes.StartedEventId, e.TimerCanceledEventAttributes.TimerId),
        EventType.MarkerRecorded => e.MarkerRecordedEventAttributes.MarkerName,
        EventType.StartChildWorkflowExecutionInitiated => $"{e.StartChildWorkflowExecutionInitiatedEventAttributes.WorkflowType.Name} · {e.StartChildWorkflowExecutionInitiatedEventAttributes.WorkflowId}",
        EventType.StartChildWorkflowExecutionFailed => $"{e.StartChildWorkflowExecutionFailedEventAttributes.Cause} · {e.StartChildWorkflowExecutionFailedEventAttributes.WorkflowId}",
        EventType.ChildWorkflowExecutionStarted => e.ChildWorkflowExecutionStartedEventAttributes.WorkflowExecution.WorkflowId,
        EventType.ChildWorkflowExecutionCompleted => e.ChildWorkflowExecutionCompletedEventAttributes.WorkflowExecution.WorkflowId,
        EventType.ChildWorkflowExecutionFailed => $"{e.ChildWorkflowExecutionFailedEventAttributes.WorkflowExecution.WorkflowId}{Tail(First(e.ChildWorkflowExecutionFailedEventAttributes.Failure))}",
        EventType.ChildWorkflowExecutionCanceled => e.ChildWorkflowExecutionCanceledEventAttributes.WorkflowExecution.WorkflowId,
        EventType.ChildWorkflowExecutionTimedOut => e.ChildWorkflowExecutionTimedOutEventAttributes.WorkflowExecution.WorkflowId,
        EventType.ChildWorkflowExecutionTerminated => e.ChildWorkflowExecutionTerminatedEventAttributes.WorkflowExecution.WorkflowId,
        EventType.SignalExternalWorkflowExecutionInitiated => $"{e.SignalExternalWorkflowExecutionInitiatedEventAttributes.SignalName} · {e.SignalExternalWorkflowExecutionInitiatedEventAttributes.WorkflowExecution.WorkflowId}",
        EventType.RequestCancelExternalWorkflowExecutionInitiated => e.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes.WorkflowExecution.WorkflowId,
        EventType.WorkflowExecutionUpdateAccepted => e.WorkflowExecutionUpdateAcceptedEventAttributes.AcceptedRequest?.Input?.Name,
        EventType.WorkflowExecutionUpdateCompleted => Of(e.WorkflowExecutionUpdateCompletedEventAttributes.AcceptedEventId),
        _ => null
    };

    private static string Of(long eventId, string? more = null) => $"#{eventId}{Tail(more)}";

    private static string Tail(string? more) => string.IsNullOrEmpty(more) ? "" : $" · {more}";

    private static string? Some(string text) => text.Length > 0 ? text : null;

    /// <summary>The innermost message: activity and child failures only wrap it.</summary>
    private static string? First(Failure? failure)
    {
        var at = failure;
        while (at?.Cause is { } cause)
            at = cause;
        return at?.Message.ReplaceLineEndings(" ");
    }

    private static string Figures(TimeSpan? span) => span is { } s ? s.TotalSeconds < 120 ? $"{s.TotalSeconds:0.###} s" : s.ToString("g", System.Globalization.CultureInfo.InvariantCulture) : "";
}
