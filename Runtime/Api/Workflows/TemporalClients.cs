using System.Collections.Concurrent;
using FlowForge.Api.Problems;
using FlowForge.Orchestration.Hosting;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;

namespace FlowForge.Api.Workflows;

/// <summary>
/// Clients of Temporal for the endpoints, one a namespace, and its refusals in HTTP's words. A page must not hang while the server is away: calls give up
/// after a few seconds. Thread-safe.
/// </summary>
internal sealed class TemporalClients(TemporalConnection connection) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, TemporalClient> others = new(StringComparer.Ordinal);

    public string DefaultNamespace => connection.Options.Namespace;

    /// <summary>Makes a call with the namespace's client. Throws <see cref="ProblemException"/> for what the server refuses.</summary>
    public async Task<T> CallAsync<T>(string? ns, Func<TemporalClient, CancellationToken, Task<T>> call, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(connection.IsConnected ? Patience : FirstPatience);
        try
        {
            return await call(await ClientAsync(ns, limit.Token), limit.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && TemporalProblems.Describe(e, connection.Options.Address) is { } problem)
        {
            throw problem;
        }
    }

    public Task CallAsync(string? ns, Func<TemporalClient, CancellationToken, Task> call, CancellationToken ct) =>
        CallAsync(ns, async (client, limit) =>
        {
            await call(client, limit);
            return true;
        }, ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in others.Values)
            await client.DisposeAsync();
    }

    private async Task<TemporalClient> ClientAsync(string? ns, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(ns) || ns == DefaultNamespace)
            return await connection.GetAsync(ct);
        if (others.TryGetValue(ns, out var known))
            return known;
        // Connecting fails for a namespace that does not exist, so there are never more clients than namespaces.
        var client = await TemporalClient.ConnectAsync(connection.Options with { Namespace = ns }, ct);
        if (others.TryAdd(ns, client))
            return client;
        await client.DisposeAsync();
        return others[ns];
    }
}
