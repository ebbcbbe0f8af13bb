using System.Reflection;
using System.Runtime.InteropServices;

namespace FlowForge.ServiceDefaults;

/// <summary>
/// Sends the provider's native name <c>e_sqlite3</c> to the system's SQLite. The prebuilt library of that package is an old
/// release with a one-second busy sleep that starves writers; every system that runs FlowForge carries a newer one.
/// </summary>
public static class SqliteNative
{
    private static readonly string[] Names =
        OperatingSystem.IsWindows() ? ["winsqlite3.dll"]
        : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib", "/usr/lib/libsqlite3.dylib"]
        : ["libsqlite3.so.0", "libsqlite3.so"];

    private static readonly Lock Gate = new();
    private static readonly HashSet<Assembly> Done = [];

    /// <summary>
    /// Redirects the imports of <paramref name="provider"/> (the assembly of <c>SQLite3Provider_e_sqlite3</c>). Call it before the
    /// provider is set; further calls do nothing. When the system has no SQLite, the default search goes on and
    /// <paramref name="missing"/> hears the names that were tried.
    /// </summary>
    public static void Redirect(Assembly provider, Action<string>? missing = null)
    {
        lock (Gate)
        {
            if (!Done.Add(provider))
            {
                return;
            }
            try
            {
                NativeLibrary.SetDllImportResolver(provider, (name, assembly, path) =>
                {
                    if (name != "e_sqlite3")
                    {
                        return 0;
                    }
                    foreach (var candidate in Names)
                    {
                        if (NativeLibrary.TryLoad(candidate, out var handle))
                        {
                            return handle;
                        }
                    }
                    missing?.Invoke($"No system SQLite ({string.Join(", ", Names)}): using the package's own library if there is one.");
                    return 0;
                });
            }
            catch (InvalidOperationException)
            {
                // The catalog, in the same process (tests), has redirected it already, by the same rule.
            }
        }
    }
}
