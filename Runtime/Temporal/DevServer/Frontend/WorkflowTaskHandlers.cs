using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Matching;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.Query.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>The workflow side of workers: polls, answers, goodbye.</summary>
internal sealed class WorkflowTaskHandlers(ServerState server)
{
    public async Task<PollWorkflowTaskQueueResponse> PollWorkflowTaskQueue(PollWorkflowTaskQueueRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.TaskQueue is not { Name.Length: > 0 })
        {
            throw Requests.Invalid("TaskQueue is not set on request.");
        }
        Requests.CheckLength(request.TaskQueue.Name, "TaskQueue");
        var task = await server.Executor.RunLong<PollWorkflowTaskQueueResponse>(reply =>
        {
            var queue = server.TaskQueues.Get(ns.Id, request.TaskQueue.Name, TaskQueueType.Workflow);
            if (request.TaskQueue.Kind == TaskQueueKind.Sticky)
            {
                queue.IsSticky = true;
                queue.NormalName = request.TaskQueue.NormalName;
            }
            var poller = new WorkflowPoller(server, request.Identity, request.WorkerInstanceKey, reply);
            queue.Poll(poller, call.Patience(Limits.TaskPoll));
            if (!poller.Done)
            {
                call.Cancellation.Register(() => server.Executor.Post(() => queue.Abandon(poller)));
            }
        });
        if (call.Cancellation.IsCancellationRequested && !task.TaskToken.IsEmpty)
        {
            var token = TaskToken.Parser.ParseFrom(task.TaskToken);
            server.Executor.Post(() => GiveBack(token));
        }
        return task;
    }

    public Task<RespondWorkflowTaskCompletedResponse> RespondWorkflowTaskCompleted(RespondWorkflowTaskCompletedRequest request, GrpcCall call)
    {
        var token = Requests.ReadToken(request.TaskToken);
        return server.Executor.Run(() =>
        {
            var e = Require(token);
            CommandSizes.Check(e, request);
            TaskCompletion.Apply(e, request);
            return new RespondWorkflowTaskCompletedResponse();
        });
    }

    public Task<RespondWorkflowTaskFailedResponse> RespondWorkflowTaskFailed(RespondWorkflowTaskFailedRequest request, GrpcCall call)
    {
        var token = Requests.ReadToken(request.TaskToken);
        return server.Executor.Run(() =>
        {
            Require(token).FailTask(request.Cause, request.Failure, request.Identity);
            return new RespondWorkflowTaskFailedResponse();
        });
    }

    public Task<RespondQueryTaskCompletedResponse> RespondQueryTaskCompleted(RespondQueryTaskCompletedRequest request, GrpcCall call)
    {
        var token = Requests.ReadToken(request.TaskToken);
        return server.Executor.Run(() =>
        {
            if (!server.DirectQueries.TryGetValue(token.QueryId, out var query))
            {
                throw Requests.NotFound("query task not found, or already expired");
            }
            query.Answer(new WorkflowQueryResult
            {
                ResultType = request.CompletedType,
                Answer = request.QueryResult,
                ErrorMessage = request.ErrorMessage,
                Failure = request.Failure,
            });
            return new RespondQueryTaskCompletedResponse();
        });
    }

    public Task<ResetStickyTaskQueueResponse> ResetStickyTaskQueue(ResetStickyTaskQueueRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            var e = server.RequireOpen(ns, request.Execution);
            e.ClearSticky();
            e.Touch();
            return new ResetStickyTaskQueueResponse();
        });
    }

    public Task<ShutdownWorkerResponse> ShutdownWorker(ShutdownWorkerRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            if (request.WorkerInstanceKey.Length > 0)
            {
                server.TaskQueues.ReleasePollers(request.WorkerInstanceKey);
            }
            if (request.StickyTaskQueue.Length > 0 && server.TaskQueues.Find(ns.Id, request.StickyTaskQueue, TaskQueueType.Workflow) is { } sticky)
            {
                foreach (var task in sticky.Close())
                {
                    switch (task)
                    {
                        case QueuedWorkflowTask workflow:
                            workflow.Execution.MoveToNormalQueue();
                            break;
                        case QueuedQuery query:
                            query.MoveToNormalQueue();
                            break;
                    }
                }
                sticky.Release(_ => true);
            }
            return new ShutdownWorkerResponse();
        });
    }

    /// <summary>The caller hung up before it got the task: it is lost at once, instead of after its timeout.</summary>
    private void GiveBack(TaskToken token)
    {
        if (token.QueryId.Length > 0)
        {
            if (server.DirectQueries.TryGetValue(token.QueryId, out var query))
            {
                query.Sent = false;
                query.Execution.SendQuery(query);
            }
        }
        else if (server.Executions.Find(token.NamespaceId, token.WorkflowId, token.RunId) is { IsOpen: true, Task: { } pending } e
            && pending.StartedEventId == token.StartedEventId && pending.Attempt == token.Attempt)
        {
            e.TaskTimedOut(pending);
        }
    }

    /// <summary>The run whose pending task the token names.</summary>
    private Execution Require(TaskToken token)
    {
        var e = server.Executions.Find(token.NamespaceId, token.WorkflowId, token.RunId)
            ?? throw Requests.NotFound($"workflow not found for ID: {token.WorkflowId} and run ID: {token.RunId}");
        if (!e.IsOpen)
        {
            throw Closing.AlreadyCompleted();
        }
        return e.Task is { } task && task.StartedEventId != 0 && task.StartedEventId == token.StartedEventId && task.Attempt == token.Attempt
            ? e
            : throw Requests.NotFound("Workflow task not found.");
    }
}
