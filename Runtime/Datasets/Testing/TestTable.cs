using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Testing;

/// <summary>Rows of a test as SQL.</summary>
internal static partial class TestTable
{
    /// <summary>
    /// A SELECT that gives the rows. The types come from the values: whole numbers are BIGINT, others DOUBLE, texts that all are dates or times DATE and TIMESTAMP, other texts
    /// VARCHAR, lists and mappings as DuckDB sees them in JSON. A SELECT in place of rows says them exactly.
    /// </summary>
    public static string Sql(DuckSession session, TestRows rows, string table)
    {
        if (rows.Sql is { } sql) return sql;
        if (rows.Columns.Count == 0) throw new JobFailedException("FF1311", $"The test gives no row of {table}, so its columns are not known. Write a SELECT, such as SELECT 1 AS id WHERE false.");
        return Typed(rows, [.. rows.Columns.Select(c => new DuckColumn(c, Type(session, [.. rows.Rows.Select(r => Value(r, c))])))], table);
    }

    /// <summary>A SELECT that gives the rows with these columns.</summary>
    /// <exception cref="JobFailedException">A value does not fit its column.</exception>
    public static string Typed(TestRows rows, IReadOnlyList<DuckColumn> columns, string what)
    {
        var list = string.Join(", ", columns.Select(c => $"CAST((item {(IsNested(c.Type) ? "->" : "->>")} {SqlText.Literal("$." + Quoted(c.Name))}) AS {c.Type}) AS {SqlText.Identifier(c.Name)}"));
        var items = rows.Rows.Select(r => new JsonObject(columns.Select(c => KeyValuePair.Create(c.Name, Value(r, c.Name)?.DeepClone()))).ToJsonString()).ToList();
        var values = items.Count == 0 ? "SELECT NULL::JSON AS item WHERE false" : $"SELECT unnest({SqlText.LiteralList(items)}::JSON[]) AS item";
        return $"SELECT {list} FROM ({values}) AS given_{Plain(what)}";
    }

    private static JsonNode? Value(JsonObject row, string column) => row.FirstOrDefault(p => p.Key.Equals(column, StringComparison.OrdinalIgnoreCase)).Value;

    private static string Type(DuckSession session, List<JsonNode?> values)
    {
        var known = values.OfType<JsonNode>().ToList();
        if (known.Count == 0) return "VARCHAR";
        if (known.Any(v => v is JsonObject or JsonArray))
        {
            var all = SqlText.Literal(new JsonArray([.. known.Select(v => v.DeepClone())]).ToJsonString());
            var structure = session.Scalar<string>($"SELECT json_structure({all}::JSON)::VARCHAR")!;
            return session.Scalar<string>($"SELECT typeof(from_json({all}::JSON, {SqlText.Literal(structure)})[1])")!.Replace("UBIGINT", "BIGINT", StringComparison.Ordinal);
        }
        var kinds = known.Select(v => v.GetValueKind()).ToHashSet();
        if (kinds.All(k => k is JsonValueKind.True or JsonValueKind.False)) return "BOOLEAN";
        if (kinds is { Count: 1 } && kinds.Contains(JsonValueKind.Number)) return known.All(v => long.TryParse(v.ToJsonString(), CultureInfo.InvariantCulture, out _)) ? "BIGINT" : "DOUBLE";
        var texts = known.Select(v => v.ToString()).ToList();
        return texts.All(t => Date().IsMatch(t)) ? "DATE" : texts.All(t => Time().IsMatch(t)) ? texts.Any(t => t.EndsWith('Z')) ? "TIMESTAMPTZ" : "TIMESTAMP" : "VARCHAR";
    }

    private static bool IsNested(string type) => type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal) || type.StartsWith("MAP", StringComparison.Ordinal);

    private static string Quoted(string name) => "\"" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static string Plain(string text) => string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d\z", RegexOptions.CultureInvariant)]
    private static partial Regex Date();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Time();
}
