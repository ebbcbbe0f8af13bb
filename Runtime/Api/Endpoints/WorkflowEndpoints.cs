using FlowForge.Api.Problems;
using FlowForge.Api.Workflows;
using FlowForge.Contracts;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;
using Microsoft.AspNetCore.Http.HttpResults;
using Temporalio.Api.Common.V1;

namespace FlowForge.Api.Endpoints;

/// <summary>Workflows of the Temporal server that the runtime works with: list, look at, act on. Ids hold slashes, so they travel in queries and bodies.</summary>
internal static class WorkflowEndpoints
{
    /// <summary>Timers of longer histories are found in their newest events only.</summary>
    private const int EventsReadForTimers = 10_000;
    private const int LargestHistoryFile = 60_000;

    public static void MapWorkflows(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/temporal").WithTags("Temporal");
        group.MapGet("/namespaces", Namespaces).WithSummary("Namespaces of the Temporal server.");
        group.MapGet("/workflows", List).WithSummary("Runs of workflows that match a query of Temporal's language.");
        group.MapGet("/workflows/counts", Count).WithSummary("How many runs match, by status.");
        group.MapGet("/workflow", Get).WithSummary("One run: what it got and gave, and what it waits for.");
        group.MapGet("/workflow/history", History).WithSummary("A page of its history.");
        group.MapGet("/workflow/history.json", HistoryFile).WithSummary("Its whole history in the JSON form of Temporal's tools.");
        group.MapGet("/workflow/timers", Timers).WithSummary("Timers that have not fired.");
        group.MapPost("/workflow/cancel", Cancel).WithSummary("Asks a workflow to end.");
        group.MapPost("/workflow/terminate", Terminate).WithSummary("Ends a workflow at once.");
        group.MapPost("/workflow/signal", Signal).WithSummary("Sends a signal.");
        group.MapPost("/workflow/query", Query).WithSummary("Asks a worker about a workflow.");
        group.MapPost("/workflow/reset", Reset).WithSummary("Starts a new run that shares the history up to an event.");
    }

    private static Task<TemporalNamespaces> Namespaces(TemporalClients temporal, CancellationToken ct) => temporal.CallAsync(null, async (client, limit) =>
    {
        // A key for one namespace may not list the others: then there is this one.
        var names = await NamesAsync(client, limit);
        return new TemporalNamespaces(client.Namespace, names.Contains(client.Namespace) ? names : [client.Namespace, .. names]);
    }, ct);

    private static async Task<IReadOnlyList<string>> NamesAsync(TemporalClient client, CancellationToken ct)
    {
        try
        {
            return await client.ListNamespacesAsync(ct);
        }
        catch (GrpcException e) when (e.Code is GrpcCode.PermissionDenied or GrpcCode.Unimplemented)
        {
            return [];
        }
    }

    private static Task<TokenPage<WorkflowEntry>> List(TemporalClients temporal, string? query, string? state, int? size, string? token, string? @namespace, CancellationToken ct)
    {
        var (filter, count, after) = (VisibilityFilter.Read(query, Paging.Word<WorkflowState>("state", state?.Replace("_", "", StringComparison.Ordinal))), Paging.Limit(size, 50, Paging.LargestPage), Token(token));
        return temporal.CallAsync(@namespace, async (client, limit) =>
        {
            var (runs, next) = await filter.AskAsync(client, text => client.ListPageAsync(text, count, after, limit), limit);
            return new TokenPage<WorkflowEntry>([.. runs.Select(WorkflowMapping.ToEntry)], Token(next));
        }, ct);
    }

    private static Task<WorkflowCounts> Count(TemporalClients temporal, string? query, string? @namespace, CancellationToken ct) => temporal.CallAsync(@namespace, async (client, limit) =>
    {
        // An order means nothing to a count, but a list and its counts are asked with the same text.
        var filter = VisibilityFilter.Read(query, null).WithoutOrder();
        var counts = await filter.AskAsync(client, text => client.CountByStatusAsync(text, limit), limit);
        return new WorkflowCounts(counts.Values.Sum(), [.. counts.OrderBy(c => c.Key).Select(c => new WorkflowStateCount(WorkflowMapping.ToState(c.Key), c.Value))]);
    }, ct);

    private static Task<WorkflowDetail> Get(TemporalClients temporal, string? id, string? run, string? @namespace, CancellationToken ct)
    {
        var key = Key(id, run, @namespace);
        return temporal.CallAsync(@namespace, async (client, limit) =>
        {
            var description = await client.GetHandle(key.Id, key.Run).DescribeAsync(limit);
            // The run that was described, should a newer one have begun meanwhile.
            var handle = client.GetHandle(key.Id, description.Summary.RunId);
            var first = handle.HistoryPageAsync(1, cancellation: limit);
            var last = await handle.HistoryPageAsync(1, newestFirst: true, cancellation: limit);
            return WorkflowMapping.ToDetail(description, (await first).Events is [var started, ..] ? started : null, last.Events is [var newest, ..] ? newest : null);
        }, ct);
    }

    private static Task<TokenPage<WorkflowEvent>> History(TemporalClients temporal, string? id, string? run, string? @namespace, bool? newest, int? size, string? token, CancellationToken ct)
    {
        var (key, count, after) = (Key(id, run, @namespace), Paging.Limit(size, 100, 1000), Token(token));
        return temporal.CallAsync(@namespace, async (client, limit) =>
        {
            var (events, next) = await client.GetHandle(key.Id, key.Run).HistoryPageAsync(count, after, newest ?? false, limit);
            return new TokenPage<WorkflowEvent>([.. events.Select(EventWords.ToEvent)], Token(next));
        }, ct);
    }

