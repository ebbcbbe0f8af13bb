using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>Where a column comes from and what is made from it, through all tables.</summary>
/// <param name="Upstream">From the column back to its sources.</param>
/// <param name="Downstream">From the column on: what would break, or give other rows, if it went.</param>
public sealed record ColumnLineage(string Table, string Column, IReadOnlyList<ColumnStep> Upstream, IReadOnlyList<ColumnStep> Downstream);

/// <summary>One column is made from another.</summary>
/// <param name="Column">Null when the input only decides which rows the table has (filter, join, grouping, order).</param>
/// <param name="Input">A table with its layer, or <c>source</c> for what the column is called at the source of a bronze table.</param>
/// <param name="Distance">Steps from the column that was asked for, from 1.</param>
public sealed record ColumnStep(string Table, string? Column, ColumnStepKind Kind, string Input, string InputColumn, int Distance);

/// <summary>How a column is made: as it is, by an expression over a row, from several rows; or it decides on rows.</summary>
public enum ColumnStepKind { Copied, Derived, Aggregated, Condition }

/// <summary>What the values of a table version are like.</summary>
/// <param name="Looked">Rows that were looked at; fewer than <paramref name="Rows"/> for a sample, whose counts are not scaled up.</param>
public sealed record TableProfile(string Table, long Version, DateTimeOffset At, long Rows, long Looked, bool Sampled, IReadOnlyList<ColumnProfile> Columns);

/// <summary>What the values of a column are like; what does not apply to its type is null or empty.</summary>
public sealed record ColumnProfile
{
    public required string Name { get; init; }
    public required string Type { get; init; }
    public long Nulls { get; init; }
    /// <summary>An estimate within a few percent.</summary>
    public long Distinct { get; init; }
    public string? Min { get; init; }
    public string? Max { get; init; }
    public double? Mean { get; init; }
    public double? Deviation { get; init; }
    /// <summary>Below which 5, 25, 50, 75 and 95 percent of the values lie, estimated.</summary>
    public IReadOnlyList<double> Quantiles { get; init; } = [];
    /// <summary>Length of the shortest and longest text.</summary>
    public long? Shortest { get; init; }
    public long? Longest { get; init; }
    /// <summary>The most frequent values.</summary>
    public IReadOnlyList<ValueCount> Top { get; init; } = [];
    /// <summary>The most frequent forms of texts: A upper case, a lower case, 9 a digit.</summary>
    public IReadOnlyList<ValueCount> Patterns { get; init; } = [];
    /// <summary>Rows by ranges of equal width.</summary>
    public IReadOnlyList<HistogramBin> Histogram { get; init; } = [];
}

/// <summary>A value and the rows that have it, among those looked at.</summary>
public sealed record ValueCount(string Value, long Rows);

/// <summary>A range of numbers and the rows in it.</summary>
public sealed record HistogramBin(double From, double To, long Rows);

/// <summary>What differs between two versions of a table.</summary>
public sealed record TableDiff
{
    public required string Table { get; init; }
    public required long From { get; init; }
    public required long To { get; init; }
    /// <summary>Columns that say which rows are the same; empty: rows are compared as a whole, and a changed one is one removed and one added.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];
    public long Added { get; init; }
    public long Removed { get; init; }
    /// <summary>Only with keys.</summary>
    public long Changed { get; init; }
    /// <summary>Columns of the rows: those of the newer version that both have, or all when the schema is the same.</summary>
    public IReadOnlyList<TableColumn> Columns { get; init; } = [];
    public IReadOnlyList<string> AddedColumns { get; init; } = [];
    public IReadOnlyList<string> RemovedColumns { get; init; } = [];
    /// <summary>A page of them: removed, added, changed.</summary>
    public IReadOnlyList<DiffRow> Rows { get; init; } = [];
}

/// <summary>One row that differs.</summary>
/// <param name="Kind"><c>added</c>, <c>removed</c> or <c>changed</c>.</param>
/// <param name="Values">In the columns' order; of the newer version, for removed rows of the older.</param>
/// <param name="Before">For changed rows: the older values.</param>
public sealed record DiffRow(string Kind, JsonElement[] Values, JsonElement[]? Before);

/// <summary>Body of <c>POST /sql</c>: one SELECT over tables of the lake (newest versions) and of <c>system</c>.</summary>
/// <param name="Limit">Rows at most, 1–10,000.</param>
public sealed record SqlQuery(string Sql, int Limit = 1000);

/// <summary>What a query gave.</summary>
/// <param name="Rows">As in <see cref="TableRows"/>.</param>
/// <param name="Cut">There are more rows than these.</param>
/// <param name="CutAtBytes">The largest answer that is given, where that and not the number of rows has cut it; else null.</param>
public sealed record SqlResult(IReadOnlyList<TableColumn> Columns, IReadOnlyList<JsonElement[]> Rows, bool Cut, double Milliseconds, long? CutAtBytes = null)
{
    /// <summary>Files of the tables that the SQL reads.</summary>
    public int Files { get; init; }
    /// <summary>Files that were read; the others could not have rows for it, as partition values and statistics tell.</summary>
    public int FilesRead { get; init; }
}
