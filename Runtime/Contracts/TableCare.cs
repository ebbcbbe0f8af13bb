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
