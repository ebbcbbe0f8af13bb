using System.Globalization;
using System.Text.Json;

namespace FlowForge.Plugins.Rest;

/// <summary>How records are asked for: the query, where they stand in its answer, and how it goes on.</summary>
/// <param name="CursorVariable">Null where the query has no way to go on: more than one page is then an error.</param>
/// <param name="Beyond">Asks for what follows behind so many records, of a list that may have been cut off without saying so; null where it cannot have been.</param>
internal sealed record GraphqlPlan(string Query, string RecordsPath, string? PageInfoPath, string? CursorVariable, Func<long, string>? Beyond = null);

/// <summary>What an API offers that answers questions about its own schema: the fields of its query type which give lists of records, need no arguments and let one see that a list is whole.</summary>
internal static class GraphqlSchema
{
    private const string TypeRef = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

    public const string Question = $"query {{ __schema {{ queryType {{ name }} types {{ kind name fields {{ name args {{ name defaultValue type {{ {TypeRef} }} }} type {{ {TypeRef} }} }} }} }} }}";

    /// <summary>A list that can be asked for.</summary>
    /// <param name="Way">From the field to its records: <c>nodes</c>, <c>edges.node</c>, or nothing.</param>
    /// <param name="After">Type of the argument that takes the cursor; null where one answer has all.</param>
    /// <param name="First">Whether the size of a page can be asked for.</param>
    /// <param name="Skip">Argument of a plain list that passes over records; null where it has none.</param>
    internal sealed record Table(string Name, IReadOnlyList<DiscoveredColumn> Columns, string Way, string? After, bool First, string? Skip)
    {
        public IReadOnlyList<string> Keys => [.. Columns.Where(c => c is { Type: "ID", Nullable: false }).Select(c => c.Name).Take(1)];

        public GraphqlPlan Plan(int pageSize)
        {
            var columns = string.Join(' ', Columns.Select(c => c.Name));
            var records = Way switch { "" => columns, "nodes" => $"nodes {{ {columns} }}", _ => $"edges {{ node {{ {columns} }} }}" };
            string[] arguments = [.. First && Way.Length > 0 ? [string.Create(CultureInfo.InvariantCulture, $"first: {pageSize}")] : Array.Empty<string>(), .. After is null ? [] : (string[])["after: $after"]];
            var info = (Way.Length, After) switch { (0, _) => "", (_, null) => " pageInfo { hasNextPage }", _ => " pageInfo { hasNextPage endCursor }" };
            var query = $"query{(After is null ? "" : $"($after: {After})")} {{ {Name}{(arguments.Length > 0 ? $"({string.Join(", ", arguments)})" : "")} {{ {records}{info} }} }}";
            return new GraphqlPlan(query, $"data.{Name}{(Way.Length > 0 ? "." + Way : "")}", Way.Length > 0 ? $"data.{Name}.pageInfo" : null, After is null ? null : "after",
                Skip is null ? null : passed => string.Create(CultureInfo.InvariantCulture, $"query {{ {Name}({Skip}: {passed}) {{ {columns} }} }}"));
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
        // A server that gives pages gives the first one to who asks for none.
        if (IsList(type)) return Arguments().Any(IsOfPages) && SkipArgument() is null ? null : Make("", given);
        var inside = Fields(given).ToDictionary(f => f.GetProperty("name").GetString()!, StringComparer.Ordinal);
        if (!inside.ContainsKey("pageInfo")) return null;
        if (inside.TryGetValue("nodes", out var nodes) && types.TryGetValue(NameOf(nodes.GetProperty("type")), out var node)) return Make("nodes", node);
        return inside.TryGetValue("edges", out var edges) && types.TryGetValue(NameOf(edges.GetProperty("type")), out var edge)
            && Fields(edge).FirstOrDefault(f => f.GetProperty("name").ValueEquals("node")) is { ValueKind: JsonValueKind.Object } of && types.TryGetValue(NameOf(of.GetProperty("type")), out node) ? Make("edges.node", node) : null;

        Table? Make(string way, JsonElement record)
        {
            DiscoveredColumn[] columns = [.. Fields(record).Where(NeedsNothing).Where(f => types.TryGetValue(NameOf(f.GetProperty("type")), out var t) && t.GetProperty("kind").GetString() is "SCALAR" or "ENUM")
                .Select(f => new DiscoveredColumn(f.GetProperty("name").GetString()!, Written(f.GetProperty("type")).TrimEnd('!'), f.GetProperty("type").GetProperty("kind").GetString() != "NON_NULL"))];
            return columns.Length == 0 ? null : new Table(name, columns, way, way.Length > 0 && Argument("after") is { } after ? Written(after.GetProperty("type")).TrimEnd('!') : null, Argument("first") is not null, way.Length > 0 ? null : SkipArgument());
        }

        IEnumerable<JsonElement> Arguments() => field.GetProperty("args").EnumerateArray();
        JsonElement? Argument(string argument) => Arguments().Where(a => a.GetProperty("name").ValueEquals(argument)).Select(a => (JsonElement?)a).FirstOrDefault();
        string? SkipArgument() => Arguments().Where(a => a.GetProperty("name").GetString() is "offset" or "skip" && NameOf(a.GetProperty("type")) == "Int").Select(a => a.GetProperty("name").GetString()).FirstOrDefault();
    }

    private static JsonElement.ArrayEnumerator Fields(JsonElement type) => type.TryGetProperty("fields", out var fields) && fields.ValueKind == JsonValueKind.Array ? fields.EnumerateArray() : default;

    private static bool NeedsNothing(JsonElement field) =>
        field.GetProperty("args").EnumerateArray().All(a => a.GetProperty("type").GetProperty("kind").GetString() != "NON_NULL" || a.GetProperty("defaultValue").ValueKind == JsonValueKind.String);

    /// <summary>Whether an argument chooses a part of a list, going by the names that servers give such arguments.</summary>
    private static bool IsOfPages(JsonElement argument) => argument.GetProperty("name").GetString()!.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant()
        is "FIRST" or "LAST" or "LIMIT" or "TAKE" or "TOP" or "SIZE" or "COUNT" or "MAX" or "MAXRESULTS" or "PERPAGE" or "SKIP" or "OFFSET" or "START" or "BEFORE" or "AFTER" or "CURSOR" or "RANGE"
        or "PAGE" or "PAGESIZE" or "PAGENUMBER" or "PAGING" or "PAGINATION" or "PAGINATE";

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
