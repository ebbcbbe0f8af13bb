using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace FlowForge.Catalog;

/// <summary>
/// Loads the system's SQLite under the provider's native name. The provider's own prebuilt library is old and sleeps a whole second
/// when busy, so the packages here leave it out.
/// </summary>
internal static class SqliteLibrary
{
    private static readonly string[] Names =
        OperatingSystem.IsWindows() ? ["winsqlite3.dll"]
        : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib", "/usr/lib/libsqlite3.dylib"]
        : ["libsqlite3.so.0", "libsqlite3.so"];

    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>Version of the library in use. The first call loads it.</summary>
    /// <exception cref="CatalogException">No usable SQLite was found.</exception>
    public static string Version => Loaded.Value;

    private static string Load()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // Another room of this process has redirected it already, by the same rule.
        }
        try
        {
            raw.SetProvider(new SQLite3Provider_e_sqlite3());
            raw.FreezeProvider();
            var version = raw.sqlite3_libversion().utf8_to_string();
            return System.Version.Parse(version) >= new Version(3, 37)
                ? version
                : throw new CatalogException($"SQLite {version} is too old for the catalog: it needs 3.37 or newer (STRICT tables). Update the system's SQLite.");
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException)
        {
            throw new CatalogException(
                $"The catalog needs SQLite, and this system has none of {string.Join(", ", Names)}. Install it (Debian: libsqlite3-0).", e);
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name == "e_sqlite3")
        {
            foreach (var candidate in Names)
            {
                if (NativeLibrary.TryLoad(candidate, out var handle))
                {
                    return handle;
                }
            }
        }
        return 0;
    }
}
