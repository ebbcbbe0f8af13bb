using System.Globalization;
using System.Numerics;

namespace FlowForge.Columnar;

/// <summary>CLR values to the physical value of a column, exactly or not at all.</summary>
internal static class Coerce
{
    public static object To(Type physical, IArrowType type, object value)
    {
        if (value.GetType() == physical) return value;
        switch (type)
        {
            case Date32Type when Day(value) is { } day: return day;
            case Date64Type when Day(value) is { } day: return day * 86_400_000L;
            case Time32Type t when Ticks(value) is { } ticks: return checked((int)Clock.FromTicks(ticks, t.Unit));
            case Time64Type t when Ticks(value) is { } ticks: return Clock.FromTicks(ticks, t.Unit);
            case DurationType t when value is TimeSpan span: return Clock.FromTicks(span.Ticks, t.Unit);
            case TimestampType t when Stamp(value, t.Timezone is not null) is { } stamp:
                return Clock.FromTicks(stamp - DateTime.UnixEpoch.Ticks, t.Unit);
            case IntervalType when value is TimeSpan span: return new CalendarInterval(0, 0, checked(span.Ticks * 100));
        }
        if (value is string) throw new InvalidCastException("text is not converted");
        if (physical == typeof(Half)) return (Half)Convert.ToDouble(value, CultureInfo.InvariantCulture);
        if (value is double or float or decimal or Half && physical != typeof(double) && physical != typeof(float)
            && Convert.ToDouble(value, CultureInfo.InvariantCulture) is var d && d != Math.Floor(d))
            throw new OverflowException("it has a fraction");
        if (value is BigInteger big) value = (decimal)big;
        return Convert.ChangeType(value, physical, CultureInfo.InvariantCulture);
    }

    private static int? Day(object value) => value switch
    {
        DateOnly d => d.DayNumber - Clock.EpochDay,
        DateTime { TimeOfDay.Ticks: 0 } t => DateOnly.FromDateTime(t).DayNumber - Clock.EpochDay,
        _ => null,
    };

    private static long? Ticks(object value) => value switch
    {
        TimeOnly t => t.Ticks,
        TimeSpan { Ticks: >= 0 and < TimeSpan.TicksPerDay } t => t.Ticks,
        _ => null,
    };

    private static long? Stamp(object value, bool instant) => value switch
    {
        DateTime { Kind: DateTimeKind.Local } t when instant => t.ToUniversalTime().Ticks,
        DateTime t => t.Ticks,
        DateTimeOffset t => t.UtcTicks,
        DateOnly d => d.DayNumber * TimeSpan.TicksPerDay,
        _ => null,
    };

    public static Int128 PowerOfTen(int exponent)
    {
        Int128 power = 1;
        for (var i = 0; i < exponent; i++) power *= 10;
        return power;
    }

    /// <summary>value × 10^scale as an integer.</summary>
    public static Int128 Rescale(decimal value, int scale)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var unscaled = ((Int128)(uint)parts[2] << 64) | ((Int128)(uint)parts[1] << 32) | (uint)parts[0];
        for (var has = (parts[3] >> 16) & 0xFF; has != scale; has += has < scale ? 1 : -1)
        {
            if (has < scale)
            {
                unscaled = checked(unscaled * 10);
                continue;
            }
            (unscaled, var digit) = Int128.DivRem(unscaled, 10);
            if (digit != 0) throw new OverflowException($"{value.ToString(CultureInfo.InvariantCulture)} has more than {scale} decimal places.");
        }
        return parts[3] < 0 ? -unscaled : unscaled;
    }
}
