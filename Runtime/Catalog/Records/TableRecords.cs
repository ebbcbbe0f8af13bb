using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>One line of a run's log.</summary>
/// <param name="Id">Grows with time, over all runs.</param>
/// <param name="JobId">Null for lines of the run itself.</param>
public sealed record LogEntry(long Id, string RunId, string? JobId, JobLogLevel Level, DateTimeOffset Time, string Message);

/// <summary>A source file that a table has read, for display and speed; the truth is in the table's commit.</summary>
/// <param name="Table">With layer.</param>
/// <param name="Path">As the connector names it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">Null where the source has none.</param>
/// <param name="Sha256">Lower-case hex, or null when the file was not read (<c>landing: reference</c>).</param>
/// <param name="DuplicateOf">Path of the file with the same content, when this one was not loaded for it.</param>
public sealed record FileSeen(
    string Table, string Path, long Size, string? ETag, DateTimeOffset? Modified, string? Sha256, long Rows, string RunId, DateTimeOffset SeenAt,
    string? DuplicateOf = null);

/// <summary>A column of a table's schema.</summary>
public sealed record SchemaColumn(string Name, string Type, bool Nullable = true, string? OriginalName = null);

/// <summary>The schema that a table had from a version on.</summary>
/// <param name="Change">What changed against the one before, for people; null for the first.</param>
public sealed record SchemaHistoryEntry(
    string Table, long TableVersion, string RunId, DateTimeOffset At, IReadOnlyList<SchemaColumn> Columns, string? Change = null);

/// <summary>Result of a check in a run.</summary>
public sealed record CheckResult(
    string RunId, string JobId, string? Table, string Check, CheckAction OnFail, bool Passed, long FailingRows, string? Message, DateTimeOffset At, double? Value = null);

/// <summary>How many rows of a run a table refused, by reason.</summary>
/// <param name="Table">The table they were meant for, with layer.</param>
public sealed record RejectSummary(string Table, string RunId, string Reason, long Count)
{
    /// <summary>Of these the ones that were neither replayed nor superseded.</summary>
    public long Open { get; init; } = Count;
}

/// <summary>One table is made from another.</summary>
/// <param name="Table">With layer.</param>
/// <param name="Input">With layer, or a source's name for bronze tables.</param>
public sealed record LineageEdge(string Table, string Input, string Pipeline, string JobId);

/// <summary>What is known of a table version's values.</summary>
/// <param name="Json">As the profiler wrote it.</param>
public sealed record TableProfile(string Table, long TableVersion, DateTimeOffset At, string Json);

/// <summary>The newest cursor of an incremental job, for display; the truth is in the table's commit.</summary>
public sealed record Watermark(string Table, string Pipeline, string JobId, string Column, string? Value, string RunId, DateTimeOffset At);
