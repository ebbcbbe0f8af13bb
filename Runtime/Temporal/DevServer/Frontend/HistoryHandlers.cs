using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.Protocol.Server;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Reading histories: in pages, backwards, or waiting for what comes next.</summary>
internal sealed class HistoryHandlers(ServerState server)
{
    private const int PageBytes = 2 * 1024 * 1024;

    public async Task<GetWorkflowExecutionHistoryResponse> GetWorkflowExecutionHistory(GetWorkflowExecutionHistoryRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var token = ReadToken(request.NextPageToken);
        var closeOnly = request.HistoryEventFilterType == HistoryEventFilterType.CloseEvent;
        var until = DateTime.UtcNow + call.Patience(Limits.LongPoll);
        while (true)
        {
            TaskCompletionSource<bool>? change = null;
            Execution? watched = null;
            var response = await server.Executor.Run(() =>
            {
                var e = Find(ns, request.Execution, token);
                var page = closeOnly ? ClosePage(e, request.WaitNewEvent) : Page(e, token, request.MaximumPageSize, request.WaitNewEvent);
                if (page.History.Events.Count == 0 && request.WaitNewEvent && e.IsOpen)
                {
                    (watched, change) = (e, Executor.NewReply<bool>());
                    e.WhenChanged(change);
                    token ??= new HistoryPageToken { RunId = e.RunId, NextEventId = e.NextEventId };
                }
                return page;
            });
            if (change is null)
            {
                return response;
            }
            try
            {
                var left = until - DateTime.UtcNow;
                await change.Task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, call.Cancellation);
            }
            catch (TimeoutException)
            {
                server.Executor.Post(() => watched!.ForgetWaiter(change));
                return new GetWorkflowExecutionHistoryResponse { History = new(), NextPageToken = token!.ToByteString() };
            }
            catch (OperationCanceledException)
            {
                server.Executor.Post(() => watched!.ForgetWaiter(change));
                throw;
            }
        }
    }

    public Task<GetWorkflowExecutionHistoryReverseResponse> GetWorkflowExecutionHistoryReverse(GetWorkflowExecutionHistoryReverseRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var token = ReadToken(request.NextPageToken);
        return server.Executor.Run(() =>
        {
            var e = Find(ns, request.Execution, token);
            var size = request.MaximumPageSize > 0 ? request.MaximumPageSize : Limits.HistoryPageEvents;
            var last = token?.NextEventId ?? e.Events.Count;
            var response = new GetWorkflowExecutionHistoryReverseResponse { History = new() };
            response.History.Events.AddRange(HistoryPages.Backwards(e, last, size, PageBytes));
            if (last > response.History.Events.Count)
            {
                response.NextPageToken = new HistoryPageToken { RunId = e.RunId, NextEventId = last - response.History.Events.Count }.ToByteString();
            }
            return response;
        });
    }

    private Execution Find(NamespaceEntry ns, WorkflowExecution? id, HistoryPageToken? token) =>
        server.Require(ns, token is null || id is null ? id : new WorkflowExecution { WorkflowId = id.WorkflowId, RunId = token.RunId });

    private static GetWorkflowExecutionHistoryResponse Page(Execution e, HistoryPageToken? token, int maximum, bool wait)
    {
        var from = token is { NextEventId: > 0 } ? token.NextEventId : 1;
        var last = token is { LastEventId: > 0 } ? Math.Min(token.LastEventId, e.Events.Count) : e.Events.Count;
        var page = HistoryPages.Slice(e, from, last, maximum > 0 ? maximum : Limits.HistoryPageEvents, PageBytes);
        var response = new GetWorkflowExecutionHistoryResponse { History = new() };
        response.History.Events.AddRange(page);
        var next = from + page.Count;
        if (next <= last || (wait && e.IsOpen))
        {
            var following = new HistoryPageToken { RunId = e.RunId, NextEventId = next, LastEventId = token?.LastEventId ?? 0 };
            following.Transient.AddRange(token?.Transient ?? []);
            response.NextPageToken = following.ToByteString();
        }
        else if (token is not null)
        {
            response.History.Events.AddRange(token.Transient);
        }
        return response;
    }

    /// <summary>Only the event that closed the run; of an open run the last event, or nothing when the caller waits.</summary>
    private static GetWorkflowExecutionHistoryResponse ClosePage(Execution e, bool wait)
    {
        var response = new GetWorkflowExecutionHistoryResponse { History = new() };
        if (!e.IsOpen)
        {
            response.History.Events.Add(e.CloseEvent);
        }
        else if (!wait)
        {
            response.History.Events.Add(e.Events[^1]);
        }
        else
        {
            response.NextPageToken = new HistoryPageToken { RunId = e.RunId, NextEventId = e.NextEventId }.ToByteString();
        }
        return response;
    }

    private static HistoryPageToken? ReadToken(ByteString bytes)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }
        try
        {
            return HistoryPageToken.Parser.ParseFrom(bytes) is { RunId.Length: > 0 } token ? token : throw Requests.Invalid("Invalid NextPageToken.");
        }
        catch (InvalidProtocolBufferException)
        {
            throw Requests.Invalid("Invalid NextPageToken.");
        }
    }
}
