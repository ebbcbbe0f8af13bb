using System.Globalization;

namespace FlowForge.Columnar;

/// <summary>Format strings of the C Data Interface, without the children that nested types take from child schemas.</summary>
internal static class FormatText
{
    public static string Of(IArrowType type) => type switch
    {
        NullType => "n",
        BooleanType => "b",
        Int8Type => "c",
        UInt8Type => "C",
        Int16Type => "s",
        UInt16Type => "S",
        Int32Type => "i",
        UInt32Type => "I",
        Int64Type => "l",
        UInt64Type => "L",
        HalfFloatType => "e",
        FloatType => "f",
        DoubleType => "g",
        Decimal128Type t => string.Create(CultureInfo.InvariantCulture, $"d:{t.Precision},{t.Scale}"),
        Date32Type => "tdD",
        Date64Type => "tdm",
        Time32Type t => "tt" + Letter(t.Unit),
        Time64Type t => "tt" + Letter(t.Unit),
        TimestampType t => $"ts{Letter(t.Unit)}:{t.Timezone}",
        DurationType t => "tD" + Letter(t.Unit),
        IntervalType { Unit: IntervalUnit.YearMonth } => "tiM",
        IntervalType { Unit: IntervalUnit.DayTime } => "tiD",
        IntervalType => "tin",
        StringType => "u",
        LargeStringType => "U",
        BinaryType => "z",
        LargeBinaryType => "Z",
        FixedSizeBinaryType t => string.Create(CultureInfo.InvariantCulture, $"w:{t.Width}"),
        ListType => "+l",
        LargeListType => "+L",
        FixedSizeListType t => string.Create(CultureInfo.InvariantCulture, $"+w:{t.ListSize}"),
        StructType => "+s",
        MapType => "+m",
        DictionaryType t => Of(t.IndexType),
        _ => throw new NotSupportedException($"{type.Name} has no format string."),
    };

    /// <summary>The type of a format string; nested types get their children from <paramref name="children"/>.</summary>
    public static IArrowType Parse(string format, IReadOnlyList<Field> children, bool keysSorted) => format switch
    {
        "n" => NullType.Default,
        "b" => BooleanType.Default,
        "c" => Int8Type.Default,
        "C" => UInt8Type.Default,
        "s" => Int16Type.Default,
        "S" => UInt16Type.Default,
        "i" => Int32Type.Default,
        "I" => UInt32Type.Default,
        "l" => Int64Type.Default,
        "L" => UInt64Type.Default,
        "e" => HalfFloatType.Default,
        "f" => FloatType.Default,
        "g" => DoubleType.Default,
        "u" => StringType.Default,
        "U" => LargeStringType.Default,
        "z" => BinaryType.Default,
        "Z" => LargeBinaryType.Default,
        "tdD" => Date32Type.Default,
        "tdm" => Date64Type.Default,
        "tts" => new Time32Type(TimeUnit.Second),
        "ttm" => new Time32Type(TimeUnit.Millisecond),
        "ttu" => new Time64Type(TimeUnit.Microsecond),
        "ttn" => new Time64Type(TimeUnit.Nanosecond),
        "tDs" => new DurationType(TimeUnit.Second),
        "tDm" => new DurationType(TimeUnit.Millisecond),
        "tDu" => new DurationType(TimeUnit.Microsecond),
        "tDn" => new DurationType(TimeUnit.Nanosecond),
        "tiM" => new IntervalType(IntervalUnit.YearMonth),
        "tiD" => new IntervalType(IntervalUnit.DayTime),
        "tin" => new IntervalType(IntervalUnit.MonthDayNanosecond),
        "+s" => new StructType(children),
        "+l" => new ListType(One(format, children)),
        "+L" => new LargeListType(One(format, children)),
        "+m" => Map(One(format, children), keysSorted),
        _ => Parameterised(format, children),
    };

    private static IArrowType Parameterised(string format, IReadOnlyList<Field> children)
    {
        if (format.StartsWith("d:", StringComparison.Ordinal))
        {
            var numbers = format[2..].Split(',').Select(n => Number(format, n)).ToArray();
            if (numbers.Length == 2 || (numbers.Length == 3 && numbers[2] == 128)) return new Decimal128Type(numbers[0], numbers[1]);
            throw new NotSupportedException($"Decimals of other than 128 bits are not supported (format '{format}').");
        }
        if (format.StartsWith("w:", StringComparison.Ordinal)) return new FixedSizeBinaryType(Number(format, format[2..]));
        if (format.StartsWith("+w:", StringComparison.Ordinal)) return new FixedSizeListType(One(format, children), Number(format, format[3..]));
        if (format.Length >= 4 && format.StartsWith("ts", StringComparison.Ordinal) && format[3] == ':')
        {
            var unit = format[2] switch { 's' => TimeUnit.Second, 'm' => TimeUnit.Millisecond, 'u' => TimeUnit.Microsecond, 'n' => TimeUnit.Nanosecond, _ => throw Unknown(format) };
            return new TimestampType(unit, format.Length == 4 ? null : format[4..]);
        }
        throw Unknown(format);
    }

    private static MapType Map(Field entries, bool keysSorted) =>
        entries.DataType is StructType { Fields: [var key, var value] }
            ? new MapType(key, value, keysSorted)
            : throw new InvalidDataException($"The entries of a map are a struct of two fields, not {entries.DataType.Name}.");

    private static Field One(string format, IReadOnlyList<Field> children) =>
        children.Count == 1 ? children[0] : throw new InvalidDataException($"The format '{format}' has one child, not {children.Count}.");

    private static int Number(string format, string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Unknown(format);

    private static NotSupportedException Unknown(string format) =>
        new($"The Arrow format '{format}' is not supported (unions, views, run-end encoding and 256-bit decimals are not).");

    private static char Letter(TimeUnit unit) => unit switch { TimeUnit.Second => 's', TimeUnit.Millisecond => 'm', TimeUnit.Microsecond => 'u', _ => 'n' };
}
