using FlowForge.Catalog;
using FlowForge.Plugins;

namespace FlowForge.Api.Connections;

/// <summary>Keeps what connectors report of their connections. Thread-safe.</summary>
internal sealed class ConnectionHealth(ConnectionStore store, TimeProvider clock)
{
    private const int MostFacts = 50;

    public void Record(string connection, IReadOnlyList<HealthFact> facts)
    {
        var now = clock.GetUtcNow();
        store.Record(connection, [.. facts.Take(MostFacts).Where(f => double.IsFinite(f.Value)).DistinctBy(f => f.Name).Select(f => new ConnectionFact(connection, f.Name, f.Value, f.Unit, now))]);
    }
}
