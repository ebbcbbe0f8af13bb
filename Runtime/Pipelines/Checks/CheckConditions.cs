using System.Globalization;

namespace FlowForge.Pipelines;

/// <summary>A column of the rows that are checked.</summary>
/// <param name="Name">As the rows have it.</param>
/// <param name="Type">DuckDB's name of its type.</param>
public sealed record CheckColumn(string Name, string Type);

/// <summary>A check names a column that the rows have not.</summary>
public sealed class CheckColumnException(CheckDefinition check, string column) : Exception($"Check {check.Title} names column '{column}', which the rows have not.")
{
    public CheckDefinition Check => check;

    public string Column => column;
}

/// <summary>
/// Checks as SQL conditions over rows. Conditions are true for rows that fail, never NULL. Pure.
/// </summary>
/// <param name="scan">The rows, FROM-able.</param>
/// <param name="find">A column by the name that the author wrote; null when there is none.</param>
/// <param name="table">The table that the rows are meant for: a foreign key to it means the rows themselves.</param>
public sealed class CheckConditions(string scan, Func<string, CheckColumn?> find, string table)
{
    /// <summary>
    /// A condition over the row alone, or null for a check that needs more than the row. NULL passes <c>range</c>, <c>regex</c> and <c>expression</c>, and passes
    /// <c>accepted_values</c> only when NULL is among the values.
    /// </summary>
    /// <exception cref="CheckColumnException">A column is not there.</exception>
    public string? OfRow(CheckDefinition check) => check.Kind switch
    {
        CheckKind.NotNull => Any(check, c => $"{Name(c)} IS NULL"),
        CheckKind.AcceptedValues => Any(check, c => Refused(check, c)),
        CheckKind.Range => Any(check, c => $"coalesce({Outside(check, c)}, false)"),
        CheckKind.Regex => Any(check, c => $"coalesce(NOT regexp_full_match(CAST({Name(c)} AS VARCHAR), {Literal(check.Pattern!)}), false)"),
        CheckKind.Expression when !check.Sql!.Contains("select", StringComparison.OrdinalIgnoreCase) => Unmet(check),
        _ => null,
    };

    /// <summary>A condition over a row of the scan that may look at other rows and tables too; null when the check is not about rows.</summary>
    /// <exception cref="CheckColumnException">A column is not there.</exception>
    public string? OfRows(CheckDefinition check) => OfRow(check) ?? check.Kind switch
    {
        CheckKind.Unique => $"coalesce(({Key(check)}) IN (SELECT ({Key(check)}) FROM {scan} WHERE {KeyIsWhole(check)} GROUP BY {Key(check)} HAVING count(*) > 1), false)",
        CheckKind.Expression => Unmet(check),
        CheckKind.ForeignKey => Unknown(check),
        _ => null,
    };

    /// <summary>True for the rows that fail at least one of the checks; null when none of them is about rows.</summary>
    public string? OfAny(IEnumerable<CheckDefinition> checks) => checks.Select(OfRows).OfType<string>().ToList() is { Count: > 0 } parts ? string.Join(" OR ", parts.Select(p => $"({p})")) : null;

    /// <summary>Names of the key columns of a <c>unique</c> check, quoted, with commas.</summary>
    public string Key(CheckDefinition check) => string.Join(", ", Columns(check).Select(Name));

    /// <summary>True for rows whose key has no NULL; keys with NULL are never equal.</summary>
    public string KeyIsWhole(CheckDefinition check) => string.Join(" AND ", Columns(check).Select(c => $"{Name(c)} IS NOT NULL"));

    /// <summary>The SELECT of an <c>sql</c> check, with the rows as <c>this</c>.</summary>
    public string Failing(CheckDefinition check) => $"(WITH this AS (SELECT * FROM {scan}) SELECT * FROM ({check.Sql}\n) AS found)";

