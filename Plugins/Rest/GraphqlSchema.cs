using System.Globalization;
using System.Text.Json;

namespace FlowForge.Plugins.Rest;

/// <summary>How records are asked for: the query, where they stand in its answer, and how it goes on.</summary>
internal sealed record GraphqlPlan(string Query, string RecordsPath, string? PageInfoPath, string CursorVariable);

/// <summary>What an API offers that answers questions about its own schema: the fields of its query type which give lists of records and need no arguments.</summary>
internal static class GraphqlSchema
{
    private const string TypeRef = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

    public const string Question = $"query {{ __schema {{ queryType {{ name }} types {{ kind name fields {{ name args {{ name defaultValue type {{ {TypeRef} }} }} type {{ {TypeRef} }} }} }} }} }}";

    /// <summary>A list that can be asked for.</summary>
    /// <param name="Way">From the field to its records: <c>nodes</c>, <c>edges.node</c>, or nothing.</param>
    /// <param name="After">Type of the argument that takes the cursor; null where one answer has all.</param>
    /// <param name="First">Whether the size of a page can be asked for.</param>
    internal sealed record Table(string Name, IReadOnlyList<DiscoveredColumn> Columns, string Way, string? After, bool First)
    {
        public IReadOnlyList<string> Keys => [.. Columns.Where(c => c is { Type: "ID", Nullable: false }).Select(c => c.Name).Take(1)];

        public GraphqlPlan Plan(int pageSize)
        {
            var columns = string.Join(' ', Columns.Select(c => c.Name));
            var records = Way switch { "" => columns, "nodes" => $"nodes {{ {columns} }}", _ => $"edges {{ node {{ {columns} }} }}" };
            string[] arguments = [.. First && Way.Length > 0 ? [string.Create(CultureInfo.InvariantCulture, $"first: {pageSize}")] : Array.Empty<string>(), .. After is null ? [] : (string[])["after: $after"]];
            var query = $"query{(After is null ? "" : $"($after: {After})")} {{ {Name}{(arguments.Length > 0 ? $"({string.Join(", ", arguments)})" : "")} {{ {records}{(After is null ? "" : " pageInfo { hasNextPage endCursor }")} }} }}";
            return new GraphqlPlan(query, $"data.{Name}{(Way.Length > 0 ? "." + Way : "")}", After is null ? null : $"data.{Name}.pageInfo", "after");
        }
    }

    /// <param name="answer">What came to <see cref="Question"/>.</param>
    public static IReadOnlyList<Table> Tables(JsonElement answer)
    {
        var schema = answer.GetProperty("data").GetProperty("__schema");
        var types = schema.GetProperty("types").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!, StringComparer.Ordinal);
        return types.TryGetValue(schema.GetProperty("queryType").GetProperty("name").GetString()!, out var root) ? [.. Fields(root).Select(f => Of(f, types)).OfType<Table>()] : [];
    }

    private static Table? Of(JsonElement field, Dictionary<string, JsonElement> types)
    {
        if (!NeedsNothing(field)) return null;
        var name = field.GetProperty("name").GetString()!;
        var type = field.GetProperty("type");
        if (!types.TryGetValue(NameOf(type), out var given)) return null;
        if (IsList(type)) return Make("", given);
        var inside = Fields(given).ToDictionary(f => f.GetProperty("name").GetString()!, StringComparer.Ordinal);
        if (!inside.ContainsKey("pageInfo")) return null;
        if (inside.TryGetValue("nodes", out var nodes) && types.TryGetValue(NameOf(nodes.GetProperty("type")), out var node)) return Make("nodes", node);
        return inside.TryGetValue("edges", out var edges) && types.TryGetValue(NameOf(edges.GetProperty("type")), out var edge)
            && Fields(edge).FirstOrDefault(f => f.GetProperty("name").ValueEquals("node")) is { ValueKind: JsonValueKind.Object } of && types.TryGetValue(NameOf(of.GetProperty("type")), out node) ? Make("edges.node", node) : null;

        Table? Make(string way, JsonElement record)
        {
            DiscoveredColumn[] columns = [.. Fields(record).Where(NeedsNothing).Where(f => types.TryGetValue(NameOf(f.GetProperty("type")), out var t) && t.GetProperty("kind").GetString() is "SCALAR" or "ENUM")
                .Select(f => new DiscoveredColumn(f.GetProperty("name").GetString()!, Written(f.GetProperty("type")).TrimEnd('!'), f.GetProperty("type").GetProperty("kind").GetString() != "NON_NULL"))];
            return columns.Length == 0 ? null : new Table(name, columns, way, way.Length > 0 && Argument("after") is { } after ? Written(after.GetProperty("type")).TrimEnd('!') : null, Argument("first") is not null);
        }

        JsonElement? Argument(string argument) => field.GetProperty("args").EnumerateArray().Where(a => a.GetProperty("name").ValueEquals(argument)).Select(a => (JsonElement?)a).FirstOrDefault();
    }

    private static JsonElement.ArrayEnumerator Fields(JsonElement type) => type.TryGetProperty("fields", out var fields) && fields.ValueKind == JsonValueKind.Array ? fields.EnumerateArray() : default;

    private static bool NeedsNothing(JsonElement field) =>
        field.GetProperty("args").EnumerateArray().All(a => a.GetProperty("type").GetProperty("kind").GetString() != "NON_NULL" || a.GetProperty("defaultValue").ValueKind == JsonValueKind.String);

    private static bool IsList(JsonElement type) => type.GetProperty("kind").GetString() switch { "LIST" => true, "NON_NULL" => IsList(type.GetProperty("ofType")), _ => false };

    /// <summary>The type at the bottom of lists and not-nulls; empty where the answer does not go so deep.</summary>
    private static string NameOf(JsonElement type) => type.TryGetProperty("ofType", out var inner) && inner.ValueKind == JsonValueKind.Object ? NameOf(inner) : type.GetProperty("name").GetString() ?? "";

    /// <summary>As a query writes it: <c>[Int!]</c>.</summary>
    private static string Written(JsonElement type) => type.GetProperty("kind").GetString() switch
    {
        "NON_NULL" => Written(type.GetProperty("ofType")) + "!",
        "LIST" => $"[{Written(type.GetProperty("ofType"))}]",
        _ => type.GetProperty("name").GetString() ?? "",
    };
}
