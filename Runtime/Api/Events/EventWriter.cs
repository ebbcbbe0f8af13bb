using System.Globalization;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Events;

/// <summary>Writes server-sent events to one response. Thread-safe: events and pings come from different tasks.</summary>
internal sealed class EventWriter : IDisposable
{
    /// <summary>Shorter than any sensible proxy's patience; a caller that is gone is noticed by it too.</summary>
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);

    private readonly HttpResponse response;
    private readonly SemaphoreSlim gate = new(1, 1);

    private EventWriter(HttpResponse response) => this.response = response;

    /// <summary>Id of the newest log line that was sent: where a reader goes on after a broken connection.</summary>
    public long LastLog { get; set; }

    public static EventWriter Begin(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        var last = context.Request.Headers["Last-Event-ID"].ToString();
        return new EventWriter(response) { LastLog = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0 };
    }

    public async Task SendAsync(RunEvent e, CancellationToken ct)
    {
        var id = LastLog > 0 ? $"id: {LastLog.ToString(CultureInfo.InvariantCulture)}\n" : "";
        await WriteAsync($"event: {e.Type}\n{id}data: {JsonSerializer.Serialize(e, ContractsJson.Options)}\n\n", ct);
    }

    /// <summary>An event that carries everything a reader needs: no id, since there is nothing to go on from.</summary>
    public Task SendAsync<T>(string type, T data, CancellationToken ct) => WriteAsync($"event: {type}\ndata: {JsonSerializer.Serialize(data, ContractsJson.Options)}\n\n", ct);

    /// <summary>Comment lines that keep the connection known to be alive, until cancelled.</summary>
    public async Task PingAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(PingInterval);
        while (await timer.WaitForNextTickAsync(ct))
            await WriteAsync(": ping\n\n", ct);
    }

    public void Dispose() => gate.Dispose();

    private async Task WriteAsync(string text, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            await response.WriteAsync(text, ct);
            await response.Body.FlushAsync(ct);
        }
        finally
        {
            gate.Release();
        }
    }
}
