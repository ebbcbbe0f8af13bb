using System.Reflection;
using FlowForge.PluginHost.Functions;
using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>
/// One generation of a plugin folder in memory. Uses are counted: after <see cref="Retire"/>, the last use lets it go.
/// </summary>
internal sealed class LoadedPlugin
{
    private readonly Lock _gate = new();
    private readonly PluginLoadContext? _context;
    private int _uses;
    private bool _retired;

    public LoadedPlugin(PluginFolder folder, string shadowRoot) : this(folder, folder.Name, folder.ShadowCopy(shadowRoot)) { }

    private LoadedPlugin(PluginFolder? folder, string name, string copy)
    {
        (Folder, Name, Copy) = (folder!, name, copy);
        var main = PluginFolder.MainAssembly(copy);
        _context = new PluginLoadContext(name, main);
        try
        {
            var assembly = _context.LoadFromAssemblyPath(main);
            CheckContract(assembly);
            Connectors = [.. assembly.GetExportedTypes().Where(t => t.GetCustomAttribute<ConnectorAttribute>() is not null).Select(t => new ConnectorDescriptor(t, this))];
            Functions = [.. assembly.GetExportedTypes().SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)).Where(m => m.GetCustomAttribute<SqlFunctionAttribute>() is not null).Select(m => new SqlFunctionDescriptor(m, this))];
            if (Connectors.Count == 0 && Functions.Count == 0)
                throw new PluginException($"{assembly.GetName().Name} has no connector. Put [Connector(\"name\")] on a public class that implements IConnector, or [SqlFunction(\"name\")] on a public static method.");
            if (Functions.GroupBy(f => f.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw new PluginException($"{assembly.GetName().Name} has {twice.Count()} functions called '{twice.Key}'. Give each a name of its own.");
        }
        catch
        {
            _context.Unload();
            throw;
        }
    }

    /// <summary>The runtime's own connectors: they lie in no folder, and stay as long as the runtime.</summary>
    private LoadedPlugin(IReadOnlyList<Type> own)
    {
        (Folder, Name, Copy, Functions) = (null!, "flowforge", "", []);
        Connectors = [.. own.Select(t => new ConnectorDescriptor(t, this))];
    }

    public static LoadedPlugin Of(IReadOnlyList<Type> own) => new(own);

    /// <summary>Loads a copy that another process made.</summary>
    public static LoadedPlugin FromCopy(string copy) => new(null, Path.GetFileName(copy), copy);

    public PluginFolder Folder { get; }
    /// <summary>Of its folder.</summary>
    public string Name { get; }
    /// <summary>The folder that it is loaded from; it stays as long as this process lives.</summary>
    public string Copy { get; }
    public IReadOnlyList<ConnectorDescriptor> Connectors { get; }
    /// <summary>What it gives to SQL.</summary>
    public IReadOnlyList<SqlFunctionDescriptor> Functions { get; }

    /// <summary>Whether the generation may still be used; a use taken must be given back.</summary>
    public bool TryUse()
    {
        lock (_gate)
        {
            if (_retired && _uses == 0) return false;
            _uses++;
            return true;
        }
    }

    public void EndUse()
    {
        lock (_gate)
            if (--_uses == 0 && _retired) _context?.Unload();
    }

    /// <summary>A newer generation took over: runs that hold this one keep it, then it unloads (best effort).</summary>
    public void Retire()
    {
        lock (_gate)
        {
            _retired = true;
            if (_uses == 0) _context?.Unload();
        }
    }

    private static void CheckContract(Assembly assembly)
    {
        var mine = typeof(IConnector).Assembly.GetName();
        var wanted = assembly.GetReferencedAssemblies().FirstOrDefault(a => a.Name == mine.Name)?.Version;
        if (wanted is null)
            throw new PluginException($"{assembly.GetName().Name} does not use the plugin contract ({mine.Name}).");
        if (wanted.Major != mine.Version!.Major || wanted.Minor > mine.Version.Minor)
            throw new PluginException($"{assembly.GetName().Name} was built against plugin contract {wanted.ToString(2)}; this runtime has {mine.Version.ToString(2)}. Build it against {mine.Version.Major}.x up to {mine.Version.ToString(2)}, or update FlowForge.");
    }
}
