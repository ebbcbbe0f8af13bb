using System.Collections.Concurrent;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowForge.Api.Tests.Events;

/// <summary>The client against a server that breaks off in the middle: nothing comes twice and nothing is missed.</summary>
public sealed class ReconnectTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<string?> asked = new();
    private WebApplication server = null!;
    private FlowForgeClient client = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapGet("/api/v1/runs/r/events", AnswerAsync);
        await server.StartAsync();
        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        client = FlowForgeClient.Connect(new Uri(address), "token");
    }

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task WatchRun_BrokenConnections_GoOnAfterTheLastLine()
    {
        var lines = new List<long>();
        await foreach (var e in client.WatchRunAsync("r", ct: TestContext.Current.CancellationToken))
            if (e.Log is { } line)
                lines.Add(line.Id);
        Assert.Equal([1L, 2, 3, 4], lines);
        Assert.Equal([null, "2", "2", "2", "3"], asked);
    }

    [Fact]
    public async Task WatchRun_Cancelled_Throws()
    {
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var e in client.WatchRunAsync("r", ct: cancel.Token))
                await cancel.CancelAsync();
        });
    }

    /// <summary>Two lines and half of an event; a torn connection; a server that is down; one line and an end in order; the last line.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        asked.Enqueue(context.Request.Headers["Last-Event-ID"] is [var id] ? id : null);
        context.Response.ContentType = "text/event-stream";
        switch (asked.Count)
        {
            case 1:
                await SendAsync(context, Line(1) + ": ping\n\n" + Line(2) + "event: log\nid: 3\ndata: {\"type\":\"lo");
                break;
            case 2:
                context.Abort();
                break;
            case 3:
                context.Response.StatusCode = 503;
                break;
            case 4:
                await SendAsync(context, Line(3));
                break;
            default:
                await SendAsync(context, Line(4) + "event: end\nid: 4\ndata: {\"type\":\"end\",\"runId\":\"r\"}\n\n");
                break;
        }
    }

    private static async Task SendAsync(HttpContext context, string text)
    {
        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    }

    private static string Line(int id) =>
        $"event: log\nid: {id}\ndata: {{\"type\":\"log\",\"runId\":\"r\",\"log\":{{\"id\":{id},\"time\":\"2026-01-01T00:00:00Z\",\"level\":\"info\",\"message\":\"m\"}}}}\n\n";
}
