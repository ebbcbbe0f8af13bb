using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Persistence;
using Temporalio.Api.Query.V1;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>What a workflow poll answers: the history to work on, with the queries and updates that ride along.</summary>
internal static class TaskResponses
{
    private const int PageBytes = 2 * 1024 * 1024;

    public static PollWorkflowTaskQueueResponse ForTask(Execution e, WorkflowTaskState task)
    {
        var token = Token(e);
        token.ScheduledEventId = task.ScheduledEventId;
        token.StartedEventId = task.StartedEventId;
        token.Attempt = task.Attempt;
        var response = Begin(e, token);
        response.StartedEventId = task.StartedEventId;
        response.Attempt = task.Attempt;
        response.ScheduledTime = task.ScheduledTime;
        response.StartedTime = task.StartedTime;
        Fill(response, e, task.Sticky ? e.PreviousStartedEventId + 1 : 1, [.. e.TransientEvents()]);
        foreach (var query in e.Queries)
        {
            query.Sent = true;
            response.Queries.Add(query.Id, query.Query);
        }
        response.Messages.AddRange(e.TakeUpdateMessages(task));
        return response;
    }

    /// <summary>A query with nothing else to do: the legacy field, and no started event.</summary>
    public static PollWorkflowTaskQueueResponse ForQuery(Execution e, string queryId, WorkflowQuery query, bool sticky)
    {
        var token = Token(e);
        token.QueryId = queryId;
        var response = Begin(e, token);
        response.Query = query;
        response.Attempt = 1;
        if (sticky)
        {
            response.History = new();
        }
        else
        {
            Fill(response, e, 1, []);
        }
        return response;
    }

    private static TaskToken Token(Execution e) => new() { NamespaceId = e.Namespace.Id, WorkflowId = e.WorkflowId, RunId = e.RunId };

    private static PollWorkflowTaskQueueResponse Begin(Execution e, TaskToken token) => new()
    {
        TaskToken = token.ToByteString(),
        WorkflowExecution = e.Id,
        WorkflowType = e.Start.WorkflowType,
        PreviousStartedEventId = e.PreviousStartedEventId,
        WorkflowExecutionTaskQueue = new() { Name = e.TaskQueue, Kind = TaskQueueKind.Normal },
    };

    private static void Fill(PollWorkflowTaskQueueResponse response, Execution e, long from, IReadOnlyList<HistoryEvent> transient)
    {
        var page = HistoryPages.Slice(e, from, e.Events.Count, Limits.HistoryPageEvents, PageBytes);
        response.History = new();
        response.History.Events.AddRange(page);
        var next = from + page.Count;
        if (next > e.Events.Count)
        {
            response.History.Events.AddRange(transient);
            return;
        }
        var token = new HistoryPageToken { RunId = e.RunId, NextEventId = next, LastEventId = e.Events.Count };
        token.Transient.AddRange(transient);
        response.NextPageToken = token.ToByteString();
    }
}
