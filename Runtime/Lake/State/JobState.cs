namespace FlowForge.Lake;

/// <summary>A source file that a job has dealt with.</summary>
/// <param name="Path">As the connector names it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">The source's own tag, where it has one.</param>
/// <param name="Modified">The source's time of change, UTC, where it has one.</param>
/// <param name="Sha256">Lower-case hex of the content.</param>
/// <param name="Rows">Records read from it.</param>
/// <param name="Note">Why it was not loaded (duplicate, rejected), else null.</param>
public sealed record SeenFile(string Path, long Size, string? ETag, DateTimeOffset? Modified, string Sha256, long Rows, string? Note = null);

/// <summary>The row equation of a commit: <c>Read = Loaded + Rejected + Deduplicated + Filtered</c>.</summary>
public readonly record struct RowEquation(long Read, long Loaded, long Rejected, long Deduplicated, long Filtered)
{
    /// <summary>True when every row read is accounted for.</summary>
    public bool Balanced => Read == Loaded + Rejected + Deduplicated + Filtered;
}

/// <summary>
/// Where a job stands with a table, as of one commit. It is kept in an immutable file under the table's <c>_flowforge/</c> that the commit names, so that it
/// becomes true together with the rows; restoring an old version restores it too.
/// </summary>
public sealed record JobState
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The job's name within the pipeline.</summary>
    public required string Job { get; init; }

    /// <summary>The run that made the commit.</summary>
    public required string RunId { get; init; }

    /// <summary>What happened to the rows of this commit.</summary>
    public RowEquation Rows { get; init; }

    /// <summary>How far an incremental job has got, in the job's own text form.</summary>
    public string? Cursor { get; init; }

    /// <summary>The rejects table that this commit makes count, with its version, such as <c>quarantine/flights@3</c>.</summary>
    public string? Rejects { get; init; }

    /// <summary>Tables that belong to this one, by name without layer, each with the version that this commit makes count.</summary>
    public IReadOnlyDictionary<string, long> Children { get; init; } = new Dictionary<string, long>();

    /// <summary>The job's outcome in its owner's own JSON, returned when a repeated attempt finds its work done.</summary>
    public string? Outcome { get; init; }

    /// <summary>What the commit was made from (hashes, input versions), in the job's own words, so that a later run sees whether anything has changed.</summary>
    public IReadOnlyDictionary<string, string>? MadeFrom { get; init; }

    /// <summary>What people have decided about changes of the source; null when nothing was.</summary>
    public DriftMemory? Drift { get; init; }

    /// <summary>The transaction version of the commit; set by the commit.</summary>
    public long? TransactionVersion { get; init; }

    /// <summary>The table version that the commit made; set by the commit.</summary>
    public long TableVersion { get; init; }

    /// <summary>When it was committed, UTC; set by the commit.</summary>
    public DateTimeOffset Committed { get; init; }

    /// <summary>Every file dealt with up to and including this commit, oldest first.</summary>
    public IReadOnlyList<SeenFile> FilesSeen { get; init; } = [];

    /// <summary>How many of <see cref="FilesSeen"/>, from the end, came with this commit.</summary>
    public int FilesOfCommit { get; init; }
}

/// <summary>What people have decided about changes of a job's source. It lies with the rows, so that restoring an old version takes it back too.</summary>
public sealed record DriftMemory
{
    /// <summary>Column of the source, in standard form, to the table's column that it is from now on.</summary>
    public IReadOnlyDictionary<string, string> Renames { get; init; } = new Dictionary<string, string>();

    /// <summary>Columns of the source that are left out.</summary>
    public IReadOnlyList<string> Discarded { get; init; } = [];

    /// <summary>Columns of the table that the source may lack.</summary>
    public IReadOnlyList<string> MayMiss { get; init; } = [];

    /// <summary>The newest holds whose landed copy is in the table.</summary>
    public IReadOnlyList<string> Holds { get; init; } = [];
}
