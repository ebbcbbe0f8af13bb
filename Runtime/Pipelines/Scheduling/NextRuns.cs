namespace FlowForge.Pipelines;

/// <summary>When a schedule comes due.</summary>
public static class NextRuns
{
    /// <summary>The first moment after <paramref name="after"/>, in UTC; null when none comes.</summary>
    /// <exception cref="FormatException">The expression or the zone is not valid: the parser has said so.</exception>
    public static DateTimeOffset? After(ScheduleDefinition schedule, DateTimeOffset after) => schedule.Next(after, 1) is [var first, ..] ? first : null;

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
