namespace FlowForge.Catalog;

/// <summary>What is done to a table.</summary>
public enum TableCareKind { Optimize, Vacuum, Alter }

/// <summary>One piece of work on a table that somebody asked for.</summary>
public sealed record TableCareRecord
{
    public required string CareId { get; init; }

    /// <summary>With layer.</summary>
    public required string Table { get; init; }

    public required TableCareKind Kind { get; init; }

    /// <summary>What was asked for, as JSON.</summary>
    public required string Request { get; init; }

    /// <summary>What came of it, as JSON; of a vacuum from the moment at which it was found, before any file went.</summary>
    public string? Result { get; init; }

    /// <summary>Never skipped or held.</summary>
    public RunState State { get; init; } = RunState.Queued;

    public required string By { get; init; }

    /// <summary>The table's newest version when the work began; null before.</summary>
    public long? BaseVersion { get; init; }

    /// <summary>What it does now, in a word or two; null when it does nothing.</summary>
    public string? Phase { get; init; }

    /// <summary>Of <see cref="Total"/>: bytes of files that are written anew, or files that are removed.</summary>
    public long Done { get; init; }

    /// <summary>0 while it is not known.</summary>
    public long Total { get; init; }

    /// <summary>How often it has begun.</summary>
    public int Attempts { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it failed; while it is open, why its last attempt did.</summary>
    public RunError? Error { get; init; }
}
