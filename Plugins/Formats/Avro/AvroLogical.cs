using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>Avro's logical types. One that is unknown, or does not fit its type, means nothing: the value stays what it is without it, as the specification says.</summary>
internal static class AvroLogical
{
    private const int MostDigits = 38;

    public static AvroNode? Of(string type, string logical, int? precision, int scale) => (type, logical) switch
    {
        ("int", "date") => new ValueNode<Date32Array.Builder>(Date32Type.Default, static (at, to) => to.Append(at.Int())),
        ("int", "time-millis") => new ValueNode<Time32Array.Builder>(new Time32Type(TimeUnit.Millisecond), static (at, to) => to.Append((int)TimeOfDay(at, at.Int(), 86_400_000))),
        ("long", "time-micros") => new ValueNode<Time64Array.Builder>(new Time64Type(TimeUnit.Microsecond), static (at, to) => to.Append(TimeOfDay(at, at.Long(), 86_400_000_000))),
        ("long", "timestamp-millis") => Stamp(TimeUnit.Millisecond, "UTC"),
        ("long", "timestamp-micros") => Stamp(TimeUnit.Microsecond, "UTC"),
        ("long", "timestamp-nanos") => Stamp(TimeUnit.Nanosecond, "UTC"),
        ("long", "local-timestamp-millis") => Stamp(TimeUnit.Millisecond, null),
        ("long", "local-timestamp-micros") => Stamp(TimeUnit.Microsecond, null),
        ("long", "local-timestamp-nanos") => Stamp(TimeUnit.Nanosecond, null),
        ("string", "uuid") => new ValueNode<UuidArray.Builder>(UuidType.Default, static (at, to) => Uuid(at, at.Text(), to)),
        ("bytes", "decimal") when precision is { } digits && scale >= 0 && scale <= digits => Decimal(digits, scale, static (at, _) => at.Bytes(), 0),
        _ => null,
    };

    public static AvroNode Fixed(string? logical, int size, int? precision, int scale) => logical switch
    {
        "decimal" when precision is { } digits && scale >= 0 && scale <= digits => Decimal(digits, scale, static (at, size) => at.Take(size), size),
        "duration" when size == 12 => new ValueNode<MonthDayNanosecondIntervalArray.Builder>(new IntervalType(IntervalUnit.MonthDayNanosecond), static (at, to) => Duration(at, at.Take(12), to)),
        "uuid" when size == 16 => new ValueNode<UuidArray.Builder>(UuidType.Default, static (at, to) => to.Append(at.Take(16))),
        _ => new ValueNode<FixedSizeBinaryArray.Builder>(new FixedSizeBinaryType(size), (at, to) => to.Append(at.Take(size))),
    };

    private static ValueNode<TimestampArray.Builder> Stamp(TimeUnit unit, string? zone) => new(new TimestampType(unit, zone), static (at, to) => to.Append(at.Long()));

    private static long TimeOfDay(AvroCursor at, long value, long day)
    {
        if (value < 0 || value >= day) at.Misfit($"{value} is no time of day.");
        return value;
    }

    private static void Uuid(AvroCursor at, ReadOnlySpan<byte> text, UuidArray.Builder to)
    {
        if (!Guid.TryParse(Encoding.UTF8.GetString(text), out var uuid)) at.Misfit($"\"{Encoding.UTF8.GetString(text)}\" is no UUID.");
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        to.Append(bytes);
    }

    private static void Duration(AvroCursor at, ReadOnlySpan<byte> bytes, MonthDayNanosecondIntervalArray.Builder to)
    {
        var (months, days) = (BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
        if (months > int.MaxValue || days > int.MaxValue) at.Misfit($"{months} months and {days} days are no duration.");
        to.Append(new CalendarInterval((int)months, (int)days, BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) * 1_000_000L));
    }

    private delegate ReadOnlySpan<byte> ReadDigits(AvroCursor at, int size);

    /// <summary>A decimal; one with more digits than a column can have is kept as text.</summary>
    private static AvroNode Decimal(int precision, int scale, ReadDigits read, int size)
    {
        if (precision > MostDigits)
            return new ValueNode<StringArray.Builder>(StringType.Default, (at, to) => to.Append(Encoding.ASCII.GetBytes(Digits(new BigInteger(read(at, size), isUnsigned: false, isBigEndian: true), scale))));
        var most = BigInteger.Pow(10, precision);
        return new ValueNode<Decimal128Array.Builder>(new Decimal128Type(precision, scale), (at, to) =>
        {
            var value = new BigInteger(read(at, size), isUnsigned: false, isBigEndian: true);
            var fits = BigInteger.Abs(value) < most;
            if (!fits) at.Misfit($"{Digits(value, scale)} has more than {precision} digits.");
            to.Append(fits ? (Int128)value : 0);
        });
    }

    private static string Digits(BigInteger value, int scale)
    {
        var digits = BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return (value.Sign < 0 ? "-" : "") + (scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}");
    }
}
