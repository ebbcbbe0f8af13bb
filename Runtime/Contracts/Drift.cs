namespace FlowForge.Contracts;

/// <summary>What can differ between two schemas.</summary>
public enum SchemaDifferenceKind { Added, Removed, Widened, Narrowed, Retyped, Nullability, Renamed }

/// <summary>One difference between two schemas.</summary>
/// <param name="Before">The type before; for <see cref="SchemaDifferenceKind.Renamed"/> the source's name before. Null when the column was not there.</param>
/// <param name="After">The same afterwards; null when the column is gone.</param>
/// <param name="Text">The same in words.</param>
public sealed record SchemaDifference(SchemaDifferenceKind Kind, string Column, string? Before, string? After, string Text);

/// <summary>The schema that a table had from a version on.</summary>
/// <param name="Changes">What changed against the one before; empty for the first.</param>
public sealed record SchemaVersion(long Version, DateTimeOffset At, string Run, IReadOnlyList<TableColumn> Columns, IReadOnlyList<SchemaDifference> Changes);

/// <summary>A column that may be another one under a new name.</summary>
/// <param name="From">The table's column that the source lacks.</param>
/// <param name="To">The source's column that the table lacks.</param>
/// <param name="Likeness">0 to 1.</param>
public sealed record RenameSuggestion(string From, string To, double Likeness, string Reason);

/// <summary>What a change of a column touches.</summary>
/// <param name="Column">The changed column.</param>
/// <param name="Kind"><c>column</c>, <c>condition</c>, <c>check</c> or <c>setting</c>.</param>
/// <param name="Where">The dataset's column, the check or the job's setting.</param>
/// <param name="Effect">What happens there.</param>
public sealed record ChangeImpact(string Column, string Kind, string Where, string Effect);

/// <summary>What differs between the schemas of two table versions.</summary>
public sealed record SchemaComparison(string Table, long From, long To, IReadOnlyList<TableColumn> Before, IReadOnlyList<TableColumn> After, IReadOnlyList<SchemaDifference> Differences,
    IReadOnlyList<RenameSuggestion> Renames, IReadOnlyList<ChangeImpact> Impact);

/// <summary>Where a held change stands.</summary>
public enum HoldStanding { Pending, Approved, Rejected, Loaded }

/// <summary>What a run has read of a source that had changed, kept until a person has said what becomes of it.</summary>
public sealed record SchemaHold
{
    public required string Id { get; init; }
    public required string Table { get; init; }
    public required string Pipeline { get; init; }
    public required string Job { get; init; }
    /// <summary>The run whose landed copy is kept.</summary>
    public required string Run { get; init; }
    public required HoldStanding Standing { get; init; }
    public required DateTimeOffset HeldAt { get; init; }
    public required IReadOnlyList<SchemaDifference> Changes { get; init; }
    public IReadOnlyList<RenameSuggestion> Renames { get; init; } = [];
    /// <summary>Records of the landed copy.</summary>
    public long RowsRead { get; init; }
    /// <summary>Of these the ones that do not fit, whatever is decided.</summary>
    public long RowsRejected { get; init; }
    public long Bytes { get; init; }
    public string? DecidedBy { get; init; }
    public DateTimeOffset? DecidedAt { get; init; }
    /// <summary>What was said beside yes or no.</summary>
    public string? Note { get; init; }
    /// <summary>New column to the table's column that it is.</summary>
    public IReadOnlyDictionary<string, string> Renamed { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<string> Discarded { get; init; } = [];
    /// <summary>The run that loaded the copy, and the version that it made.</summary>
    public string? LoadedBy { get; init; }
    public long? LoadedVersion { get; init; }
    /// <summary>What the changes touch; empty in lists.</summary>
    public IReadOnlyList<ChangeImpact> Impact { get; init; } = [];
    /// <summary>The table's columns now; empty in lists.</summary>
    public IReadOnlyList<TableColumn> Columns { get; init; } = [];
}

/// <summary>Body of <c>POST /drift/{id}/approve</c>.</summary>
/// <param name="Renames">New column to the table's column that it is from now on.</param>
/// <param name="Discard">New columns that are left out, now and later; of a column of another type, the values that do not fit become rejects.</param>
/// <param name="Note">Why.</param>
/// <param name="By">Who; shown, not checked.</param>
/// <param name="Continue">Take the held run up again at once.</param>
public sealed record ApproveHold(IReadOnlyDictionary<string, string>? Renames = null, IReadOnlyList<string>? Discard = null, string? Note = null, string? By = null, bool Continue = false);

/// <summary>Body of <c>POST /drift/{id}/reject</c>.</summary>
public sealed record RejectHold(string? Note = null, string? By = null);

/// <summary>What was decided.</summary>
/// <param name="Run">The run that goes on with the landed copy; null when none was asked for.</param>
/// <param name="NotContinued">Why none goes on though it was asked for.</param>
public sealed record HoldDecided(SchemaHold Hold, string? Run, string? NotContinued);

/// <summary>How far an incremental job has got with a table.</summary>
/// <param name="Run">The run that brought it there, or who set it.</param>
public sealed record WatermarkEntry(string Table, string Pipeline, string Job, string Column, string? Value, string Run, DateTimeOffset At);

/// <summary>Something that was done by hand, or removed by rule.</summary>
public sealed record AuditEntry(DateTimeOffset At, string By, string Action, string Subject, string Detail);

/// <summary>What retention would remove from the landing folder of a job.</summary>
/// <param name="Days"><c>landing_retention_days</c>; null keeps all.</param>
/// <param name="Files">Landed files that are there.</param>
/// <param name="Going">Those that would go, oldest first; at most 1,000 are listed.</param>
/// <param name="GoingFiles">How many these are.</param>
/// <param name="Kept">Old ones that stay, by reason.</param>
public sealed record LandingReport(string Pipeline, string Job, int? Days, long Files, long Bytes, long GoingFiles, long GoingBytes, IReadOnlyList<LandedCopy> Going, IReadOnlyList<LandingKept> Kept);

/// <summary>A landed file.</summary>
/// <param name="Path">Relative to the landing folder.</param>
public sealed record LandedCopy(string Path, long Bytes, string Run, DateTimeOffset LandedAt);

/// <summary>Old landed files that are needed still.</summary>
public sealed record LandingKept(string Reason, long Files, long Bytes);
