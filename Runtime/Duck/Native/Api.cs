using System.Runtime.InteropServices;

namespace FlowForge.Duck.Native;

/// <summary>libduckdb's C API: databases, statements and results. Handles are pointers; who frees them is said where they are held.</summary>
internal static unsafe partial class Api
{
    private const string Lib = LibDuckDb.Name;
    private const StringMarshalling Utf8 = StringMarshalling.Utf8;

    [LibraryImport(Lib, EntryPoint = "duckdb_library_version")] public static partial byte* LibraryVersion();
    [LibraryImport(Lib, EntryPoint = "duckdb_free")] public static partial void Free(nint pointer);
    [LibraryImport(Lib, EntryPoint = "duckdb_vector_size")] public static partial ulong VectorSize();

    [LibraryImport(Lib, EntryPoint = "duckdb_create_config")] public static partial DuckState CreateConfig(out nint config);
    [LibraryImport(Lib, EntryPoint = "duckdb_set_config", StringMarshalling = Utf8)] public static partial DuckState SetConfig(nint config, string name, string option);
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_config")] public static partial void DestroyConfig(ref nint config);
    [LibraryImport(Lib, EntryPoint = "duckdb_open_ext", StringMarshalling = Utf8)] public static partial DuckState OpenExt(string path, out nint database, nint config, out nint error);
    [LibraryImport(Lib, EntryPoint = "duckdb_close")] public static partial void Close(ref nint database);
    [LibraryImport(Lib, EntryPoint = "duckdb_connect")] public static partial DuckState Connect(nint database, out nint connection);
    [LibraryImport(Lib, EntryPoint = "duckdb_disconnect")] public static partial void Disconnect(ref nint connection);
    [LibraryImport(Lib, EntryPoint = "duckdb_interrupt")] public static partial void Interrupt(nint connection);
    [LibraryImport(Lib, EntryPoint = "duckdb_query_progress")] public static partial NativeProgress QueryProgress(nint connection);

    [LibraryImport(Lib, EntryPoint = "duckdb_extract_statements")] public static partial ulong ExtractStatements(nint connection, byte* query, out nint extracted);
    [LibraryImport(Lib, EntryPoint = "duckdb_extract_statements_error")] public static partial byte* ExtractStatementsError(nint extracted);
    [LibraryImport(Lib, EntryPoint = "duckdb_prepare_extracted_statement")] public static partial DuckState PrepareExtracted(nint connection, nint extracted, ulong index, out nint statement);
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_extracted")] public static partial void DestroyExtracted(ref nint extracted);
    [LibraryImport(Lib, EntryPoint = "duckdb_prepare_error")] public static partial byte* PrepareError(nint statement);
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_prepare")] public static partial void DestroyPrepare(ref nint statement);
    [LibraryImport(Lib, EntryPoint = "duckdb_nparams")] public static partial ulong ParameterCount(nint statement);
    [LibraryImport(Lib, EntryPoint = "duckdb_prepared_statement_type")] public static partial StatementKind StatementType(nint statement);
    [LibraryImport(Lib, EntryPoint = "duckdb_prepared_statement_column_count")] public static partial ulong PreparedColumnCount(nint statement);
    [LibraryImport(Lib, EntryPoint = "duckdb_prepared_statement_column_name")] public static partial nint PreparedColumnName(nint statement, ulong column);
    [LibraryImport(Lib, EntryPoint = "duckdb_prepared_statement_column_logical_type")] public static partial nint PreparedColumnType(nint statement, ulong column);
    [LibraryImport(Lib, EntryPoint = "duckdb_bind_value")] public static partial DuckState BindValue(nint statement, ulong index, nint value);

    [LibraryImport(Lib, EntryPoint = "duckdb_pending_prepared")] public static partial DuckState PendingPrepared(nint statement, out nint pending);
    [LibraryImport(Lib, EntryPoint = "duckdb_pending_prepared_streaming")] public static partial DuckState PendingPreparedStreaming(nint statement, out nint pending);
    [LibraryImport(Lib, EntryPoint = "duckdb_pending_error")] public static partial byte* PendingError(nint pending);
    [LibraryImport(Lib, EntryPoint = "duckdb_pending_execute_task")] public static partial PendingState ExecuteTask(nint pending);
    [LibraryImport(Lib, EntryPoint = "duckdb_execute_pending")] public static partial DuckState ExecutePending(nint pending, out NativeResult result);
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_pending")] public static partial void DestroyPending(ref nint pending);

    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_result")] public static partial void DestroyResult(ref NativeResult result);
    [LibraryImport(Lib, EntryPoint = "duckdb_result_error")] public static partial byte* ResultError(ref NativeResult result);
    [LibraryImport(Lib, EntryPoint = "duckdb_result_return_type")] public static partial ResultKind ReturnType(NativeResult result);
    [LibraryImport(Lib, EntryPoint = "duckdb_rows_changed")] public static partial ulong RowsChanged(ref NativeResult result);
    [LibraryImport(Lib, EntryPoint = "duckdb_column_count")] public static partial ulong ColumnCount(ref NativeResult result);
    [LibraryImport(Lib, EntryPoint = "duckdb_column_name")] public static partial byte* ColumnName(ref NativeResult result, ulong column);
    [LibraryImport(Lib, EntryPoint = "duckdb_column_logical_type")] public static partial nint ColumnType(ref NativeResult result, ulong column);
    [LibraryImport(Lib, EntryPoint = "duckdb_fetch_chunk")] public static partial nint FetchChunk(NativeResult result);
}