    private static Task<ContentHttpResult> HistoryFile(TemporalClients temporal, string? id, string? run, string? @namespace, CancellationToken ct)
    {
        var key = Key(id, run, @namespace);
        return temporal.CallAsync(@namespace, async (client, limit) =>
        {
            var events = new List<Temporalio.Api.History.V1.HistoryEvent>();
            await foreach (var e in client.GetHandle(key.Id, key.Run).HistoryAsync(cancellation: limit))
            {
                events.Add(e);
                if (events.Count > LargestHistoryFile)
                    throw ProblemException.Bad("FF4112", $"The history has more than {LargestHistoryFile} events.", "Read it by pages.");
            }
            return TypedResults.Text(HistoryJson.Write(events), "application/json");
        }, ct);
    }

    private static Task<PendingTimers> Timers(TemporalClients temporal, string? id, string? run, string? @namespace, CancellationToken ct)
    {
        var key = Key(id, run, @namespace);
        return temporal.CallAsync(@namespace, async (client, limit) =>
        {
            var handle = client.GetHandle(key.Id, key.Run);
            var (closed, pending, read) = (new HashSet<long>(), new List<PendingTimer>(), 0);
            byte[]? token = null;
            do
            {
                var (events, next) = await handle.HistoryPageAsync(1000, token, newestFirst: true, limit);
                foreach (var e in events)
                {
                    if (e.TimerFiredEventAttributes is { } fired)
                        closed.Add(fired.StartedEventId);
                    else if (e.TimerCanceledEventAttributes is { } cancelled)
                        closed.Add(cancelled.StartedEventId);
                    else if (e.TimerStartedEventAttributes is { } started && !closed.Contains(e.EventId))
                        pending.Add(ToTimer(e, started));
                }
                (token, read) = (next, read + events.Count);
            }
            while (token.Length > 0 && read < EventsReadForTimers);
            return new PendingTimers([.. pending.OrderBy(t => t.FiresAt)], token.Length == 0);
        }, ct);
    }

    private static PendingTimer ToTimer(Temporalio.Api.History.V1.HistoryEvent e, Temporalio.Api.History.V1.TimerStartedEventAttributes started)
    {
        var at = e.EventTime.ToDateTimeOffset();
        var summary = e.UserMetadata?.Summary is { } text && MessageJson.Value(text) is System.Text.Json.Nodes.JsonValue value ? value.ToString() : null;
        return new PendingTimer(started.TimerId, e.EventId, at, at + (started.StartToFireTimeout?.ToTimeSpan() ?? TimeSpan.Zero), summary);
    }

    private static async Task<Accepted> Cancel(TemporalClients temporal, EndWorkflow body, CancellationToken ct)
    {
        var key = Key(body.Workflow);
        await temporal.CallAsync(key.Namespace, (client, limit) => client.GetHandle(key.Id, key.Run).CancelAsync(body.Reason ?? "", limit), ct);
        return TypedResults.Accepted((string?)null);
    }

    private static async Task<NoContent> Terminate(TemporalClients temporal, EndWorkflow body, CancellationToken ct)
    {
        var key = Key(body.Workflow);
        await temporal.CallAsync(key.Namespace, (client, limit) => client.GetHandle(key.Id, key.Run).TerminateAsync(body.Reason ?? "", limit), ct);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> Signal(TemporalClients temporal, CallWorkflow body, CancellationToken ct)
    {
        var (key, name) = (Key(body.Workflow), Name(body));
        await temporal.CallAsync(key.Namespace, (client, limit) => client.GetHandle(key.Id, key.Run).SignalAsync(name, body.Argument, limit), ct);
        return TypedResults.NoContent();
    }

    private static async Task<QueryAnswer> Query(TemporalClients temporal, CallWorkflow body, CancellationToken ct)
    {
        var (key, name) = (Key(body.Workflow), Name(body));
        var result = await temporal.CallAsync(key.Namespace, (client, limit) => client.GetHandle(key.Id, key.Run).QueryAsync<Payload>(name, body.Argument, limit), ct);
        return new QueryAnswer(result is null ? null : MessageJson.ToElement(MessageJson.Value(result)));
    }

    private static async Task<WorkflowReset> Reset(TemporalClients temporal, ResetWorkflow body, CancellationToken ct)
    {
        var key = Key(body.Workflow);
        if (body.EventId < 2)
            throw ProblemException.Bad("FF4113", $"eventId is {body.EventId}; it must be that of a workflow task that ended.", "GET /api/v1/temporal/workflow/history lists the events.");
        var run = await temporal.CallAsync(key.Namespace, (client, limit) => client.GetHandle(key.Id, key.Run).ResetAsync(body.EventId, body.Reason ?? "", limit), ct);
        return new WorkflowReset(key.Id, run);
    }

    private static WorkflowKey Key(string? id, string? run, string? ns) => Key(new WorkflowKey(id ?? "", run, ns));

    private static WorkflowKey Key(WorkflowKey? key) => key is { Id.Length: > 0 } ? key
        : throw ProblemException.Bad("FF4110", "No workflow is named.", "Send its id, and its run when it is not the newest.");

    private static string Name(CallWorkflow body) => Paging.Text(body.Name) ?? throw ProblemException.Bad("FF4111", "No signal or query is named.", "Send its name.");

    /// <summary>The server's token in letters that need no escaping.</summary>
    internal static byte[]? Token(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        try
        {
            return System.Buffers.Text.Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            throw ProblemException.Bad("FF4114", "token is none that was given out.", "Begin with the first page, without a token.");
        }
    }

    internal static string? Token(byte[] bytes) => bytes.Length == 0 ? null : System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
