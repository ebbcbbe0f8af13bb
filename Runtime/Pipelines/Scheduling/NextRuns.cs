namespace FlowForge.Pipelines;

/// <summary>When a schedule comes due.</summary>
public static class NextRuns
{
    /// <summary>The first moment after <paramref name="after"/>, in UTC; null when none comes.</summary>
    /// <exception cref="FormatException">The expression or the zone is not valid: the parser has said so.</exception>
    public static DateTimeOffset? After(ScheduleDefinition schedule, DateTimeOffset after) => schedule.Next(after, 1) is [var first, ..] ? first : null;

    /// <summary>The last moment before <paramref name="before"/>, in UTC, whatever the schedule's start says; null when there was none in the last five years.</summary>
    /// <exception cref="FormatException">The expression or the zone is not valid: the parser has said so.</exception>
    public static DateTimeOffset? Before(ScheduleDefinition schedule, DateTimeOffset before)
    {
        var open = schedule with { Start = null, End = null };
        foreach (var days in new[] { 1 / 24.0, 1, 8, 32, 367, 5 * 366 })
        {
            DateTimeOffset? last = null;
            for (var at = before.AddDays(-days).AddTicks(-1); After(open, at) is { } next && next < before; at = next) last = next;
            if (last is not null) return last;
        }
        return null;
    }

    /// <summary>The time that a run of this schedule is about: from the fire time before <paramref name="fired"/> to <paramref name="fired"/> itself.</summary>
    /// <returns>Null when it never fired before.</returns>
    public static (DateTimeOffset Start, DateTimeOffset End)? Interval(this ScheduleDefinition schedule, DateTimeOffset fired) =>
        Before(schedule, fired) is { } start ? (start, fired) : null;

    /// <summary>The first moments after <paramref name="after"/>, in UTC; fewer when the schedule ends before.</summary>
    /// <exception cref="FormatException">The expression or the zone is not valid: the parser has said so.</exception>
    public static IReadOnlyList<DateTimeOffset> Next(this ScheduleDefinition schedule, DateTimeOffset after, int count)
    {
        if (!CronExpression.TryParse(schedule.Cron, out var cron, out var problem))
        {
            throw new FormatException($"'{schedule.Cron}' is no schedule: {problem}");
        }
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(schedule.Timezone, out var zone))
        {
            throw new FormatException($"There is no time zone '{schedule.Timezone}'.");
        }
        // The start itself counts.
        if (schedule.Start is { } start && start > after)
        {
            after = start.AddTicks(-1);
        }
        List<DateTimeOffset> moments = [];
        while (moments.Count < count && cron.Next(after, zone) is { } next && !(next > schedule.End))
        {
            moments.Add(next);
            after = next;
        }
        return moments;
    }
}
