using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Collects what one decision asks for, in order. Each method returns the builder. What the server would refuse (an activity id that is still
/// open, a command after the closing one) is refused here, with a message for the one who wrote the decider.
/// </summary>
public sealed partial class DecisionBuilder(WorkflowHistory history, WorkflowTask task)
{
    private readonly List<Command> _commands = [];
    private readonly HashSet<string> _newActivities = [];
    private readonly HashSet<string> _newTimers = [];
    private bool _closing;

    private PayloadConverter Converter => history.Converter;

    /// <summary>Whether a command that closes the run was added.</summary>
    public bool IsClosing => _closing;

    /// <summary>
    /// Schedules an activity. The id names it in <see cref="WorkflowHistory.Activities"/>; it may be used again only after that activity closed.
    /// Headers of the workflow (trace context) go along.
    /// </summary>
    public DecisionBuilder ScheduleActivity(string id, string type, object? input, ActivityOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if ((history.Activities.TryGetValue(id, out var known) && !known.IsClosed) || !_newActivities.Add(id))
        {
            throw new InvalidOperationException($"Activity '{id}' of {task.WorkflowType} '{task.WorkflowId}' is already scheduled and still open. Look into history.Activities first.");
        }
        if (options.StartToClose is null && options.ScheduleToClose is null)
        {
            throw new InvalidOperationException($"Activity '{id}' ({type}) has no time limit. Set StartToClose or ScheduleToClose in its ActivityOptions.");
        }
        var attributes = new ScheduleActivityTaskCommandAttributes
        {
            ActivityId = id,
            ActivityType = new ActivityType { Name = type },
            TaskQueue = WireMaps.Queue(options.TaskQueue ?? task.TaskQueue),
            Header = history.Started.Header?.Clone(),
            Input = Converter.ToPayloads(input),
            ScheduleToCloseTimeout = options.ScheduleToClose.ToWire(),
            ScheduleToStartTimeout = options.ScheduleToStart.ToWire(),
            StartToCloseTimeout = options.StartToClose.ToWire(),
            HeartbeatTimeout = options.Heartbeat.ToWire(),
            RetryPolicy = options.Retry?.ToWire(),
        };
        return Add(new Command
        {
            CommandType = CommandType.ScheduleActivityTask,
            ScheduleActivityTaskCommandAttributes = attributes,
            UserMetadata = WireMaps.Summary(options.Summary, Converter),
        });
    }

    /// <summary>Asks a running activity to cancel. Nothing happens when it is closed, was asked before, or is scheduled by this same decision.</summary>
    public DecisionBuilder CancelActivity(string id)
    {
        if (!history.Activities.TryGetValue(id, out var activity) || activity.IsClosed || activity.CancelRequested
            || _commands.Any(c => c.RequestCancelActivityTaskCommandAttributes?.ScheduledEventId == activity.ScheduledEventId))
        {
            return this;
        }
        return Add(new Command
        {
            CommandType = CommandType.RequestCancelActivityTask,
            RequestCancelActivityTaskCommandAttributes = new() { ScheduledEventId = activity.ScheduledEventId },
        });
    }

    /// <summary>Starts a timer. The id names it in <see cref="WorkflowHistory.Timers"/>; it may be used again after it fired or was cancelled.</summary>
    public DecisionBuilder StartTimer(string id, TimeSpan duration)
    {
        if ((history.Timers.TryGetValue(id, out var known) && known.Status == TimerStatus.Started) || !_newTimers.Add(id))
        {
            throw new InvalidOperationException($"Timer '{id}' of {task.WorkflowType} '{task.WorkflowId}' is already running. Look into history.Timers first.");
        }
        return Add(new Command
        {
            CommandType = CommandType.StartTimer,
            StartTimerCommandAttributes = new() { TimerId = id, StartToFireTimeout = Duration.FromTimeSpan(duration) },
        });
    }

    /// <summary>Cancels a running timer; nothing happens when it is not running.</summary>
    public DecisionBuilder CancelTimer(string id)
    {
        if (!history.Timers.TryGetValue(id, out var timer) || timer.Status != TimerStatus.Started
            || _commands.Any(c => c.CancelTimerCommandAttributes?.TimerId == id))
        {
            return this;
        }
        return Add(new Command { CommandType = CommandType.CancelTimer, CancelTimerCommandAttributes = new() { TimerId = id } });
    }

    /// <summary>Closes the run as completed.</summary>
    public DecisionBuilder CompleteWorkflow(object? result = null) => Close(new Command
    {
        CommandType = CommandType.CompleteWorkflowExecution,
        CompleteWorkflowExecutionCommandAttributes = new() { Result = Converter.ToPayloads(result) },
    });

    /// <summary>Closes the run as failed; the workflow's own retry policy, if it has one, may start another.</summary>
    public DecisionBuilder FailWorkflow(Exception failure) => FailWorkflow(new FailureConverter(Converter).ToFailure(failure));

    /// <inheritdoc cref="FailWorkflow(Exception)"/>
    public DecisionBuilder FailWorkflow(Failure failure) => Close(new Command
    {
        CommandType = CommandType.FailWorkflowExecution,
        FailWorkflowExecutionCommandAttributes = new() { Failure = failure },
    });

    /// <summary>Closes the run as cancelled.</summary>
    public DecisionBuilder CancelWorkflow(object? details = null) => Close(new Command
    {
        CommandType = CommandType.CancelWorkflowExecution,
        CancelWorkflowExecutionCommandAttributes = new() { Details = Converter.ToPayloads(details) },
    });

    /// <summary>Closes the run and starts another of the same id with <paramref name="input"/> and a fresh history.</summary>
    public DecisionBuilder ContinueAsNew(object? input = null, ContinueAsNewOptions? options = null)
    {
        var memo = new Memo();
        memo.Fields.Add(history.Memo.ToDictionary());
        var changed = WireMaps.Memo(options?.Memo, Converter);
        foreach (var (name, value) in changed?.Fields ?? [])
        {
            memo.Fields[name] = value;
        }
        var attributes = new SearchAttributes();
        attributes.IndexedFields.Add(history.SearchAttributes.ToDictionary());
        foreach (var (name, value) in SearchAttribute.ToWire(options?.SearchAttributes)?.IndexedFields ?? [])
        {
            attributes.IndexedFields[name] = value;
        }
        return Close(new Command
        {
            CommandType = CommandType.ContinueAsNewWorkflowExecution,
            ContinueAsNewWorkflowExecutionCommandAttributes = new()
            {
                WorkflowType = new WorkflowType { Name = options?.WorkflowType ?? task.WorkflowType },
                TaskQueue = WireMaps.Queue(options?.TaskQueue ?? task.TaskQueue),
                Input = Converter.ToPayloads(input),
                WorkflowRunTimeout = options?.RunTimeout.ToWire() ?? history.Started.Raw.WorkflowRunTimeout,
                WorkflowTaskTimeout = options?.TaskTimeout.ToWire() ?? history.Started.Raw.WorkflowTaskTimeout,
                RetryPolicy = options?.Retry?.ToWire() ?? history.Started.Raw.RetryPolicy,
                Initiator = ContinueAsNewInitiator.Workflow,
                Header = history.Started.Header?.Clone(),
                Memo = memo.Fields.Count > 0 ? memo : null,
                SearchAttributes = attributes.IndexedFields.Count > 0 ? attributes : null,
            },
        });
    }

    /// <summary>The decision. The builder is not to be used afterwards.</summary>
    public Decision Build() => new() { Commands = _commands, Messages = _messages, Answers = _answers };

    private DecisionBuilder Add(Command command)
    {
        if (_closing)
        {
            throw new InvalidOperationException($"{command.CommandType} comes after the command that closes {task.WorkflowType} '{task.WorkflowId}'; that one must be the last.");
        }
        _commands.Add(command);
        return this;
    }

    private DecisionBuilder Close(Command command)
    {
        Add(command);
        _closing = true;
        return this;
    }
}
