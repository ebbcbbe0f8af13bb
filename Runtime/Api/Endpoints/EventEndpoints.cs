using FlowForge.Api.Events;
using FlowForge.Catalog;

namespace FlowForge.Api.Endpoints;

/// <summary>Live events as <c>text/event-stream</c>.</summary>
internal static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder api)
    {
        api.MapGet("/events", All).WithTags("Events").WithSummary("Changes of all runs (server-sent events).");
        api.MapGet("/runs/{run}/events", One).WithTags("Events")
            .WithSummary("One run: its present state, then changes and log lines to its end (server-sent events). Last-Event-ID goes on after a log line.");
    }

    private static Task All(HttpContext context, RunEvents events, IHostApplicationLifetime lifetime) =>
        StreamAsync(context, lifetime, events.FollowAllAsync);

    private static Task One(HttpContext context, RunEvents events, RunStore runs, IHostApplicationLifetime lifetime, string run) =>
        runs.Get(run) is null ? throw RunEndpoints.Unknown(run) : StreamAsync(context, lifetime, (writer, ct) => events.FollowAsync(run, writer, ct));

    /// <summary>Ends when the caller leaves or the service stops: an open stream must not hold up the stop.</summary>
    internal static async Task StreamAsync(HttpContext context, IHostApplicationLifetime lifetime, Func<EventWriter, CancellationToken, Task> follow)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var writer = EventWriter.Begin(context);
        var ping = writer.PingAsync(end.Token);
        try
        {
            await follow(writer, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The usual end of an open stream.
        }
        finally
        {
            await end.CancelAsync();
            await ping.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
