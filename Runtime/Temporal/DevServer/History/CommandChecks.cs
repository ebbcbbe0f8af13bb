using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Visibility;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Why a workflow task's answer cannot be applied.</summary>
internal sealed record CommandFault(WorkflowTaskFailedCause Cause, string Message);

/// <summary>Looks through all commands of a task before the first one is applied, so that a bad one leaves nothing half done.</summary>
internal static class CommandChecks
{
    public static CommandFault? Check(Execution e, IReadOnlyList<Command> commands)
    {
        var activityIds = new HashSet<string>(StringComparer.Ordinal);
        var timerIds = new HashSet<string>(e.Timers.Keys, StringComparer.Ordinal);
        var buffered = e.State.Buffered.Count;
        if (TooMany(e, commands) is { } limit)
        {
            return limit;
        }
        for (var i = 0; i < commands.Count; i++)
        {
            var command = commands[i];
            if (command.CancelTimerCommandAttributes is { } cancel && e.HasBufferedTimerFired(cancel.TimerId))
            {
                buffered--;
            }
            if (IsClosing(command.CommandType))
            {
                if (i != commands.Count - 1)
                {
                    return new(WorkflowTaskFailedCause.BadScheduleActivityAttributes, $"{command.CommandType} must be the last command of a workflow task.");
                }
                if (buffered > 0 || e.HasUnsentUpdates())
                {
                    return new(WorkflowTaskFailedCause.UnhandledCommand, "UnhandledCommand");
                }
            }
            if (One(e, command, activityIds, timerIds) is { } fault)
            {
                return fault;
            }
        }
        return null;
    }

    private static CommandFault? TooMany(Execution e, IReadOnlyList<Command> commands)
    {
        CommandFault? Over(int pending, CommandType type, int most, WorkflowTaskFailedCause cause, string what) =>
            pending + commands.Count(c => c.CommandType == type) > most && commands.Any(c => c.CommandType == type)
                ? new(cause, $"the number of pending {what}, {pending}, has reached the per-workflow limit of {most}")
                : null;
        var signals = e.ExternalRequests.Values.Count(r => r.EventType == EventType.SignalExternalWorkflowExecutionInitiated);
        return Over(e.Activities.Count, CommandType.ScheduleActivityTask, Limits.PendingActivities, WorkflowTaskFailedCause.PendingActivitiesLimitExceeded, "activities")
            ?? Over(e.Children.Count, CommandType.StartChildWorkflowExecution, Limits.PendingChildren, WorkflowTaskFailedCause.PendingChildWorkflowsLimitExceeded, "child workflow executions")
            ?? Over(signals, CommandType.SignalExternalWorkflowExecution, Limits.PendingSignals, WorkflowTaskFailedCause.PendingSignalsLimitExceeded, "signals to external workflows")
            ?? Over(e.ExternalRequests.Count - signals, CommandType.RequestCancelExternalWorkflowExecution, Limits.PendingCancels, WorkflowTaskFailedCause.PendingRequestCancelLimitExceeded, "requests to cancel external workflows");
    }

    public static bool IsClosing(CommandType type) => type is CommandType.CompleteWorkflowExecution or CommandType.FailWorkflowExecution
        or CommandType.CancelWorkflowExecution or CommandType.ContinueAsNewWorkflowExecution;

