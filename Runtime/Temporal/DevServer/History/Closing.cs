using FlowForge.Temporal.DevServer.Engine;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>How runs end, and what follows: successors, the parent, the children, whoever waits.</summary>
internal static class Closing
{
    public static GrpcException AlreadyCompleted() => new(GrpcCode.NotFound, "workflow execution already completed", new Temporalio.Api.ErrorDetails.V1.NotFoundFailure());

    public static void Complete(this Execution e, Payloads? result, long completedEventId, Action<HistoryEvent>? adorn = null)
    {
        var successor = e.CronSuccessor(e.Server.Executor.Now, result, failure: null);
        e.Add(new WorkflowExecutionCompletedEventAttributes
        {
            Result = result,
            WorkflowTaskCompletedEventId = completedEventId,
            NewExecutionRunId = successor?.RunId ?? "",
        }, adorn);
        e.Closed(successor);
    }

    public static void Fail(this Execution e, Failure failure, long completedEventId, Action<HistoryEvent>? adorn = null)
    {
        var (successor, state) = e.FailureSuccessor(failure);
        e.Add(new WorkflowExecutionFailedEventAttributes
        {
            Failure = failure,
            RetryState = state,
            WorkflowTaskCompletedEventId = completedEventId,
            NewExecutionRunId = successor?.RunId ?? "",
        }, adorn);
        e.Closed(successor);
    }

    public static void Cancel(this Execution e, Payloads? details, long completedEventId, Action<HistoryEvent>? adorn = null)
    {
        e.Add(new WorkflowExecutionCanceledEventAttributes { Details = details, WorkflowTaskCompletedEventId = completedEventId }, adorn);
        e.Closed(null);
    }

    public static void Terminate(this Execution e, string reason, Payloads? details, string identity)
    {
        e.ForceTaskEnd();
        e.Add(new WorkflowExecutionTerminatedEventAttributes { Reason = reason, Details = details, Identity = identity });
        e.Closed(null);
    }

    public static void TimeOut(this Execution e, bool wholeExecution)
    {
        e.ForceTaskEnd();
        var failure = Failures.Timeout("workflow timeout", TimeoutType.StartToClose);
        var (successor, state) = wholeExecution ? (null, RetryState.Timeout) : e.FailureSuccessor(failure);
        e.Add(new WorkflowExecutionTimedOutEventAttributes { RetryState = state, NewExecutionRunId = successor?.RunId ?? "" });
        e.Closed(successor);
    }

    /// <summary>A task that is being worked on when the run is closed from outside fails; then the buffer gets its place.</summary>
    public static void ForceTaskEnd(this Execution e)
    {
        if (e.Task is { } task)
        {
            e.ClearTask();
            if (task is { StartedEventId: not 0, Attempt: 1 })
            {
                e.Add(new WorkflowTaskFailedEventAttributes
                {
                    ScheduledEventId = task.ScheduledEventId,
                    StartedEventId = task.StartedEventId,
                    Cause = WorkflowTaskFailedCause.ForceCloseCommand,
                });
            }
        }
        e.FlushBuffered();
    }

    /// <summary>Everything that follows from the closing event just added.</summary>
    public static void Closed(this Execution e, Successor? successor, bool reset = false)
    {
        e.ClearTask();
        e.FlushBuffered();
        e.State.FirstTaskPending = false;
        e.RunTimers.ForEach(t => t.Dispose());
        e.RunTimers.Clear();
        foreach (var timer in e.Timers.Values)
        {
            timer.Timer?.Dispose();
        }
        e.DropActivities();
        e.CloseUpdates(successor is not null || reset);
        e.State.SuccessorRunId = successor?.RunId ?? "";
        e.Server.Metrics.Closed(e);
        var children = e.Children.Values.ToArray();
        var server = e.Server;
        server.Executor.Defer(() =>
        {
            if (successor is not null)
            {
                Starter.Begin(e.Server, e.Namespace, e.WorkflowId, successor.RunId, successor.Start, successor.Options);
            }
            else if (!reset)
            {
                e.TellParent();
            }
            if (!reset)
            {
                e.ApplyParentClosePolicy(children);
            }
            e.SendWaitingQueries();
            server.Schedules.RunClosed(e, reset ? e.State.ResetRunId : successor?.RunId);
            server.Executions.Closed(e);
        });
    }
}
