using System.Text.Json;

namespace FlowForge.Duck;

/// <summary>Looks at expressions that people write, with DuckDB's own parser, before they stand in a query. Nothing is bound. Thread-safe.</summary>
public static class SqlExpressions
{
    /// <summary>Why the text is not one expression over the columns of one row; null when it is.</summary>
    /// <param name="expression">A condition or a value: no sub-query, no table, no file, no second statement.</param>
    public static string? Problem(string expression)
    {
        try
        {
            // The line end keeps a comment from hiding the bracket.
            using var tree = SqlReferences.Parse($"SELECT ({expression}\n)");
            var node = tree.RootElement.GetProperty("statements")[0].GetProperty("node");
            if (!IsOnlyOne(node)) return "it is more than one expression";
            return Find(node.GetProperty("select_list")[0]);
        }
        catch (DuckException e)
        {
            return e.Message.Split('\n')[0];
        }
    }

    /// <summary>
    /// Whether a query selects one expression and does nothing else. What it may have is listed, not what it may not: the bracket that closes early can be followed by ORDER BY, LIMIT,
    /// QUALIFY, USING SAMPLE, GROUP BY, a second SELECT, and by what a later DuckDB has.
    /// </summary>
    private static bool IsOnlyOne(JsonElement node) => node.EnumerateObject().All(p => p.Name switch
    {
        "type" => p.Value.GetString() == "SELECT_NODE",
        "select_list" => p.Value.GetArrayLength() == 1,
        "from_table" => Text(p.Value, "type") == "EMPTY" && p.Value.EnumerateObject().All(f => f.Name is "type" or "query_location" || IsNothing(f.Value)),
        "aggregate_handling" => p.Value.GetString() == "STANDARD_HANDLING",
        "query_location" => true,
        _ => IsNothing(p.Value),
    });

    private static bool IsNothing(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => element.GetString() == "",
        JsonValueKind.Array => element.GetArrayLength() == 0,
        JsonValueKind.Object => element.EnumerateObject().All(p => IsNothing(p.Value)),
        _ => false,
    };

    private static string? Find(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array) return element.EnumerateArray().Select(Find).FirstOrDefault(p => p is not null);
        if (element.ValueKind != JsonValueKind.Object) return null;
        switch (Text(element, "class"))
        {
            case "SUBQUERY": return "it holds a sub-query, and it may use the row's own columns only";
            case "WINDOW": return "it holds a window function, and it may use the row's own columns only";
            case "STAR": return "it holds a *";
        }
        return element.EnumerateObject().Select(p => Find(p.Value)).FirstOrDefault(p => p is not null);
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
