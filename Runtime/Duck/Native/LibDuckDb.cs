using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FlowForge.Duck.Native;

/// <summary>Finds libduckdb: beside the application, else where the build fetched it, else on the system.</summary>
internal static class LibDuckDb
{
    public const string Name = "duckdb";

#pragma warning disable CA2255 // the resolver must be in place before the first call into the library
    [ModuleInitializer]
    internal static void Install() => NativeLibrary.SetDllImportResolver(typeof(LibDuckDb).Assembly, Resolve);
#pragma warning restore CA2255

    /// <summary>The loaded library; null when it is not there. It is loaded once however often it is asked for.</summary>
    public static nint? Handle
    {
        get
        {
            try { return Resolve(Name, typeof(LibDuckDb).Assembly, null); }
            catch (DllNotFoundException) { return null; }
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Name) return 0;
        var file = OperatingSystem.IsWindows() ? "duckdb.dll" : OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";
        var tried = new List<string>();
        foreach (var folder in Folders(assembly))
        {
            var full = Path.Combine(folder, file);
            if (tried.Contains(full)) continue;
            tried.Add(full);
            if (File.Exists(full) && NativeLibrary.TryLoad(full, out var handle)) return handle;
        }
        if (NativeLibrary.TryLoad(file, assembly, path, out var system)) return system;
        throw new DllNotFoundException($"DuckDB's library {file} was not found. Looked at {string.Join(", ", tried)} and the system's library path. Build FlowForge again: the build fetches it by npm.");
    }

    private static IEnumerable<string> Folders(Assembly assembly)
    {
        if (Environment.GetEnvironmentVariable("FLOWFORGE_DUCKDB") is { Length: > 0 } chosen) yield return chosen;
        if (Path.GetDirectoryName(assembly.Location) is { Length: > 0 } beside) yield return beside;
        yield return AppContext.BaseDirectory;
    }
}
