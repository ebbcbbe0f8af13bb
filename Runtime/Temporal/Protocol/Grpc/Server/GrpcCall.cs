using Microsoft.AspNetCore.Http;

namespace FlowForge.Temporal.Protocol.Server;

/// <summary>What a handler may know of the call it answers. One instance per call; not shared between threads.</summary>
public sealed class GrpcCall
{
    internal GrpcCall(HttpContext http, string method, DateTimeOffset? deadline, CancellationToken cancellation)
    {
        Http = http;
        Method = method;
        Deadline = deadline;
        Cancellation = cancellation;
    }

    private HttpContext Http { get; }

    /// <summary>The path without its first slash: <c>package.Service/Method</c>.</summary>
    public string Method { get; }

    /// <summary>When the caller gives up, by the wall clock; null when it named no timeout.</summary>
    public DateTimeOffset? Deadline { get; }

    /// <summary>Cancelled when the caller hangs up, its deadline passes, or the server stops.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>The remote address, for logs.</summary>
    public string Peer => $"{Http.Connection.RemoteIpAddress}:{Http.Connection.RemotePort}";

    /// <summary>A request header, or null.</summary>
    public string? Header(string name) => Http.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;
}
