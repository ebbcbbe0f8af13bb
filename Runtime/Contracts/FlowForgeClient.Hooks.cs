namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Addresses that take posts: one for each connection of the connector webhook.</summary>
    public Task<IReadOnlyList<HookEntry>> HooksAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<HookEntry>>("hooks", ct);

    /// <summary>The last posts, newest first.</summary>
    public Task<IReadOnlyList<HookPost>> HookPostsAsync(string name, int limit = 20, CancellationToken ct = default) => GetAsync<IReadOnlyList<HookPost>>(new QueryText($"hooks/{Escape(name)}/posts").Add("limit", limit), ct);
}
