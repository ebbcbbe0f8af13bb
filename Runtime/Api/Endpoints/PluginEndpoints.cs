using FlowForge.Api.Connections;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.PluginHost;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>Plugins from packages. A plugin is code that runs with the runtime's rights: only who has the token installs one.</summary>
internal static class PluginEndpoints
{
    public static void MapPlugins(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/plugins").WithTags("Plugins");
        group.MapGet("/", List).WithSummary("Plugins that were installed from packages.");
        group.MapPost("/", InstallAsync).WithSummary("Installs a .nupkg (the body, up to 256 MB); sha256= says what it must have.");
        group.MapDelete("/{name}/{version}", Remove).WithSummary("Removes a plugin. 409 while connections need it, unless force=true.");
    }

    private static IReadOnlyList<PluginEntry> List(InstalledPlugins installed, PluginRegistry plugins) => [.. installed.List().Select(p => Entry(p, installed, plugins))];

    private static async Task<PluginEntry> InstallAsync(HttpContext context, InstalledPlugins installed, PluginRegistry plugins, RuntimeSettings settings, string? sha256, CancellationToken ct)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = PluginPackage.LargestPackage;
        Directory.CreateDirectory(settings.SpillFolder);
        var file = Path.Combine(settings.SpillFolder, $"plugin-{Guid.NewGuid():n}.nupkg");
        try
        {
            await using (var stream = new FileStream(file, FileMode.CreateNew)) await context.Request.Body.CopyToAsync(stream, ct);
            var before = installed.List();
            var plugin = installed.Install(file, sha256);
            var entry = Entry(plugin, installed, plugins);
            if (entry.Problem is null) return entry;
            if (before.All(p => p.FolderName != plugin.FolderName)) installed.Remove(plugin.Name, plugin.Version);
            throw new ProblemException(422, "FF5061", "Plugin cannot be loaded", $"{plugin.Name} {plugin.Version} cannot be loaded, so it was not installed: {entry.Problem}");
        }
        catch (PluginException e)
        {
            throw new ProblemException(422, "FF5060", "Not a plugin package", e.Message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static NoContent Remove(InstalledPlugins installed, PluginRegistry plugins, ConnectionBook book, string name, string version, bool? force)
    {
        var plugin = installed.List().FirstOrDefault(p => p.Name == name && p.Version == version)
            ?? throw ProblemException.NotFound("FF5062", $"There is no installed plugin {name} {version}.", "GET /api/v1/plugins lists them; those that came with FlowForge cannot be removed.");
        var needed = Needed(plugins.ConnectorsIn(installed.FolderOf(plugin)), plugins, book);
        if (needed.Count > 0 && force != true)
            throw new ProblemException(409, "FF5063", "Not possible now", $"{name} {version} is needed by {string.Join(", ", needed.Take(10))}.", "Change these connections first, or remove it anyway with force=true: their jobs fail at the next run.");
        installed.Remove(name, version);
        return TypedResults.NoContent();
    }

    /// <summary>Connections that no other version of their connector serves, or that ask for this one.</summary>
    private static List<string> Needed(IReadOnlyList<(string Name, string Version)> connectors, PluginRegistry plugins, ConnectionBook book) =>
        [.. book.All().Select(c => c.Definition).Where(c => connectors.Any(k => c.Connector == $"{k.Name}@{k.Version}" || c.Connector == k.Name && plugins.Versions(k.Name).Count == 1)).Select(c => c.Name)];

    private static PluginEntry Entry(InstalledPlugin p, InstalledPlugins installed, PluginRegistry plugins) =>
        new(p.Name, p.Version, p.Description, p.Sha256, p.InstalledAt, plugins.Problems.FirstOrDefault(x => x.Folder == installed.FolderOf(p))?.Message);
}
