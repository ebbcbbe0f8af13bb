using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FlowForge.Duck.Native;

/// <summary>Data chunks, vectors and functions called by DuckDB. Getters that take nanoseconds skip the GC transition.</summary>
internal static unsafe partial class Api
{
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_data_chunk")] public static partial void DestroyChunk(ref nint chunk);
    [LibraryImport(Lib, EntryPoint = "duckdb_data_chunk_get_size")] [SuppressGCTransition] public static partial ulong ChunkSize(nint chunk);
    [LibraryImport(Lib, EntryPoint = "duckdb_data_chunk_set_size")] public static partial void SetChunkSize(nint chunk, ulong size);
    [LibraryImport(Lib, EntryPoint = "duckdb_data_chunk_get_column_count")] [SuppressGCTransition] public static partial ulong ChunkColumnCount(nint chunk);
    [LibraryImport(Lib, EntryPoint = "duckdb_data_chunk_get_vector")] [SuppressGCTransition] public static partial nint ChunkVector(nint chunk, ulong column);
    [LibraryImport(Lib, EntryPoint = "duckdb_vector_get_data")] [SuppressGCTransition] public static partial void* VectorData(nint vector);
    [LibraryImport(Lib, EntryPoint = "duckdb_vector_get_validity")] [SuppressGCTransition] public static partial ulong* VectorValidity(nint vector);
    [LibraryImport(Lib, EntryPoint = "duckdb_vector_ensure_validity_writable")] public static partial void EnsureValidityWritable(nint vector);
    [LibraryImport(Lib, EntryPoint = "duckdb_unsafe_vector_assign_string_element_len")] public static partial void AssignString(nint vector, ulong index, byte* text, ulong length);
    [LibraryImport(Lib, EntryPoint = "duckdb_vector_get_column_type")] public static partial nint VectorType(nint vector);
    [LibraryImport(Lib, EntryPoint = "duckdb_list_vector_get_child")] [SuppressGCTransition] public static partial nint ListChild(nint vector);
    [LibraryImport(Lib, EntryPoint = "duckdb_list_vector_get_size")] [SuppressGCTransition] public static partial ulong ListSize(nint vector);
    [LibraryImport(Lib, EntryPoint = "duckdb_list_vector_set_size")] public static partial DuckState SetListSize(nint vector, ulong size);
    [LibraryImport(Lib, EntryPoint = "duckdb_list_vector_reserve")] public static partial DuckState ReserveList(nint vector, ulong capacity);
    [LibraryImport(Lib, EntryPoint = "duckdb_struct_vector_get_child")] [SuppressGCTransition] public static partial nint StructChild(nint vector, ulong index);
    [LibraryImport(Lib, EntryPoint = "duckdb_array_vector_get_child")] [SuppressGCTransition] public static partial nint ArrayChild(nint vector);

