namespace FlowForge.Catalog;

/// <summary>Where a hold stands.</summary>
public enum HoldState
{
    /// <summary>Nobody has said anything yet: ordinary runs of the job read nothing.</summary>
    Pending,

    /// <summary>The next run of the job, or a retry of the held one, loads the landed copy.</summary>
    Approved,

    /// <summary>The landed copy is not loaded; the next run reads the source anew from where the table stands.</summary>
    Rejected,

    /// <summary>The landed copy is in the table.</summary>
    Loaded,
}

/// <summary>What a person said to a hold.</summary>
/// <param name="By">Who, as far as it is known.</param>
/// <param name="Renames">New source column to the table's column that it is from now on.</param>
/// <param name="Discard">New columns that are left out, now and in later runs; columns of another type whose misfits become rejects.</param>
/// <param name="Note">Why, for people.</param>
public sealed record HoldDecision(string By, IReadOnlyDictionary<string, string> Renames, IReadOnlyList<string> Discard, string? Note);

/// <summary>What a run has read and landed of a source that had changed, and that waits for a person.</summary>
public sealed record SchemaHold
{
    public required string HoldId { get; init; }

    /// <summary>With layer.</summary>
    public required string Table { get; init; }

    public required string Pipeline { get; init; }

    public required string JobId { get; init; }

    /// <summary>The run whose landed copy is held.</summary>
    public required string RunId { get; init; }

    /// <summary>The run's time, from which the names of its landed files are made. UTC.</summary>
    public required DateTimeOffset RunTime { get; init; }

    /// <summary>For a run of a backfill, the interval that it is about; null for others.</summary>
    public string? BackfillInterval { get; init; }

    public HoldState State { get; init; }

    public required DateTimeOffset HeldAt { get; init; }

    public required IReadOnlyList<SchemaDifference> Changes { get; init; }

    public IReadOnlyList<RenameSuggestion> Renames { get; init; } = [];

    /// <summary>Records of the landed copy.</summary>
    public long RowsRead { get; init; }

    /// <summary>Of these the ones that do not fit, whatever is decided.</summary>
    public long RowsRejected { get; init; }

    /// <summary>Of the landed copy.</summary>
    public long Bytes { get; init; }

    /// <summary>What was said; of a pending hold, what was said to the one that it goes on with.</summary>
    public HoldDecision? Decision { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>The run that loaded the copy, or that put it aside after a rejection.</summary>
    public string? DoneRun { get; init; }

    public long? DoneVersion { get; init; }
}

/// <summary>Something that was done and that no table's history tells.</summary>
/// <param name="By">Who, as far as it is known.</param>
/// <param name="Action">One or two words: <c>approve change</c>.</param>
/// <param name="Subject">The table, job or folder.</param>
/// <param name="Detail">For people.</param>
public sealed record AuditEntry(long Id, DateTimeOffset At, string By, string Action, string Subject, string Detail);
