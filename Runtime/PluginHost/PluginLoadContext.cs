using System.Reflection;
using System.Runtime.Loader;

namespace FlowForge.PluginHost;

/// <summary>
/// One plugin folder's assemblies and native libraries. Only the contract comes from the runtime, so that two plugins
/// can use different versions of anything else. Collectible: it goes when nothing of it is referenced any more.
/// </summary>
internal sealed class PluginLoadContext(string name, string mainAssembly) : AssemblyLoadContext(name, isCollectible: true)
{
    /// <summary>Types that cross the border must be the same on both sides.</summary>
    private static readonly HashSet<string> Shared = ["FlowForge.Plugins.Abstractions", "FlowForge.Columnar"];

    private readonly AssemblyDependencyResolver _resolver = new(mainAssembly);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (Shared.Contains(assemblyName.Name!)) return null;
        var path = _resolver.ResolveAssemblyToPath(assemblyName);
        return path is null ? null : LoadFromAssemblyPath(path);
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        var path = _resolver.ResolveUnmanagedDllToPath(unmanagedDllName);
        return path is null ? 0 : LoadUnmanagedDllFromPath(path);
    }
}
