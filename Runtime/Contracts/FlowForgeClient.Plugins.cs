using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Plugins that were installed from packages; those that came with FlowForge are not among them.</summary>
    public Task<IReadOnlyList<PluginEntry>> PluginsAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<PluginEntry>>("plugins", ct);

    /// <summary>Installs a package; the next use of its connectors takes the new version.</summary>
    /// <param name="package">The .nupkg.</param>
    /// <param name="sha256">What it must have; null takes any.</param>
    public async Task<PluginEntry> InstallPluginAsync(Stream package, string? sha256 = null, CancellationToken ct = default)
    {
        using var response = await ExchangeAsync(HttpMethod.Post, new QueryText("plugins").Add("sha256", sha256), null, HttpCompletionOption.ResponseContentRead, request =>
        {
            request.Content = new StreamContent(package);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }, ct);
        return (await response.Content.ReadFromJsonAsync<PluginEntry>(ContractsJson.Options, ct))!;
    }

    /// <summary>Refused with status 409 while connections need it, unless forced.</summary>
    public Task RemovePluginAsync(string name, string version, bool force = false, CancellationToken ct = default) =>
        SendAsync(HttpMethod.Delete, new QueryText($"plugins/{Escape(name)}/{Escape(version)}").Add("force", force), null, ct);
}
