using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Why a run or job did not succeed.</summary>
/// <param name="Code">Stable, <c>FF2020</c>.</param>
/// <param name="Message">What went wrong, for people.</param>
/// <param name="Suggestion">What to do.</param>
public sealed record RunError(string Code, string Message, string? Suggestion = null);

/// <summary>One run of a pipeline. Times are UTC.</summary>
public sealed record RunRecord
{
    public required string RunId { get; init; }

    public required string Pipeline { get; init; }

    public required int PipelineVersion { get; init; }

    /// <summary><c>manual</c>, <c>schedule</c>, <c>api</c>, <c>retry</c> …</summary>
    public string Trigger { get; init; } = "manual";

    public RunState State { get; init; } = RunState.Queued;

    public required DateTimeOffset QueuedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public RunError? Error { get; init; }

    public string? WorkflowId { get; init; }

    public string? WorkflowRunId { get; init; }

    /// <summary>Only these jobs were asked for; empty for all.</summary>
    public IReadOnlyList<string> JobIds { get; init; } = [];

    /// <summary>Parameters of this run, defaults filled in.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>The run that this one repeats.</summary>
    public string? RetryOf { get; init; }

    /// <summary>The time that the run's data is about; null when it has none.</summary>
    public DataInterval? Interval { get; init; }

    /// <summary>A person holds it: what runs goes on, nothing new starts. Meaningful while the run is open; the workflow's history is the truth.</summary>
    public bool Paused { get; init; }

    /// <summary>Why an open run does nothing at the moment, for people; null while it works.</summary>
    public string? Waiting { get; init; }

    /// <summary>When retention removed its log; null while it is there, or when there never was one.</summary>
    public DateTimeOffset? LogRemovedAt { get; init; }

    /// <summary>When it was last taken up again by a retry; tries before that do not count against <c>retry.max_attempts</c>.</summary>
    public DateTimeOffset? ReopenedAt { get; init; }

    /// <summary>Its datasets are built from scratch, although nothing may have changed.</summary>
    public bool FullRefresh { get; init; }

    /// <summary>The backfill that it belongs to.</summary>
    public string? BackfillId { get; init; }
}

/// <summary>The time that a run's data is about, UTC. A scheduled run's goes from the fire time before its own to its own.</summary>
/// <param name="Start">Included.</param>
/// <param name="End">Not included; after <paramref name="Start"/>.</param>
public readonly record struct DataInterval(DateTimeOffset Start, DateTimeOffset End);

/// <summary>One job of a run, as of its latest attempt.</summary>
public sealed record JobRunRecord
{
    public required string RunId { get; init; }

    /// <summary><c>ingest.flights</c>.</summary>
    public required string JobId { get; init; }

    public required string Name { get; init; }

    public required JobKind Kind { get; init; }

    public RunState State { get; init; } = RunState.Queued;

    /// <summary>0 before the first attempt.</summary>
    public int Attempt { get; init; }

    public RowCounts Counts { get; init; }

    /// <summary>What the loaded rows did to the table; null where nobody counted.</summary>
    public RowChanges? Changes { get; init; }

    /// <summary>For a job with many tables: what became of each.</summary>
    public IReadOnlyList<TableOutcome> Tables { get; init; } = [];

    public long Bytes { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public RunError? Error { get; init; }

    /// <summary>The table it makes, with layer.</summary>
    public string? Table { get; init; }

    /// <summary>The version that this job committed.</summary>
    public long? TableVersion { get; init; }

    /// <summary>What the job is doing now, for people: <c>reading</c>, <c>publishing</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>0 to 1 while the end is known; null otherwise.</summary>
    public double? ProgressFraction { get; init; }

    public double? RowsPerSecond { get; init; }

    /// <summary>Ids of the jobs it waits for, as the run's plan said.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>The worker pool that executes it; null for the runtime itself.</summary>
    public string? Pool { get; init; }

    /// <summary>What the runner wants people to know: <c>nothing new</c>.</summary>
    public string? Note { get; init; }
}

/// <summary>One try of a job.</summary>
/// <param name="Attempt">From 1.</param>
/// <param name="State">How it ended, or <see cref="RunState.Running"/>.</param>
public sealed record AttemptRecord(
    string RunId, string JobId, int Attempt, RunState State, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, RunError? Error);
