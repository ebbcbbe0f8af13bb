using System.Runtime.InteropServices;

namespace FlowForge.Plugins.Odbc;

/// <summary>The part of ODBC 3's C interface that reading needs, in its Unicode form. The driver manager is the system's.</summary>
internal static unsafe partial class Native
{
    private const string Library = "flowforge_odbc";
    public const short Success = 0, SuccessWithInfo = 1, NoData = 100;
    public const short Environment = 1, Connection = 2, Statement = 3;
    public const int NullData = -1, NoTotal = -4, NullTerminated = -3;
    public const short WideChar = -8, Char = 1, Binary = -2, Int16 = -15, Int32 = -16, Int64 = -25, UInt64 = -27, Single = 7, Double = 8, Bit = -7, Guid = -11, Date = 91, Timestamp = 93;

    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, static (name, _, _) => name == Library ? Load() : 0);

    private static nint Load()
    {
        string[] names = OperatingSystem.IsWindows() ? ["odbc32.dll"] : OperatingSystem.IsMacOS() ? ["libodbc.2.dylib", "libiodbc.2.dylib"] : ["libodbc.so.2", "libodbc.so"];
        foreach (var name in names)
            if (NativeLibrary.TryLoad(name, out var library)) return library;
        throw new TerminalException($"There is no ODBC driver manager on this machine (looked for {string.Join(", ", names)}).", "Install it: on Debian and Ubuntu the package is unixodbc.");
    }

    [LibraryImport(Library, EntryPoint = "SQLAllocHandle")] public static partial short Allocate(short kind, nint parent, out nint handle);
    [LibraryImport(Library, EntryPoint = "SQLFreeHandle")] public static partial short Free(short kind, nint handle);
    [LibraryImport(Library, EntryPoint = "SQLSetEnvAttr")] public static partial short SetEnvironment(nint environment, int attribute, nint value, int length);
    [LibraryImport(Library, EntryPoint = "SQLSetConnectAttr")] public static partial short SetConnection(nint connection, int attribute, nint value, int length);
    [LibraryImport(Library, EntryPoint = "SQLSetStmtAttr")] public static partial short SetStatement(nint statement, int attribute, nint value, int length);
    [LibraryImport(Library, EntryPoint = "SQLDriverConnectW")] public static partial short Connect(nint connection, nint window, char* text, short length, nint output, short outputLength, nint written, ushort completion);
    [LibraryImport(Library, EntryPoint = "SQLDisconnect")] public static partial short Disconnect(nint connection);
    [LibraryImport(Library, EntryPoint = "SQLEndTran")] public static partial short EndTransaction(short kind, nint handle, short completion);
    [LibraryImport(Library, EntryPoint = "SQLGetInfoW")] public static partial short Info(nint connection, ushort kind, char* value, short length, out short written);
    [LibraryImport(Library, EntryPoint = "SQLGetDiagRecW")] public static partial short Diagnostic(short kind, nint handle, short record, char* state, out int native, char* message, short length, out short written);
    [LibraryImport(Library, EntryPoint = "SQLPrepareW")] public static partial short Prepare(nint statement, char* sql, int length);
    [LibraryImport(Library, EntryPoint = "SQLExecute")] public static partial short Execute(nint statement);
    [LibraryImport(Library, EntryPoint = "SQLCancel")] public static partial short Cancel(nint statement);
    [LibraryImport(Library, EntryPoint = "SQLTablesW")] public static partial short Tables(nint statement, char* catalog, short n1, char* schema, short n2, char* table, short n3, char* kinds, short n4);
    [LibraryImport(Library, EntryPoint = "SQLColumnsW")] public static partial short Columns(nint statement, char* catalog, short n1, char* schema, short n2, char* table, short n3, char* column, short n4);
    [LibraryImport(Library, EntryPoint = "SQLPrimaryKeysW")] public static partial short PrimaryKeys(nint statement, char* catalog, short n1, char* schema, short n2, char* table, short n3);
    [LibraryImport(Library, EntryPoint = "SQLNumResultCols")] public static partial short ResultColumns(nint statement, out short count);
    [LibraryImport(Library, EntryPoint = "SQLDescribeColW")] public static partial short Describe(nint statement, ushort column, char* name, short length, out short written, out short type, out nuint size, out short digits, out short nullable);
    [LibraryImport(Library, EntryPoint = "SQLColAttributeW")] public static partial short ColumnAttribute(nint statement, ushort column, ushort field, nint text, short length, nint written, out nint value);
    [LibraryImport(Library, EntryPoint = "SQLBindCol")] public static partial short Bind(nint statement, ushort column, short type, void* target, nint length, nint* lengths);
    [LibraryImport(Library, EntryPoint = "SQLBindParameter")] public static partial short BindParameter(nint statement, ushort number, short direction, short type, short sqlType, nuint size, short digits, void* value, nint length, nint* lengths);
    [LibraryImport(Library, EntryPoint = "SQLFetch")] public static partial short Fetch(nint statement);
    [LibraryImport(Library, EntryPoint = "SQLGetData")] public static partial short GetData(nint statement, ushort column, short type, void* target, nint length, out nint written);
}
