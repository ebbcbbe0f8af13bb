using System.Runtime.InteropServices;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>Runs SQL in a SQLite database file, which is made when needed.</summary>
internal static partial class SqliteFile
{
    public static void Run(string path, string sql)
    {
        Assert.Equal(0, OpenFile(path, out var database, 6, 0));
        var code = Execute(database, sql, 0, 0, out _);
        _ = Close(database);
        Assert.Equal(0, code);
    }

    [LibraryImport("libsqlite3.so.0", EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)] private static partial int OpenFile(string file, out nint database, int flags, nint vfs);
    [LibraryImport("libsqlite3.so.0", EntryPoint = "sqlite3_exec", StringMarshalling = StringMarshalling.Utf8)] private static partial int Execute(nint database, string sql, nint callback, nint argument, out nint error);
    [LibraryImport("libsqlite3.so.0", EntryPoint = "sqlite3_close_v2")] private static partial int Close(nint database);
}
