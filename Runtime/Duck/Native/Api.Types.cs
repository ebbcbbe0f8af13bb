using System.Runtime.InteropServices;

namespace FlowForge.Duck.Native;

/// <summary>Logical types and values.</summary>
internal static unsafe partial class Api
{
    [LibraryImport(Lib, EntryPoint = "duckdb_create_logical_type")] public static partial nint CreateLogicalType(TypeId type);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_list_type")] public static partial nint CreateListType(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_array_type")] public static partial nint CreateArrayType(nint type, ulong size);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_map_type")] public static partial nint CreateMapType(nint key, nint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_struct_type")] public static partial nint CreateStructType(nint* types, byte** names, ulong count);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_decimal_type")] public static partial nint CreateDecimalType(byte width, byte scale);
    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_logical_type")] public static partial void DestroyLogicalType(ref nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_get_type_id")] public static partial TypeId GetTypeId(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_logical_type_get_alias")] public static partial nint GetAlias(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_decimal_width")] public static partial byte DecimalWidth(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_decimal_scale")] public static partial byte DecimalScale(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_decimal_internal_type")] public static partial TypeId DecimalInternalType(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_enum_internal_type")] public static partial TypeId EnumInternalType(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_enum_dictionary_size")] public static partial uint EnumSize(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_enum_dictionary_value")] public static partial nint EnumValue(nint type, ulong index);
    [LibraryImport(Lib, EntryPoint = "duckdb_list_type_child_type")] public static partial nint ListChildType(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_array_type_child_type")] public static partial nint ArrayChildType(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_array_type_array_size")] public static partial ulong ArraySize(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_map_type_key_type")] public static partial nint MapKeyType(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_map_type_value_type")] public static partial nint MapValueType(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_struct_type_child_count")] public static partial ulong StructChildCount(nint type);
    [LibraryImport(Lib, EntryPoint = "duckdb_struct_type_child_name")] public static partial nint StructChildName(nint type, ulong index);
    [LibraryImport(Lib, EntryPoint = "duckdb_struct_type_child_type")] public static partial nint StructChildType(nint type, ulong index);

    [LibraryImport(Lib, EntryPoint = "duckdb_destroy_value")] public static partial void DestroyValue(ref nint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_null_value")] public static partial nint CreateNull();
    [LibraryImport(Lib, EntryPoint = "duckdb_create_bool")] public static partial nint CreateBool([MarshalAs(UnmanagedType.U1)] bool value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_int8")] public static partial nint CreateInt8(sbyte value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_uint8")] public static partial nint CreateUInt8(byte value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_int16")] public static partial nint CreateInt16(short value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_uint16")] public static partial nint CreateUInt16(ushort value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_int32")] public static partial nint CreateInt32(int value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_uint32")] public static partial nint CreateUInt32(uint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_int64")] public static partial nint CreateInt64(long value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_uint64")] public static partial nint CreateUInt64(ulong value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_hugeint")] public static partial nint CreateHugeInt(NativeHuge value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_uhugeint")] public static partial nint CreateUHugeInt(NativeHuge value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_float")] public static partial nint CreateFloat(float value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_double")] public static partial nint CreateDouble(double value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_decimal")] public static partial nint CreateDecimal(NativeDecimal value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_varchar_length")] public static partial nint CreateVarchar(byte* text, ulong length);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_blob")] public static partial nint CreateBlob(byte* bytes, ulong length);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_date")] public static partial nint CreateDate(int days);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_time")] public static partial nint CreateTime(long micros);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_timestamp")] public static partial nint CreateTimestamp(long micros);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_timestamp_tz")] public static partial nint CreateTimestampTz(long micros);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_interval")] public static partial nint CreateInterval(NativeInterval value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_uuid")] public static partial nint CreateUuid(NativeHuge value);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_list_value")] public static partial nint CreateList(nint elementType, nint* values, ulong count);
    [LibraryImport(Lib, EntryPoint = "duckdb_create_struct_value")] public static partial nint CreateStruct(nint type, nint* values);
    [LibraryImport(Lib, EntryPoint = "duckdb_get_value_type")] public static partial nint ValueType(nint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_get_int64")] public static partial long GetInt64(nint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_get_varchar")] public static partial nint GetVarchar(nint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_get_double")] public static partial double GetDouble(nint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_get_bool")] [return: MarshalAs(UnmanagedType.U1)] public static partial bool GetBool(nint value);
    [LibraryImport(Lib, EntryPoint = "duckdb_is_null_value")] [return: MarshalAs(UnmanagedType.U1)] public static partial bool IsNull(nint value);
}
