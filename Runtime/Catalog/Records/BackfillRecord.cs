namespace FlowForge.Catalog;

/// <summary>Which intervals of a backfill's range are run.</summary>
public enum BackfillOnly
{
    /// <summary>All but those that a run works on now.</summary>
    All,

    /// <summary>Those that no run was ever about.</summary>
    Missing,

    /// <summary>Those whose last run failed or was cancelled.</summary>
    Failed,

    /// <summary>Those of which no run succeeded: missing and failed ones.</summary>
    NotSucceeded,
}

/// <summary>Runs of one pipeline over a range of time, one for each interval.</summary>
public sealed record BackfillRecord
{
    public required string BackfillId { get; init; }

    public required string Pipeline { get; init; }

    public required int PipelineVersion { get; init; }

    /// <summary>Never <see cref="RunState.Skipped"/>. Failed when a run failed; the others are run nevertheless.</summary>
    public RunState State { get; init; } = RunState.Queued;

    public required DataInterval Range { get; init; }

    /// <summary>As it was asked for: <c>1d</c>, <c>schedule</c>.</summary>
    public required string Step { get; init; }

    public BackfillOnly Only { get; init; }

    /// <summary>Runs at once, at least 1.</summary>
    public int MaxParallel { get; init; } = 1;

    /// <summary>Only these jobs; empty for all.</summary>
    public IReadOnlyList<string> JobIds { get; init; } = [];

    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>What is run, oldest first.</summary>
    public IReadOnlyList<DataInterval> Intervals { get; init; } = [];

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public RunError? Error { get; init; }
}

/// <summary>The newest run about an interval.</summary>
/// <param name="JobIds">The jobs that it, or the run that it repeats, was to run; empty for all.</param>
/// <param name="Removed">Retention has removed the run since.</param>
public sealed record IntervalRun(DataInterval Interval, string RunId, RunState State, IReadOnlyList<string> JobIds, bool Removed);
