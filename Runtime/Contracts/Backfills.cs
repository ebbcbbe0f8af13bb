namespace FlowForge.Contracts;

/// <summary>Which intervals of a backfill's range are run.</summary>
public enum BackfillOnly
{
    /// <summary>All but those that a run works on now.</summary>
    All,
    /// <summary>Those that no run was ever about.</summary>
    Missing,
    /// <summary>Those whose last run failed or was cancelled.</summary>
    Failed,
    /// <summary>Missing and failed ones.</summary>
    NotSucceeded
}

/// <summary>Body of <c>POST /pipelines/{name}/backfills</c> and of its preview.</summary>
/// <param name="From">Start of the range, included.</param>
/// <param name="To">End of the range, not included.</param>
/// <param name="Step"><c>1d</c>, <c>6h</c>, or <c>schedule</c> for the fire times of the pipeline's schedule; null takes the schedule if there is one, else a day.</param>
/// <param name="MaxParallel">Runs at once, 1 to 16.</param>
/// <param name="Jobs">Job ids to run; null or empty means all.</param>
public sealed record StartBackfill(DateTimeOffset From, DateTimeOffset To, string? Step = null, BackfillOnly Only = BackfillOnly.NotSucceeded, int MaxParallel = 1,
    IReadOnlyList<string>? Jobs = null, IReadOnlyDictionary<string, string>? Parameters = null);

/// <summary>Answer to starting a backfill: the one to watch.</summary>
public sealed record BackfillStarted(string Backfill);

/// <summary>What a backfill would do.</summary>
/// <param name="Step">As it was understood.</param>
/// <param name="Runs">How many of the intervals would run.</param>
/// <param name="Intervals">Oldest first.</param>
public sealed record BackfillPreview(string Pipeline, int PipelineVersion, string Step, int Runs, IReadOnlyList<BackfillInterval> Intervals);

/// <summary>One interval of the range.</summary>
/// <param name="Runs">Whether it would run.</param>
/// <param name="Reason">Why, or why not.</param>
/// <param name="Run">The newest run about it; null when there was none.</param>
/// <param name="State">That run's state.</param>
public sealed record BackfillInterval(DataInterval Interval, bool Runs, string Reason, string? Run, RunState? State);

/// <summary>A backfill with its progress.</summary>
public sealed record BackfillSummary
{
    public required string Backfill { get; init; }
    public required string Pipeline { get; init; }
    public required int PipelineVersion { get; init; }
    public required RunState State { get; init; }
    public required DataInterval Range { get; init; }
    public required string Step { get; init; }
    public required BackfillOnly Only { get; init; }
    public required int MaxParallel { get; init; }
    public IReadOnlyList<string> Jobs { get; init; } = [];
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>Intervals that it runs.</summary>
    public int Total { get; init; }
    /// <summary>Of these by their newest run: a run that was retried later counts as it is now.</summary>
    public int Succeeded { get; init; }
    public int Failed { get; init; }
    public int Cancelled { get; init; }
    /// <summary>Queued or running.</summary>
    public int Active { get; init; }
    public string? Error { get; init; }
}
