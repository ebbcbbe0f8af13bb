using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Matching;
using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>The life of an activity: queued, started, retried without a trace in history, resolved by one event.</summary>
internal static class Activities
{
    public static void ScheduleActivity(this Execution e, ScheduleActivityTaskCommandAttributes command, long completedEventId, Action<HistoryEvent> adorn)
    {
        var attributes = FieldCopy.To<ActivityTaskScheduledEventAttributes>(command);
        attributes.WorkflowTaskCompletedEventId = completedEventId;
        attributes.RetryPolicy = RetryRules.WithDefaults(command.RetryPolicy);
        attributes.TaskQueue = command.TaskQueue is { Name.Length: > 0 } queue ? queue : new() { Name = e.TaskQueue, Kind = TaskQueueKind.Normal };
        NormalizeTimeouts(e, attributes);
        var scheduled = e.Add(attributes, adorn);
        var activity = e.Activities[scheduled.EventId];
        e.Touch(activity);
        e.ArmActivity(activity);
        e.EnqueueActivity(activity);
    }

    /// <summary>Puts the activity in its queue; done at once, after a back-off, and after a restart.</summary>
    public static void EnqueueActivity(this Execution e, Activity activity) =>
        e.Server.TaskQueues.Get(e.Namespace.Id, activity.Attributes.TaskQueue.Name, TaskQueueType.Activity)
            .Add(new QueuedActivity(e, activity, activity.State.Attempt, activity.State.Stamp));

    public static PollActivityTaskQueueResponse StartActivity(this Execution e, Activity activity, string identity)
    {
        var now = e.Server.Executor.Now;
        var state = activity.State;
        state.StartedTime = state.LastStartedTime = Times.Stamp(now);
        state.StartedIdentity = state.LastWorkerIdentity = identity;
        state.RequestId = Guid.NewGuid().ToString();
        state.HeartbeatTime = null;
        e.Touch(activity);
        e.ArmActivity(activity);
        var attributes = activity.Attributes;
        return new PollActivityTaskQueueResponse
        {
            TaskToken = new TaskToken
            {
                NamespaceId = e.Namespace.Id,
                WorkflowId = e.WorkflowId,
                RunId = e.RunId,
                ScheduledEventId = activity.ScheduledEventId,
                Attempt = state.Attempt,
                ActivityId = activity.Id,
                Stamp = state.Stamp,
            }.ToByteString(),
            WorkflowNamespace = e.Namespace.Name,
            WorkflowType = e.Start.WorkflowType,
            WorkflowExecution = e.Id,
            ActivityType = attributes.ActivityType,
            ActivityId = activity.Id,
            Header = attributes.Header,
            Input = attributes.Input,
            HeartbeatDetails = state.HeartbeatDetails,
            ScheduledTime = Times.Stamp(activity.FirstScheduled),
            CurrentAttemptScheduledTime = state.ScheduledTime,
            StartedTime = state.StartedTime,
            Attempt = state.Attempt,
            // Unlike in history, workers expect a zero for "none" here.
            ScheduleToCloseTimeout = attributes.ScheduleToCloseTimeout ?? new Duration(),
            StartToCloseTimeout = attributes.StartToCloseTimeout ?? new Duration(),
            HeartbeatTimeout = attributes.HeartbeatTimeout ?? new Duration(),
            RetryPolicy = attributes.RetryPolicy,
            Priority = attributes.Priority,
        };
    }

    /// <summary>The caller hung up before it got the task: it goes back into the queue as if never started.</summary>
    public static void ReturnActivity(this Execution e, Activity activity, int attempt, string requestId)
    {
        if (e.IsOpen && activity.IsStarted && activity.State.Attempt == attempt && activity.State.RequestId == requestId)
        {
            activity.State.StartedTime = null;
            e.Touch(activity);
            e.ArmActivity(activity);
            e.EnqueueActivity(activity);
        }
    }

    public static void CompleteActivity(this Execution e, Activity activity, Payloads? result, string identity)
    {
        var started = e.RecordStarted(activity);
        e.Add(new ActivityTaskCompletedEventAttributes { Result = result, ScheduledEventId = activity.ScheduledEventId, StartedEventId = started, Identity = identity });
        e.EnsureTask();
    }

    public static void FailActivity(this Execution e, Activity activity, Failure failure, string identity, Payloads? heartbeat)
    {
        if (heartbeat is not null)
        {
            activity.State.HeartbeatDetails = heartbeat;
        }
        var state = e.TryRetry(activity, failure);
        if (state == RetryState.InProgress)
        {
            return;
        }
        var started = e.RecordStarted(activity);
        e.Add(new ActivityTaskFailedEventAttributes
        {
            Failure = failure,
            ScheduledEventId = activity.ScheduledEventId,
            StartedEventId = started,
            Identity = identity,
            RetryState = state,
        });
        e.EnsureTask();
    }

