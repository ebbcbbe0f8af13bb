using System.Runtime.InteropServices;

namespace FlowForge.Plugins.Sqlite;

/// <summary>The part of SQLite's C interface that reading needs. The library is the system's.</summary>
internal static unsafe partial class Native
{
    private const string Library = "flowforge_sqlite3";
    public const int Ok = 0, Busy = 5, Locked = 6, Interrupted = 9, IoError = 10, Corrupt = 11, CannotOpen = 14, NotADatabase = 26, Row = 100, Done = 101;
    public const int Integer = 1, Real = 2, Text = 3, Blob = 4;
    public const int ReadOnly = 0x1, NoMutex = 0x8000, LimitAttached = 7;

    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, static (name, _, _) => name == Library ? Load() : 0);

    private static nint Load()
    {
        string[] names = OperatingSystem.IsWindows() ? ["winsqlite3.dll", "sqlite3.dll"] : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"] : ["libsqlite3.so.0", "libsqlite3.so"];
        foreach (var name in names)
            if (NativeLibrary.TryLoad(name, out var library)) return library;
        throw new TerminalException($"SQLite's library is not on this machine (looked for {string.Join(", ", names)}).", "Install it: on Debian and Ubuntu the package is libsqlite3-0.");
    }

    [LibraryImport(Library, EntryPoint = "sqlite3_libversion")] public static partial byte* Version();
    [LibraryImport(Library, EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)] public static partial int Open(string file, out nint database, int flags, nint vfs);
    [LibraryImport(Library, EntryPoint = "sqlite3_close_v2")] public static partial int Close(nint database);
    [LibraryImport(Library, EntryPoint = "sqlite3_busy_timeout")] public static partial int BusyTimeout(nint database, int milliseconds);
    [LibraryImport(Library, EntryPoint = "sqlite3_limit")] public static partial int Limit(nint database, int id, int value);
    [LibraryImport(Library, EntryPoint = "sqlite3_interrupt")] public static partial void Interrupt(nint database);
    [LibraryImport(Library, EntryPoint = "sqlite3_errmsg")] public static partial byte* ErrorMessage(nint database);
    [LibraryImport(Library, EntryPoint = "sqlite3_prepare_v2", StringMarshalling = StringMarshalling.Utf8)] public static partial int Prepare(nint database, string sql, int length, out nint statement, nint tail);
    [LibraryImport(Library, EntryPoint = "sqlite3_finalize")] public static partial int Finish(nint statement);
    [LibraryImport(Library, EntryPoint = "sqlite3_step")] public static partial int Step(nint statement);
    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text", StringMarshalling = StringMarshalling.Utf8)] public static partial int BindText(nint statement, int index, string value, int length, nint destructor);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_count")] public static partial int ColumnCount(nint statement);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_name")] public static partial byte* ColumnName(nint statement, int column);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_decltype")] public static partial byte* DeclaredType(nint statement, int column);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")] public static partial int ColumnType(nint statement, int column);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")] public static partial long Int64(nint statement, int column);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_double")] public static partial double Double(nint statement, int column);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_text")] public static partial byte* TextOf(nint statement, int column);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")] public static partial byte* BlobOf(nint statement, int column);
    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")] public static partial int Bytes(nint statement, int column);
}
