using System.Globalization;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Schedules;

/// <summary>
/// A schedule's fire times as Temporal is told them, so that both agree. Temporal matches the clock on the wall: of day of month and day of week it wants both, a time that a day
/// does not have never comes there, and one that a day has twice comes twice (https://docs.temporal.io/schedule#schedule-specification).
/// </summary>
internal static class FireTimes
{
    /// <summary>Clock changes of so many years after this one are told; every start of the runtime looks again.</summary>
    private const int YearsAhead = 3;

    /// <summary>Cron strings for the schedule's zone which fire whenever it is due.</summary>
    public static IReadOnlyList<string> Crons(ScheduleDefinition schedule, DateTimeOffset now) => [.. Plain(schedule), .. AtClockChanges(schedule, now).Select(Once)];

    /// <summary>
    /// The moments of this year and the next ones, on the wall's clock, at which the schedule is due instead of at a time that its day does not have. Whole years, past days too: what is told
    /// changes once a year, for Temporal does not make up for starts that were missed before a change.
    /// </summary>
    public static IEnumerable<DateTime> AtClockChanges(ScheduleDefinition schedule, DateTimeOffset now)
    {
        var (cron, zone) = Read(schedule);
        if (cron.IsInterval) yield break;
        var begin = schedule.Start is { } start && start > now ? start : now;
        var year = TimeZoneInfo.ConvertTime(begin, zone).Year;
        for (var day = new DateOnly(year, 1, 1); day.Year <= year + YearsAhead; day = day.AddDays(1))
        {
            if (!SkipsTime(day, zone)) continue;
            var noon = day.ToDateTime(new TimeOnly(12, 0));
            var (from, until) = (new DateTimeOffset(noon, zone.GetUtcOffset(noon)).AddHours(-14), new DateTimeOffset(noon, zone.GetUtcOffset(noon)).AddHours(14));
            for (var at = from; cron.Next(at, zone) is { } next && next < until && !(next > schedule.End); at = next)
            {
                var local = TimeZoneInfo.ConvertTime(next, zone).DateTime;
                if (DateOnly.FromDateTime(local) == day && !cron.Shows(local)) yield return local;
            }
        }
    }

    /// <summary>
    /// Starts missed while everything was off are made up for if they are no older: two of the schedule's own periods, so that a night's load that was missed runs in the morning
    /// and a load of every minute does not come a thousand times; an hour at least, a month at most.
    /// </summary>
    public static TimeSpan CatchUp(ScheduleDefinition schedule, DateTimeOffset now)
    {
        var (least, most) = (TimeSpan.FromHours(1), TimeSpan.FromDays(31));
        var twice = schedule.Next(now, 2) is [var first, var second] ? (second - first) * 2 : least;
        return twice < least ? least : twice > most ? most : twice;
    }

    /// <summary>Whether Temporal fires at <paramref name="due"/> although the schedule ran an hour before, when the clock showed the same.</summary>
    public static bool IsRepetition(ScheduleDefinition schedule, DateTimeOffset due)
    {
        var (cron, zone) = Read(schedule);
        return cron.IsRepetition(due, zone);
    }

    private static IEnumerable<string> Plain(ScheduleDefinition schedule)
    {
        if (!Read(schedule).Cron.IsEitherDay) return [schedule.Cron];
        var f = schedule.Cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return [$"{f[0]} {f[1]} {f[2]} {f[3]} *", $"{f[0]} {f[1]} * {f[3]} {f[4]}"];
    }

    private static bool SkipsTime(DateOnly day, TimeZoneInfo zone) =>
        zone.GetUtcOffset(day.ToDateTime(new TimeOnly(23, 59))) > zone.GetUtcOffset(day.AddDays(-1).ToDateTime(new TimeOnly(23, 59)));

    private static string Once(DateTime local) => local.ToString("m' 'H' 'd' 'M' * 'yyyy", CultureInfo.InvariantCulture);

    private static (CronExpression Cron, TimeZoneInfo Zone) Read(ScheduleDefinition schedule) =>
        CronExpression.TryParse(schedule.Cron, out var cron, out var problem)
            ? (cron, TimeZoneInfo.FindSystemTimeZoneById(schedule.Timezone))
            : throw new FormatException($"'{schedule.Cron}' is no schedule: {problem}");
}
