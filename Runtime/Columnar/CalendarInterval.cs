using System.Globalization;
using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>Months, days and nanoseconds, kept apart since a month has no fixed number of days nor a day of hours. Arrow's layout.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct CalendarInterval(int Months, int Days, long Nanoseconds)
{
    /// <summary>Days and time as a span; only for intervals without months, a day taken as 24 hours.</summary>
    public TimeSpan ToTimeSpan() => Months == 0
        ? TimeSpan.FromDays(Days) + new TimeSpan(Nanoseconds / 100)
        : throw new InvalidOperationException($"The interval {this} has months, which have no fixed length.");

    /// <summary>As <c>1 year 2 months 3 days 04:05:06.5</c>.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        void Part(int n, string unit)
        {
            if (n != 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{n} {unit}{(n is 1 or -1 ? "" : "s")}"));
        }
        Part(Months / 12, "year");
        Part(Months % 12, "month");
        Part(Days, "day");
        if (Nanoseconds != 0 || parts.Count == 0)
        {
            var ns = (UInt128)Int128.Abs(Nanoseconds);
            var fraction = ns % 1_000_000_000 == 0 ? "" : "." + (ns % 1_000_000_000).ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
            var s = ns / 1_000_000_000;
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{(Nanoseconds < 0 ? "-" : "")}{s / 3600:D2}:{s / 60 % 60:D2}:{s % 60:D2}{fraction}"));
        }
        return string.Join(' ', parts);
    }
}
