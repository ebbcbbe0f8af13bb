using System.Collections.Concurrent;

namespace FlowForge.PluginHost;

/// <summary>The guards of all connections of this process. Thread-safe.</summary>
public sealed class ConnectionGuards(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, ConnectionGuard> _guards = new(StringComparer.Ordinal);

    /// <summary>The guard of a connection, which stays the same as long as the process lives.</summary>
    public ConnectionGuard Of(string connection) => _guards.GetOrAdd(connection, name => new ConnectionGuard(name, clock));

    /// <summary>Null when the connection was not used yet.</summary>
    public ConnectionGuard? Find(string connection) => _guards.GetValueOrDefault(connection);

    /// <summary>Forgets a connection that was changed or deleted: what was learned was about the old one.</summary>
    public void Forget(string connection) => _guards.TryRemove(connection, out _);
}
