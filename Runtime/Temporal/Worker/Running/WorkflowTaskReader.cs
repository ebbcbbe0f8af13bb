using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>A polled workflow task as a decider sees it: the whole history and what is asked.</summary>
internal static class WorkflowTaskReader
{
    /// <summary>A query that comes as a task of its own has no id; this stands for one.</summary>
    public const string LegacyQueryId = "query";

    /// <summary>
    /// Folds the first page of the poll and fetches the rest. Nothing is cached between tasks: without sticky queues the server sends the first page
    /// with each task anyway, and folding it costs less than the call.
    /// </summary>
    public static async Task<WorkflowHistory> HistoryAsync(TemporalClient client, PollWorkflowTaskQueueResponse poll, CancellationToken cancellation)
    {
        await client.Data.DecodeAsync(poll, cancellation).ConfigureAwait(false);
        var history = new WorkflowHistory(client.Converter);
        foreach (var e in poll.History?.Events ?? [])
        {
            history.Apply(e);
        }
        var token = poll.NextPageToken;
        while (!token.IsEmpty)
        {
            var page = await client.CallAsync<GetWorkflowExecutionHistoryResponse>(new GetWorkflowExecutionHistoryRequest
            {
                Namespace = client.Namespace,
                Execution = poll.WorkflowExecution,
                NextPageToken = token,
            }, cancellation).ConfigureAwait(false);
            foreach (var e in page.History?.Events ?? [])
            {
                history.Apply(e);
            }
            token = page.NextPageToken;
        }
        if (poll.StartedEventId > history.LastEventId)
        {
            throw new InvalidOperationException($"The server sent {history.LastEventId} events of workflow '{poll.WorkflowExecution.WorkflowId}', "
                + $"but the task began with event {poll.StartedEventId}: history is incomplete.");
        }
        return history;
    }

    public static WorkflowTask Read(WorkerScope worker, PollWorkflowTaskQueueResponse poll, WorkflowHistory history) => new()
    {
        Namespace = worker.Client.Namespace,
        WorkflowId = poll.WorkflowExecution.WorkflowId,
        RunId = poll.WorkflowExecution.RunId,
        WorkflowType = poll.WorkflowType.Name,
        TaskQueue = history.Started.TaskQueue is { Length: > 0 } queue ? queue : worker.Options.TaskQueue,
        Attempt = Math.Max(1, poll.Attempt),
        PreviousStartedEventId = poll.PreviousStartedEventId,
        IsQueryOnly = poll.Query is not null,
        Queries = poll.Query is { } legacy
            ? [Query(LegacyQueryId, legacy, history.Converter)]
            : [.. poll.Queries.Select(q => Query(q.Key, q.Value, history.Converter))],
        Updates = UpdatesOf(poll, history),
    };

    private static WorkflowQuery Query(string id, Temporalio.Api.Query.V1.WorkflowQuery query, PayloadConverter converter) => new(id, query.QueryType, query.QueryArgs, converter);

    /// <summary>Updates come as messages; those that a reset carried over stand in history as admitted and come without one.</summary>
    private static List<UpdateRequest> UpdatesOf(PollWorkflowTaskQueueResponse poll, WorkflowHistory history)
    {
        var updates = new List<UpdateRequest>();
        foreach (var state in history.Updates.Values.Where(u => u.Status == UpdateStatus.Admitted))
        {
            updates.Add(new UpdateRequest($"{state.Id}/request", state.EventId, state.Request!, history.Converter));
        }
        foreach (var message in poll.Messages)
        {
            if (message.Body is not null && message.Body.TryUnpack<Request>(out var request) && updates.All(u => u.Id != message.ProtocolInstanceId))
            {
                request.Meta ??= new Meta();
                if (request.Meta.UpdateId.Length == 0)
                {
                    request.Meta.UpdateId = message.ProtocolInstanceId;
                }
                updates.Add(new UpdateRequest(message.Id, message.EventId, request, history.Converter));
            }
        }
        return updates;
    }
}
