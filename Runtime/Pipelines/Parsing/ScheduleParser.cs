using System.Globalization;

namespace FlowForge.Pipelines;

/// <summary>Reads when a pipeline runs, and how often its jobs are tried.</summary>
internal static class ScheduleParser
{
    public static ScheduleDefinition? Read(SectionReader pipeline, DateTimeOffset now)
    {
        if (pipeline.Value("schedule") is not { } value
            || Sections.Open(value, pipeline.Node.Key("schedule")!, "schedule", PipelineFields.Schedule, pipeline.Diagnostics) is not { } section)
        {
            return null;
        }
        var cron = section.Text("cron");
        var timezone = section.Text("timezone") ?? "UTC";
        var schedule = new ScheduleDefinition { Cron = cron ?? "", Timezone = timezone, Start = Time(section, "start"), End = Time(section, "end") };
        CronExpression? expression = null;
        if (cron is not null && !CronExpression.TryParse(cron, out expression, out var problem))
        {
            section.Add(DiagnosticCodes.InvalidCron, "cron", $"'{cron}' is no schedule: {problem}", "Five fields: minute hour day-of-month month day-of-week, for example 0 2 * * *.");
        }
        var zone = Zone(section, timezone);
        if (expression is not null && zone is not null && schedule.Next(now, 1).Count == 0)
        {
            section.Add(DiagnosticCodes.NeverRuns, "cron", $"The schedule '{cron}' never comes due{(schedule.End is null ? "" : " before its end")}.", "Check the day, the month and the end.");
        }
        return expression is null || zone is null ? null : schedule;
    }

    public static RunRetryDefinition ReadRunRetry(SectionReader pipeline)
    {
        var fallback = new RunRetryDefinition();
        if (pipeline.Mapping("run_retry") is not { } mapping)
        {
            return fallback;
        }
        var section = new SectionReader(mapping, "run_retry", PipelineFields.RunRetry, pipeline.PlaceOf("run_retry"), pipeline.Diagnostics);
        return new RunRetryDefinition { Attempts = (int)section.Integer("attempts")!.Value, Delay = Durations.Read(section, "delay", fallback.Delay) };
    }

    public static RetryDefinition ReadRetry(SectionReader pipeline)
    {
        var fallback = new RetryDefinition();
        if (pipeline.Mapping("retry") is not { } mapping)
        {
            return fallback;
        }
        var section = new SectionReader(mapping, "retry", PipelineFields.Retry, pipeline.PlaceOf("retry"), pipeline.Diagnostics);
        return new RetryDefinition
        {
            MaxAttempts = (int)section.Integer("max_attempts")!.Value,
            Delay = Durations.Read(section, "delay", fallback.Delay),
            MaxDelay = Durations.Read(section, "max_delay", fallback.MaxDelay),
            Backoff = section.Number("backoff"),
        };
    }

    private static TimeZoneInfo? Zone(SectionReader section, string name)
    {
        // Windows' own names would work on some machines only.
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId)
        {
            return zone;
        }
        var known = TimeZoneInfo.GetSystemTimeZones().Where(z => z.HasIanaId).Select(z => z.Id);
        section.Add(
            DiagnosticCodes.UnknownTimezone, "timezone", $"There is no time zone '{name}'.",
            Nearest.Of(name, known) is { } nearest ? $"Did you mean '{nearest}'?" : "Use an IANA name such as Europe/Berlin.");
        return null;
    }

    private static DateTimeOffset? Time(SectionReader section, string field)
    {
        if (section.Text(field) is not { } text)
        {
            return null;
        }
        if (text.Length >= 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time.ToUniversalTime();
        }
        section.Add(DiagnosticCodes.InvalidTime, field, $"'{text}' is no time.", "Write 2024-05-17 or 2024-05-17T02:00:00+02:00.");
        return null;
    }
}
