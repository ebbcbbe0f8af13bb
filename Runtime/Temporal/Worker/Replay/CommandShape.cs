using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// A command, or the event that it led to, reduced to what both have: the kind, names and payloads. Timeouts and policies are left out, as the server
/// fills in what a command leaves open.
/// </summary>
internal sealed record CommandShape(CommandType Type, string Text)
{
    private const string CompletedId = "workflow_task_completed_event_id";

    // By field name, which commands and their events share; the right side is the label in which they meet where they do not.
    private static readonly Dictionary<string, string> Compared = new()
    {
        ["activity_id"] = "id", ["activity_type"] = "type", ["timer_id"] = "id", ["start_to_fire_timeout"] = "after", ["workflow_id"] = "id",
        ["workflow_type"] = "type", ["execution"] = "id", ["workflow_execution"] = "id", ["signal_name"] = "signal", ["marker_name"] = "marker",
        ["scheduled_event_id"] = "event", ["input"] = "input", ["result"] = "result", ["failure"] = "failure",
        ["search_attributes"] = "attributes", ["upserted_memo"] = "memo",
    };

    private static readonly Dictionary<EventType, CommandType> Commands = new()
    {
        [EventType.ActivityTaskScheduled] = CommandType.ScheduleActivityTask,
        [EventType.ActivityTaskCancelRequested] = CommandType.RequestCancelActivityTask,
        [EventType.TimerStarted] = CommandType.StartTimer,
        [EventType.TimerCanceled] = CommandType.CancelTimer,
        [EventType.WorkflowExecutionCompleted] = CommandType.CompleteWorkflowExecution,
        [EventType.WorkflowExecutionFailed] = CommandType.FailWorkflowExecution,
        [EventType.WorkflowExecutionCanceled] = CommandType.CancelWorkflowExecution,
        [EventType.WorkflowExecutionContinuedAsNew] = CommandType.ContinueAsNewWorkflowExecution,
        [EventType.StartChildWorkflowExecutionInitiated] = CommandType.StartChildWorkflowExecution,
        [EventType.SignalExternalWorkflowExecutionInitiated] = CommandType.SignalExternalWorkflowExecution,
        [EventType.RequestCancelExternalWorkflowExecutionInitiated] = CommandType.RequestCancelExternalWorkflowExecution,
        [EventType.UpsertWorkflowSearchAttributes] = CommandType.UpsertWorkflowSearchAttributes,
        [EventType.WorkflowPropertiesModified] = CommandType.ModifyWorkflowProperties,
        [EventType.MarkerRecorded] = CommandType.RecordMarker,
        [EventType.WorkflowExecutionUpdateAccepted] = CommandType.ProtocolMessage,
        [EventType.WorkflowExecutionUpdateCompleted] = CommandType.ProtocolMessage,
    };

    public override string ToString() => Text.Length > 0 ? $"{Type} ({Text})" : Type.ToString();

    public static CommandShape Of(Command command, IReadOnlyDictionary<string, Message> messages)
    {
        var attributes = Attributes(command, Command.Descriptor.Oneofs[0]);
        if (attributes is ProtocolMessageCommandAttributes protocol && messages.TryGetValue(protocol.MessageId, out var message))
        {
            return message.Body.TryUnpack<Response>(out var response)
                ? Update(message.ProtocolInstanceId, response.Outcome)
                : Update(message.ProtocolInstanceId, outcome: null);
        }
        return new CommandShape(command.CommandType, Describe(attributes));
    }

    /// <summary>Null for events that no command leads to. Update events name no task: they belong to the one completed last before them.</summary>
    public static (CommandShape Shape, long CompletedEventId)? Of(HistoryEvent e, long lastCompleted)
    {
        if (!Commands.TryGetValue(e.EventType, out var type))
        {
            return null;
        }
        switch (Attributes(e, HistoryEvent.Descriptor.Oneofs[0]))
        {
            case WorkflowExecutionUpdateAcceptedEventAttributes accepted:
                return (Update(accepted.ProtocolInstanceId, outcome: null), lastCompleted);
            case WorkflowExecutionUpdateCompletedEventAttributes completed:
                return (Update(completed.Meta.UpdateId, completed.Outcome), lastCompleted);
            case { } attributes:
                return (new CommandShape(type, Describe(attributes)), (long)attributes.Descriptor.FindFieldByName(CompletedId).Accessor.GetValue(attributes));
            default:
                return null;
        }
    }

    private static CommandShape Update(string id, Outcome? outcome) => new(CommandType.ProtocolMessage, outcome is null
        ? $"accepts update {id}"
        : $"ends update {id}: {(outcome.Failure is { } failure ? failure.Message : TextOf(outcome.Success))}");

    private static IMessage? Attributes(IMessage message, Google.Protobuf.Reflection.OneofDescriptor oneof) =>
        oneof.Accessor.GetCaseFieldDescriptor(message)?.Accessor.GetValue(message) as IMessage;

    private static string Describe(IMessage? attributes)
    {
        var parts = new List<string>();
        foreach (var field in attributes?.Descriptor.Fields.InFieldNumberOrder() ?? [])
        {
            if (Compared.TryGetValue(field.Name, out var label) && field.Accessor.GetValue(attributes) is { } value && TextOf(value) is { Length: > 0 } text)
            {
                parts.Add($"{label} {text}");
            }
        }
        parts.Sort(StringComparer.Ordinal);
        return string.Join(", ", parts);
    }

    private static string TextOf(object? value) => value switch
    {
        null => "",
        ActivityType type => type.Name,
        WorkflowType type => type.Name,
        WorkflowExecution execution => execution.WorkflowId,
        Failure failure => failure.Message,
        Duration duration => duration.ToTimeSpan().ToString(),
        Payloads payloads => string.Join(" ", payloads.Payloads_.Select(p => p.Data.ToStringUtf8())),
        SearchAttributes attributes => string.Join("+", attributes.IndexedFields.Keys.Order(StringComparer.Ordinal)),
        Memo memo => string.Join("+", memo.Fields.Keys.Order(StringComparer.Ordinal)),
        _ => value.ToString() ?? "",
    };
}