    private static CommandFault? One(Execution e, Command command, HashSet<string> activityIds, HashSet<string> timerIds)
    {
        switch (command.AttributesCase)
        {
            case Command.AttributesOneofCase.ScheduleActivityTaskCommandAttributes:
                return Activity(e, command.ScheduleActivityTaskCommandAttributes, activityIds) is { } bad
                    ? new(WorkflowTaskFailedCause.BadScheduleActivityAttributes, bad)
                    : null;
            case Command.AttributesOneofCase.RequestCancelActivityTaskCommandAttributes:
                var id = command.RequestCancelActivityTaskCommandAttributes.ScheduledEventId;
                return e.Activities.ContainsKey(id) || e.HasBufferedActivityEnd(id)
                    ? null
                    : new(WorkflowTaskFailedCause.BadRequestCancelActivityAttributes, $"no pending activity was scheduled by event {id}");
            case Command.AttributesOneofCase.StartTimerCommandAttributes:
                var timer = command.StartTimerCommandAttributes;
                return timer.TimerId.Length == 0 ? new(WorkflowTaskFailedCause.BadStartTimerAttributes, "TimerId is not set on StartTimerCommand.")
                    : Times.IsNegative(timer.StartToFireTimeout) ? new(WorkflowTaskFailedCause.BadStartTimerAttributes,
                        $"An invalid StartToFireTimeout is set on StartTimerCommand. TimerId={timer.TimerId}")
                    : timerIds.Add(timer.TimerId) ? null
                    : new(WorkflowTaskFailedCause.StartTimerDuplicateId, $"a timer with id {timer.TimerId} is already running");
            case Command.AttributesOneofCase.CancelTimerCommandAttributes:
                var cancelled = command.CancelTimerCommandAttributes.TimerId;
                return timerIds.Remove(cancelled) || e.HasBufferedTimerFired(cancelled)
                    ? null
                    : new(WorkflowTaskFailedCause.BadCancelTimerAttributes, $"no timer with id {cancelled} is running");
            case Command.AttributesOneofCase.FailWorkflowExecutionCommandAttributes:
                return command.FailWorkflowExecutionCommandAttributes.Failure is null
                    ? new(WorkflowTaskFailedCause.BadFailWorkflowExecutionAttributes, "Failure is not set on FailWorkflowExecutionCommand.")
                    : null;
            case Command.AttributesOneofCase.StartChildWorkflowExecutionCommandAttributes:
                return Child(e, command.StartChildWorkflowExecutionCommandAttributes);
            case Command.AttributesOneofCase.SignalExternalWorkflowExecutionCommandAttributes:
                var signal = command.SignalExternalWorkflowExecutionCommandAttributes;
                return signal.Execution is not { WorkflowId.Length: > 0 } ? new(WorkflowTaskFailedCause.BadSignalWorkflowExecutionAttributes,
                        "WorkflowId is not set on SignalExternalWorkflowExecutionCommand.")
                    : signal.SignalName.Length == 0 ? new(WorkflowTaskFailedCause.BadSignalWorkflowExecutionAttributes,
                        "SignalName is not set on SignalExternalWorkflowExecutionCommand.")
                    : null;
            case Command.AttributesOneofCase.RequestCancelExternalWorkflowExecutionCommandAttributes:
                return command.RequestCancelExternalWorkflowExecutionCommandAttributes.WorkflowId.Length == 0
                    ? new(WorkflowTaskFailedCause.BadRequestCancelExternalWorkflowExecutionAttributes,
                        "WorkflowId is not set on RequestCancelExternalWorkflowExecutionCommand.")
                    : null;
            case Command.AttributesOneofCase.RecordMarkerCommandAttributes:
                return command.RecordMarkerCommandAttributes.MarkerName.Length == 0
                    ? new(WorkflowTaskFailedCause.BadRecordMarkerAttributes, "MarkerName is not set on RecordMarkerCommand.")
                    : null;
            case Command.AttributesOneofCase.UpsertWorkflowSearchAttributesCommandAttributes:
                return AttributeChecks.Fault(e.Namespace, command.UpsertWorkflowSearchAttributesCommandAttributes.SearchAttributes) is { } upsert
                    ? new(WorkflowTaskFailedCause.BadSearchAttributes, upsert)
                    : null;
            case Command.AttributesOneofCase.ContinueAsNewWorkflowExecutionCommandAttributes:
                var next = command.ContinueAsNewWorkflowExecutionCommandAttributes;
                return RetryRules.Check(next.RetryPolicy) is { } retry ? new(WorkflowTaskFailedCause.BadContinueAsNewAttributes, retry)
                    : AttributeChecks.Fault(e.Namespace, next.SearchAttributes) is { } attributes ? new(WorkflowTaskFailedCause.BadSearchAttributes, attributes)
                    : null;
            case Command.AttributesOneofCase.ScheduleNexusOperationCommandAttributes or Command.AttributesOneofCase.RequestCancelNexusOperationCommandAttributes:
                return new(WorkflowTaskFailedCause.BadScheduleNexusOperationAttributes, "Nexus operations are not supported by this server.");
            case Command.AttributesOneofCase.None when command.CommandType is not CommandType.CompleteWorkflowExecution and not CommandType.CancelWorkflowExecution:
                return new(WorkflowTaskFailedCause.UnhandledCommand, $"command {command.CommandType} has no attributes");
            default:
                return null;
        }
    }

    private static string? Activity(Execution e, ScheduleActivityTaskCommandAttributes a, HashSet<string> ids)
    {
        if (a.ActivityId.Length == 0)
        {
            return "ActivityId is not set on ScheduleActivityTaskCommand.";
        }
        if (a.ActivityType is not { Name.Length: > 0 })
        {
            return $"ActivityType is not set on ScheduleActivityTaskCommand. ActivityId={a.ActivityId}";
        }
        if (e.ActivitiesById.ContainsKey(a.ActivityId) || !ids.Add(a.ActivityId))
        {
            return $"an activity with id {a.ActivityId} is already pending";
        }
        if (RetryRules.Check(a.RetryPolicy) is { } retry)
        {
            return $"{retry} ActivityId={a.ActivityId} ActivityType={a.ActivityType.Name}";
        }
        if (new[] { a.ScheduleToCloseTimeout, a.ScheduleToStartTimeout, a.StartToCloseTimeout, a.HeartbeatTimeout }.Any(Times.IsNegative))
        {
            return $"A timeout of ScheduleActivityTaskCommand is negative. ActivityId={a.ActivityId} ActivityType={a.ActivityType.Name}";
        }
        return Times.Span(a.ScheduleToCloseTimeout) is null && Times.Span(a.StartToCloseTimeout) is null
            ? $"A valid StartToClose or ScheduleToCloseTimeout is not set on ScheduleActivityTaskCommand. ActivityId={a.ActivityId} ActivityType={a.ActivityType.Name}"
            : null;
    }

    private static CommandFault? Child(Execution e, StartChildWorkflowExecutionCommandAttributes a)
    {
        CommandFault Bad(string message) => new(WorkflowTaskFailedCause.BadStartChildExecutionAttributes, message);
        if (a.WorkflowId.Length == 0)
        {
            return Bad("Required field WorkflowId is not set on StartChildWorkflowExecutionCommand.");
        }
        if (a.WorkflowType is not { Name.Length: > 0 })
        {
            return Bad($"Required field WorkflowType is not set on StartChildWorkflowExecutionCommand. WorkflowId={a.WorkflowId}");
        }
        if (RetryRules.Check(a.RetryPolicy) is { } retry)
        {
            return Bad(retry);
        }
        if (a.CronSchedule.Length > 0 && Schedules.CronSpec.Check(a.CronSchedule) is { } cron)
        {
            return Bad(cron);
        }
        return AttributeChecks.Fault(e.Namespace, a.SearchAttributes) is { } attributes ? new(WorkflowTaskFailedCause.BadSearchAttributes, attributes) : null;
    }
}
