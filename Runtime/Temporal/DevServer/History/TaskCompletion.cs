using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Visibility;
using Temporalio.Api.Protocol.V1;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Turns a worker's answer to a workflow task into events.</summary>
internal static class TaskCompletion
{
    /// <summary>Applies the answer. The task is pending and the answer's token has been checked.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT when the answer cannot be applied; the task has then failed.</exception>
    public static void Apply(Execution e, RespondWorkflowTaskCompletedRequest request)
    {
        if (CommandChecks.Check(e, request.Commands) is { } fault)
        {
            e.FailTask(fault.Cause, Failures.Server(fault.Message), request.Identity);
            throw new GrpcException(GrpcCode.InvalidArgument, fault.Message);
        }
        SetSticky(e, request);
        var completed = e.FinishTask(request);
        var messages = request.Messages.ToDictionary(m => m.Id, StringComparer.Ordinal);
        foreach (var command in request.Commands)
        {
            if (e.IsOpen)
            {
                Apply(e, command, completed.EventId, messages);
            }
        }
        foreach (var message in messages.Values)
        {
            e.ApplyMessage(message);
        }
        e.RejectUnprocessed();
        e.CheckHistoryLimit();
        e.AfterTask(request.ForceCreateNewWorkflowTask);
        e.SettleQueries(request.QueryResults);
    }

    private static void Apply(Execution e, Command command, long completed, Dictionary<string, Message> messages)
    {
        void Adorn(HistoryEvent added) => added.UserMetadata = command.UserMetadata;
        switch (command.CommandType)
        {
            case CommandType.ScheduleActivityTask:
                e.ScheduleActivity(command.ScheduleActivityTaskCommandAttributes, completed, Adorn);
                break;
            case CommandType.RequestCancelActivityTask:
                e.RequestActivityCancel(command.RequestCancelActivityTaskCommandAttributes.ScheduledEventId, completed, Adorn);
                break;
            case CommandType.StartTimer:
                var timer = FieldCopy.To<TimerStartedEventAttributes>(command.StartTimerCommandAttributes);
                timer.WorkflowTaskCompletedEventId = completed;
                e.Add(timer, Adorn);
                e.ArmTimer(timer.TimerId);
                break;
            case CommandType.CancelTimer:
                CancelTimer(e, command.CancelTimerCommandAttributes.TimerId, completed, Adorn);
                break;
            case CommandType.RecordMarker:
                var marker = FieldCopy.To<MarkerRecordedEventAttributes>(command.RecordMarkerCommandAttributes);
                marker.WorkflowTaskCompletedEventId = completed;
                e.Add(marker, Adorn);
                break;
            case CommandType.StartChildWorkflowExecution:
                AttributeChecks.Typed(e.Namespace, command.StartChildWorkflowExecutionCommandAttributes.SearchAttributes);
                e.InitiateChild(command.StartChildWorkflowExecutionCommandAttributes, completed, Adorn);
                break;
            case CommandType.SignalExternalWorkflowExecution:
                e.InitiateSignal(command.SignalExternalWorkflowExecutionCommandAttributes, completed, Adorn);
                break;
            case CommandType.RequestCancelExternalWorkflowExecution:
                e.InitiateCancel(command.RequestCancelExternalWorkflowExecutionCommandAttributes, completed, Adorn);
                break;
            case CommandType.UpsertWorkflowSearchAttributes:
                e.Add(new UpsertWorkflowSearchAttributesEventAttributes
                {
                    WorkflowTaskCompletedEventId = completed,
                    SearchAttributes = AttributeChecks.Typed(e.Namespace, command.UpsertWorkflowSearchAttributesCommandAttributes.SearchAttributes),
                }, Adorn);
                break;
            case CommandType.ModifyWorkflowProperties:
                e.Add(new WorkflowPropertiesModifiedEventAttributes
                {
                    WorkflowTaskCompletedEventId = completed,
                    UpsertedMemo = command.ModifyWorkflowPropertiesCommandAttributes.UpsertedMemo,
                }, Adorn);
                break;
            case CommandType.ProtocolMessage:
                if (messages.Remove(command.ProtocolMessageCommandAttributes.MessageId, out var message))
                {
                    e.ApplyMessage(message);
                }
                break;
            case CommandType.CompleteWorkflowExecution:
                ApplyRest(e, messages);
                e.Complete(command.CompleteWorkflowExecutionCommandAttributes?.Result, completed, Adorn);
                break;
            case CommandType.FailWorkflowExecution:
                ApplyRest(e, messages);
                e.Fail(command.FailWorkflowExecutionCommandAttributes.Failure, completed, Adorn);
                break;
            case CommandType.CancelWorkflowExecution:
                ApplyRest(e, messages);
                e.Cancel(command.CancelWorkflowExecutionCommandAttributes?.Details, completed, Adorn);
                break;
            case CommandType.ContinueAsNewWorkflowExecution:
                ApplyRest(e, messages);
                ContinueAsNew(e, command.ContinueAsNewWorkflowExecutionCommandAttributes, completed, Adorn);
                break;
        }
    }

    private static void ApplyRest(Execution e, Dictionary<string, Message> messages)
    {
        foreach (var message in messages.Values)
        {
            e.ApplyMessage(message);
        }
        messages.Clear();
        e.RejectUnprocessed();
    }

    private static void ContinueAsNew(Execution e, ContinueAsNewWorkflowExecutionCommandAttributes command, long completed, Action<HistoryEvent> adorn)
    {
        AttributeChecks.Typed(e.Namespace, command.SearchAttributes);
        var successor = e.ContinueAsNew(command);
        var attributes = FieldCopy.To<WorkflowExecutionContinuedAsNewEventAttributes>(command);
        attributes.NewExecutionRunId = successor.RunId;
        attributes.WorkflowType = successor.Start.WorkflowType;
        attributes.TaskQueue = successor.Start.TaskQueue;
        attributes.Initiator = successor.Start.Initiator;
        attributes.WorkflowRunTimeout = Times.Unless0(successor.Start.WorkflowRunTimeout);
        attributes.WorkflowTaskTimeout = successor.Start.WorkflowTaskTimeout;
        attributes.WorkflowTaskCompletedEventId = completed;
        e.Add(attributes, adorn);
        e.Closed(successor);
    }

    private static void CancelTimer(Execution e, string timerId, long completed, Action<HistoryEvent> adorn)
    {
        long started;
        if (e.Timers.TryGetValue(timerId, out var timer))
        {
            started = timer.StartedEventId;
        }
        else
        {
            // It fired while the task was being worked on; the workflow has not seen that, so it did not happen.
            started = e.State.Buffered.First(b => b.TimerFiredEventAttributes?.TimerId == timerId).TimerFiredEventAttributes.StartedEventId;
            e.DropBufferedTimerFired(timerId);
        }
        e.Add(new TimerCanceledEventAttributes { TimerId = timerId, StartedEventId = started, WorkflowTaskCompletedEventId = completed }, adorn);
    }

    private static void SetSticky(Execution e, RespondWorkflowTaskCompletedRequest request)
    {
        var sticky = request.StickyAttributes;
        if (sticky?.WorkerTaskQueue is { Name.Length: > 0 } queue)
        {
            e.State.StickyQueue = queue.Name;
            e.State.StickyTimeout = sticky.ScheduleToStartTimeout;
        }
        else
        {
            e.ClearSticky();
        }
    }
}
