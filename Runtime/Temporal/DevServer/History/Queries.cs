using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Matching;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Query.V1;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>A query on its way: waiting for a workflow task, riding on one, or sent by itself.</summary>
internal sealed class PendingQuery(Execution execution, WorkflowQuery query, TaskCompletionSource<QueryWorkflowResponse> reply)
{
    public string Id { get; } = Guid.NewGuid().ToString();

    public Execution Execution => execution;

    public WorkflowQuery Query => query;

    /// <summary>A worker has it.</summary>
    public bool Sent { get; set; }

    public bool Answered { get; private set; }

    public Engine.Timer? Patience { get; set; }

    public Engine.Timer? StickyPatience { get; set; }

    public void Answer(WorkflowQueryResult result)
    {
        if (result.ResultType == QueryResultType.Answered)
        {
            Finish(() => execution.Server.Executor.Answer(reply, new QueryWorkflowResponse { QueryResult = result.Answer }));
        }
        else
        {
            Fail(new GrpcException(GrpcCode.InvalidArgument, result.ErrorMessage, new QueryFailedFailure { Failure = result.Failure }));
        }
    }

    public void Fail(GrpcException error) => Finish(() => execution.Server.Executor.AnswerError(reply, error));

    private void Finish(Action answer)
    {
        if (!Answered)
        {
            Answered = true;
            Patience?.Dispose();
            StickyPatience?.Dispose();
            execution.Queries.Remove(this);
            execution.Server.DirectQueries.Remove(Id);
            answer();
        }
    }
}

/// <summary>Queries ride on a pending workflow task; without one they go to a worker by themselves.</summary>
internal static class Queries
{
    private const int FailingAttempt = 3;

    public static PendingQuery Ask(this Execution e, WorkflowQuery query, TaskCompletionSource<QueryWorkflowResponse> reply, TimeSpan patience)
    {
        if (e.IsOpen && e.Task is { Attempt: >= FailingAttempt })
        {
            throw NotReady();
        }
        if (e.IsOpen && e.Task is null && e.LastCompletedTaskEventId == 0)
        {
            throw new GrpcException(GrpcCode.FailedPrecondition, "Workflow task is not scheduled yet.", new WorkflowNotReadyFailure());
        }
        var pending = new PendingQuery(e, query, reply);
        pending.Patience = e.Server.Executor.Timers.At(e.Server.Executor.Now + patience, () =>
            pending.Fail(new GrpcException(GrpcCode.DeadlineExceeded, "context deadline exceeded")));
        if (e.IsOpen && e.Task is not null)
        {
            e.Queries.Add(pending);
        }
        else
        {
            e.SendQuery(pending);
        }
        return pending;
    }

    /// <summary>After a completed task: what rode on it is answered, what came too late goes by itself unless a new task takes it.</summary>
    public static void SettleQueries(this Execution e, IDictionary<string, WorkflowQueryResult> results)
    {
        foreach (var query in e.Queries.ToArray())
        {
            if (results.TryGetValue(query.Id, out var result))
            {
                query.Answer(result);
            }
            else
            {
                query.Sent = false;
            }
        }
        if (e.Task is null)
        {
            e.SendWaitingQueries();
        }
    }

    /// <summary>After a failed task the queries ride on the next attempt, until it has failed too often.</summary>
    public static void ReturnQueries(this Execution e)
    {
        foreach (var query in e.Queries.ToArray())
        {
            query.Sent = false;
            if (e.Task is { Attempt: >= FailingAttempt })
            {
                query.Fail(NotReady());
            }
        }
    }

    public static void SendWaitingQueries(this Execution e)
    {
        foreach (var query in e.Queries.ToArray())
        {
            e.Queries.Remove(query);
            e.SendQuery(query);
        }
    }

    public static void SendQuery(this Execution e, PendingQuery query)
    {
        e.Server.DirectQueries[query.Id] = query;
        var sticky = e.State.StickyQueue.Length > 0
            ? e.Server.TaskQueues.Get(e.Namespace.Id, e.State.StickyQueue, TaskQueueType.Workflow)
            : null;
        if (sticky is not { HasRecentPoller: true })
        {
            e.Server.TaskQueues.Get(e.Namespace.Id, e.TaskQueue, TaskQueueType.Workflow).Add(new QueuedQuery(query, sticky: false));
            return;
        }
        var queued = new QueuedQuery(query, sticky: true);
        query.StickyPatience = e.Server.Executor.Timers.At(
            e.Server.Executor.Now + (Times.Span(e.State.StickyTimeout) ?? TimeSpan.FromSeconds(5)), () => queued.MoveToNormalQueue());
        sticky.IsSticky = true;
        sticky.Add(queued);
    }

    private static GrpcException NotReady() =>
        new(GrpcCode.FailedPrecondition, "Unable to query workflow due to Workflow Task in failed state.", new WorkflowNotReadyFailure());
}

/// <summary>A query in a queue.</summary>
internal sealed class QueuedQuery(PendingQuery query, bool sticky) : QueuedTask
{
    private bool _moved;

    public override bool IsValid => !_moved && !query.Answered && !query.Sent;

    public override void Deliver(Poller poller)
    {
        query.Sent = true;
        query.StickyPatience?.Dispose();
        ((WorkflowPoller)poller).Answer(TaskResponses.ForQuery(query.Execution, query.Id, query.Query, sticky));
    }

    public void MoveToNormalQueue()
    {
        if (IsValid)
        {
            _moved = true;
            var e = query.Execution;
            e.Server.TaskQueues.Get(e.Namespace.Id, e.TaskQueue, TaskQueueType.Workflow).Add(new QueuedQuery(query, sticky: false));
        }
    }
}
