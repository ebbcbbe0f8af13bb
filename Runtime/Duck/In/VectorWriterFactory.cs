using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>The writer of each Arrow type; pairs with <see cref="SourceTypes.ToDuck"/>.</summary>
internal static class VectorWriterFactory
{
    public static VectorWriter Create(IArrowType type) => type switch
    {
        NullType => new NullWriter(),
        BooleanType => new BooleanWriter(),
        HalfFloatType => new ConvertWriter<Half, float>(static v => (float)v),
        Decimal128Type { Precision: <= 4 } t => new DecimalWriter<short>(t),
        Decimal128Type { Precision: <= 9 } t => new DecimalWriter<int>(t),
        Decimal128Type { Precision: <= 18 } t => new DecimalWriter<long>(t),
        Decimal128Type t => new DecimalWriter<Int128>(t),
        Date64Type => new ConvertWriter<long, int>(static v => checked((int)Floor(v, 86_400_000))),
        Time32Type { Unit: TimeUnit.Second } => new ConvertWriter<int, long>(static v => v * 1_000_000L),
        Time32Type => new ConvertWriter<int, long>(static v => v * 1000L),
        TimestampType { Timezone: not null, Unit: TimeUnit.Second } => new ConvertWriter<long, long>(static v => checked(v * 1_000_000)),
        TimestampType { Timezone: not null, Unit: TimeUnit.Millisecond } => new ConvertWriter<long, long>(static v => checked(v * 1000)),
        TimestampType { Timezone: not null, Unit: TimeUnit.Nanosecond } => new ConvertWriter<long, long>(static v => Floor(v, 1000)),
        DurationType t => new ConvertWriter<long, NativeInterval>(Duration(t.Unit)),
        IntervalType { Unit: IntervalUnit.YearMonth } => new ConvertWriter<int, NativeInterval>(static v => new NativeInterval { Months = v }),
        IntervalType { Unit: IntervalUnit.DayTime } => new ConvertWriter<long, NativeInterval>(static v => new NativeInterval { Days = (int)v, Micros = (v >> 32) * 1000 }),
        IntervalType => new ConvertWriter<CalendarInterval, NativeInterval>(static v => new NativeInterval { Months = v.Months, Days = v.Days, Micros = Floor(v.Nanoseconds, 1000) }),
        UuidType => new ConvertWriter<NativeHuge, NativeHuge>(UuidLayout.ToDuck),
        StringType => new BytesWriter(text: true),
        BinaryType => new BytesWriter(text: false),
        LargeStringType => new LargeBytesWriter(text: true),
        LargeBinaryType => new LargeBytesWriter(text: false),
        FixedSizeBinaryType t => new FixedBytesWriter(t.Width),
        ListType t => new ListWriter(Create(t.ValueType)),
        LargeListType t => new ListWriter(Create(t.ValueField.DataType)),
        FixedSizeListType t => new ArrayWriter(t.ListSize, Create(t.ValueField.DataType)),
        MapType t => new ListWriter(Create(t.EntriesType)),
        StructType t => new StructWriter(t.Fields.Select(f => Create(f.DataType)).ToArray()),
        DictionaryType t => new DictionaryWriter(Create(t.ValueType)),
        FixedWidthType t => new CopyWriter(t.ByteWidth),
        _ => throw new NotSupportedException($"DuckDB has no type for {type.Name}."),
    };

    private static Func<long, NativeInterval> Duration(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => static v => new NativeInterval { Micros = checked(v * 1_000_000) },
        TimeUnit.Millisecond => static v => new NativeInterval { Micros = checked(v * 1000) },
        TimeUnit.Microsecond => static v => new NativeInterval { Micros = v },
        _ => static v => new NativeInterval { Micros = Floor(v, 1000) },
    };

    private static long Floor(long value, long by)
    {
        var (quotient, remainder) = Math.DivRem(value, by);
        return remainder < 0 ? quotient - 1 : quotient;
    }
}
