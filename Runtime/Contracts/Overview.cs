namespace FlowForge.Contracts;

/// <summary>Figures of the overview page for a window that ends now.</summary>
public sealed record Overview
{
    /// <summary><c>24h</c>, <c>7d</c> or <c>30d</c>.</summary>
    public required string Window { get; init; }
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }
    public required OverviewFigures Current { get; init; }
    /// <summary>The same length of time just before: for "+4.1 %".</summary>
    public required OverviewFigures Previous { get; init; }
    /// <summary>Equal slices of the window, oldest first, empty ones included (24 for 24h, 28 for 7d, 30 for 30d): for sparklines.</summary>
    public IReadOnlyList<OverviewBucket> Buckets { get; init; } = [];
    /// <summary>Newest first, at most 10.</summary>
    public IReadOnlyList<RunSummary> RecentRuns { get; init; } = [];
    /// <summary>Numbers beside the navigation.</summary>
    public required WorkspaceCounts Counts { get; init; }
}

/// <summary>Totals of a span of time. Runs are counted where they were queued.</summary>
public sealed record OverviewFigures
{
    public int Runs { get; init; }
    public int Succeeded { get; init; }
    public int Failed { get; init; }
    public int Cancelled { get; init; }
    /// <summary>Succeeded / (succeeded + failed), 0–1; null when nothing finished.</summary>
    public double? SuccessRate { get; init; }
    public long RowsLoaded { get; init; }
    public long RowsRejected { get; init; }
    public long Bytes { get; init; }
    /// <summary>95th percentile of finished runs' durations; null when nothing finished.</summary>
    public double? P95Seconds { get; init; }
}

/// <summary>One slice of the window.</summary>
public sealed record OverviewBucket(DateTimeOffset Start, int Runs, int Succeeded, int Failed, long RowsLoaded, double? P95Seconds);

/// <summary>How many there are now.</summary>
/// <param name="ActiveRuns">Queued and running.</param>
public sealed record WorkspaceCounts(int Pipelines, int ActiveRuns, int Tables, int Connectors)
{
    /// <summary>Changes of sources that wait for a person.</summary>
    public int HeldChanges { get; init; }
}
