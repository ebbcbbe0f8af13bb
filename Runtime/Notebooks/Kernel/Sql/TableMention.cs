using System.Text.Json;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>A table named in a query's FROM.</summary>
/// <param name="Start">Byte offset of the name in the query's UTF-8 text.</param>
/// <param name="HasAlias">The query gives it another name.</param>
/// <param name="AtUnit">VERSION or TIMESTAMP when the query asks for a version.</param>
internal sealed record TableMention(string? Schema, string Table, int Start, bool HasAlias, string? AtUnit)
{
    /// <summary>All mentions in a parse tree of <c>json_serialize_sql</c>, without those of CTEs in whose scope they stand.</summary>
    public static List<TableMention> In(JsonElement statement)
    {
        var found = new List<TableMention>();
        Visit(statement, [], found);
        return found;
    }

    private static void Visit(JsonElement element, HashSet<string> ctes, List<TableMention> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) Visit(item, ctes, found);
            return;
        }
        if (element.ValueKind != JsonValueKind.Object) return;

        var type = Text(element, "type");
        if (type == "BASE_TABLE" && Text(element, "table_name") is { } table && Text(element, "catalog_name") is null)
            Add(element, table, ctes, found);
        var scope = new HashSet<string>(ctes, StringComparer.OrdinalIgnoreCase);
        if (type == "RECURSIVE_CTE_NODE" && Text(element, "cte_name") is { } self) scope.Add(self);
        // A CTE sees those before it; the query sees them all.
        if (element.TryGetProperty("cte_map", out var map) && map.TryGetProperty("map", out var entries))
        {
            foreach (var entry in entries.EnumerateArray())
            {
                Visit(entry.GetProperty("value"), scope, found);
                scope.Add(entry.GetProperty("key").GetString() ?? "");
            }
        }
        foreach (var property in element.EnumerateObject())
            if (!property.NameEquals("cte_map")) Visit(property.Value, scope, found);
    }

    private static void Add(JsonElement element, string table, HashSet<string> ctes, List<TableMention> found)
    {
        var schema = Text(element, "schema_name");
        if (schema is null && ctes.Contains(table)) return;
        // Views made by PIVOT and the like have no place in the text.
        if (!element.TryGetProperty("query_location", out var place) || !place.TryGetInt32(out var start)) return;
        var unit = element.TryGetProperty("at_clause", out var at) ? Text(at, "unit") : null;
        found.Add(new TableMention(schema, table, start, Text(element, "alias") is not null, unit));
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
