using FlowForge.PluginHost.Functions;

namespace FlowForge.PluginHost;

/// <summary>
/// The plugins below a folder. Every look at it notices new, changed and removed plugin folders, so the next run uses
/// the new generation while running ones keep theirs. A folder that cannot be loaded is listed in <see cref="Problems"/>
/// and keeps its last good generation. Thread-safe.
/// </summary>
public sealed class PluginRegistry
{
    private readonly Lock _gate = new();
    private readonly IReadOnlyList<string> _roots;
    private readonly string _shadowRoot;
    private readonly Dictionary<string, LoadedPlugin> _plugins = [];
    private readonly Dictionary<string, (string Fingerprint, PluginProblem Problem)> _failed = [];

    private readonly LoadedPlugin _own;

    private PluginRegistry(IReadOnlyList<string> roots, string shadowRoot, IReadOnlyList<Type> own) => (_roots, _shadowRoot, _own) = (roots, shadowRoot, LoadedPlugin.Of(own));

    /// <param name="folder">Holds one folder a plugin, as the build makes them.</param>
    /// <param name="shadowFolder">Where copies are loaded from; a folder under the temporary path when null. Old copies are removed.</param>
    public static PluginRegistry Scan(string folder, string? shadowFolder = null) => Scan([folder], shadowFolder);

