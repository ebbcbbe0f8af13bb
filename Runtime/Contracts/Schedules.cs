using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>A Temporal schedule as a list shows it.</summary>
public record ScheduleEntry
{
    public required string Id { get; init; }
    /// <summary>Type of the workflow that it starts.</summary>
    public required string WorkflowType { get; init; }
    public required bool Paused { get; init; }
    public string? Note { get; init; }
    /// <summary>When it acts, a sentence for each rule.</summary>
    public IReadOnlyList<string> Spec { get; init; } = [];
    /// <summary>Soonest first; empty while it is paused or exhausted.</summary>
    public IReadOnlyList<DateTimeOffset> NextTimes { get; init; } = [];
    public ScheduleAction? LastAction { get; init; }
}

/// <summary>A start that a schedule made.</summary>
/// <param name="Run">Null when the start was refused.</param>
public sealed record ScheduleAction(DateTimeOffset ScheduledFor, DateTimeOffset StartedAt, string? WorkflowId, string? Run, WorkflowState State);

/// <summary>A schedule with all that is known of it.</summary>
public sealed record ScheduleDetail : ScheduleEntry
{
    public required string WorkflowId { get; init; }
    public required string TaskQueue { get; init; }
    public IReadOnlyList<JsonElement> Input { get; init; } = [];
    /// <summary>IANA name; null means UTC.</summary>
    public string? TimeZone { get; init; }
    public DateTimeOffset? From { get; init; }
    public DateTimeOffset? Until { get; init; }
    public double? JitterSeconds { get; init; }
    /// <summary>What happens when the start before still runs: <c>skip</c>, <c>buffer one</c> …</summary>
    public required string Overlap { get; init; }
    public double? CatchupSeconds { get; init; }
    public bool PauseOnFailure { get; init; }
    /// <summary>Starts left before it ends; null means without limit.</summary>
    public long? RemainingActions { get; init; }
    public long Actions { get; init; }
    /// <summary>Starts that were missed because they were older than the catch-up window.</summary>
    public long Missed { get; init; }
    /// <summary>Starts that were left out because of the overlap policy.</summary>
    public long Skipped { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
    /// <summary>Newest first.</summary>
    public IReadOnlyList<ScheduleAction> RecentActions { get; init; } = [];
    public IReadOnlyList<WorkflowKey> Running { get; init; } = [];
}

/// <summary>Which schedule is meant, in a namespace (null for the runtime's own).</summary>
public sealed record ScheduleKey(string Id, string? Namespace = null);

/// <summary>Body of pause and unpause.</summary>
public sealed record PauseSchedule(ScheduleKey Schedule, string? Note = null);

/// <summary>Body of trigger. <paramref name="Overlap"/> is a policy such as <c>allow_all</c>; null means the schedule's own.</summary>
public sealed record TriggerSchedule(ScheduleKey Schedule, string? Overlap = null);

/// <summary>Body of backfill: starts for all times of the schedule from <paramref name="From"/> to <paramref name="To"/>.</summary>
public sealed record BackfillSchedule(ScheduleKey Schedule, DateTimeOffset From, DateTimeOffset To, string? Overlap = null);
