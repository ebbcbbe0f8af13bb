using Temporalio.Api.Enums.V1;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>When a schedule starts which workflow. Times outside <see cref="StartAt"/>–<see cref="EndAt"/> do not count.</summary>
public sealed record ScheduleDefinition
{
    public required ScheduledWorkflow Workflow { get; init; }

    /// <summary>Cron expressions of five to seven fields, or <c>@daily</c> and its kind.</summary>
    public IReadOnlyList<string> Cron { get; init; } = [];

    public IReadOnlyList<ScheduleInterval> Intervals { get; init; } = [];

    /// <summary>Calendar specifications in the server's own form, beside <see cref="Cron"/>.</summary>
    public IReadOnlyList<StructuredCalendarSpec> Calendars { get; init; } = [];

    /// <summary>IANA name, for cron and calendars; null means UTC.</summary>
    public string? TimeZone { get; init; }

    public DateTimeOffset? StartAt { get; init; }

    public DateTimeOffset? EndAt { get; init; }

    /// <summary>Each start is put off by a random time up to this.</summary>
    public TimeSpan? Jitter { get; init; }

    /// <summary>What happens when the workflow of the start before still runs.</summary>
    public ScheduleOverlapPolicy Overlap { get; init; } = ScheduleOverlapPolicy.Skip;

    /// <summary>Starts missed while the server was down are made up for if they are no older than this; null means the server's default, a year.</summary>
    public TimeSpan? CatchupWindow { get; init; }

    public bool PauseOnFailure { get; init; }

    public bool Paused { get; init; }

    public string Note { get; init; } = "";

    /// <summary>After so many starts the schedule does nothing more; null means no limit.</summary>
    public long? RemainingActions { get; init; }
}

/// <summary>Every <paramref name="Every"/>, counted from the Unix epoch plus <paramref name="Offset"/>.</summary>
public sealed record ScheduleInterval(TimeSpan Every, TimeSpan Offset = default);

/// <summary>What a schedule starts. The server appends the time of the start to the id in <paramref name="Options"/>.</summary>
public sealed record ScheduledWorkflow(string WorkflowType, object? Input, StartWorkflowOptions Options);
