using System.Buffers.Binary;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>What PostgreSQL's dates and times reach: 4713 BC to 5874897 and 294276 AD. ±infinity are the largest counts of their sign, as in DuckDB.</summary>
internal static class Reach
{
    private const int FirstDay = -2_451_545, DayAfterLast = 2_145_031_949;
    private const long First = -211_813_488_000_000_000, AfterLast = 9_223_371_331_200_000_000;

    public static int Day(long days) => days switch
    {
        int.MaxValue => int.MaxValue,
        -int.MaxValue => int.MinValue,
        _ when days - Epoch.Days is >= FirstDay and < DayAfterLast and var day => (int)day,
        _ => throw new UnfitValueException($"a date beyond those of PostgreSQL ({days} days from 1970-01-01)", "Leave such rows out, or give a NULL for them, in the SQL of the table."),
    };

    public static long Moment(long value, TimeUnit unit)
    {
        if (value == long.MaxValue) return long.MaxValue;
        if (value == -long.MaxValue) return long.MinValue;
        var microseconds = (Int128)Microseconds(value, unit) - Epoch.Microseconds;
        return microseconds >= First && microseconds < AfterLast
            ? (long)microseconds
            : throw new UnfitValueException($"a time beyond those of PostgreSQL ({Microseconds(value, unit)} microseconds from 1970-01-01)", "Leave such rows out, or give a NULL for them, in the SQL of the table.");
    }

    /// <summary>Whole microseconds; what is finer is cut off towards the past.</summary>
    public static Int128 Microseconds(long value, TimeUnit unit) => unit switch
    {
        TimeUnit.Second => (Int128)value * 1_000_000,
        TimeUnit.Millisecond => (Int128)value * 1_000,
        TimeUnit.Microsecond => value,
        _ => value >= 0 || value % 1_000 == 0 ? value / 1_000 : value / 1_000 - 1,
    };
}

internal sealed class DateEncoder : FieldEncoder<Date32Array>
{
    protected override void WriteValue(CopyRows to, int row) => BinaryPrimitives.WriteInt32BigEndian(to.Field(4), Reach.Day(Array.Values[row]));
}

internal sealed class Date64Encoder : FieldEncoder<Date64Array>
{
    protected override void WriteValue(CopyRows to, int row) => BinaryPrimitives.WriteInt32BigEndian(to.Field(4), Reach.Day(Math.DivRem(Array.Values[row], 86_400_000).Quotient));
}

internal sealed class MomentEncoder(TimeUnit unit) : FieldEncoder<TimestampArray>
{
    protected override void WriteValue(CopyRows to, int row)
    {
        var value = Reach.Moment(Array.Values[row], unit);
        BinaryPrimitives.WriteInt64BigEndian(to.Field(8), value);
    }
}

internal sealed class TimeEncoder<T>(TimeUnit unit) : FieldEncoder<PrimitiveArray<T>> where T : unmanaged, System.Numerics.IBinaryInteger<T>
{
    protected override void WriteValue(CopyRows to, int row) => BinaryPrimitives.WriteInt64BigEndian(to.Field(8), (long)Reach.Microseconds(long.CreateTruncating(Array.Values[row]), unit));
}

/// <summary>Intervals: microseconds, days, months.</summary>
internal static class IntervalForm
{
    public static void Write(CopyRows to, int months, int days, Int128 microseconds)
    {
        if (microseconds > long.MaxValue || microseconds < long.MinValue) throw new UnfitValueException("an interval beyond those of PostgreSQL", "Leave such rows out in the SQL of the table.");
        var field = to.Field(16);
        BinaryPrimitives.WriteInt64BigEndian(field, (long)microseconds);
        BinaryPrimitives.WriteInt32BigEndian(field[8..], days);
        BinaryPrimitives.WriteInt32BigEndian(field[12..], months);
    }
}

/// <summary>Calendar intervals of any layout.</summary>
internal sealed class IntervalEncoder : FieldEncoder<IArrowArray>
{
    protected override void WriteValue(CopyRows to, int row)
    {
        var value = (CalendarInterval)Array.GetObject(row)!;
        IntervalForm.Write(to, value.Months, value.Days, Reach.Microseconds(value.Nanoseconds, TimeUnit.Nanosecond));
    }
}

internal sealed class DurationEncoder(TimeUnit unit) : FieldEncoder<DurationArray>
{
    protected override void WriteValue(CopyRows to, int row) => IntervalForm.Write(to, 0, 0, Reach.Microseconds(Array.Values[row], unit));
}
