using FlowForge.Temporal.Worker;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Tests;

/// <summary>Writes histories as a server would, event by event; time moves one second with each.</summary>
public sealed class HistoryScript
{
    public static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly List<HistoryEvent> _events = [];
    private readonly Dictionary<string, long> _ids = [];
    private long _lastCompleted;

    public IReadOnlyList<HistoryEvent> Events => _events;

    public static PayloadConverter Json => PayloadConverter.Default;

    public WorkflowHistory Fold() => WorkflowHistory.From(_events);

    public static WorkflowTask TaskFor(string type = "test") =>
        new() { Namespace = "default", WorkflowId = "w1", RunId = "r1", WorkflowType = type, TaskQueue = "queue" };

    public HistoryScript Started(object? input = null, string type = "test") => Add(new HistoryEvent
    {
        EventType = EventType.WorkflowExecutionStarted,
        WorkflowExecutionStartedEventAttributes = new()
        {
            WorkflowType = new() { Name = type },
            WorkflowId = "w1",
            OriginalExecutionRunId = "r1",
            TaskQueue = new() { Name = "queue" },
            Input = Json.ToPayloads(input),
            Attempt = 1,
        },
    });

    /// <summary>A workflow task from scheduled to started; what came since the one before is what it sees.</summary>
    public HistoryScript TaskStarted() => Add(new HistoryEvent { EventType = EventType.WorkflowTaskScheduled, WorkflowTaskScheduledEventAttributes = new() })
        .Add(new HistoryEvent { EventType = EventType.WorkflowTaskStarted, WorkflowTaskStartedEventAttributes = new() { ScheduledEventId = _events.Count } });

    public HistoryScript TaskCompleted()
    {
        Add(new HistoryEvent { EventType = EventType.WorkflowTaskCompleted, WorkflowTaskCompletedEventAttributes = new() { StartedEventId = _events.Count } });
        _lastCompleted = _events.Count;
        return this;
    }

    public HistoryScript Task() => TaskStarted().TaskCompleted();

    public HistoryScript ActivityScheduled(string id, string type = "step", object? input = null) => Open("activity " + id, new HistoryEvent
    {
        EventType = EventType.ActivityTaskScheduled,
        ActivityTaskScheduledEventAttributes = new() { ActivityId = id, ActivityType = new() { Name = type }, Input = Json.ToPayloads(input), WorkflowTaskCompletedEventId = _lastCompleted },
    });

    public HistoryScript ActivityStarted(string id, int attempt = 1) => Add(new HistoryEvent
    {
        EventType = EventType.ActivityTaskStarted,
        ActivityTaskStartedEventAttributes = new() { ScheduledEventId = Id("activity " + id), Attempt = attempt },
    });

    public HistoryScript ActivityCompleted(string id, object? result = null) => Add(new HistoryEvent
    {
        EventType = EventType.ActivityTaskCompleted,
        ActivityTaskCompletedEventAttributes = new() { ScheduledEventId = Id("activity " + id), Result = Json.ToPayloads(result) },
    });

    public HistoryScript ActivityFailed(string id, Exception error) => Add(new HistoryEvent
    {
        EventType = EventType.ActivityTaskFailed,
        ActivityTaskFailedEventAttributes = new() { ScheduledEventId = Id("activity " + id), Failure = new FailureConverter(Json).ToFailure(error), RetryState = RetryState.NonRetryableFailure },
    });

    public HistoryScript ActivityTimedOut(string id) => Add(new HistoryEvent
    {
        EventType = EventType.ActivityTaskTimedOut,
        ActivityTaskTimedOutEventAttributes = new()
        {
            ScheduledEventId = Id("activity " + id),
            Failure = new Failure { Message = "activity Heartbeat timeout", TimeoutFailureInfo = new() { TimeoutType = TimeoutType.Heartbeat } },
            RetryState = RetryState.MaximumAttemptsReached,
        },
    });

    public HistoryScript ActivityCancelRequested(string id) => Add(new HistoryEvent
    {
        EventType = EventType.ActivityTaskCancelRequested,
        ActivityTaskCancelRequestedEventAttributes = new() { ScheduledEventId = Id("activity " + id), WorkflowTaskCompletedEventId = _lastCompleted },
    });

