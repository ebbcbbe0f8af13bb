using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>A column of the rows to publish.</summary>
/// <param name="Source">Name in the source.</param>
/// <param name="Name">Name in the table.</param>
/// <param name="Sql">Its value, over the row set's FROM.</param>
/// <param name="DuckType">Its type.</param>
internal sealed record RowColumn(string Source, string Name, string Sql, string DuckType);

/// <summary>Rows that can be selected in DuckDB.</summary>
/// <param name="From">What stands behind FROM.</param>
/// <param name="Columns">The columns for the table.</param>
/// <param name="FileSql">The file that a row comes from, as the connector names it.</param>
/// <param name="RecordSql">The physical record in that file, from 1.</param>
internal sealed record RowSet(string From, IReadOnlyList<RowColumn> Columns, string FileSql, string RecordSql)
{
    /// <summary>SQL for the name of a file by its number: a constant when there is only one.</summary>
    public static string FileName(IReadOnlyList<LandedFile> files, string numberSql) => files.Count == 1
        ? SqlText.Literal(files[0].Path)
        : $"list_extract({SqlText.LiteralList(files.Select(f => f.Path))}, {numberSql} + 1)";

    /// <summary>The column that says what happened to a row: <c>i u d</c>, or <c>t</c> for all rows before it.</summary>
    public const string Operation = "_ff_op";

    /// <summary>SQL for a change's <see cref="Operation"/>; null when the rows are no changes.</summary>
    public string? OperationSql { get; init; }

    /// <summary>The rows as the table has them, filtered, with the reserved columns.</summary>
    public string Select(IngestDefinition job, string runId, Partitioning partitioning)
    {
        var columns = string.Concat(Columns.Select(c => $"{c.Sql} AS {SqlText.Identifier(c.Name)}, "));
        var rows = $"SELECT {columns}{SqlText.Literal(runId)} AS _ff_run, {FileSql} AS _ff_file, {RecordSql} AS _ff_record{(OperationSql is null ? "" : $", {OperationSql} AS {Operation}")} FROM {From}";
        // What was deleted has no values to be filtered by.
        if (job.Filter is { } filter) rows = $"SELECT * FROM ({rows}) AS rows_read WHERE ({filter}\n){(OperationSql is null ? "" : $" OR {Operation} IN ('d', 't')")}";
        if (partitioning.Added.Count == 0) return rows;
        return $"SELECT *, {string.Join(", ", partitioning.Added.Select(p => $"{p.Sql} AS {SqlText.Identifier(p.Name)}"))} FROM ({rows}) AS rows_kept";
    }

    /// <summary>Types and original names for the table.</summary>
    public TableSchema Schema() => new(Columns.Select(c => new TableColumn(c.Name, DuckTypes.ToDelta(c.DuckType)).WithOriginalName(c.Source)));
}
