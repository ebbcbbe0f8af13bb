using System.Text.Json;

namespace FlowForge.PluginHost;

/// <summary>A plugin that was installed from a package.</summary>
public sealed record InstalledPlugin(string Name, string Version, string? Description, string Sha256, DateTimeOffset InstalledAt)
{
    /// <summary>Its folder below the folder of installed plugins.</summary>
    public string FolderName => $"{Name}@{Version}";
}

/// <summary>Plugins that people install, a folder <c>name@version</c> each, so that versions stand side by side. Thread-safe.</summary>
public sealed class InstalledPlugins
{
    private const string Record = "flowforge-package.json";
    private readonly Lock _gate = new();
    private readonly string _folder;
    /// <summary>Beside the folder, on the same disk: plugins come and go by one rename, at once and whole.</summary>
    private readonly string _aside;

    /// <param name="folder">Of one runtime alone. What an earlier one left half done beside it is removed.</param>
    public InstalledPlugins(string folder)
    {
        _folder = Path.GetFullPath(folder);
        _aside = _folder + "-incoming";
        try { if (Directory.Exists(_aside)) Directory.Delete(_aside, recursive: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* It takes room, and nothing else. */ }
    }

    /// <summary>By name and version.</summary>
    public IReadOnlyList<InstalledPlugin> List() => !Directory.Exists(_folder) ? [] :
        [.. Directory.GetDirectories(_folder).Order(StringComparer.Ordinal).Select(Read).OfType<InstalledPlugin>()];

    /// <summary>The folder of a plugin, as <see cref="PluginProblem.Folder"/> names it.</summary>
    public string FolderOf(InstalledPlugin plugin) => Path.Combine(_folder, plugin.FolderName);

    /// <summary>Installs a package. The same version again is refused unless its content is the same.</summary>
    /// <param name="file">The package.</param>
    /// <param name="sha256">What the package must have; null takes any.</param>
    /// <exception cref="PluginException">It is no plugin package, has another checksum, or this version is installed with other content.</exception>
    public InstalledPlugin Install(string file, string? sha256)
    {
        lock (_gate)
        {
            var incoming = Aside();
            var package = PluginPackage.Unpack(file, p => sha256 is not null && !p.Sha256.Equals(sha256.Trim(), StringComparison.OrdinalIgnoreCase)
                ? throw new PluginException($"The package has the checksum {p.Sha256}, not {sha256}. Do not install it unless you know why.")
                : incoming);
            var plugin = new InstalledPlugin(package.Name, package.Version, package.Description, package.Sha256, DateTimeOffset.UtcNow);
            try
            {
                PluginFolder.MainAssembly(incoming);
                if (Read(FolderOf(plugin)) is { } there)
                    return there.Sha256 == plugin.Sha256 ? there : throw new PluginException($"{plugin.Name} {plugin.Version} is installed with other content ({there.Sha256}). Give the new one a new version, or remove the old one first.");
                File.WriteAllText(Path.Combine(incoming, Record), JsonSerializer.Serialize(plugin));
                Directory.CreateDirectory(_folder);
                // What is there without a record was never whole, or is not any more.
                if (Directory.Exists(FolderOf(plugin))) Discard(FolderOf(plugin));
                Directory.Move(incoming, FolderOf(plugin));
                return plugin;
            }
            finally
            {
                if (Directory.Exists(incoming)) Directory.Delete(incoming, recursive: true);
            }
        }
    }

    /// <summary>Takes a plugin away; uses that are under way keep their copy.</summary>
    /// <returns>False when it is not installed.</returns>
    public bool Remove(string name, string version)
    {
        lock (_gate)
        {
            if (List().FirstOrDefault(p => p.Name == name && p.Version == version) is not { } plugin) return false;
            Discard(FolderOf(plugin));
            return true;
        }
    }

    private string Aside() => Path.Combine(_aside, Guid.NewGuid().ToString("n"));

    private void Discard(string path)
    {
        var aside = Aside();
        Directory.CreateDirectory(_aside);
        Directory.Move(path, aside);
        try { Directory.Delete(aside, recursive: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* The next start takes it away. */ }
    }

    private static InstalledPlugin? Read(string path)
    {
        try { return JsonSerializer.Deserialize<InstalledPlugin>(File.ReadAllText(Path.Combine(path, Record))); }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException) { return null; }
    }
}
