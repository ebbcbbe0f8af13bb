namespace FlowForge.Plugins;

/// <summary>
/// Secrets that the system replaces in use: a refresh token of which each use gives a new one and voids the old. The runtime keeps the newest, encrypted as the settings' own are, over restarts and for all
/// who have the same secret in their settings. A secret that is set anew is another one: nothing is kept for it yet. Thread-safe.
/// </summary>
public interface IRenewals
{
    /// <summary>
    /// Waits until nobody else holds the same secret (no other job, host process or worker), so that two do not use it up at the same time. Hold one at a time, for one exchange: what was held for ten minutes is let go.
    /// It may outlive the connector, for an exchange that is not to be broken off; the runtime ends it with the connector's process.
    /// </summary>
    /// <param name="given">The secret as the settings give it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IRenewal> HoldAsync(Secret given, CancellationToken cancellationToken);
}

/// <summary>A secret that is held: dispose it to let others have it.</summary>
public interface IRenewal : IAsyncDisposable
{
    /// <summary>What was kept last, or the given secret.</summary>
    Secret Current { get; }

    /// <summary>Keeps the newer one, up to 64 KiB; call it before what came with it is used. What else belongs to it may be kept with it: OAuth connectors write JSON (<c>refresh_token</c>, <c>access_token</c> …).</summary>
    /// <returns>When it is on disk.</returns>
    /// <exception cref="IOException">It could not be stored.</exception>
    ValueTask KeepAsync(Secret renewed, CancellationToken cancellationToken);
}

internal sealed class NoRenewals : IRenewals
{
    public static readonly NoRenewals Instance = new();
    public ValueTask<IRenewal> HoldAsync(Secret given, CancellationToken cancellationToken) => new(new Unkept(given));

    private sealed record Unkept(Secret Current) : IRenewal
    {
        public ValueTask KeepAsync(Secret renewed, CancellationToken cancellationToken) => default;
        public ValueTask DisposeAsync() => default;
    }
}
