namespace FlowForge.Temporal.Protocol;

/// <summary>Where and how a <see cref="GrpcTransport"/> connects.</summary>
public sealed record GrpcTransportOptions
{
    /// <summary><c>host:port</c>, as Temporal's own settings have it; no scheme.</summary>
    public required string Address { get; init; }

    /// <summary>Null connects in plain text (HTTP/2 with prior knowledge).</summary>
    public GrpcTlsOptions? Tls { get; init; }

    /// <summary>Sent with each call, for example <c>client-name</c> or <c>authorization</c>. Names are lower case.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>How long one TCP (and TLS) handshake may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>HTTP/2 pings go out at this interval while calls are open, so that a dead peer is noticed during a long poll.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest message accepted, in bytes.</summary>
    public int MaxReceiveBytes { get; init; } = 128 * 1024 * 1024;
}
