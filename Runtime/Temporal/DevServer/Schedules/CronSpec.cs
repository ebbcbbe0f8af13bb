using FlowForge.Temporal.DevServer.Engine;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>The cron of a workflow's start. Unlike a schedule's it joins day of month and day of week by "or" when both are given.</summary>
internal static class CronSpec
{
    /// <summary>Null when the cron can be read, else what is wrong with it.</summary>
    public static string? Check(string cron)
    {
        try
        {
            var (_, _, zone) = CalendarText.Cron(cron);
            if (zone.Length > 0)
            {
                TimeZoneInfo.FindSystemTimeZoneById(zone);
            }
            return null;
        }
        catch (Exception e) when (e is FormatException or TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            return $"Invalid CronSchedule: {e.Message}";
        }
    }

    /// <summary>The first time after <paramref name="now"/>; intervals count from <paramref name="start"/>. Null when there is none.</summary>
    public static DateTime? NextAfter(string cron, DateTime start, DateTime now)
    {
        var (calendar, interval, zoneName) = CalendarText.Cron(cron);
        if (interval is not null)
        {
            var every = Times.Span(interval.Interval)!.Value;
            if (now < start)
            {
                return start;
            }
            return start + (every * Math.Floor(((now - start) / every) + 1));
        }
        var zone = zoneName.Length > 0 ? TimeZoneInfo.FindSystemTimeZoneById(zoneName) : TimeZoneInfo.Utc;
        if (!IsAny(calendar!.DayOfMonth, 1, 31) && !IsAny(calendar.DayOfWeek, 0, 6))
        {
            var byDay = calendar.Clone();
            byDay.DayOfWeek.Clear();
            byDay.DayOfWeek.Add(new Temporalio.Api.Schedule.V1.Range { Start = 0, End = 6 });
            var byWeekday = calendar.Clone();
            byWeekday.DayOfMonth.Clear();
            byWeekday.DayOfMonth.Add(new Temporalio.Api.Schedule.V1.Range { Start = 1, End = 31 });
            return new[] { byDay, byWeekday }.Select(c => new CompiledCalendar(c, zone).NextAfter(now)).Where(t => t is not null).Min();
        }
        return new CompiledCalendar(calendar, zone).NextAfter(now);
    }

    private static bool IsAny(Google.Protobuf.Collections.RepeatedField<Temporalio.Api.Schedule.V1.Range> ranges, int min, int max) =>
        ranges.Count == 1 && ranges[0].Start == min && ranges[0].End == max && ranges[0].Step <= 1;
}
