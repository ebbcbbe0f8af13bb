namespace FlowForge.Catalog;

/// <summary>What happened in a window of time, and in the window before it.</summary>
/// <param name="Buckets">Equal parts of the window, oldest first, empty ones too.</param>
public sealed record Overview(DateTimeOffset From, DateTimeOffset To, OverviewFigures Current, OverviewFigures Previous, IReadOnlyList<OverviewBucket> Buckets);

/// <summary>Figures of the runs that were queued in a window.</summary>
/// <param name="Runs">All of them, open ones too.</param>
/// <param name="Open">Queued and running.</param>
/// <param name="SuccessRate">Succeeded of those that succeeded or failed, 0 to 1; null when there is none.</param>
/// <param name="RowsLoaded">By the ingest jobs of these runs.</param>
/// <param name="P95Seconds">95th percentile of the durations of finished runs; null when there is none.</param>
public sealed record OverviewFigures(
    long Runs, long Succeeded, long Failed, long Cancelled, long Open, double? SuccessRate,
    long RowsRead, long RowsLoaded, long RowsRejected, long Bytes, double? MedianSeconds, double? P95Seconds);

/// <summary>One part of the window.</summary>
/// <param name="MeanSeconds">Mean duration of finished runs; null when there is none.</param>
/// <param name="P95Seconds">95th percentile of them (nearest rank).</param>
public sealed record OverviewBucket(
    DateTimeOffset From, long Succeeded, long Failed, long Cancelled, long Open, long RowsLoaded, double? MeanSeconds, double? P95Seconds);
