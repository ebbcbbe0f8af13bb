using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Checks;

/// <summary>Checks as SQL over the staged rows.</summary>
internal static class CheckSql
{
    /// <summary>
    /// A condition that is true for a row that fails by itself, never NULL; or null for a check that needs more than the row (<c>unique row_count</c>).
    /// NULL passes <c>range</c>, and passes <c>accepted_values</c> only when NULL is among the values.
    /// </summary>
    public static string? RowFails(CheckDefinition check, TableSchema schema, string table)
    {
        switch (check.Kind)
        {
            case CheckKind.NotNull:
                return string.Join(" OR ", Columns(check, schema, table).Select(c => $"{Name(c)} IS NULL"));
            case CheckKind.AcceptedValues:
                return string.Join(" OR ", Columns(check, schema, table).Select(c => Refused(check, c)));
            case CheckKind.Range:
                return string.Join(" OR ", Columns(check, schema, table).Select(c => $"coalesce({Outside(check, c)}, false)"));
            default:
                return null;
        }
    }

    /// <summary>Names of the key columns of a <c>unique</c> check, quoted, with commas.</summary>
    public static string Key(CheckDefinition check, TableSchema schema, string table) => string.Join(", ", Columns(check, schema, table).Select(Name));

    /// <summary>True for rows whose key has no NULL; keys with NULL are never equal.</summary>
    public static string KeyIsWhole(CheckDefinition check, TableSchema schema, string table) =>
        string.Join(" AND ", Columns(check, schema, table).Select(c => $"{Name(c)} IS NOT NULL"));

    private static string Refused(CheckDefinition check, TableColumn column)
    {
        var values = check.Values.OfType<string>().Select(v => $"CAST({SqlText.Literal(v)} AS {column.DuckType})").ToList();
        var listed = values.Count == 0 ? "false" : $"coalesce({Name(column)} IN ({string.Join(", ", values)}), false)";
        return check.Values.Contains(null) ? $"NOT ({listed} OR {Name(column)} IS NULL)" : $"NOT {listed}";
    }

    private static string Outside(CheckDefinition check, TableColumn column)
    {
        var sides = new List<string>();
        if (check.Min is { } min) sides.Add($"{Name(column)} < {Bound(min, column)}");
        if (check.Max is { } max) sides.Add($"{Name(column)} > {Bound(max, column)}");
        return sides.Count == 0 ? "false" : string.Join(" OR ", sides);
    }

    // A number is compared as a number whatever the column's type, so that 0.5 is not rounded to an integer; the rest takes the column's type.
    private static string Bound(string text, TableColumn column) =>
        column.Type is DecimalType or PrimitiveType { Name: "byte" or "short" or "integer" or "long" or "float" or "double" }
        && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : $"CAST({SqlText.Literal(text)} AS {column.DuckType})";

    private static IEnumerable<TableColumn> Columns(CheckDefinition check, TableSchema schema, string table) => check.Columns.Select(name =>
        schema.Find(name) ?? schema.Columns.FirstOrDefault(c => c.OriginalName == name)
        ?? throw new JobFailedException("FF3211", $"Check {check.Title} of {table} names column '{name}', which the rows have not.", $"The columns are: {string.Join(", ", schema.Columns.Select(c => c.Name))}."));

    private static string Name(TableColumn column) => SqlText.Identifier(column.Name);
}
