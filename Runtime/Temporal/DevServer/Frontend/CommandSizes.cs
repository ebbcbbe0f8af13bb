using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Commands with payloads beyond the limit end the run, as on the real server: trying again would not help.</summary>
internal static class CommandSizes
{
    public static void Check(Execution e, RespondWorkflowTaskCompletedRequest request)
    {
        foreach (var command in request.Commands)
        {
            if (command.CalculateSize() <= Limits.BlobBytes)
            {
                continue;
            }
            var message = $"{command.CommandType} exceeds size limit: {command.CalculateSize()} bytes, limit {Limits.BlobBytes}";
            e.FailTask(Cause(command.CommandType), Failures.Server(message), request.Identity);
            e.Terminate(message, null, "history-service");
            throw Requests.Invalid(message);
        }
    }

    private static WorkflowTaskFailedCause Cause(CommandType type) => type switch
    {
        CommandType.ScheduleActivityTask => WorkflowTaskFailedCause.BadScheduleActivityAttributes,
        CommandType.CompleteWorkflowExecution => WorkflowTaskFailedCause.BadCompleteWorkflowExecutionAttributes,
        CommandType.FailWorkflowExecution => WorkflowTaskFailedCause.BadFailWorkflowExecutionAttributes,
        CommandType.RecordMarker => WorkflowTaskFailedCause.BadRecordMarkerAttributes,
        CommandType.StartChildWorkflowExecution => WorkflowTaskFailedCause.BadStartChildExecutionAttributes,
        CommandType.ContinueAsNewWorkflowExecution => WorkflowTaskFailedCause.BadContinueAsNewAttributes,
        CommandType.SignalExternalWorkflowExecution => WorkflowTaskFailedCause.BadSignalWorkflowExecutionAttributes,
        CommandType.UpsertWorkflowSearchAttributes => WorkflowTaskFailedCause.BadSearchAttributes,
        CommandType.ModifyWorkflowProperties => WorkflowTaskFailedCause.BadModifyWorkflowPropertiesAttributes,
        _ => WorkflowTaskFailedCause.UnhandledCommand,
    };
}
