namespace FlowForge.Contracts;

/// <summary>What becomes of the watermark and of the list of loaded files of the jobs that make a table, when an older version of it is restored.</summary>
public enum RestoreCursor
{
    /// <summary>Both are taken back too: the next run loads again what came since. The default, as it loses nothing.</summary>
    SetBack,

    /// <summary>Both stay: what came since is not loaded again.</summary>
    Keep,
}

/// <summary>Restores a version of a table, as a new version.</summary>
public sealed record RestoreTable(long Version, RestoreCursor Cursor = RestoreCursor.SetBack);

/// <summary>The version that a restore made.</summary>
public sealed record TableRestored(string Table, long Version, long Restored, long FilesAdded, long FilesRemoved);

/// <summary>What a restore would do now.</summary>
public sealed record RestorePreview
{
    public required string Table { get; init; }
    /// <summary>The latest version.</summary>
    public required long From { get; init; }
    /// <summary>The version that would come back.</summary>
    public required long To { get; init; }
    public required long RowsNow { get; init; }
    public required long RowsThen { get; init; }
    public int FilesBack { get; init; }
    public int FilesGone { get; init; }
    public IReadOnlyList<ColumnChange> Columns { get; init; } = [];
    /// <summary>Tables made from this one: their next run sees a changed input.</summary>
    public IReadOnlyList<string> Dependents { get; init; } = [];
    public IReadOnlyList<JobCursor> Jobs { get; init; } = [];
    /// <summary>Files of the version that vacuum has removed, at most 20 of them; with any the version cannot be restored.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];
    public int MissingCount { get; init; }
}

/// <summary>A column that a restore changes.</summary>
/// <param name="Change"><c>added</c>, <c>removed</c> or <c>changed</c>.</param>
/// <param name="Type">Its type then; for a removed one its type now.</param>
/// <param name="Before">Its type now, when it changes.</param>
public sealed record ColumnChange(string Name, string Change, string Type, string? Before = null);

/// <summary>Where a job stands with a table now, and where it stood at another version; null for not yet.</summary>
public sealed record JobCursor(string Pipeline, string Job, string? Now, string? Then, int FilesNow, int FilesThen);

/// <summary>Merges small files, or sorts the rows of each partition. No row changes.</summary>
/// <param name="SortBy">Columns; null or empty keeps the order.</param>
/// <param name="TargetFileBytes">New files have about this size at most; 512 MiB when null.</param>
/// <param name="SmallFileBytes">Files below this size are merged; 64 MiB when null.</param>
public sealed record OptimizeTable(IReadOnlyList<string>? SortBy = null, long? TargetFileBytes = null, long? SmallFileBytes = null);

/// <summary>What an optimize did.</summary>
/// <param name="Version">The new version; null when there was nothing to gain.</param>
public sealed record TableOptimized(string Table, long? Version, int FilesRemoved, int FilesAdded, int Files, long Bytes);

/// <summary>Removes files that no version within the retention needs. Versions older than that can then no longer be read or restored.</summary>
/// <param name="RetentionHours">At least 1; the table's own setting (a week) when null.</param>
public sealed record VacuumTable(double? RetentionHours = null);

/// <summary>What vacuum removed, or would remove.</summary>
/// <param name="Files">The first 100, by name.</param>
public sealed record TableVacuumed(string Table, IReadOnlyList<string> Files, int Count, long Bytes);

/// <summary>Kinds of changes that write no data file.</summary>
public enum TableChangeKind { RenameColumn, DropColumn, MoveColumn, SetNotNull, DropNotNull, AddConstraint, DropConstraint, SetAppendOnly, DropAppendOnly }

/// <summary>One change of a table's schema or rules.</summary>
/// <param name="Name">The column or constraint.</param>
/// <param name="To">The column's new name; the column to stand behind (first when null); the constraint's expression.</param>
public sealed record TableChange(TableChangeKind Kind, string? Name = null, string? To = null);

/// <summary>Changes of a table, all of them or none.</summary>
/// <param name="AllowUpgrade">Whether the table may be given column mapping, which renaming and dropping need: older Delta readers cannot read it then.</param>
public sealed record AlterTable(IReadOnlyList<TableChange> Changes, bool AllowUpgrade = false);

/// <summary>The version that holds the changes.</summary>
public sealed record TableAltered(string Table, long Version);

/// <summary>Kinds of work on a table.</summary>
public enum TableWorkKind { Optimize, Vacuum, Alter }

/// <summary>Answer to asking for work on a table: what to watch. It goes on without the caller, and after a restart of the runtime.</summary>
public sealed record TableWorkStarted(string Work);

/// <summary>Work on a table that somebody asked for.</summary>
public sealed record TableWork
{
    public required string Work { get; init; }
    /// <summary>With layer.</summary>
    public required string Table { get; init; }
    public required TableWorkKind Kind { get; init; }
    public required RunState State { get; init; }
    /// <summary>What was asked for, in a few words.</summary>
    public required string Asked { get; init; }
    public required string By { get; init; }
    /// <summary>What it does now; null when it waits or has ended.</summary>
    public string? Phase { get; init; }
    /// <summary>Of <see cref="Total"/>: bytes of files that are written anew, or files that are removed.</summary>
    public long Done { get; init; }
    /// <summary>0 while it is not known.</summary>
    public long Total { get; init; }
    /// <summary>0 to 1; null while it is not known.</summary>
    public double? Fraction => Total > 0 ? Math.Clamp((double)Done / Total, 0, 1) : null;
    /// <summary>How often it has begun: more than once after a restart or a conflict with a commit.</summary>
    public int Attempts { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public string? ErrorCode { get; init; }
    public string? Error { get; init; }
    public string? Suggestion { get; init; }
    public TableOptimized? Optimized { get; init; }
    /// <summary>Of a vacuum that was cancelled or failed: what it was to remove.</summary>
    public TableVacuumed? Vacuumed { get; init; }
    public TableAltered? Altered { get; init; }
}
