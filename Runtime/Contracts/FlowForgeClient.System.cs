namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Needs no token. Throws with status 503 while the service is starting or unhealthy.</summary>
    public Task<HealthReport> HealthAsync(CancellationToken ct = default) => GetAsync<HealthReport>("/health", ct);

    public Task<SystemStatus> SystemAsync(CancellationToken ct = default) => GetAsync<SystemStatus>("system", ct);

    /// <summary>The runtime's own queue first, then the pools that jobs name. Throws with status 503 while Temporal does not answer.</summary>
    public Task<IReadOnlyList<WorkerPool>> WorkerPoolsAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<WorkerPool>>("system/pools", ct);

    /// <summary>How long runs and logs are kept.</summary>
    public Task<RetentionStatus> RetentionAsync(CancellationToken ct = default) => GetAsync<RetentionStatus>("system/retention", ct);

    /// <summary>Removes old runs and logs now; returns when that is done.</summary>
    public Task<RetentionSweep> SweepAsync(CancellationToken ct = default) => SendAsync<RetentionSweep>(HttpMethod.Post, "system/retention/sweep", null, ct);

    public Task<IReadOnlyList<ConnectorEntry>> ConnectorsAsync(CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<ConnectorEntry>>("connectors", ct);

    /// <summary>Functions that plugins give to SQL.</summary>
    public Task<IReadOnlyList<SqlFunctionEntry>> FunctionsAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<SqlFunctionEntry>>("functions", ct);

    /// <summary>Formats of files that plugins read.</summary>
    public Task<IReadOnlyList<FormatEntry>> FormatsAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<FormatEntry>>("formats", ct);

    /// <summary>Pipelines, runs, tables and connectors whose name or description holds <paramref name="text"/>.</summary>
    public Task<SearchResults> SearchAsync(string text, CancellationToken ct = default) =>
        GetAsync<SearchResults>(new QueryText("search").Add("q", text), ct);
}