    /// <summary>What <c>freshness</c> looks at: the newest time in seconds since 1970, over the rows.</summary>
    public string Newest(CheckDefinition check)
    {
        var column = Columns(check)[0];
        return $"max(epoch({(column.Type == "VARCHAR" ? $"TRY_CAST({Name(column)} AS TIMESTAMP)" : Name(column))}))";
    }

    /// <summary>What <c>anomaly</c> measures, as a DOUBLE over the rows; NULL when there is nothing to measure.</summary>
    public string Measured(CheckDefinition check)
    {
        var column = check.Metric == CheckMetric.RowCount ? "" : Name(Columns(check)[0]);
        var sql = check.Metric switch
        {
            CheckMetric.RowCount => "count(*)",
            CheckMetric.NullShare => $"(count(*) - count({column})) / nullif(count(*), 0)",
            CheckMetric.Distinct => $"count(DISTINCT {column})",
            CheckMetric.Mean => $"avg({column})",
            CheckMetric.Sum => $"sum({column})",
            CheckMetric.Min => $"min({column})",
            _ => $"max({column})",
        };
        return $"CAST({sql} AS DOUBLE)";
    }

    private string Any(CheckDefinition check, Func<CheckColumn, string> fails) => string.Join(" OR ", Columns(check).Select(fails));

    private static string Unmet(CheckDefinition check) => $"NOT coalesce(({check.Sql}\n), true)";

    private string Unknown(CheckDefinition check)
    {
        var isSelf = check.ReferencedTable!.Equals(table, StringComparison.OrdinalIgnoreCase);
        var known = isSelf ? scan : string.Join('.', check.ReferencedTable.Split('.').Select(Identifier));
        var keys = string.Join(", ", check.ReferencedColumns.Select(c => isSelf ? Name(Column(check, c)) : Identifier(c)));
        var whole = string.Join(" AND ", check.ReferencedColumns.Select(c => $"{(isSelf ? Name(Column(check, c)) : Identifier(c))} IS NOT NULL"));
        return $"({KeyIsWhole(check)}) AND coalesce(({Key(check)}) NOT IN (SELECT ({keys}) FROM {known} WHERE {whole}), false)";
    }

    private static string Refused(CheckDefinition check, CheckColumn column)
    {
        var values = check.Values.OfType<string>().Select(v => $"CAST({Literal(v)} AS {column.Type})").ToList();
        var listed = values.Count == 0 ? "false" : $"coalesce({Name(column)} IN ({string.Join(", ", values)}), false)";
        return check.Values.Contains(null) ? $"NOT ({listed} OR {Name(column)} IS NULL)" : $"NOT {listed}";
    }

    private static string Outside(CheckDefinition check, CheckColumn column)
    {
        var sides = new List<string>();
        if (check.Min is { } min) sides.Add($"{Name(column)} < {Bound(min, column)}");
        if (check.Max is { } max) sides.Add($"{Name(column)} > {Bound(max, column)}");
        return sides.Count == 0 ? "false" : string.Join(" OR ", sides);
    }

    // A number is compared as a number whatever the column's type, so that 0.5 is not rounded to an integer; the rest takes the column's type.
    private static string Bound(string text, CheckColumn column) =>
        IsNumber(column.Type) && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : $"CAST({Literal(text)} AS {column.Type})";

    private static bool IsNumber(string type) =>
        type is "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" or "UBIGINT" or "FLOAT" or "DOUBLE" || type.StartsWith("DECIMAL", StringComparison.Ordinal);

    private List<CheckColumn> Columns(CheckDefinition check) => [.. check.Columns.Select(c => Column(check, c))];

    private CheckColumn Column(CheckDefinition check, string name) => find(name) ?? throw new CheckColumnException(check, name);

    private static string Name(CheckColumn column) => Identifier(column.Name);

    // Pipelines stands alone: DuckDB's two rules of quoting are said here once more.
    private static string Identifier(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal) + "'";
}
