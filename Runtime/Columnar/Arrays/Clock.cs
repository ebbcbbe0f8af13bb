namespace FlowForge.Columnar;

/// <summary>Arrow's counts since the epoch to CLR times and back.</summary>
internal static class Clock
{
    public const int EpochDay = 719_162;

    public static DateOnly Date(long daysSinceEpoch) =>
        DateOnly.FromDayNumber((int)Math.Clamp(Saturate(daysSinceEpoch, EpochDay), 0L, DateOnly.MaxValue.DayNumber));

    public static TimeOnly Time(long value, TimeUnit unit) => new(Math.Clamp(ToTicks(value, unit), 0, TimeOnly.MaxValue.Ticks));

    public static DateTime Stamp(long value, TimeUnit unit, DateTimeKind kind) =>
        new(Math.Clamp(Saturate(ToTicks(value, unit), DateTime.UnixEpoch.Ticks), 0L, DateTime.MaxValue.Ticks), kind);

    /// <summary>100 ns ticks; saturates, and rounds nanoseconds down.</summary>
    public static long ToTicks(long value, TimeUnit unit) => unit switch
    {
        TimeUnit.Second => Scale(value, TimeSpan.TicksPerSecond),
        TimeUnit.Millisecond => Scale(value, TimeSpan.TicksPerMillisecond),
        TimeUnit.Microsecond => Scale(value, TimeSpan.TicksPerMicrosecond),
        _ => FloorDivide(value, 100),
    };

    /// <summary>Units from ticks, rounded down.</summary>
    public static long FromTicks(long ticks, TimeUnit unit) => unit switch
    {
        TimeUnit.Second => FloorDivide(ticks, TimeSpan.TicksPerSecond),
        TimeUnit.Millisecond => FloorDivide(ticks, TimeSpan.TicksPerMillisecond),
        TimeUnit.Microsecond => FloorDivide(ticks, TimeSpan.TicksPerMicrosecond),
        _ => checked(ticks * 100),
    };

    private static long FloorDivide(long a, long b)
    {
        var (quotient, remainder) = Math.DivRem(a, b);
        return remainder < 0 ? quotient - 1 : quotient;
    }

    private static long Scale(long value, long factor) =>
        value > long.MaxValue / factor ? long.MaxValue : value < long.MinValue / factor ? long.MinValue : value * factor;

    private static long Saturate(long value, long plus) => value > long.MaxValue - plus ? long.MaxValue : value + plus;
}
