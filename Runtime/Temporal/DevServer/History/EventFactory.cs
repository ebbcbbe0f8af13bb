using FlowForge.Temporal.DevServer.Engine;
using System.Collections.Frozen;
using Google.Protobuf.Reflection;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Makes history events from attributes: the type and the place of the attributes follow from the descriptor's names.</summary>
internal static class EventFactory
{
    private static readonly FrozenDictionary<MessageDescriptor, (FieldDescriptor Field, EventType Type)> Kinds = HistoryEvent.Descriptor.Oneofs[0].Fields
        .Select(f => (Field: f, Type: TypeOf(f)))
        .ToFrozenDictionary(k => k.Field.MessageType, k => k);

    private static readonly FrozenSet<EventType> NeverBuffered = new[]
    {
        EventType.WorkflowExecutionStarted, EventType.WorkflowExecutionCompleted, EventType.WorkflowExecutionFailed,
        EventType.WorkflowExecutionTimedOut, EventType.WorkflowExecutionTerminated, EventType.WorkflowExecutionContinuedAsNew,
        EventType.WorkflowExecutionCanceled, EventType.WorkflowTaskScheduled, EventType.WorkflowTaskStarted, EventType.WorkflowTaskCompleted,
        EventType.WorkflowTaskFailed, EventType.WorkflowTaskTimedOut, EventType.ActivityTaskScheduled, EventType.ActivityTaskCancelRequested,
        EventType.TimerStarted, EventType.TimerCanceled, EventType.MarkerRecorded, EventType.StartChildWorkflowExecutionInitiated,
        EventType.RequestCancelExternalWorkflowExecutionInitiated, EventType.SignalExternalWorkflowExecutionInitiated,
        EventType.UpsertWorkflowSearchAttributes, EventType.WorkflowPropertiesModified, EventType.WorkflowExecutionUpdateAccepted,
        EventType.WorkflowExecutionUpdateCompleted,
    }.ToFrozenSet();

    public static HistoryEvent Create(IMessage attributes, DateTime time, long taskId)
    {
        var (field, type) = Kinds[attributes.Descriptor];
        var created = new HistoryEvent { EventTime = Times.Stamp(time), EventType = type, TaskId = taskId };
        field.Accessor.SetValue(created, attributes);
        return created;
    }

    /// <summary>Whether an event of this type waits while a workflow task is being worked on.</summary>
    public static bool IsBuffered(EventType type) => !NeverBuffered.Contains(type);

    private static EventType TypeOf(FieldDescriptor field)
    {
        var name = string.Concat(field.Name.Replace("_event_attributes", "", StringComparison.Ordinal).Split('_')
            .Select(p => char.ToUpperInvariant(p[0]) + p[1..]));
        return Enum.Parse<EventType>(name, ignoreCase: true);
    }
}
