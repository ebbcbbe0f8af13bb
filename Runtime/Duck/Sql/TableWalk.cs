using System.Text.Json;

namespace FlowForge.Duck;

/// <summary>The CTE names visible at a place of a query: an immutable chain, innermost first.</summary>
internal sealed class CteScope
{
    public static readonly CteScope None = new(null, "");
    private readonly CteScope? _outer;
    private readonly string _name;

    private CteScope(CteScope? outer, string name)
    {
        _outer = outer;
        _name = name;
    }

    public CteScope With(string name) => new(this, name);

    public bool Has(string name)
    {
        for (var scope = this; scope._outer is not null; scope = scope._outer)
        {
            if (string.Equals(scope._name, name, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }
}

/// <summary>Walks a parse tree of <c>json_serialize_sql</c> for the tables it reads.</summary>
internal static class TableWalk
{
    public static void Visit(JsonElement element, CteScope scope, Action<SqlTableReference> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) Visit(item, scope, found);
            return;
        }
        if (element.ValueKind != JsonValueKind.Object) return;

        var type = Text(element, "type");
        if (type == "BASE_TABLE" && Text(element, "table_name") is { } table)
        {
            var schema = Text(element, "schema_name");
            if (schema is not null || !scope.Has(table)) found(new SqlTableReference(schema, table));
        }
        if (type == "RECURSIVE_CTE_NODE" && Text(element, "cte_name") is { } self) scope = scope.With(self);

        // A CTE sees those before it; the query sees them all.
        var hasCtes = element.TryGetProperty("cte_map", out var ctes);
        if (hasCtes && ctes.TryGetProperty("map", out var map))
        {
            foreach (var cte in map.EnumerateArray())
            {
                Visit(cte.GetProperty("value"), scope, found);
                scope = scope.With(cte.GetProperty("key").GetString() ?? "");
            }
        }
        foreach (var property in element.EnumerateObject())
        {
            if (!(hasCtes && property.NameEquals("cte_map"))) Visit(property.Value, scope, found);
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
