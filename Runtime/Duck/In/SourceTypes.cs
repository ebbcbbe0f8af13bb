using System.Text;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>The DuckDB type that an Arrow column becomes.</summary>
internal static unsafe class SourceTypes
{
    /// <summary>A new logical type; the caller disposes it.</summary>
    /// <exception cref="NotSupportedException">No DuckDB type holds these values.</exception>
    public static LogicalType ToDuck(IArrowType type) => type switch
    {
        NullType => Simple(TypeId.SqlNull),
        BooleanType => Simple(TypeId.Boolean),
        Int8Type => Simple(TypeId.TinyInt),
        Int16Type => Simple(TypeId.SmallInt),
        Int32Type => Simple(TypeId.Integer),
        Int64Type => Simple(TypeId.BigInt),
        UInt8Type => Simple(TypeId.UTinyInt),
        UInt16Type => Simple(TypeId.USmallInt),
        UInt32Type => Simple(TypeId.UInteger),
        UInt64Type => Simple(TypeId.UBigInt),
        HalfFloatType or FloatType => Simple(TypeId.Float),
        DoubleType => Simple(TypeId.Double),
        Decimal128Type { Scale: >= 0 } t when t.Scale <= t.Precision => new LogicalType(Api.CreateDecimalType((byte)t.Precision, (byte)t.Scale)),
        Date32Type or Date64Type => Simple(TypeId.Date),
        Time64Type { Unit: TimeUnit.Nanosecond } => Simple(TypeId.TimeNs),
        Time32Type or Time64Type => Simple(TypeId.Time),
        TimestampType { Timezone: not null } => Simple(TypeId.TimestampTz),
        TimestampType { Unit: TimeUnit.Second } => Simple(TypeId.TimestampS),
        TimestampType { Unit: TimeUnit.Millisecond } => Simple(TypeId.TimestampMs),
        TimestampType { Unit: TimeUnit.Nanosecond } => Simple(TypeId.TimestampNs),
        TimestampType => Simple(TypeId.Timestamp),
        DurationType or IntervalType => Simple(TypeId.Interval),
        StringType or LargeStringType => Simple(TypeId.Varchar),
        UuidType => Simple(TypeId.Uuid),
        BinaryType or LargeBinaryType or FixedSizeBinaryType => Simple(TypeId.Blob),
        ListType t => List(t.ValueType),
        LargeListType t => List(t.ValueField.DataType),
        FixedSizeListType { ListSize: > 0 } t => Array(t),
        StructType { Fields.Count: > 0 } t => Struct(t),
        MapType t => Map(t),
        DictionaryType t => ToDuck(t.ValueType),
        _ => throw new NotSupportedException($"DuckDB has no type for {type.Name}."),
    };

    /// <summary>Whether arrays of one type can stand for the other: metadata and field names of nested types do not matter.</summary>
    public static bool SameLayout(IArrowType a, IArrowType b)
    {
        if (a is NestedType x && b is NestedType y)
        {
            return a.TypeId == b.TypeId && x.Fields.Count == y.Fields.Count && (a as FixedSizeListType)?.ListSize == (b as FixedSizeListType)?.ListSize
                && x.Fields.Zip(y.Fields).All(p => SameLayout(p.First.DataType, p.Second.DataType));
        }
        if (a is TimestampType s && b is TimestampType t) return s.Unit == t.Unit && s.Timezone is null == t.Timezone is null;
        if (a is DictionaryType d && b is DictionaryType e) return d.IndexType.Equals(e.IndexType) && SameLayout(d.ValueType, e.ValueType);
        return a.Equals(b);
    }

    private static LogicalType Simple(TypeId id) => new(Api.CreateLogicalType(id));

    private static LogicalType List(IArrowType element)
    {
        using var child = ToDuck(element);
        return new LogicalType(Api.CreateListType(child.Handle));
    }

    private static LogicalType Array(FixedSizeListType type)
    {
        using var child = ToDuck(type.ValueField.DataType);
        return new LogicalType(Api.CreateArrayType(child.Handle, (ulong)type.ListSize));
    }

    private static LogicalType Map(MapType type)
    {
        using var key = ToDuck(type.KeyField.DataType);
        using var value = ToDuck(type.ValueField.DataType);
        return new LogicalType(Api.CreateMapType(key.Handle, value.Handle));
    }

    private static LogicalType Struct(StructType type)
    {
        var children = new List<LogicalType>();
        var names = new List<nint>();
        try
        {
            foreach (var field in type.Fields)
            {
                children.Add(ToDuck(field.DataType));
                names.Add(System.Runtime.InteropServices.Marshal.StringToCoTaskMemUTF8(field.Name));
            }
            var handles = children.Select(c => c.Handle).ToArray();
            var texts = names.ToArray();
            fixed (nint* h = handles)
            fixed (nint* n = texts)
                return new LogicalType(Api.CreateStructType(h, (byte**)n, (ulong)handles.Length));
        }
        finally
        {
            foreach (var child in children) child.Dispose();
            foreach (var name in names) System.Runtime.InteropServices.Marshal.FreeCoTaskMem(name);
        }
    }
}