    [LibraryImport(Lib, EntryPoint = "duckdb_create_table_function")] public static partial nint CreateTableFunction();
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_table_function")] public static partial void DestroyTableFunction(ref nint function);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_set_name", StringMarshalling = Utf8)] public static partial void TableFunctionName(nint function, string name);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_add_parameter")] public static partial void TableFunctionParameter(nint function, nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_set_extra_info")] public static partial void TableFunctionExtra(nint function, nint extra, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_set_bind")] public static partial void TableFunctionBind(nint function, delegate* unmanaged[Cdecl]<nint, void> callback);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_set_init")] public static partial void TableFunctionInit(nint function, delegate* unmanaged[Cdecl]<nint, void> callback);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_set_local_init")] public static partial void TableFunctionLocalInit(nint function, delegate* unmanaged[Cdecl]<nint, void> callback);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_set_function")] public static partial void TableFunctionBody(nint function, delegate* unmanaged[Cdecl]<nint, nint, void> callback);
    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_supports_projection_pushdown")] public static partial void TableFunctionProjection(nint function, [MarshalAs(UnmanagedType.U1)] bool pushdown);
    [LibraryImport(Lib, EntryPoint = "duckdb_register_table_function")] public static partial DuckState RegisterTableFunction(nint connection, nint function);

    [LibraryImport(Lib, EntryPoint = "duckdb_bind_get_extra_info")] public static partial nint BindExtra(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_bind_add_result_column", StringMarshalling = Utf8)] public static partial void BindColumn(nint info, string name, nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_bind_get_parameter_count")] public static partial ulong BindParameterCount(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_bind_get_parameter")] public static partial nint BindParameter(nint info, ulong index);
    [LibraryImport(Lib, EntryPoint = "duckdb_bind_set_bind_data")] public static partial void BindSetData(nint info, nint data, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(Lib, EntryPoint = "duckdb_bind_set_cardinality")] public static partial void BindCardinality(nint info, ulong rows, [MarshalAs(UnmanagedType.U1)] bool exact);
    [LibraryImport(Lib, EntryPoint = "duckdb_bind_set_error", StringMarshalling = Utf8)] public static partial void BindError(nint info, string error);
    [LibraryImport(Lib, EntryPoint = "duckdb_init_get_bind_data")] public static partial nint InitBindData(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_init_set_init_data")] public static partial void InitSetData(nint info, nint data, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(Lib, EntryPoint = "duckdb_init_get_column_count")] public static partial ulong InitColumnCount(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_init_get_column_index")] public static partial ulong InitColumnIndex(nint info, ulong column);
    [LibraryImport(Lib, EntryPoint = "duckdb_init_set_max_threads")] public static partial void InitMaxThreads(nint info, ulong threads);
    [LibraryImport(Lib, EntryPoint = "duckdb_init_set_error", StringMarshalling = Utf8)] public static partial void InitError(nint info, string error);
    [LibraryImport(Lib, EntryPoint = "duckdb_function_get_bind_data")] public static partial nint FunctionBindData(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_function_get_init_data")] public static partial nint FunctionInitData(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_function_get_local_init_data")] public static partial nint FunctionLocalData(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_function_set_error", StringMarshalling = Utf8)] public static partial void FunctionError(nint info, string error);

    [LibraryImport(Lib, EntryPoint = "duckdb_create_scalar_function")] public static partial nint CreateScalarFunction();
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_scalar_function")] public static partial void DestroyScalarFunction(ref nint function);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_set_name", StringMarshalling = Utf8)] public static partial void ScalarName(nint function, string name);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_add_parameter")] public static partial void ScalarParameter(nint function, nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_set_return_type")] public static partial void ScalarReturns(nint function, nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_set_volatile")] public static partial void ScalarVolatile(nint function);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_set_special_handling")] public static partial void ScalarSpecialHandling(nint function);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_set_extra_info")] public static partial void ScalarExtra(nint function, nint extra, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_set_function")] public static partial void ScalarBody(nint function, delegate* unmanaged[Cdecl]<nint, nint, nint, void> callback);
    [LibraryImport(Lib, EntryPoint = "duckdb_register_scalar_function")] public static partial DuckState RegisterScalar(nint connection, nint function);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_get_extra_info")] public static partial nint ScalarGetExtra(nint info);
    [LibraryImport(Lib, EntryPoint = "duckdb_scalar_function_set_error", StringMarshalling = Utf8)] public static partial void ScalarError(nint info, string error);

    [LibraryImport(Lib, EntryPoint = "duckdb_table_function_get_client_context")] public static partial void BindClientContext(nint info, out nint context);
    [LibraryImport(Lib, EntryPoint = "duckdb_connection_get_client_context")] public static partial void ConnectionClientContext(nint connection, out nint context);
    [LibraryImport(Lib, EntryPoint = "duckdb_client_context_get_connection_id")] public static partial ulong ConnectionId(nint context);
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_client_context")] public static partial void DestroyClientContext(ref nint context);
}
