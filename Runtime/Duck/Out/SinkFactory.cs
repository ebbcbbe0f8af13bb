using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>The sink, and with it the Arrow type, of each DuckDB type.</summary>
internal sealed class SinkFactory(BufferPool pool)
{
    /// <summary>
    /// HUGEINT is decimal128(38, 0) (its 128 bits all travel), UHUGEINT too below 2^127; BIT and TIMETZ travel as text; TIMESTAMPTZ is an
    /// instant in UTC; enums are dictionaries.
    /// </summary>
    /// <exception cref="DuckException">UNION, BIGNUM, GEOMETRY and others without a mapping: the message says to cast.</exception>
    public ColumnSink Create(LogicalType type) => type.Id switch
    {
        TypeId.Boolean => new BooleanSink(pool),
        TypeId.TinyInt => new CopySink(Int8Type.Default, 1, pool),
        TypeId.SmallInt => new CopySink(Int16Type.Default, 2, pool),
        TypeId.Integer => new CopySink(Int32Type.Default, 4, pool),
        TypeId.BigInt => new CopySink(Int64Type.Default, 8, pool),
        TypeId.UTinyInt => new CopySink(UInt8Type.Default, 1, pool),
        TypeId.USmallInt => new CopySink(UInt16Type.Default, 2, pool),
        TypeId.UInteger => new CopySink(UInt32Type.Default, 4, pool),
        TypeId.UBigInt => new CopySink(UInt64Type.Default, 8, pool),
        TypeId.Float => new CopySink(FloatType.Default, 4, pool),
        TypeId.Double => new CopySink(DoubleType.Default, 8, pool),
        TypeId.HugeInt => new CopySink(new Decimal128Type(38, 0), 16, pool),
        TypeId.UHugeInt => new UHugeIntSink(pool),
        TypeId.Decimal => Decimal(type),
        TypeId.Date => new CopySink(Date32Type.Default, 4, pool),
        TypeId.Time => new CopySink(new Time64Type(TimeUnit.Microsecond), 8, pool),
        TypeId.TimeNs => new CopySink(new Time64Type(TimeUnit.Nanosecond), 8, pool),
        TypeId.Timestamp => new CopySink(new TimestampType(TimeUnit.Microsecond), 8, pool),
        TypeId.TimestampS => new CopySink(new TimestampType(TimeUnit.Second), 8, pool),
        TypeId.TimestampMs => new CopySink(new TimestampType(TimeUnit.Millisecond), 8, pool),
        TypeId.TimestampNs => new CopySink(new TimestampType(TimeUnit.Nanosecond), 8, pool),
        TypeId.TimestampTz => new CopySink(new TimestampType(TimeUnit.Microsecond, "UTC"), 8, pool),
        TypeId.Interval => new IntervalSink(pool),
        TypeId.Varchar or TypeId.StringLiteral => new BytesSink(StringType.Default, pool),
        TypeId.Blob => new BytesSink(BinaryType.Default, pool),
        TypeId.Bit => new BitSink(pool),
        TypeId.TimeTz => new TimeTzSink(pool),
        TypeId.Uuid => new UuidSink(pool),
        TypeId.Enum => Enum(type),
        TypeId.List => List(type),
        TypeId.Array => Array(type),
        TypeId.Struct => Struct(type),
        TypeId.Map => Map(type),
        TypeId.SqlNull => new NullSink(pool),
        _ => throw new DuckException(DuckErrorKind.NotImplemented, $"A column of DuckDB type {type.Text} has no Arrow form here: cast it, for example to VARCHAR."),
    };

    private ColumnSink Decimal(LogicalType type)
    {
        var arrow = new Decimal128Type(type.DecimalWidth, type.DecimalScale);
        return type.DecimalInternal switch
        {
            TypeId.SmallInt => new DecimalSink<short>(arrow, pool),
            TypeId.Integer => new DecimalSink<int>(arrow, pool),
            TypeId.BigInt => new DecimalSink<long>(arrow, pool),
            _ => new CopySink(arrow, 16, pool),
        };
    }

    private EnumSink Enum(LogicalType type)
    {
        var labels = new StringArray.Builder();
        foreach (var label in type.EnumLabels) labels.Append(label);
        var (index, width) = type.EnumInternal switch
        {
            TypeId.UTinyInt => ((IArrowType)UInt8Type.Default, 1),
            TypeId.USmallInt => (UInt16Type.Default, 2),
            _ => (UInt32Type.Default, 4),
        };
        return new EnumSink(new DictionaryType(index, StringType.Default, ordered: true), width, labels.Build().Data, pool);
    }

    private ListSink List(LogicalType type)
    {
        using var element = type.ListElement();
        var child = Create(element);
        return new ListSink(new ListType(child.Type), child, pool);
    }

    private ArraySink Array(LogicalType type)
    {
        using var element = type.ArrayElement();
        var child = Create(element);
        return new ArraySink(new FixedSizeListType(new Field("item", child.Type), type.ArraySize), child, pool);
    }

    private StructSink Struct(LogicalType type)
    {
        var children = new ColumnSink[type.StructCount];
        var fields = new Field[children.Length];
        for (var i = 0; i < children.Length; i++)
        {
            using var child = type.StructChild(i);
            children[i] = Create(child);
            fields[i] = new Field(type.StructName(i), children[i].Type);
        }
        return new StructSink(new StructType(fields), children, pool);
    }

    private ListSink Map(LogicalType type)
    {
        using var key = type.MapKey();
        using var value = type.MapValue();
        var (keys, values) = (Create(key), Create(value));
        var map = new MapType(keys.Type, values.Type);
        return new ListSink(map, new StructSink(map.EntriesType, [keys, values], pool), pool);
    }
}
