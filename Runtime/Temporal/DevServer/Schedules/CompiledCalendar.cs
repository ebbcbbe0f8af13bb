using Temporalio.Api.Schedule.V1;
using CalendarRange = Temporalio.Api.Schedule.V1.Range;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>
/// A calendar in a time zone. Matching is by the clock on the wall: a time that a day does not have never comes, one that it
/// has twice comes twice.
/// </summary>
internal sealed class CompiledCalendar
{
    private const int LastYear = 2199;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Shift = TimeSpan.FromHours(3);

    private readonly TimeZoneInfo _zone;
    private readonly bool[] _seconds;
    private readonly bool[] _minutes;
    private readonly bool[] _hours;
    private readonly bool[] _days;
    private readonly bool[] _months;
    private readonly bool[] _weekdays;
    private readonly CalendarRange[] _years;

    public CompiledCalendar(StructuredCalendarSpec spec, TimeZoneInfo zone)
    {
        _zone = zone;
        _seconds = Set(spec.Second, 60);
        _minutes = Set(spec.Minute, 60);
        _hours = Set(spec.Hour, 24);
        _days = Set(spec.DayOfMonth, 32);
        _months = Set(spec.Month, 13);
        _weekdays = Set(spec.DayOfWeek, 7);
        _years = [.. spec.Year];
    }

    /// <summary>Whether this very second matches.</summary>
    public bool Matches(DateTime utc)
    {
        var local = Local(utc);
        return MatchesDay(local) && _hours[local.Hour] && _minutes[local.Minute] && _seconds[local.Second];
    }

    /// <summary>The first matching second after <paramref name="utc"/>, or null when there is none.</summary>
    public DateTime? NextAfter(DateTime utc)
    {
        var t = new DateTime(utc.Ticks - (utc.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc).AddSeconds(1);
        while (true)
        {
            var local = Local(t);
            if (local.Year > LastYear || (_years.Length > 0 && local.Year > _years.Max(End)))
            {
                return null;
            }
            if (!MatchesYear(local.Year))
            {
                t += Jump(local, new DateTime(local.Year, 1, 1).AddYears(1));
            }
            else if (!_months[local.Month])
            {
                t += Jump(local, new DateTime(local.Year, local.Month, 1).AddMonths(1));
            }
            else if (!_days[local.Day] || !_weekdays[(int)local.DayOfWeek])
            {
                t += Jump(local, local.Date.AddDays(1));
            }
            else if (!_hours[local.Hour])
            {
                t += local.Date.AddHours(local.Hour + 1) - local;
            }
            else if (!_minutes[local.Minute])
            {
                t = t.AddSeconds(60 - local.Second);
            }
            else if (!_seconds[local.Second])
            {
                t = t.AddSeconds(1);
            }
            else
            {
                return t;
            }
        }
    }

    /// <summary>Stops short of far targets: the clock may be put forward on the way, which would carry past them.</summary>
    private static TimeSpan Jump(DateTime local, DateTime target)
    {
        var distance = target - local;
        var toNextHour = Hour - TimeSpan.FromTicks(local.Ticks % Hour.Ticks);
        return distance > Shift + Hour ? distance - Shift : distance < toNextHour ? distance : toNextHour;
    }

    private DateTime Local(DateTime utc) => utc + _zone.GetUtcOffset(utc);

    private bool MatchesDay(DateTime local) =>
        MatchesYear(local.Year) && _months[local.Month] && _days[local.Day] && _weekdays[(int)local.DayOfWeek];

    private bool MatchesYear(int year) =>
        _years.Length == 0 || _years.Any(r => year >= r.Start && year <= End(r) && (year - r.Start) % Math.Max(1, r.Step) == 0);

    private static int End(CalendarRange range) => Math.Max(range.Start, range.End);

    private static bool[] Set(IEnumerable<CalendarRange> ranges, int size)
    {
        var set = new bool[size];
        foreach (var range in ranges)
        {
            for (var v = range.Start; v <= End(range) && v < size; v += Math.Max(1, range.Step))
            {
                set[v] = true;
            }
        }
        return set;
    }
}
