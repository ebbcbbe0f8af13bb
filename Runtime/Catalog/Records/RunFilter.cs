namespace FlowForge.Catalog;

/// <summary>Which runs to list; null fields do not restrict.</summary>
public sealed record RunFilter
{
    public string? Pipeline { get; init; }

    public RunState? State { get; init; }

    /// <summary>Queued at or after.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Queued before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only runs of this backfill.</summary>
    public string? Backfill { get; init; }

    /// <summary>Part of the run's id, pipeline or error message; upper and lower case are the same.</summary>
    public string? Text { get; init; }
}
