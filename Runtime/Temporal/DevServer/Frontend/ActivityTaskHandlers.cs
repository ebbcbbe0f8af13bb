using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Matching;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.Protocol.Server;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>The activity side of workers: polls, heartbeats and results, by token or by id.</summary>
internal sealed class ActivityTaskHandlers(ServerState server)
{
    public async Task<PollActivityTaskQueueResponse> PollActivityTaskQueue(PollActivityTaskQueueRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.TaskQueue is not { Name.Length: > 0 })
        {
            throw Requests.Invalid("TaskQueue is not set on request.");
        }
        Requests.CheckLength(request.TaskQueue.Name, "TaskQueue");
        var task = await server.Executor.RunLong<PollActivityTaskQueueResponse>(reply =>
        {
            var queue = server.TaskQueues.Get(ns.Id, request.TaskQueue.Name, TaskQueueType.Activity);
            var poller = new ActivityPoller(server, request.Identity, request.WorkerInstanceKey, reply);
            queue.Poll(poller, call.Patience(Limits.TaskPoll));
            if (!poller.Done)
            {
                call.Cancellation.Register(() => server.Executor.Post(() => queue.Abandon(poller)));
            }
        });
        if (call.Cancellation.IsCancellationRequested && !task.TaskToken.IsEmpty)
        {
            var token = TaskToken.Parser.ParseFrom(task.TaskToken);
            server.Executor.Post(() => GiveBack(token, task));
        }
        return task;
    }

    public Task<RecordActivityTaskHeartbeatResponse> RecordActivityTaskHeartbeat(RecordActivityTaskHeartbeatRequest request, GrpcCall call)
    {
        var token = Requests.ReadToken(request.TaskToken);
        Requests.CheckSize(request.Details, "Details");
        return server.Executor.Run(() =>
        {
            var (e, activity) = Require(token);
            return e.RecordHeartbeat(activity, request.Details);
        });
    }

    public Task<RecordActivityTaskHeartbeatByIdResponse> RecordActivityTaskHeartbeatById(RecordActivityTaskHeartbeatByIdRequest request, GrpcCall call)
    {
        Requests.CheckSize(request.Details, "Details");
        return ById(request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, (e, activity) =>
        {
            if (!activity.IsStarted)
            {
                throw Gone();
            }
            return FieldCopy.To<RecordActivityTaskHeartbeatByIdResponse>(e.RecordHeartbeat(activity, request.Details));
        });
    }

    public Task<RespondActivityTaskCompletedResponse> RespondActivityTaskCompleted(RespondActivityTaskCompletedRequest request, GrpcCall call)
    {
        var token = Requests.ReadToken(request.TaskToken);
        return server.Executor.Run(() =>
        {
            var (e, activity) = Require(token);
            Complete(e, activity, request.Result, request.Identity);
            return new RespondActivityTaskCompletedResponse();
        });
    }

    public Task<RespondActivityTaskCompletedByIdResponse> RespondActivityTaskCompletedById(RespondActivityTaskCompletedByIdRequest request, GrpcCall call) =>
        ById(request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, (e, activity) =>
        {
            Complete(e, activity, request.Result, request.Identity);
            return new RespondActivityTaskCompletedByIdResponse();
        });

    public Task<RespondActivityTaskFailedResponse> RespondActivityTaskFailed(RespondActivityTaskFailedRequest request, GrpcCall call)
    {
        var token = Requests.ReadToken(request.TaskToken);
        return server.Executor.Run(() =>
        {
            var (e, activity) = Require(token);
            e.FailActivity(activity, Fitting(request.Failure), request.Identity, request.LastHeartbeatDetails);
            return new RespondActivityTaskFailedResponse();
        });
    }

    public Task<RespondActivityTaskFailedByIdResponse> RespondActivityTaskFailedById(RespondActivityTaskFailedByIdRequest request, GrpcCall call) =>
        ById(request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, (e, activity) =>
        {
            e.FailActivity(activity, Fitting(request.Failure), request.Identity, request.LastHeartbeatDetails);
            return new RespondActivityTaskFailedByIdResponse();
        });

    public Task<RespondActivityTaskCanceledResponse> RespondActivityTaskCanceled(RespondActivityTaskCanceledRequest request, GrpcCall call)
    {
        var token = Requests.ReadToken(request.TaskToken);
        return server.Executor.Run(() =>
        {
            var (e, activity) = Require(token);
            Cancel(e, activity, request.Details, request.Identity);
            return new RespondActivityTaskCanceledResponse();
        });
    }

    public Task<RespondActivityTaskCanceledByIdResponse> RespondActivityTaskCanceledById(RespondActivityTaskCanceledByIdRequest request, GrpcCall call) =>
        ById(request.Namespace, request.WorkflowId, request.RunId, request.ActivityId, (e, activity) =>
        {
            Cancel(e, activity, request.Details, request.Identity);
            return new RespondActivityTaskCanceledByIdResponse();
        });

    private static void Complete(Execution e, Activity activity, Payloads? result, string identity)
    {
        if (result is not null && result.CalculateSize() > Limits.BlobBytes)
        {
            // The worker cannot do better by trying again: the activity fails with the reason.
            e.FailActivity(activity, Failures.Server("Complete result exceeds size limit."), identity, null);
            return;
        }
        e.CompleteActivity(activity, result, identity);
    }

    private static void Cancel(Execution e, Activity activity, Payloads? details, string identity)
    {
        if (activity.CancelRequestedEventId == 0)
        {
            throw Requests.Invalid("Unable to mark activity as canceled without activity being request canceled first.");
        }
        e.CancelActivity(activity, details, identity);
    }

    private static Failure Fitting(Failure? failure) => failure switch
    {
        null => Failures.Server("the worker failed the activity without a failure", nonRetryable: false),
        _ when failure.CalculateSize() > Limits.BlobBytes => Failures.Server("Failure exceeds size limit."),
        _ => failure,
    };

    private static GrpcException Gone() => Requests.NotFound("invalid activityID or activity already timed out or invoking workflow is completed");

    private Task<T> ById<T>(string ns, string workflowId, string runId, string activityId, Func<Execution, Activity, T> act)
    {
        var entry = server.Namespaces.Require(ns);
        if (activityId.Length == 0)
        {
            throw Requests.Invalid("ActivityId is not set on request.");
        }
        return server.Executor.Run(() =>
        {
            var e = server.RequireOpen(entry, new WorkflowExecution { WorkflowId = workflowId, RunId = runId });
            return e.ActivitiesById.TryGetValue(activityId, out var activity)
                ? act(e, activity)
                : throw Requests.NotFound($"cannot find pending activity with ActivityID {activityId}, check workflow execution history for more details");
        });
    }

    private (Execution Execution, Activity Activity) Require(TaskToken token)
    {
        var e = server.Executions.Find(token.NamespaceId, token.WorkflowId, token.RunId) ?? throw Gone();
        if (!e.IsOpen)
        {
            throw Closing.AlreadyCompleted();
        }
        return e.Activities.TryGetValue(token.ScheduledEventId, out var activity) && activity.IsStarted && activity.State.Attempt == token.Attempt
            ? (e, activity)
            : throw Gone();
    }

    private void GiveBack(TaskToken token, PollActivityTaskQueueResponse task)
    {
        if (server.Executions.Find(token.NamespaceId, token.WorkflowId, token.RunId) is { IsOpen: true } e
            && e.Activities.TryGetValue(token.ScheduledEventId, out var activity) && activity.State.StartedTime?.Equals(task.StartedTime) == true)
        {
            e.ReturnActivity(activity, token.Attempt, activity.State.RequestId);
        }
    }
}
