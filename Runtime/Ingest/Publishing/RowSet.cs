using FlowForge.Catalog;
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

    /// <summary>The same as <see cref="FileName"/>, as one of a few words: rows that go straight into files cost a good deal less so, and the files are the same. Null for too many files.</summary>
    public static string? FileWord(IReadOnlyList<LandedFile> files, string numberSql)
    {
        if (files.Count is 0 or > MostWords || files.Select(f => f.Path).Distinct(StringComparer.Ordinal).Count() < files.Count) return null;
        var words = $"ENUM({string.Join(", ", files.Select(f => SqlText.Literal(f.Path)))})";
        return files.Count == 1 ? Word(files[0].Path) : $"list_extract(CAST({SqlText.LiteralList(files.Select(f => f.Path))} AS {words}[]), {numberSql} + 1)";
    }

    private const int MostWords = 1000;

    /// <summary>SQL for a text that all rows have, as <see cref="FileWord"/> gives it.</summary>
    public static string Word(string text) => $"CAST({SqlText.Literal(text)} AS ENUM({SqlText.Literal(text)}))";

    /// <summary>SQL as <see cref="FileWord"/> gives it; null when there is none.</summary>
    public string? FileWordSql { get; init; }

    /// <summary>SQL for the run that rejected the records of a file, by its number; null when they are no rejects.</summary>
    public static string? RunOf(IReadOnlyList<LandedFile> files, string numberSql) => files.All(f => f.Picks is null) ? null
        : files.Count == 1 ? SqlText.Literal(files[0].Picks!.Run) : $"list_extract({SqlText.LiteralList(files.Select(f => f.Picks?.Run ?? ""))}, {numberSql} + 1)";

    /// <summary>What <c>user_schema</c> declares and files have not, by the names at the source.</summary>
    public LackingColumns Lacking { get; init; } = LackingColumns.None;

    /// <summary>Reserved columns beside the usual ones: name and SQL.</summary>
    public IReadOnlyList<(string Name, string Sql)> Reserved { get; init; } = [];

    /// <summary>The column that says what happened to a row: <c>i u d</c>, or <c>t</c> for all rows before it.</summary>
    public const string Operation = "_ff_op";

    /// <summary>What a change becomes whose row the filter leaves out: the row that is there goes, for it is no longer as the filter wants it.</summary>
    public const string LeftOut = "f";

    /// <summary>SQL for a change's <see cref="Operation"/>; null when the rows are no changes.</summary>
    public string? OperationSql { get; init; }

    /// <summary>The column with the run that rejected a row which is read again.</summary>
    public const string RejectedIn = "_ff_rejected_in";

    /// <summary>SQL for <see cref="RejectedIn"/>; null when the rows are no rejects.</summary>
    public string? RejectedInSql { get; init; }

    /// <summary>The rows with the computed columns of the job; the same when it has none.</summary>
    /// <exception cref="JobFailedException">An expression is none, or uses what the row has not; a name is taken.</exception>
    public RowSet WithComputed(IngestDefinition job, DuckSession session)
    {
        if (job.Filter is { } filter && SqlExpressions.Problem(filter) is { } wrong)
            throw new JobFailedException("FF2118", $"The filter is no condition over the columns of a row: {wrong}.", "Write a condition such as: amount > 0 AND country IS NOT NULL. Other tables can be joined in a silver dataset.");
        if (job.Computed.Count == 0 || Columns.Count == 0) return this;
        var read = $"(SELECT {string.Concat(Columns.Select(c => $"{c.Sql} AS {SqlText.Identifier(c.Name)}, "))}{FileSql} AS _ff_from_file, {RecordSql} AS _ff_from_record{(OperationSql is null ? "" : $", {OperationSql} AS _ff_from_op")}{(RejectedInSql is null ? "" : $", {RejectedInSql} AS _ff_from_run")} FROM {From}) AS rows_read";
        return new RowSet(read, [.. Columns.Select(c => c with { Sql = SqlText.Identifier(c.Name) }), .. job.Computed.Select(c => Computed(c.Key, c.Value, session))], "_ff_from_file", "_ff_from_record") { OperationSql = OperationSql is null ? null : "_ff_from_op", RejectedInSql = RejectedInSql is null ? null : "_ff_from_run", Lacking = Lacking };
    }

    private RowColumn Computed(string name, string sql, DuckSession session)
    {
        if (ColumnNames.Problem(name) is { } problem) throw new JobFailedException("FF2119", $"The computed column '{name}' cannot be: {problem}.", $"Use a name like {ColumnNames.Standard(name)}.");
        if (Columns.Any(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase))) throw new JobFailedException("FF2119", $"The computed column '{name}' has the name of a column of the source.", "Use another name, or rename the source's with rename_map.");
        if (SqlExpressions.Problem(sql) is { } wrong) throw new JobFailedException("FF2119", $"The computed column '{name}' is no expression over the columns of a row: {wrong}.", "Write an expression such as: price * quantity.");
        var row = string.Join(", ", Columns.Select(c => $"CAST(NULL AS {c.DuckType}) AS {SqlText.Identifier(c.Name)}"));
        try { return new RowColumn(name, name, $"({sql}\n)", session.Describe($"SELECT ({sql}\n) AS v FROM (SELECT {row}) AS a_row")[0].Type); }
        catch (DuckException e) { throw new JobFailedException("FF2119", $"The computed column '{name}' does not fit the row: {e.Message}", $"The columns are: {string.Join(", ", Columns.Select(c => c.Name))}.", inner: e); }
    }

    /// <summary>The rows as the table has them, filtered, with the reserved columns.</summary>
    /// <param name="passes">Takes the filter's place and counts what it leaves out.</param>
    /// <param name="straight">True when they go straight into files, so that run and file may be words: no expression of the job sees them.</param>
    public string Select(IngestDefinition job, string runId, Partitioning partitioning, CountedFilter passes, bool straight = false)
    {
        var words = straight && job.Filter is null && partitioning.Columns.Count == 0;
        var columns = string.Concat(Columns.Select(c => $"{c.Sql} AS {SqlText.Identifier(c.Name)}, "));
        var rows = $"SELECT {columns}{(words ? Word(runId) : SqlText.Literal(runId))} AS _ff_run, {(words ? FileWordSql ?? FileSql : FileSql)} AS _ff_file, {RecordSql} AS _ff_record{string.Concat(Reserved.Select(r => $", {r.Sql} AS {r.Name}"))}{(OperationSql is null ? "" : $", {OperationSql} AS {Operation}")}{(RejectedInSql is null ? "" : $", {RejectedInSql} AS {RejectedIn}")} FROM {From}";
        // What was deleted has no values to be filtered by.
        if (job.Filter is { } filter)
            rows = OperationSql is null ? passes.Of(rows, filter)
                : $"SELECT * REPLACE (CASE WHEN coalesce({Operation}, '') IN ('d', 't') OR ({filter}\n) THEN {Operation} ELSE '{LeftOut}' END AS {Operation}) FROM ({rows}) AS rows_read";
        // As the table will have it: the protocol takes an empty text in a partition column for NULL, and rows are compared with the table's.
        var texts = straight ? [] : Columns.Where(c => c.DuckType == "VARCHAR" && partitioning.Columns.Contains(c.Name, StringComparer.OrdinalIgnoreCase)).Select(c => SqlText.Identifier(c.Name)).ToList();
        if (texts.Count > 0) rows = $"SELECT * REPLACE ({string.Join(", ", texts.Select(t => $"nullif({t}, '') AS {t}"))}) FROM ({rows}) AS rows_with_texts";
        if (partitioning.Added.Count == 0) return rows;
        return $"SELECT *, {string.Join(", ", partitioning.Added.Select(p => $"{p.Sql} AS {SqlText.Identifier(p.Name)}"))} FROM ({rows}) AS rows_kept";
    }

    /// <summary>Types and original names for the table.</summary>
    public TableSchema Schema() => new(Columns.Select(c => new TableColumn(c.Name, DuckTypes.ToDelta(c.DuckType)).WithOriginalName(c.Source)));
}
