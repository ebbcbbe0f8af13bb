namespace FlowForge.Plugins;

/// <summary>
/// Spaces requests by the connection's <c>rate_limit</c>, over all jobs that use the connection. Connectors that send many requests wait
/// before each; without a limit it costs nothing.
/// </summary>
public interface IPace
{
    /// <summary>Comes back when the next request may be sent.</summary>
    ValueTask WaitAsync(CancellationToken cancellationToken);
}

internal sealed class NoPace : IPace
{
    public static readonly NoPace Instance = new();
    public ValueTask WaitAsync(CancellationToken cancellationToken) => default;
}
