namespace FlowForge.Temporal.DevServer.Engine;

/// <summary>Between protobuf's and .NET's ideas of time. All times are UTC.</summary>
internal static class Times
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36500);

    public static Timestamp Stamp(DateTime time) => Timestamp.FromDateTime(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    public static Timestamp? Stamp(DateTime? time) => time is { } t ? Stamp(t) : null;

    /// <summary>Null for an absent or zero duration; what is longer than a century counts as a century.</summary>
    public static TimeSpan? Span(Duration? duration)
    {
        if (duration is null || duration is { Seconds: <= 0, Nanos: <= 0 })
        {
            return null;
        }
        return duration.Seconds >= Longest.TotalSeconds ? Longest : duration.ToTimeSpan();
    }

    public static DateTime Utc(Timestamp time) => time.ToDateTime();

    public static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    public static DateTime Min(DateTime a, DateTime b) => a < b ? a : b;

    /// <summary>An absent, zero or negative duration as null: unset timeouts stay null in history.</summary>
    public static Duration? Unless0(Duration? duration) => Span(duration) is null ? null : duration;

    public static bool IsNegative(Duration? duration) => duration is not null && (duration.Seconds < 0 || duration.Nanos < 0);
}
