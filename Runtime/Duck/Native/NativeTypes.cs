using System.Runtime.InteropServices;

namespace FlowForge.Duck.Native;

internal enum DuckState { Success = 0, Error = 1 }

internal enum PendingState { ResultReady = 0, ResultNotReady = 1, Error = 2, NoTasksAvailable = 3 }

internal enum ResultKind { Invalid = 0, ChangedRows = 1, Nothing = 2, QueryResult = 3 }

internal enum StatementKind { Invalid = 0, Select = 1, Insert = 2, Update = 3, Explain = 4, Delete = 5, Prepare = 6, Create = 7, Execute = 8, Copy = 11, Pragma = 17, Call = 19 }

/// <summary>duckdb_type.</summary>
internal enum TypeId
{
    Invalid = 0, Boolean = 1, TinyInt = 2, SmallInt = 3, Integer = 4, BigInt = 5, UTinyInt = 6, USmallInt = 7, UInteger = 8, UBigInt = 9,
    Float = 10, Double = 11, Timestamp = 12, Date = 13, Time = 14, Interval = 15, HugeInt = 16, Varchar = 17, Blob = 18, Decimal = 19,
    TimestampS = 20, TimestampMs = 21, TimestampNs = 22, Enum = 23, List = 24, Struct = 25, Map = 26, Uuid = 27, Union = 28, Bit = 29,
    TimeTz = 30, TimestampTz = 31, UHugeInt = 32, Array = 33, Any = 34, BigNum = 35, SqlNull = 36, StringLiteral = 37, IntegerLiteral = 38,
    TimeNs = 39, Geometry = 40, Variant = 41,
}

/// <summary>duckdb_result; passed by value to some calls.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeResult
{
    public ulong ColumnCount, RowCount, RowsChanged;
    public nint Columns, Error, Internal;
}

/// <summary>duckdb_query_progress_type.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeProgress
{
    public double Percentage;
    public ulong RowsProcessed, TotalRows;
}

/// <summary>duckdb_string_t: up to 12 bytes inline, else a prefix and a pointer.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeString
{
    public const int InlineLength = 12;
    [FieldOffset(0)] public uint Length;
    [FieldOffset(4)] public fixed byte Inlined[InlineLength];
    [FieldOffset(8)] public byte* Pointer;
}

/// <summary>duckdb_list_entry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ListEntry
{
    public ulong Offset, Length;
}

/// <summary>duckdb_interval.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeInterval
{
    public int Months, Days;
    public long Micros;
}

/// <summary>duckdb_hugeint, duckdb_uhugeint: low half first on every supported machine.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeHuge
{
    public ulong Lower;
    public ulong Upper;
}

/// <summary>duckdb_decimal.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeDecimal
{
    public byte Width, Scale;
    public NativeHuge Value;
}

/// <summary>duckdb_blob and duckdb_bit.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeBlob
{
    public nint Bytes;
    public ulong Size;
}
