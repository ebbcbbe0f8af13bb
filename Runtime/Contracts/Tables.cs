using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>A table as a list shows it.</summary>
public sealed record TableSummary
{
    /// <summary><c>gold.delays</c>.</summary>
    public required string Table { get; init; }
    public required TableLayer Layer { get; init; }
    public required string Name { get; init; }
    public required long Version { get; init; }
    public required long Rows { get; init; }
    /// <summary>Bytes of the Parquet files of this version.</summary>
    public required long Bytes { get; init; }
    public int Files { get; init; }
    public int Columns { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
    /// <summary>Pipeline that made this version.</summary>
    public string? Pipeline { get; init; }
    public string? Description { get; init; }
    /// <summary>Rows in its rejects table.</summary>
    public long Rejects { get; init; }
    /// <summary>Changes of the source that wait for a person.</summary>
    public int Held { get; init; }
}

/// <summary>A layer of the lake: one page of its tables, and the sums over all that fit the search.</summary>
/// <param name="Rows">Rows of all tables.</param>
/// <param name="Bytes">Bytes of the Parquet files of all tables' latest versions.</param>
public sealed record LayerPage(TableLayer Layer, long Rows, long Bytes, Page<TableSummary> Tables);

/// <summary>One table at its latest version, or at the one asked for.</summary>
public sealed record TableDetail
{
    public required string Table { get; init; }
    public required TableLayer Layer { get; init; }
    public required string Name { get; init; }
    public required long Version { get; init; }
    public required long LatestVersion { get; init; }
    public required long Rows { get; init; }
    public required long Bytes { get; init; }
    public int Files { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<TableColumn> Columns { get; init; } = [];
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];
    /// <summary>Tables that it is made from (its SQL's references); for bronze empty.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];
    /// <summary>Tables that are made from it.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];
    /// <summary>Pipeline, job and run that made this version, and its row equation.</summary>
    public TableOrigin? Origin { get; init; }
    public TableRejects? Rejects { get; init; }
    /// <summary>Changes of the source that wait for a person.</summary>
    public int Held { get; init; }
    public IReadOnlyList<CheckOutcome> Checks { get; init; } = [];
}

/// <summary>One column.</summary>
/// <param name="Type">DuckDB's name of the type: <c>BIGINT</c>, <c>DECIMAL(10,2)</c>, <c>STRUCT(a VARCHAR)</c>.</param>
/// <param name="OriginalName">The source's name when it was standardised or renamed.</param>
public sealed record TableColumn(string Name, string Type, bool Nullable, string? OriginalName);

/// <summary>Who made a table version.</summary>
public sealed record TableOrigin(string Pipeline, string Job, string Run, RowCounts Rows);

/// <summary>The rejects kept beside a table: records that a source gave and that did not fit, or rows that checks with <c>quarantine</c> took out of a dataset.</summary>
/// <param name="Rows">Open ones.</param>
/// <param name="Reasons">Why, most frequent first; open ones only. For bronze the code (column <c>reason</c> of the rejects), for datasets the checks that failed (column <c>message</c>).</param>
public sealed record TableRejects(long Rows, IReadOnlyList<RejectReason> Reasons)
{
    /// <summary>Rejects that are no longer open: replayed, or superseded by a run that replaced the table.</summary>
    public long Replayed { get; init; }
}

/// <summary>What became of a reject: <c>superseded</c> when a run replaced the table since, <c>evidence</c> when its run made no table at all.</summary>
public enum RejectStatus { Open, Replayed, Superseded, Evidence, All }

/// <summary>Which open rejects are read again; what is null or empty chooses all.</summary>
/// <param name="Reasons">Reason codes: <c>WRONG_TYPE</c>.</param>
/// <param name="Runs">Runs that rejected them.</param>
/// <param name="Files">Files as the source names them.</param>
public sealed record ReplayRejects(IReadOnlyList<string>? Reasons = null, IReadOnlyList<string>? Runs = null, IReadOnlyList<string>? Files = null);

/// <summary>What a replay would do now.</summary>
/// <param name="Rows">Its row equation: <c>Loaded</c> would come to the table, <c>Rejected</c> would stay open.</param>
/// <param name="Reasons">Why those that stay do not fit.</param>
/// <param name="Columns">New columns and wider types that the table would get, for people.</param>
/// <param name="Pipeline">By whose definition they are read.</param>
/// <param name="PipelineVersion">The version of it.</param>
public sealed record ReplayPreview(RowCounts Rows, IReadOnlyList<RejectReason> Reasons, string? Columns, string Pipeline, int PipelineVersion);

/// <summary>How many rows were rejected for one reason.</summary>
public sealed record RejectReason(string Reason, long Rows);

/// <summary>One commit of a table, newest first in lists.</summary>
/// <param name="Operation">As the log says: <c>APPEND</c>, <c>OVERWRITE</c> …</param>
public sealed record TableVersionEntry(long Version, DateTimeOffset Time, string Operation, string? Pipeline, string? Job, string? Run,
    long FilesAdded, long FilesRemoved, long? RowsAdded, long? Bytes);

/// <summary>What to show of a table.</summary>
public sealed record RowsQuery
{
    /// <summary>Null means the latest.</summary>
    public long? Version { get; init; }
    public long Offset { get; init; }
    /// <summary>1–1000.</summary>
    public int Limit { get; init; } = 100;
    /// <summary>A column; null keeps the table's own order.</summary>
    public string? Sort { get; init; }
    public bool Descending { get; init; }
    /// <summary>
    /// Conditions joined by <c>and</c>: <c>delay &gt; 60 and origin = 'ATL' and name contains 'foo' and city is null</c>.
    /// Operators: <c>= != &lt; &lt;= &gt; &gt;= contains starts_with in (…) is null, is not null</c>; odd column names in double quotes.
    /// </summary>
    public string? Filter { get; init; }
}

/// <summary>One page of rows.</summary>
public sealed record TableRows
{
    public required string Table { get; init; }
    public required long Version { get; init; }
    public IReadOnlyList<TableColumn> Columns { get; init; } = [];
    /// <summary>
    /// One array per row, values in column order. Numbers are JSON numbers, except DECIMAL, HUGEINT, NaN and infinities (strings);
    /// dates and times are ISO strings, BLOB is base64, nested values are JSON.
    /// </summary>
    public IReadOnlyList<JsonElement[]> Rows { get; init; } = [];
    public required long Offset { get; init; }
    /// <summary>Rows that match the filter; without a filter, rows of the table.</summary>
    public required long Total { get; init; }
    /// <summary>Files of the version.</summary>
    public int Files { get; init; }
    /// <summary>Files that were read for this page; the others could not have such rows, as partition values and statistics tell.</summary>
    public int FilesRead { get; init; }
    public double Milliseconds { get; init; }
}
