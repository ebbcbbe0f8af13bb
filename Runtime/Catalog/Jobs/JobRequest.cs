namespace FlowForge.Catalog;

/// <summary>What the orchestration asks of a runner: the same for every attempt, but for <see cref="Attempt"/>.</summary>
public sealed record JobRequest
{
    public required string RunId { get; init; }

    public required string Pipeline { get; init; }

    public required int PipelineVersion { get; init; }

    /// <summary><c>ingest.flights</c>.</summary>
    public required string JobId { get; init; }

    /// <summary>Relative paths of the pipeline start here; absolute.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>Fixed for all attempts of the run: names and partitions are made from it, never from the clock. UTC.</summary>
    public required DateTimeOffset RunTime { get; init; }

    /// <summary>Version of the table's <c>txn</c> action, pinned by <c>ClaimStore</c>.</summary>
    public required long TxnVersion { get; init; }

    /// <summary>From 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Tables read at a fixed version (<c>bronze.flights</c> to version); all others at their latest.</summary>
    public IReadOnlyDictionary<string, long> InputVersions { get; init; } = new Dictionary<string, long>();

    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>The time that the run's data is about; null when it has none.</summary>
    public DataInterval? Interval { get; init; }

    /// <summary>The zone in which <see cref="Interval"/> was cut: of the schedule, else UTC.</summary>
    public TimeZoneInfo IntervalZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>The days that <see cref="Interval"/> touches, the first one and the one behind the last, as rows have them that know a date only; null without an interval.</summary>
    public (DateOnly From, DateOnly To)? IntervalDays =>
        Interval is { } i ? (DateOnly.FromDateTime(Local(i.Start)), DateOnly.FromDateTime(Local(i.End.AddTicks(-1))).AddDays(1)) : null;

    /// <summary>Whether <see cref="Interval"/> has a part of a day only, at its start or its end.</summary>
    public bool CutsDays => Interval is { } i && (Local(i.Start).TimeOfDay != TimeSpan.Zero || Local(i.End).TimeOfDay != TimeSpan.Zero);

    /// <summary>
    /// The run is part of a backfill: rows are taken by <see cref="Interval"/>, not from the cursor on, and the commit keeps the cursor as it is.
    /// </summary>
    public bool KeepCursor { get; init; }

    /// <summary>Set for a replay: not the source is read but these rejects, under the job's present definition.</summary>
    public RejectChoice? Replay { get; init; }

    /// <summary>Datasets are built although nothing has changed, and from scratch.</summary>
    public bool FullRefresh { get; init; }

    /// <summary>Application id of the <c>txn</c> action: pipeline and job.</summary>
    public string ApplicationId => $"{Pipeline}/{JobId}";

    private DateTime Local(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, IntervalZone).DateTime;
}
