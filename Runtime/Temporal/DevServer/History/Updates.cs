using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Persistence;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;
using Stage = Temporalio.Api.Enums.V1.UpdateWorkflowExecutionLifecycleStage;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>An update: admitted (known to this process only), accepted and completed (in history).</summary>
internal sealed class WorkflowUpdate(string id, Request request)
{
    private readonly List<(Stage Stage, TaskCompletionSource<UpdateWorkflowExecutionResponse> Reply, Engine.Timer Patience)> _waiters = [];

    public string Id => id;

    public Request Request => request;

    public Stage Stage { get; set; } = Stage.Admitted;

    /// <summary>It rides on the present workflow task.</summary>
    public bool Sent { get; set; }

    public long AcceptedEventId { get; set; }

    public Outcome? Outcome { get; set; }

    /// <summary>Answers when the update has reached the stage, or with what it has reached when patience is over.</summary>
    public void Wait(Execution e, Stage stage, TimeSpan patience, TaskCompletionSource<UpdateWorkflowExecutionResponse> reply)
    {
        if (Stage >= stage)
        {
            e.Server.Executor.Answer(reply, Response(e));
            return;
        }
        var timer = e.Server.Executor.Timers.At(e.Server.Executor.Now + patience, () =>
        {
            _waiters.RemoveAll(w => w.Reply == reply);
            e.Server.Executor.Answer(reply, Response(e));
        });
        _waiters.Add((stage, reply, timer));
    }

    /// <summary>Answers those who wait for no more than the present stage.</summary>
    public void Notify(Execution e)
    {
        foreach (var waiter in _waiters.Where(w => w.Stage <= Stage).ToArray())
        {
            _waiters.Remove(waiter);
            waiter.Patience.Dispose();
            e.Server.Executor.Answer(waiter.Reply, Response(e));
        }
    }

    public void Abort(Execution e, GrpcException error)
    {
        foreach (var waiter in _waiters)
        {
            waiter.Patience.Dispose();
            e.Server.Executor.AnswerError(waiter.Reply, error);
        }
        _waiters.Clear();
    }

    public UpdateWorkflowExecutionResponse Response(Execution e) => new()
    {
        UpdateRef = new() { WorkflowExecution = e.Id, UpdateId = id },
        Stage = Stage,
        Outcome = Outcome,
    };
}

/// <summary>Updates ride on workflow tasks as messages; the worker's answers come back the same way.</summary>
internal static class Updates
{
    public static WorkflowUpdate AdmitUpdate(this Execution e, Request request)
    {
        if (e.Updates.TryGetValue(request.Meta.UpdateId, out var known))
        {
            return known;
        }
        if (!e.IsOpen)
        {
            throw Closing.AlreadyCompleted();
        }
        if (e.Updates.Values.Count(u => u.Stage != Stage.Completed) >= Limits.UpdatesInFlight)
        {
            throw new GrpcException(GrpcCode.ResourceExhausted, $"limit on number of concurrent in-flight updates has been reached ({Limits.UpdatesInFlight})");
        }
        if (e.Updates.Count >= Limits.UpdatesTotal)
        {
            throw new GrpcException(GrpcCode.FailedPrecondition, $"limit on the total number of distinct updates in this workflow has been reached ({Limits.UpdatesTotal})");
        }
        var update = new WorkflowUpdate(request.Meta.UpdateId, request);
        e.Updates.Add(update.Id, update);
        e.EndStartDelayForSignal();
        e.EnsureTask();
        return update;
    }

    public static bool HasUnsentUpdates(this Execution e) => e.Updates.Values.Any(u => u is { Stage: Stage.Admitted, Sent: false });

    public static IEnumerable<Message> TakeUpdateMessages(this Execution e, WorkflowTaskState task)
    {
        foreach (var update in e.Updates.Values.Where(u => u is { Stage: Stage.Admitted, Sent: false }))
        {
            update.Sent = true;
            yield return new Message
            {
                Id = update.Id + "/request",
                ProtocolInstanceId = update.Id,
                EventId = task.StartedEventId - 1,
                Body = Any.Pack(update.Request),
            };
        }
    }

    /// <summary>The task failed: its updates are sent again with the next one.</summary>
    public static void ReturnUpdates(this Execution e)
    {
        foreach (var update in e.Updates.Values.Where(u => u.Stage == Stage.Admitted))
        {
            update.Sent = false;
        }
        e.Server.Executor.Defer(e.ReturnQueries);
    }

    /// <summary>Applies one message of a completed task; null, or what is wrong with it.</summary>
    public static string? ApplyMessage(this Execution e, Message message)
    {
        e.Updates.TryGetValue(message.ProtocolInstanceId, out var update);
        if (message.Body.TryUnpack<Acceptance>(out var acceptance))
        {
            var request = update?.Request ?? acceptance.AcceptedRequest;
            if (request is null)
            {
                return $"update {message.ProtocolInstanceId} not found";
            }
            e.Add(new WorkflowExecutionUpdateAcceptedEventAttributes
            {
                ProtocolInstanceId = message.ProtocolInstanceId,
                AcceptedRequestMessageId = acceptance.AcceptedRequestMessageId,
                AcceptedRequestSequencingEventId = acceptance.AcceptedRequestSequencingEventId,
                AcceptedRequest = request,
            });
            e.Updates[message.ProtocolInstanceId].Notify(e);
        }
        else if (message.Body.TryUnpack<Response>(out var response))
        {
            if (update is not { Stage: Stage.Accepted })
            {
                return $"update {message.ProtocolInstanceId} is not accepted and cannot be completed";
            }
            e.Add(new WorkflowExecutionUpdateCompletedEventAttributes
            {
                Meta = response.Meta ?? update.Request.Meta,
                AcceptedEventId = update.AcceptedEventId,
                Outcome = response.Outcome,
            });
            update.Notify(e);
        }
        else if (message.Body.TryUnpack<Rejection>(out var rejection) && update is not null)
        {
            e.Reject(update, rejection.Failure);
        }
        return null;
    }

    /// <summary>A worker that knows nothing of updates ignores them: the callers hear so.</summary>
    public static void RejectUnprocessed(this Execution e)
    {
        foreach (var update in e.Updates.Values.Where(u => u is { Stage: Stage.Admitted, Sent: true }).ToArray())
        {
            e.Reject(update, Failures.Application(
                "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not supported by the worker.",
                "UnprocessedUpdate"));
        }
    }

    /// <summary>The run has closed: what was accepted fails, what was not is refused.</summary>
    public static void CloseUpdates(this Execution e, bool continues)
    {
        foreach (var update in e.Updates.Values.Where(u => u.Stage != Stage.Completed).ToArray())
        {
            if (update.Stage == Stage.Accepted)
            {
                update.Stage = Stage.Completed;
                update.Outcome = new Outcome
                {
                    Failure = Failures.Application("Workflow Update failed because the Workflow completed before the Update completed.", "AcceptedUpdateCompletedWorkflow"),
                };
                update.Notify(e);
            }
            else
            {
                e.Updates.Remove(update.Id);
                update.Abort(e, continues
                    ? new GrpcException(GrpcCode.Unavailable, "workflow operation can not be applied because workflow is closing")
                    : Closing.AlreadyCompleted());
            }
        }
    }

    private static void Reject(this Execution e, WorkflowUpdate update, Failure failure)
    {
        e.Updates.Remove(update.Id);
        update.Stage = Stage.Completed;
        update.Outcome = new Outcome { Failure = failure };
        update.Notify(e);
    }
}
