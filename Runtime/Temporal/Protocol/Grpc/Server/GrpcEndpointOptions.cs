namespace FlowForge.Temporal.Protocol.Server;

/// <summary>Limits and hooks of a <see cref="GrpcEndpoint"/>. The hooks run on the call's thread and must be fast.</summary>
public sealed record GrpcEndpointOptions
{
    /// <summary>Longest request message in bytes, after decompression.</summary>
    public int MaxRequestBytes { get; init; } = 128 * 1024 * 1024;

    /// <summary>Cancelled when the server stops: running calls answer UNAVAILABLE.</summary>
    public CancellationToken Stopping { get; init; }

    /// <summary>Throws a <see cref="GrpcException"/> to refuse a call before its body is read.</summary>
    public Action<GrpcCall>? Authorize { get; init; }

    /// <summary>Called once per call with its status and duration.</summary>
    public Action<GrpcCall, GrpcCode, TimeSpan>? Completed { get; init; }

    /// <summary>Called for calls that end with INTERNAL, with the exception behind it.</summary>
    public Action<GrpcCall, Exception>? Failed { get; init; }
}
