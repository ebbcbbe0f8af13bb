namespace FlowForge.Temporal.DevServer.Matching;

/// <summary>A worker's call that waits for a task. Answered once: with a task, or empty when its time is over.</summary>
internal abstract class Poller(string identity, string workerInstanceKey)
{
    public string Identity { get; } = identity;

    public string WorkerInstanceKey { get; } = workerInstanceKey;

    public bool Done { get; set; }

    public Engine.Timer? Timeout { get; set; }

    /// <summary>Ends the call without a task.</summary>
    public abstract void AnswerEmpty();
}

internal sealed class WorkflowPoller(ServerState server, string identity, string workerInstanceKey, TaskCompletionSource<PollWorkflowTaskQueueResponse> reply)
    : Poller(identity, workerInstanceKey)
{
    public void Answer(PollWorkflowTaskQueueResponse task) => server.Executor.Answer(reply, task);

    public override void AnswerEmpty() => Answer(new PollWorkflowTaskQueueResponse());
}

internal sealed class ActivityPoller(ServerState server, string identity, string workerInstanceKey, TaskCompletionSource<PollActivityTaskQueueResponse> reply)
    : Poller(identity, workerInstanceKey)
{
    public void Answer(PollActivityTaskQueueResponse task) => server.Executor.Answer(reply, task);

    public override void AnswerEmpty() => Answer(new PollActivityTaskQueueResponse());
}