    public static void CancelActivity(this Execution e, Activity activity, Payloads? details, string identity)
    {
        var started = activity.IsStarted ? e.RecordStarted(activity) : 0;
        e.Add(new ActivityTaskCanceledEventAttributes
        {
            Details = details,
            LatestCancelRequestedEventId = activity.CancelRequestedEventId,
            ScheduledEventId = activity.ScheduledEventId,
            StartedEventId = started,
            Identity = identity,
        });
        e.EnsureTask();
    }

    /// <summary>A workflow asks to cancel; an activity that nobody has started is cancelled at once.</summary>
    public static void RequestActivityCancel(this Execution e, long scheduledEventId, long completedEventId, Action<HistoryEvent> adorn)
    {
        e.Add(new ActivityTaskCancelRequestedEventAttributes { ScheduledEventId = scheduledEventId, WorkflowTaskCompletedEventId = completedEventId }, adorn);
        if (e.Activities.TryGetValue(scheduledEventId, out var activity))
        {
            e.Touch(activity);
            if (!activity.IsStarted)
            {
                e.Add(new ActivityTaskCanceledEventAttributes
                {
                    Details = new Payloads { Payloads_ = { PayloadValue.FromText("ACTIVITY_ID_NOT_STARTED") } },
                    LatestCancelRequestedEventId = activity.CancelRequestedEventId,
                    ScheduledEventId = scheduledEventId,
                });
                e.Server.Executor.Defer(e.EnsureTask);
            }
        }
    }

    /// <summary>Records a heartbeat; the answer tells the worker whether to stop.</summary>
    public static RecordActivityTaskHeartbeatResponse RecordHeartbeat(this Execution e, Activity activity, Payloads? details)
    {
        activity.State.HeartbeatTime = Times.Stamp(e.Server.Executor.Now);
        activity.State.HeartbeatDetails = details;
        e.Touch(activity);
        return new RecordActivityTaskHeartbeatResponse
        {
            CancelRequested = activity.CancelRequestedEventId != 0,
            ActivityPaused = activity.State.Paused,
            ActivityReset = activity.State.ResetRequested,
        };
    }

    /// <summary>Arms whatever the present state of the activity waits for.</summary>
    public static void ArmActivity(this Execution e, Activity activity)
    {
        activity.StopTimers();
        var state = activity.State;
        void At(DateTime due, int rank, Action fire) => activity.Timers.Add(e.Server.Executor.Timers.At(due, fire, rank));
        if (activity.Expiration is { } expiration)
        {
            At(expiration, 1, () => e.TimeOutActivity(activity, TimeoutType.ScheduleToClose));
        }
        if (state.StartedTime is { } startedTime)
        {
            if (activity.StartToClose is { } startToClose)
            {
                At(startedTime.ToDateTime() + startToClose, 2, () => e.TimeOutActivity(activity, TimeoutType.StartToClose));
            }
            if (activity.Heartbeat is { } heartbeat)
            {
                At((state.HeartbeatTime ?? startedTime).ToDateTime() + heartbeat, 3, () => e.CheckHeartbeat(activity, heartbeat));
            }
        }
        else if (state.NextAttemptTime is { } next)
        {
            At(next.ToDateTime(), 4, () => e.BeginAttempt(activity));
        }
        else if (activity.ScheduleToStart is { } scheduleToStart && !state.Paused)
        {
            At(state.ScheduledTime.ToDateTime() + scheduleToStart, 0, () => e.TimeOutActivity(activity, TimeoutType.ScheduleToStart));
        }
    }

    /// <summary>The back-off is over: the next attempt is queued.</summary>
    public static void BeginAttempt(this Execution e, Activity activity)
    {
        activity.State.NextAttemptTime = null;
        activity.State.ScheduledTime = Times.Stamp(e.Server.Executor.Now);
        e.Touch(activity);
        if (activity.State.Paused)
        {
            e.ArmActivity(activity);
            return;
        }
        e.ArmActivity(activity);
        e.EnqueueActivity(activity);
    }

    /// <summary>After a restart: queue it again, or let its timers go on.</summary>
    public static void ResumeActivity(this Execution e, Activity activity)
    {
        e.ArmActivity(activity);
        if (!activity.IsStarted && activity.State.NextAttemptTime is null && !activity.State.Paused)
        {
            e.EnqueueActivity(activity);
        }
    }

    private static void CheckHeartbeat(this Execution e, Activity activity, TimeSpan heartbeat)
    {
        var last = (activity.State.HeartbeatTime ?? activity.State.StartedTime).ToDateTime();
        if (last + heartbeat > e.Server.Executor.Now)
        {
            activity.Timers.Add(e.Server.Executor.Timers.At(last + heartbeat, () => e.CheckHeartbeat(activity, heartbeat), 3));
            activity.Timers.RemoveAll(t => t.Due <= e.Server.Executor.Now);
            return;
        }
        e.TimeOutActivity(activity, TimeoutType.Heartbeat);
    }

