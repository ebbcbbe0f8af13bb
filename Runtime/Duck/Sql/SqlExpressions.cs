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
            if (Text(node, "type") != "SELECT_NODE" || node.GetProperty("select_list").GetArrayLength() != 1 || !HasNoTable(node) || node.TryGetProperty("where_clause", out _))
                return "it is more than one expression";
            return Find(node.GetProperty("select_list")[0]);
        }
        catch (DuckException e)
        {
            return e.Message.Split('\n')[0];
        }
    }

    private static bool HasNoTable(JsonElement node) => !node.TryGetProperty("from_table", out var from) || Text(from, "type") == "EMPTY";

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
