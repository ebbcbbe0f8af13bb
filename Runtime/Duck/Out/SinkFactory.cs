using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>The sink, and with it the Arrow type, of each DuckDB type.</summary>
internal static class SinkFactory
{
    /// <summary>
    /// HUGEINT is decimal128(38, 0) (its 128 bits all travel), UHUGEINT too below 2^127; BIT and TIMETZ travel as text; TIMESTAMPTZ is an
    /// instant in UTC; enums are dictionaries.
    /// </summary>
    /// <exception cref="DuckException">UNION, BIGNUM, GEOMETRY and others without a mapping: the message says to cast.</exception>
    public static ColumnSink Create(LogicalType type) => type.Id switch
    {
        TypeId.Boolean => new BooleanSink(),
        TypeId.TinyInt => new CopySink(Int8Type.Default, 1),
        TypeId.SmallInt => new CopySink(Int16Type.Default, 2),
        TypeId.Integer => new CopySink(Int32Type.Default, 4),
        TypeId.BigInt => new CopySink(Int64Type.Default, 8),
        TypeId.UTinyInt => new CopySink(UInt8Type.Default, 1),
        TypeId.USmallInt => new CopySink(UInt16Type.Default, 2),
        TypeId.UInteger => new CopySink(UInt32Type.Default, 4),
        TypeId.UBigInt => new CopySink(UInt64Type.Default, 8),
        TypeId.Float => new CopySink(FloatType.Default, 4),
        TypeId.Double => new CopySink(DoubleType.Default, 8),
        TypeId.HugeInt => new CopySink(new Decimal128Type(38, 0), 16),
        TypeId.UHugeInt => new UHugeIntSink(),
        TypeId.Decimal => Decimal(type),
        TypeId.Date => new CopySink(Date32Type.Default, 4),
        TypeId.Time => new CopySink(new Time64Type(TimeUnit.Microsecond), 8),
        TypeId.TimeNs => new CopySink(new Time64Type(TimeUnit.Nanosecond), 8),
        TypeId.Timestamp => new CopySink(new TimestampType(TimeUnit.Microsecond), 8),
        TypeId.TimestampS => new CopySink(new TimestampType(TimeUnit.Second), 8),
        TypeId.TimestampMs => new CopySink(new TimestampType(TimeUnit.Millisecond), 8),
        TypeId.TimestampNs => new CopySink(new TimestampType(TimeUnit.Nanosecond), 8),
        TypeId.TimestampTz => new CopySink(new TimestampType(TimeUnit.Microsecond, "UTC"), 8),
        TypeId.Interval => new IntervalSink(),
        TypeId.Varchar or TypeId.StringLiteral => new BytesSink(StringType.Default),
        TypeId.Blob => new BytesSink(BinaryType.Default),
        TypeId.Bit => new BitSink(),
        TypeId.TimeTz => new TimeTzSink(),
        TypeId.Uuid => new UuidSink(),
        TypeId.Enum => Enum(type),
        TypeId.List => List(type),
        TypeId.Array => Array(type),
        TypeId.Struct => Struct(type),
        TypeId.Map => Map(type),
        TypeId.SqlNull => new NullSink(),
        _ => throw new DuckException(DuckErrorKind.NotImplemented, $"A column of DuckDB type {type.Text} has no Arrow form here: cast it, for example to VARCHAR."),
    };

    private static ColumnSink Decimal(LogicalType type)
    {
        var arrow = new Decimal128Type(type.DecimalWidth, type.DecimalScale);
        return type.DecimalInternal switch
        {
            TypeId.SmallInt => new DecimalSink<short>(arrow),
            TypeId.Integer => new DecimalSink<int>(arrow),
            TypeId.BigInt => new DecimalSink<long>(arrow),
            _ => new CopySink(arrow, 16),
        };
    }

    private static EnumSink Enum(LogicalType type)
    {
        var labels = new StringArray.Builder();
        foreach (var label in type.EnumLabels) labels.Append(label);
        var (index, width) = type.EnumInternal switch
        {
            TypeId.UTinyInt => ((IArrowType)UInt8Type.Default, 1),
            TypeId.USmallInt => (UInt16Type.Default, 2),
            _ => (UInt32Type.Default, 4),
        };
        return new EnumSink(new DictionaryType(index, StringType.Default, ordered: true), width, labels.Build().Data);
    }

    private static ListSink List(LogicalType type)
    {
        using var element = type.ListElement();
        var child = Create(element);
        return new ListSink(new ListType(child.Type), child);
    }

    private static ArraySink Array(LogicalType type)
    {
        using var element = type.ArrayElement();
        var child = Create(element);
        return new ArraySink(new FixedSizeListType(new Field("item", child.Type), type.ArraySize), child);
    }

    private static StructSink Struct(LogicalType type)
    {
        var children = new ColumnSink[type.StructCount];
        var fields = new Field[children.Length];
        for (var i = 0; i < children.Length; i++)
        {
            using var child = type.StructChild(i);
            children[i] = Create(child);
            fields[i] = new Field(type.StructName(i), children[i].Type);
        }
        return new StructSink(new StructType(fields), children);
    }

    private static ListSink Map(LogicalType type)
    {
        using var key = type.MapKey();
        using var value = type.MapValue();
        var (keys, values) = (Create(key), Create(value));
        var map = new MapType(keys.Type, values.Type);
        return new ListSink(map, new StructSink(map.EntriesType, [keys, values]));
    }
}