    private static void TimeOutActivity(this Execution e, Activity activity, TimeoutType type)
    {
        var failure = Failures.Timeout($"activity {type} timeout", type, activity.State.HeartbeatDetails);
        var retry = RetryState.Timeout;
        if (type is TimeoutType.StartToClose or TimeoutType.Heartbeat)
        {
            retry = e.TryRetry(activity, failure);
            if (retry == RetryState.InProgress)
            {
                return;
            }
            if (retry == RetryState.Timeout)
            {
                // No time is left for another attempt: what runs out is schedule-to-close.
                failure = Failures.Timeout($"activity {TimeoutType.ScheduleToClose} timeout", TimeoutType.ScheduleToClose, activity.State.HeartbeatDetails, failure);
            }
        }
        else if (activity.State.LastFailure is { } last)
        {
            failure.Cause = last;
        }
        var started = activity.IsStarted ? e.RecordStarted(activity) : 0;
        e.Server.Metrics.ActivityTimedOut.Add(1);
        e.Add(new ActivityTaskTimedOutEventAttributes
        {
            Failure = failure,
            ScheduledEventId = activity.ScheduledEventId,
            StartedEventId = started,
            RetryState = retry,
        });
        e.EnsureTask();
    }

    private static RetryState TryRetry(this Execution e, Activity activity, Failure failure)
    {
        var now = e.Server.Executor.Now;
        var state = activity.State;
        if (activity.CancelRequestedEventId != 0)
        {
            return RetryState.CancelRequested;
        }
        var (wait, outcome) = RetryRules.Next(activity.Attributes.RetryPolicy, state.Attempt, failure, now, activity.Expiration);
        if (wait is not { } interval)
        {
            return outcome;
        }
        e.Server.Metrics.ActivityRetried.Add(1);
        if (state.ResetRequested)
        {
            state.ResetRequested = false;
            state.Attempt = 0;
            interval = TimeSpan.Zero;
        }
        if (state.ResetHeartbeat)
        {
            state.ResetHeartbeat = false;
            state.HeartbeatDetails = null;
        }
        state.Attempt++;
        state.StartedTime = null;
        state.HeartbeatTime = null;
        state.LastFailure = failure;
        state.LastAttemptCompleteTime = Times.Stamp(now);
        state.RetryInterval = Duration.FromTimeSpan(interval);
        state.NextAttemptTime = Times.Stamp(now + interval);
        state.ScheduledTime = state.NextAttemptTime;
        e.Touch(activity);
        e.ArmActivity(activity);
        return RetryState.InProgress;
    }

    /// <summary>Writes the started event, which waits until the activity is resolved. Its id is 0 while buffered.</summary>
    private static long RecordStarted(this Execution e, Activity activity)
    {
        var state = activity.State;
        if (state.StartedTime is null)
        {
            // Completed by id before any worker took it, or between attempts.
            state.StartedTime = Times.Stamp(e.Server.Executor.Now);
        }
        return e.Add(
            new ActivityTaskStartedEventAttributes
            {
                ScheduledEventId = activity.ScheduledEventId,
                Identity = state.StartedIdentity,
                RequestId = state.RequestId,
                Attempt = state.Attempt,
                LastFailure = state.LastFailure,
            },
            time: state.StartedTime.ToDateTime()).EventId;
    }

    private static void NormalizeTimeouts(Execution e, ActivityTaskScheduledEventAttributes a)
    {
        var run = Times.Unless0(e.Start.WorkflowRunTimeout);
        a.ScheduleToCloseTimeout = Shorter(Times.Unless0(a.ScheduleToCloseTimeout), run);
        a.ScheduleToStartTimeout = Shorter(Times.Unless0(a.ScheduleToStartTimeout), a.ScheduleToCloseTimeout);
        a.StartToCloseTimeout = Shorter(Times.Unless0(a.StartToCloseTimeout), a.ScheduleToCloseTimeout);
        a.HeartbeatTimeout = Times.Unless0(a.HeartbeatTimeout) is { } heartbeat ? Shorter(heartbeat, a.StartToCloseTimeout) : null;
    }

    private static Duration? Shorter(Duration? a, Duration? b) =>
        a is null ? b : b is null ? a : a.ToTimeSpan() <= b.ToTimeSpan() ? a : b;
}

/// <summary>An activity in a queue; void when it was started, retried, cancelled or changed since.</summary>
internal sealed class QueuedActivity(Execution execution, Activity activity, int attempt, long stamp) : QueuedTask
{
    public override int Priority => activity.Attributes.Priority is { PriorityKey: > 0 } p ? p.PriorityKey : 3;

    public override bool IsValid =>
        execution.Status == WorkflowExecutionStatus.Running && !activity.IsStarted && activity.State.Attempt == attempt && activity.State.Stamp == stamp
        && !activity.State.Paused && activity.State.NextAttemptTime is null
        && execution.Activities.TryGetValue(activity.ScheduledEventId, out var present) && present == activity;

    public override void Deliver(Poller poller)
    {
        var task = execution.StartActivity(activity, poller.Identity);
        ((ActivityPoller)poller).Answer(task);
    }
}
