using System.Buffers.Binary;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

/// <summary>PostgreSQL counts from 2000-01-01, Arrow from 1970-01-01. ±infinity becomes the largest count of its sign, as in DuckDB.</summary>
internal static class Epoch
{
    public const int Days = 10_957;
    public const long Microseconds = Days * 86_400_000_000L;
}

internal readonly struct DateForm : IWireForm<int>
{
    public static int Read(ReadOnlySpan<byte> value)
    {
        var days = BinaryPrimitives.ReadInt32BigEndian(value);
        return days switch { int.MaxValue => int.MaxValue, int.MinValue => -int.MaxValue, _ => days + Epoch.Days };
    }
}

internal readonly struct TimestampForm : IWireForm<long>
{
    public static long Read(ReadOnlySpan<byte> value)
    {
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(value);
        return microseconds switch { long.MaxValue => long.MaxValue, long.MinValue => -long.MaxValue, _ => microseconds + Epoch.Microseconds };
    }
}

internal sealed class IntervalDecoder(MonthDayNanosecondIntervalArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value)
    {
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(value);
        if (microseconds is > long.MaxValue / 1000 or < long.MinValue / 1000)
            throw new UnfitValueException("an interval of more than 292 years of hours", "Read the column as text with a query.");
        builder.Append(new CalendarInterval(BinaryPrimitives.ReadInt32BigEndian(value[12..]), BinaryPrimitives.ReadInt32BigEndian(value[8..]), microseconds * 1000));
    }
}
