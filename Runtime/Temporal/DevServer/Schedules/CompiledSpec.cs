using FlowForge.Temporal.DevServer.Engine;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>A moment at which a schedule acts: what the specification says, and that plus jitter.</summary>
internal readonly record struct ActionTime(DateTime Nominal, DateTime Actual);

/// <summary>All the times of a schedule: the union of its calendars and intervals, without what is excluded.</summary>
internal sealed class CompiledSpec
{
    private readonly CompiledCalendar[] _calendars;
    private readonly CompiledCalendar[] _excluded;
    private readonly (TimeSpan Interval, TimeSpan Phase)[] _intervals;
    private readonly DateTime _start;
    private readonly DateTime _end;
    private readonly TimeSpan _jitter;
    private readonly string _seed;

    /// <param name="spec">In canonical form (<see cref="Canonical"/>).</param>
    /// <param name="seed">Spreads the jitter of different schedules; the same seed gives the same times.</param>
    public CompiledSpec(ScheduleSpec spec, string seed)
    {
        var zone = Zone(spec);
        _calendars = [.. spec.StructuredCalendar.Select(c => new CompiledCalendar(c, zone))];
        _excluded = [.. spec.ExcludeStructuredCalendar.Select(c => new CompiledCalendar(c, zone))];
        _intervals = [.. spec.Interval.Select(i => (WholeSeconds(i.Interval), WholeSeconds(i.Phase)))];
        _start = spec.StartTime?.ToDateTime() ?? DateTime.MinValue;
        _end = spec.EndTime?.ToDateTime() ?? DateTime.MaxValue;
        _jitter = Times.Span(spec.Jitter) ?? TimeSpan.Zero;
        _seed = seed;
    }

    /// <summary>Calendars and cron strings as structured calendars, as a schedule is described back.</summary>
    /// <exception cref="FormatException">Something cannot be read.</exception>
    public static ScheduleSpec Canonical(ScheduleSpec? given)
    {
        var spec = given?.Clone() ?? new ScheduleSpec();
        foreach (var calendar in spec.Calendar)
        {
            spec.StructuredCalendar.Add(CalendarText.Structure(calendar));
        }
        foreach (var calendar in spec.ExcludeCalendar)
        {
            spec.ExcludeStructuredCalendar.Add(CalendarText.Structure(calendar));
        }
        foreach (var cron in spec.CronString)
        {
            var (calendar, interval, zone) = CalendarText.Cron(cron);
            if (calendar is not null)
            {
                spec.StructuredCalendar.Add(calendar);
            }
            if (interval is not null)
            {
                spec.Interval.Add(interval);
            }
            if (zone.Length > 0)
            {
                if (spec.TimezoneName.Length > 0 && spec.TimezoneName != zone)
                {
                    throw new FormatException($"conflicting timezone names {spec.TimezoneName} and {zone}");
                }
                spec.TimezoneName = zone;
            }
        }
        spec.Calendar.Clear();
        spec.ExcludeCalendar.Clear();
        spec.CronString.Clear();
        foreach (var interval in spec.Interval)
        {
            if (Times.Span(interval.Interval) is not { } every || every < TimeSpan.FromSeconds(1))
            {
                throw new FormatException("interval is too small");
            }
            if (Times.IsNegative(interval.Phase))
            {
                throw new FormatException("phase is negative");
            }
            if ((Times.Span(interval.Phase) ?? TimeSpan.Zero) >= every)
            {
                throw new FormatException("phase cannot be greater than interval");
            }
        }
        Zone(spec);
        return spec;
    }

    /// <summary>The first time whose nominal moment is after <paramref name="after"/>; null when there is none.</summary>
    public ActionTime? Next(DateTime after)
    {
        if (Nominal(after) is not { } nominal)
        {
            return null;
        }
        if (_jitter == TimeSpan.Zero)
        {
            return new ActionTime(nominal, nominal);
        }
        // No later than the following time, so that the order holds.
        var most = Nominal(nominal) is { } following ? Times.Min(_jitter, following - nominal) : _jitter;
        var hash = Hash(_seed, nominal);
        return new ActionTime(nominal, nominal + (most * (hash / (double)uint.MaxValue)));
    }

    private DateTime? Nominal(DateTime after)
    {
        if (after < _start)
        {
            after = _start.AddTicks(-1);
        }
        // A time that is excluded leads to the next; a schedule that excludes everything ends with the calendars' range.
        for (var tries = 0; tries < 100_000; tries++)
        {
            DateTime? next = null;
            foreach (var calendar in _calendars)
            {
                next = Earlier(next, calendar.NextAfter(after));
            }
            foreach (var (interval, phase) in _intervals)
            {
                next = Earlier(next, NextInterval(after, interval, phase));
            }
            if (next is not { } found || found > _end)
            {
                return null;
            }
            if (!_excluded.Any(e => e.Matches(found)))
            {
                return found;
            }
            after = found;
        }
        return null;
    }

    private static DateTime NextInterval(DateTime after, TimeSpan interval, TimeSpan phase)
    {
        var since = (after - DateTime.UnixEpoch - phase).Ticks;
        var past = since >= 0 ? since / interval.Ticks : ((since + 1) / interval.Ticks) - 1;
        return DateTime.UnixEpoch + phase + TimeSpan.FromTicks((past + 1) * interval.Ticks);
    }

    private static DateTime? Earlier(DateTime? a, DateTime? b) => a is null ? b : b is null ? a : Times.Min(a.Value, b.Value);

    private static TimeSpan WholeSeconds(Duration? duration) => TimeSpan.FromSeconds(duration?.Seconds ?? 0);

    private static uint Hash(string seed, DateTime nominal)
    {
        // FNV-1a with a final mix: stable across processes, unlike string.GetHashCode.
        var hash = 2166136261u;
        foreach (var c in $"{seed}|{nominal.Ticks}")
        {
            hash = (hash ^ c) * 16777619u;
        }
        hash ^= hash >> 16;
        hash *= 0x85EBCA6B;
        return hash ^ (hash >> 13);
    }

    private static TimeZoneInfo Zone(ScheduleSpec spec)
    {
        if (!spec.TimezoneData.IsEmpty)
        {
            throw new FormatException("timezone_data is not supported by this server: name the zone in timezone_name");
        }
        if (spec.TimezoneName is "" or "UTC")
        {
            return TimeZoneInfo.Utc;
        }
        return TimeZoneInfo.TryFindSystemTimeZoneById(spec.TimezoneName, out var zone)
            ? zone
            : throw new FormatException($"unknown time zone {spec.TimezoneName}");
    }
}
