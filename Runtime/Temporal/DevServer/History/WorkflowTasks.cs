using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Matching;
using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>
/// The life of a workflow task: scheduled, started, then completed, failed or timed out. An attempt above one is transient:
/// it leaves no events unless it completes.
/// </summary>
internal static class WorkflowTasks
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);
    private const int BackoffAfterAttempt = 3;

    /// <summary>Schedules a task unless one is pending, the run is closed, or its first task must still wait.</summary>
    public static void EnsureTask(this Execution e)
    {
        if (e.Status == WorkflowExecutionStatus.Running && e.Task is null && !e.State.FirstTaskPending)
        {
            e.ScheduleTask(attempt: 1);
        }
    }

    public static void ScheduleTask(this Execution e, int attempt)
    {
        var now = e.Server.Executor.Now;
        var sticky = e.StickyQueue();
        var task = new WorkflowTaskState
        {
            Attempt = attempt,
            ScheduledTime = Times.Stamp(now),
            OriginalScheduledTime = Times.Stamp(now),
            Sticky = sticky is not null,
            Queue = sticky ?? e.TaskQueue,
        };
        e.State.Task = task;
        task.ScheduledEventId = e.NextEventId;
        if (attempt == 1)
        {
            e.Add(Scheduled(e, task));
        }
        e.Touch();
        e.Enqueue();
    }

    /// <summary>Puts the scheduled task into its queue and arms the sticky timeout.</summary>
    public static void Enqueue(this Execution e)
    {
        var task = e.Task!;
        var queue = e.Server.TaskQueues.Get(e.Namespace.Id, task.Queue, TaskQueueType.Workflow);
        if (task.Sticky)
        {
            queue.IsSticky = true;
            queue.NormalName = e.TaskQueue;
            var patience = Times.Span(e.State.StickyTimeout) ?? TimeSpan.FromSeconds(5);
            e.SetTaskTimer(task.ScheduledTime.ToDateTime() + patience, () => e.StickyTimedOut(task));
        }
        queue.Add(new QueuedWorkflowTask(e, task));
    }

    /// <summary>Starts the task for a poller and answers the poll.</summary>
    public static PollWorkflowTaskQueueResponse StartTask(this Execution e, string identity)
    {
        var task = e.Task!;
        var now = e.Server.Executor.Now;
        if (task.Attempt > 1 && task.ScheduledEventId != e.NextEventId)
        {
            // New events came since the failed attempt: this is an ordinary task again.
            task.Attempt = 1;
            task.ScheduledEventId = e.NextEventId;
            e.Add(Scheduled(e, task));
        }
        task.RequestId = Guid.NewGuid().ToString();
        task.Identity = identity;
        task.StartedTime = Times.Stamp(now);
        HistoryEvent? started = null;
        if (task.Attempt == 1)
        {
            started = e.Add(Started(e, task));
        }
        task.StartedEventId = started?.EventId ?? task.ScheduledEventId + 1;
        e.SetTaskTimer(now + TaskTimeout(e, task.Attempt), () => e.TaskTimedOut(task));
        e.Touch();
        return TaskResponses.ForTask(e, task);
    }

    /// <summary>The events of a transient attempt, which only the poll shows until it completes.</summary>
    public static IEnumerable<HistoryEvent> TransientEvents(this Execution e)
    {
        var task = e.Task;
        if (task is null || task.Attempt == 1 || task.StartedEventId == 0)
        {
            yield break;
        }
        var scheduled = EventFactory.Create(Scheduled(e, task), task.ScheduledTime.ToDateTime(), 0);
        scheduled.EventId = task.ScheduledEventId;
        yield return scheduled;
        var started = EventFactory.Create(Started(e, task), task.StartedTime.ToDateTime(), 0);
        started.EventId = task.StartedEventId;
        yield return started;
    }

    /// <summary>Ends the pending task as completed; the caller applies the commands and then calls <see cref="AfterTask"/>.</summary>
    public static HistoryEvent FinishTask(this Execution e, RespondWorkflowTaskCompletedRequest request)
    {
        var task = e.Task!;
        if (task.Attempt > 1)
        {
            e.State.Task = null;
            e.Add(Scheduled(e, task), time: task.ScheduledTime.ToDateTime());
            e.Add(Started(e, task), time: task.StartedTime.ToDateTime());
        }
        e.ClearTask();
        return e.Add(new WorkflowTaskCompletedEventAttributes
        {
            ScheduledEventId = task.ScheduledEventId,
            StartedEventId = task.StartedEventId,
            Identity = request.Identity,
            SdkMetadata = request.SdkMetadata,
            MeteringMetadata = request.MeteringMetadata,
            BinaryChecksum = request.BinaryChecksum,
            WorkerVersion = request.WorkerVersionStamp,
            VersioningBehavior = request.VersioningBehavior,
        });
    }

    /// <summary>Buffered events get their place, and whatever came schedules the next task.</summary>
    public static void AfterTask(this Execution e, bool force, int nextAttempt = 1)
    {
        var news = e.FlushBuffered();
        if (e.Status != WorkflowExecutionStatus.Running || e.Task is not null)
        {
            return;
        }
        if (news || force || e.HasUnsentUpdates())
        {
            e.ScheduleTask(news ? 1 : nextAttempt);
        }
    }

    public static void FailTask(this Execution e, WorkflowTaskFailedCause cause, Failure? failure, string identity)
    {
        var task = e.Task!;
        e.ClearTask();
        e.ClearSticky();
        if (task.Attempt == 1)
        {
            e.Add(new WorkflowTaskFailedEventAttributes
            {
                ScheduledEventId = task.ScheduledEventId,
                StartedEventId = task.StartedEventId,
                Cause = cause,
                Failure = failure,
                Identity = identity,
            });
        }
        e.ReturnUpdates();
        e.Server.Metrics.WorkflowTaskFailed.Add(1);
        e.AfterTask(force: true, task.Attempt + 1);
    }

    public static void TaskTimedOut(this Execution e, WorkflowTaskState task)
    {
        if (e.Task != task || task.StartedEventId == 0)
        {
            return;
        }
        e.ClearTask();
        e.ClearSticky();
        if (task.Attempt == 1)
        {
            e.Add(new WorkflowTaskTimedOutEventAttributes
            {
                ScheduledEventId = task.ScheduledEventId,
                StartedEventId = task.StartedEventId,
                TimeoutType = TimeoutType.StartToClose,
            });
        }
        e.ReturnUpdates();
        e.AfterTask(force: true, task.Attempt + 1);
    }

    /// <summary>The worker of the sticky queue did not come: the next task goes to the ordinary queue.</summary>
    public static void StickyTimedOut(this Execution e, WorkflowTaskState task)
    {
        if (e.Task != task || task.StartedEventId != 0)
        {
            return;
        }
        e.ClearTask();
        e.ClearSticky();
        if (task.Attempt == 1)
        {
            e.Add(new WorkflowTaskTimedOutEventAttributes { ScheduledEventId = task.ScheduledEventId, TimeoutType = TimeoutType.ScheduleToStart });
        }
        e.AfterTask(force: true, task.Attempt);
    }

    /// <summary>A sticky task whose worker said goodbye moves to the ordinary queue, with no trace in history.</summary>
    public static void MoveToNormalQueue(this Execution e)
    {
        e.ClearSticky();
        if (e.Task is { StartedEventId: 0, Sticky: true } task)
        {
            task.Sticky = false;
            task.Queue = e.TaskQueue;
            e.TaskTimer?.Dispose();
            e.Touch();
            e.Enqueue();
        }
    }

    public static void ClearTask(this Execution e)
    {
        e.TaskTimer?.Dispose();
        e.TaskTimer = null;
        e.State.Task = null;
        e.Touch();
    }

    public static void ClearSticky(this Execution e)
    {
        e.State.StickyQueue = "";
        e.State.StickyTimeout = null;
    }

    /// <summary>After a restart: the task goes back into its queue, or its timeout goes on.</summary>
    public static void ResumeTask(this Execution e)
    {
        switch (e.Task)
        {
            case { StartedEventId: 0 }:
                e.Enqueue();
                break;
            case { } task:
                e.SetTaskTimer(task.StartedTime.ToDateTime() + TaskTimeout(e, task.Attempt), () => e.TaskTimedOut(task));
                break;
            case null when e.State.FirstTaskPending:
                e.WaitForFirstTask();
                break;
        }
    }

    /// <summary>The first task of a delayed run waits for its time.</summary>
    public static void WaitForFirstTask(this Execution e)
    {
        e.FirstTaskTimer = e.Server.Executor.Timers.At(e.State.FirstTaskDue.ToDateTime(), e.EndFirstTaskDelay);
        e.RunTimers.Add(e.FirstTaskTimer);
    }

    public static void EndFirstTaskDelay(this Execution e)
    {
        if (e.State.FirstTaskPending && e.IsOpen)
        {
            e.FirstTaskTimer?.Dispose();
            e.State.FirstTaskPending = false;
            e.EnsureTask();
            e.Touch();
        }
    }

    private static string? StickyQueue(this Execution e)
    {
        if (e.State.StickyQueue.Length == 0)
        {
            return null;
        }
        var queue = e.Server.TaskQueues.Get(e.Namespace.Id, e.State.StickyQueue, TaskQueueType.Workflow);
        return queue.HasRecentPoller ? queue.Name : null;
    }

    private static TimeSpan TaskTimeout(Execution e, int attempt) => attempt <= BackoffAfterAttempt
        ? e.TaskTimeout
        : e.TaskTimeout + Times.Min(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(5 * Math.Pow(2, Math.Min(attempt - BackoffAfterAttempt - 1, 10))));

    private static void SetTaskTimer(this Execution e, DateTime due, Action fire)
    {
        e.TaskTimer?.Dispose();
        e.TaskTimer = e.Server.Executor.Timers.At(due, fire);
    }

    private static WorkflowTaskScheduledEventAttributes Scheduled(Execution e, WorkflowTaskState task) => new()
    {
        TaskQueue = task.Sticky
            ? new() { Name = task.Queue, Kind = TaskQueueKind.Sticky, NormalName = e.TaskQueue }
            : new() { Name = e.TaskQueue, Kind = TaskQueueKind.Normal },
        StartToCloseTimeout = Duration.FromTimeSpan(TaskTimeout(e, task.Attempt)),
        Attempt = task.Attempt,
    };

    private static WorkflowTaskStartedEventAttributes Started(Execution e, WorkflowTaskState task) => new()
    {
        ScheduledEventId = task.ScheduledEventId,
        Identity = task.Identity,
        RequestId = task.RequestId,
        HistorySizeBytes = e.HistorySize,
        SuggestContinueAsNew = e.Events.Count > Limits.SuggestContinueAsNewEvents || e.HistorySize > Limits.SuggestContinueAsNewBytes,
    };
}

/// <summary>A workflow task in a queue; void when the run has moved on.</summary>
internal sealed class QueuedWorkflowTask(Execution execution, WorkflowTaskState task) : QueuedTask
{
    public Execution Execution => execution;

    public override int Priority => execution.Start.Priority is { PriorityKey: > 0 } p ? p.PriorityKey : 3;

    public override bool IsValid => execution.Task == task && task.StartedEventId == 0 && execution.Status == WorkflowExecutionStatus.Running;

    public override void Deliver(Poller poller) => ((WorkflowPoller)poller).Answer(execution.StartTask(poller.Identity));
}