    /// <param name="folders">Each holds one folder a plugin. Of several versions of a connector the highest is meant, unless <c>name@version</c> asks for another.</param>
    /// <param name="shadowFolder">Where copies are loaded from; a folder under the temporary path when null. Old copies are removed.</param>
    /// <param name="own">Connectors that are part of the runtime itself.</param>
    public static PluginRegistry Scan(IReadOnlyList<string> folders, string? shadowFolder = null, IReadOnlyList<Type>? own = null)
    {
        var shadow = shadowFolder ?? Path.Combine(Path.GetTempPath(), "flowforge-plugins", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (shadowFolder is null && Directory.Exists(shadow)) Directory.Delete(shadow, recursive: true);
        if (shadowFolder is null) AppDomain.CurrentDomain.ProcessExit += (_, _) => TryDelete(shadow);
        var registry = new PluginRegistry([.. folders.Select(Path.GetFullPath)], shadow, own ?? []);
        lock (registry._gate) registry.Refresh();
        return registry;
    }

    /// <summary>The connectors and transforms, each in its highest version.</summary>
    public IReadOnlyList<ConnectorDescriptor> Connectors => Listed(formats: false);

    /// <summary>The readers of file formats, each in its highest version.</summary>
    public IReadOnlyList<ConnectorDescriptor> Formats => Listed(formats: true);

    private IReadOnlyList<ConnectorDescriptor> Listed(bool formats)
    {
        lock (_gate)
        {
            Refresh();
            return [.. All().Where(c => c.IsFormat == formats).GroupBy(c => c.Name, StringComparer.Ordinal).Select(Highest).OrderBy(c => c.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>The versions of a connector that are here, the highest first.</summary>
    public IReadOnlyList<string> Versions(string name)
    {
        lock (_gate)
        {
            Refresh();
            return [.. All().Where(c => c.Name == name).OrderByDescending(VersionOf).Select(c => c.Version)];
        }
    }

    /// <summary>Names and versions of the connectors that come from a plugin folder.</summary>
    public IReadOnlyList<(string Name, string Version)> ConnectorsIn(string folder)
    {
        lock (_gate)
        {
            Refresh();
            return _plugins.TryGetValue(folder, out var plugin) ? [.. plugin.Connectors.Select(c => (c.Name, c.Version))] : [];
        }
    }

    public IReadOnlyList<PluginProblem> Problems
    {
        get
        {
            lock (_gate)
            {
                Refresh();
                return [.. _failed.Values.Select(f => f.Problem)];
            }
        }
    }

    /// <summary>The connector of that name or alias, as it is now.</summary>
    /// <exception cref="PluginException">There is none; the message lists those there are.</exception>
    public ConnectorDescriptor Connector(string name)
    {
        lock (_gate)
        {
            Refresh();
            return Known(name);
        }
    }

    /// <summary>The connector of that name or alias, null when there is none.</summary>
    public ConnectorDescriptor? Find(string name)
    {
        lock (_gate)
        {
            Refresh();
            return Lookup(name);
        }
    }

    /// <summary>The functions that plugins give to SQL; of several versions of a plugin those of the highest. A name that two plugins give is listed twice.</summary>
    public IReadOnlyList<SqlFunctionDescriptor> Functions
    {
        get
        {
            lock (_gate)
            {
                Refresh();
                return [.. AllFunctions().OrderBy(f => f.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Holds the functions that the SQL may call. The caller disposes the lease.</summary>
    /// <exception cref="PluginException">Two plugins give a function of one name that the SQL calls.</exception>
    public SqlFunctionLease UseFunctions(string sql)
    {
        lock (_gate)
        {
            Refresh();
            var called = AllFunctions().Where(f => f.IsCalledIn(sql)).ToList();
            if (called.GroupBy(f => f.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw new PluginException($"The function '{twice.Key}' is given by several plugins: {string.Join(", ", twice.Select(f => f.PluginName).Order(StringComparer.Ordinal))}. Remove one of them.");
            return new SqlFunctionLease(called);
        }
    }

    // Versions of one plugin are folders name@version.
    private IEnumerable<SqlFunctionDescriptor> AllFunctions() => _plugins.Values.Where(p => p.Functions.Count > 0)
        .GroupBy(p => p.Name.Split('@')[0], StringComparer.Ordinal).SelectMany(g => g.OrderByDescending(p => Version.Parse(p.Functions[0].Version)).First().Functions);

    /// <summary>Opens a connector with validated settings. The caller disposes the lease.</summary>
    /// <exception cref="SettingsException">The settings are not valid; all errors at once.</exception>
    /// <exception cref="PluginException">Unknown connector, or its constructor failed.</exception>
    public ConnectorLease Open(string name, OpenRequest request)
    {
        ConnectorDescriptor descriptor;
        lock (_gate)
        {
            Refresh();
            descriptor = Known(name);
            descriptor.Plugin.TryUse();
        }
        try { return new ConnectorLease(descriptor, request); }
        catch
        {
            descriptor.Plugin.EndUse();
            throw;
        }
    }

    private ConnectorDescriptor? Lookup(string name)
    {
        var (wanted, version) = name.Split('@', 2) is [var before, var after] ? (before, after) : (name, null);
        var all = All().Where(c => version is null || c.Version == version).ToList();
        var named = all.Where(c => c.Name == wanted).ToList();
        if (named.Count == 0) named = [.. all.Where(c => c.Aliases.Contains(wanted))];
        return named.Count == 0 ? null : Highest(named);
    }

    private IEnumerable<ConnectorDescriptor> All() => _plugins.Values.SelectMany(p => p.Connectors).Concat(_own.Connectors);

    private static ConnectorDescriptor Highest(IEnumerable<ConnectorDescriptor> versions) => versions.OrderByDescending(VersionOf).First();

    private static Version VersionOf(ConnectorDescriptor connector) => Version.Parse(connector.Version);

    private ConnectorDescriptor Known(string name)
    {
        if (Lookup(name) is { } found) return found;
        var all = All().ToList();
        all = [.. all.Where(c => !c.IsFormat)];
        var known = all.Count == 0 ? $"No plugin was found in {_roots[0]}: build the solution first."
            : name.Split('@') is [var wanted, _] && all.Where(c => c.Name == wanted).ToList() is { Count: > 0 } versions ? $"Installed versions of '{wanted}': {string.Join(", ", versions.OrderBy(VersionOf).Select(c => c.Version))}."
            : $"There are: {string.Join(", ", all.Select(c => c.Name).Distinct().Order(StringComparer.Ordinal))}.";
        var failed = string.Concat(_failed.Values.Select(f => $" {f.Problem.Folder} could not be loaded: {f.Problem.Message}"));
        throw new PluginException($"There is no connector '{name}'. {known}{failed}");
    }

    private void Refresh()
    {
        var present = _roots.SelectMany(PluginFolder.In).ToList();
        foreach (var gone in _plugins.Keys.Except(present.Select(f => f.Path)).ToList())
        {
            _plugins[gone].Retire();
            _plugins.Remove(gone);
        }
        foreach (var gone in _failed.Keys.Except(present.Select(f => f.Path)).ToList()) _failed.Remove(gone);
        foreach (var folder in present.Where(f => f.Fingerprint.Length > 0))
        {
            var old = _plugins.GetValueOrDefault(folder.Path);
            if (old?.Folder.Fingerprint == folder.Fingerprint) continue;
            if (_failed.TryGetValue(folder.Path, out var failure) && failure.Fingerprint == folder.Fingerprint) continue;
            TryLoad(folder, old);
        }
    }

    private void TryLoad(PluginFolder folder, LoadedPlugin? old)
    {
        try
        {
            var loaded = new LoadedPlugin(folder, _shadowRoot);
            _plugins[folder.Path] = loaded;
            _failed.Remove(folder.Path);
            old?.Retire();
        }
        catch (Exception e) when (e is PluginException or IOException or BadImageFormatException or UnauthorizedAccessException or System.Reflection.ReflectionTypeLoadException or System.Reflection.TargetInvocationException or TypeLoadException)
        {
            _failed[folder.Path] = (folder.Fingerprint, new PluginProblem(folder.Path, e.Message));
        }
    }

    private static void TryDelete(string folder)
    {
        try { Directory.Delete(folder, recursive: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* The operating system cleans its temporary folder. */ }
    }
}