    public HistoryScript ActivityCancelled(string id, object? details = null) => Add(new HistoryEvent
    {
        EventType = EventType.ActivityTaskCanceled,
        ActivityTaskCanceledEventAttributes = new() { ScheduledEventId = Id("activity " + id), Details = Json.ToPayloads(details) },
    });

    public HistoryScript TimerStarted(string id, TimeSpan duration) => Open("timer " + id, new HistoryEvent
    {
        EventType = EventType.TimerStarted,
        TimerStartedEventAttributes = new() { TimerId = id, StartToFireTimeout = Duration.FromTimeSpan(duration), WorkflowTaskCompletedEventId = _lastCompleted },
    });

    public HistoryScript TimerFired(string id) => Add(new HistoryEvent { EventType = EventType.TimerFired, TimerFiredEventAttributes = new() { TimerId = id, StartedEventId = Id("timer " + id) } });

    public HistoryScript TimerCancelled(string id) => Add(new HistoryEvent
    {
        EventType = EventType.TimerCanceled,
        TimerCanceledEventAttributes = new() { TimerId = id, StartedEventId = Id("timer " + id), WorkflowTaskCompletedEventId = _lastCompleted },
    });

    public HistoryScript Signaled(string name, object? input = null) => Add(new HistoryEvent
    {
        EventType = EventType.WorkflowExecutionSignaled,
        WorkflowExecutionSignaledEventAttributes = new() { SignalName = name, Input = Json.ToPayloads(input) },
    });

    public HistoryScript CancelRequested(string reason) => Add(new HistoryEvent
    {
        EventType = EventType.WorkflowExecutionCancelRequested,
        WorkflowExecutionCancelRequestedEventAttributes = new() { Cause = reason },
    });

    public HistoryScript UpdateAccepted(string id, string name, object? input = null) => Add(new HistoryEvent
    {
        EventType = EventType.WorkflowExecutionUpdateAccepted,
        WorkflowExecutionUpdateAcceptedEventAttributes = new()
        {
            ProtocolInstanceId = id,
            AcceptedRequestMessageId = id + "/request",
            AcceptedRequest = new Request { Meta = new Meta { UpdateId = id }, Input = new Input { Name = name, Args = Json.ToPayloads(input) } },
        },
    });

    public HistoryScript UpdateCompleted(string id, object? result) => Add(new HistoryEvent
    {
        EventType = EventType.WorkflowExecutionUpdateCompleted,
        WorkflowExecutionUpdateCompletedEventAttributes = new() { Meta = new Meta { UpdateId = id }, Outcome = new Outcome { Success = Json.ToPayloads(result) } },
    });

    public HistoryScript ChildInitiated(string id, string type = "child") => Open("child " + id, new HistoryEvent
    {
        EventType = EventType.StartChildWorkflowExecutionInitiated,
        StartChildWorkflowExecutionInitiatedEventAttributes = new() { WorkflowId = id, WorkflowType = new() { Name = type }, WorkflowTaskCompletedEventId = _lastCompleted },
    });

    public HistoryScript ChildStarted(string id, string runId) => Add(new HistoryEvent
    {
        EventType = EventType.ChildWorkflowExecutionStarted,
        ChildWorkflowExecutionStartedEventAttributes = new() { InitiatedEventId = Id("child " + id), WorkflowExecution = new() { WorkflowId = id, RunId = runId } },
    });

    public HistoryScript ChildCompleted(string id, object? result) => Add(new HistoryEvent
    {
        EventType = EventType.ChildWorkflowExecutionCompleted,
        ChildWorkflowExecutionCompletedEventAttributes = new() { InitiatedEventId = Id("child " + id), Result = Json.ToPayloads(result) },
    });

    public HistoryScript Completed(object? result = null) => Add(new HistoryEvent
    {
        EventType = EventType.WorkflowExecutionCompleted,
        WorkflowExecutionCompletedEventAttributes = new() { Result = Json.ToPayloads(result), WorkflowTaskCompletedEventId = _lastCompleted },
    });

    public HistoryScript Add(HistoryEvent e)
    {
        e.EventId = _events.Count + 1;
        e.EventTime = Timestamp.FromDateTimeOffset(Begin.AddSeconds(_events.Count));
        _events.Add(e);
        return this;
    }

    private HistoryScript Open(string key, HistoryEvent e)
    {
        Add(e);
        _ids[key] = e.EventId;
        return this;
    }

    private long Id(string key) => _ids[key];
}
