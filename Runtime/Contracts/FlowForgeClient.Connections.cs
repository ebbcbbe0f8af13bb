namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>By name.</summary>
    public Task<IReadOnlyList<ConnectionSummary>> ConnectionsAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<ConnectionSummary>>("connections", ct);

    public Task<ConnectionDetail> ConnectionAsync(string name, CancellationToken ct = default) => GetAsync<ConnectionDetail>($"connections/{Escape(name)}", ct);

    public Task<ConnectionDetail> PutConnectionAsync(string name, PutConnection body, CancellationToken ct = default) =>
        SendAsync<ConnectionDetail>(HttpMethod.Put, $"connections/{Escape(name)}", body, ct);

    /// <summary>Refused with status 409 while jobs use it, unless forced.</summary>
    public Task DeleteConnectionAsync(string name, bool force = false, CancellationToken ct = default) =>
        SendAsync(HttpMethod.Delete, new QueryText($"connections/{Escape(name)}").Add("force", force), null, ct);

    /// <summary>Tries it, changing nothing. A connection that does not work is an answer, not an exception.</summary>
    public Task<ConnectionTestResult> TestConnectionAsync(ConnectionChoice body, CancellationToken ct = default) =>
        SendAsync<ConnectionTestResult>(HttpMethod.Post, "connections/test", body, ct);

    public Task<DiscoveredSource> DiscoverAsync(DiscoverConnection body, CancellationToken ct = default) =>
        SendAsync<DiscoveredSource>(HttpMethod.Post, "connections/discover", body, ct);

    public Task<SourcePreview> PreviewAsync(PreviewConnection body, CancellationToken ct = default) =>
        SendAsync<SourcePreview>(HttpMethod.Post, "connections/preview", body, ct);

    /// <summary>By name, without values.</summary>
    public Task<IReadOnlyList<SecretEntry>> SecretsAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<SecretEntry>>("secrets", ct);

    /// <summary>Makes a secret or changes its value.</summary>
    public Task PutSecretAsync(string name, string value, CancellationToken ct = default) => SendAsync(HttpMethod.Put, $"secrets/{Escape(name)}", new PutSecret(value), ct);

    /// <summary>Refused with status 409 while something refers to it, unless forced.</summary>
    public Task DeleteSecretAsync(string name, bool force = false, CancellationToken ct = default) =>
        SendAsync(HttpMethod.Delete, new QueryText($"secrets/{Escape(name)}").Add("force", force), null, ct);

    /// <summary>Encrypts all secrets with a new key.</summary>
    public Task<RotatedKey> RotateSecretKeyAsync(CancellationToken ct = default) => SendAsync<RotatedKey>(HttpMethod.Post, "secrets/rotate-key", null, ct);
}
