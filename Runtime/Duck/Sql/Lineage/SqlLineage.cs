namespace FlowForge.Duck;

/// <summary>A column of a table that a query reads: <c>bronze.flights</c>, <c>delay</c>.</summary>
public readonly record struct SourceColumn(string Table, string Column)
{
    public override string ToString() => $"{Table}.{Column}";
}

/// <summary>How a column gets its values.</summary>
public enum LineageKind
{
    /// <summary>As they are in one source column.</summary>
    Copied,

    /// <summary>By an expression over a row.</summary>
    Derived,

    /// <summary>From several rows: an aggregate or a window.</summary>
    Aggregated,
}

/// <summary>A column of a query's result and the source columns that its values are made from.</summary>
/// <param name="Name">As the query names it; DuckDB may make it unique.</param>
/// <param name="From">In the order of their first mention; empty for constants.</param>
public sealed record OutputColumn(string Name, LineageKind Kind, IReadOnlyList<SourceColumn> From);

/// <summary>Where the columns of a query's result come from.</summary>
/// <param name="Columns">In order.</param>
/// <param name="Conditions">Source columns that decide which rows there are, or in which order: WHERE, JOIN, GROUP BY, HAVING, ORDER BY, DISTINCT ON.</param>
public sealed record SqlLineage(IReadOnlyList<OutputColumn> Columns, IReadOnlyList<SourceColumn> Conditions);

/// <summary>Column lineage from DuckDB's own parse tree: through CTEs, subqueries, joins, stars, set operations, aggregates and windows. Thread-safe.</summary>
public static class ColumnLineage
{
    /// <param name="sql">One SELECT.</param>
    /// <param name="columnsOf">Columns of a table named with its schema, in order; null when it is not known, then any column of that name is taken to be of the table.</param>
    /// <param name="macros">Bodies of table macros (a SELECT) by name.</param>
    /// <exception cref="DuckException">The SQL does not parse.</exception>
    public static SqlLineage Of(string sql, Func<string, IReadOnlyList<string>?> columnsOf, IReadOnlyDictionary<string, string>? macros = null)
    {
        using var tree = SqlReferences.Parse(sql);
        var walk = new LineageWalk(columnsOf, macros ?? new Dictionary<string, string>());
        var columns = walk.Query(tree.RootElement.GetProperty("statements")[0].GetProperty("node"), CteColumns.None, null);
        return new SqlLineage([.. columns.Select(c => new OutputColumn(c.Name, c.Kind, [.. c.From]))], [.. walk.Conditions]);
    }
}
