using System.Text.Json;

namespace FlowForge.Duck;

/// <summary>Walks the parse tree of one query and carries each column's sources along.</summary>
internal sealed partial class LineageWalk(Func<string, IReadOnlyList<string>?> columnsOf, IReadOnlyDictionary<string, string> macros)
{
    private const int DeepestMacro = 20;
    private int macroDepth;

    /// <summary>Sources that decide on rows, each once.</summary>
    public List<SourceColumn> Conditions { get; } = [];

    /// <summary>The columns of a query node.</summary>
    public IReadOnlyList<TracedColumn> Query(JsonElement node, CteColumns ctes, LineageScope? outer)
    {
        if (node.TryGetProperty("cte_map", out var map) && map.TryGetProperty("map", out var list))
        {
            foreach (var cte in list.EnumerateArray())
            {
                var name = Text(cte, "key") ?? "";
                var value = cte.GetProperty("value");
                ctes = ctes.With(name, Renamed(Query(value.GetProperty("query").GetProperty("node"), ctes, outer), Texts(value, "aliases")));
            }
        }
        switch (Text(node, "type"))
        {
            case "SET_OPERATION_NODE":
                return SetOperation(node, ctes, outer);
            case "RECURSIVE_CTE_NODE":
                var start = Query(node.GetProperty("left"), ctes, outer);
                var again = Query(node.GetProperty("right"), ctes.With(Text(node, "cte_name") ?? "", start), outer);
                return Side(start, again, byName: false);
            case "CTE_NODE":
                return Query(node.GetProperty("child"), ctes.With(Text(node, "cte_name") ?? "", Renamed(Query(node.GetProperty("query"), ctes, outer), Texts(node, "aliases"))), outer);
            default:
                return Select(node, ctes, outer);
        }
    }

    private IReadOnlyList<TracedColumn> SetOperation(JsonElement node, CteColumns ctes, LineageScope? outer)
    {
        var byName = Text(node, "setop_type")?.EndsWith("BY_NAME", StringComparison.Ordinal) == true;
        IEnumerable<JsonElement> sides = node.TryGetProperty("children", out var children) ? children.EnumerateArray() : [node.GetProperty("left"), node.GetProperty("right")];
        return sides.Select(s => Query(s, ctes, outer)).Aggregate((a, b) => Side(a, b, byName));
    }

    private static IReadOnlyList<TracedColumn> Side(IReadOnlyList<TracedColumn> left, IReadOnlyList<TracedColumn> right, bool byName)
    {
        if (!byName) return [.. left.Select((c, i) => i < right.Count ? TracedColumn.Merge(c.Name, [c, right[i]], Kinds(c, right[i])) : c)];
        var matched = left.Select(c => right.FirstOrDefault(r => Same(r.Name, c.Name)) is { } other ? TracedColumn.Merge(c.Name, [c, other], Kinds(c, other)) : c);
        return [.. matched, .. right.Where(r => !left.Any(c => Same(c.Name, r.Name)))];
    }

    private static LineageKind Kinds(TracedColumn a, TracedColumn b) => a.Kind > b.Kind ? a.Kind : b.Kind;

    private List<TracedColumn> Select(JsonElement node, CteColumns ctes, LineageScope? outer)
    {
        var scope = new LineageScope(outer);
        if (node.TryGetProperty("from_table", out var from)) From(from, scope, ctes);
        if (node.TryGetProperty("select_list", out var items))
        {
            foreach (var item in items.EnumerateArray())
            {
                if (Text(item, "type") == "STAR") scope.Selected.AddRange(Star(item, scope, ctes));
                else scope.Selected.Add(Traced(item, scope, ctes));
            }
        }
        foreach (var part in (string[])["where_clause", "group_expressions", "having", "qualify", "modifiers"])
            if (node.TryGetProperty(part, out var condition)) Decide(condition, scope, ctes);
        return scope.Selected;
    }

    private TracedColumn Traced(JsonElement expression, LineageScope scope, CteColumns ctes)
    {
        var name = Text(expression, "alias");
        if (Text(expression, "type") == "COLUMN_REF")
        {
            var names = Texts(expression, "column_names");
            return scope.Find(names) is { } column ? column with { Name = name ?? names[^1] } : new TracedColumn(name ?? names[^1], LineageKind.Derived, []);
        }
        var found = new List<TracedColumn>();
        var kind = Collect(expression, scope, ctes, found) ? LineageKind.Aggregated : LineageKind.Derived;
        return TracedColumn.Merge(name ?? Text(expression, "function_name") ?? "", found, kind);
    }

    private IEnumerable<TracedColumn> Star(JsonElement star, LineageScope scope, CteColumns ctes)
    {
        var of = Text(star, "relation_name");
        var excluded = Excluded(star);
        var replaced = Pairs(star, "replace_list");
        var renamed = Pairs(star, "rename_list");
        foreach (var column in scope.Relations.Where(r => of is null || r.IsNamed(of)).SelectMany(r => of is null ? r.Starred : r.Columns).ToList())
        {
            if (excluded.Contains(column.Name)) continue;
            if (replaced.TryGetValue(column.Name, out var by)) yield return Traced(by, scope, ctes) with { Name = column.Name };
            else yield return renamed.TryGetValue(column.Name, out var name) ? column with { Name = name.ValueKind == JsonValueKind.String ? name.GetString()! : column.Name } : column;
        }
    }

    // Whether the expression looks at several rows.
    private bool Collect(JsonElement element, LineageScope scope, CteColumns ctes, List<TracedColumn> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            var any = false;
            foreach (var item in element.EnumerateArray()) any |= Collect(item, scope, ctes, found);
            return any;
        }
        if (element.ValueKind != JsonValueKind.Object) return false;
        var type = Text(element, "type");
        switch (Text(element, "class"))
        {
            case "COLUMN_REF":
                if (scope.Find(Texts(element, "column_names")) is { } column) found.Add(column);
                return false;
            case "STAR":
                found.AddRange(Star(element, scope, ctes));
                return false;
            case "SUBQUERY":
                found.AddRange(Query(element.GetProperty("subquery").GetProperty("node"), ctes, scope));
                if (element.TryGetProperty("child", out var child)) Collect(child, scope, ctes, found);
                return false;
            case "LAMBDA":
                return Lambda(element, scope, ctes, found);
        }
        var aggregates = Text(element, "class") == "WINDOW" || type == "FUNCTION" && Aggregates.Contains(Text(element, "function_name") ?? "");
        foreach (var property in element.EnumerateObject()) aggregates |= Collect(property.Value, scope, ctes, found);
        return aggregates;
    }

    private bool Lambda(JsonElement lambda, LineageScope scope, CteColumns ctes, List<TracedColumn> found)
    {
        var parameters = new List<string>();
        Names(lambda.GetProperty("lhs"), parameters);
        scope.Parameters.AddRange(parameters);
        var any = Collect(lambda.GetProperty("expr"), scope, ctes, found);
        scope.Parameters.RemoveRange(scope.Parameters.Count - parameters.Count, parameters.Count);
        return any;
    }

    private static void Names(JsonElement element, List<string> names)
    {
        if (element.ValueKind == JsonValueKind.Array) foreach (var item in element.EnumerateArray()) Names(item, names);
        if (element.ValueKind != JsonValueKind.Object) return;
        if (Text(element, "class") == "COLUMN_REF") names.AddRange(Texts(element, "column_names"));
        else foreach (var property in element.EnumerateObject()) Names(property.Value, names);
    }

    private void Decide(JsonElement condition, LineageScope scope, CteColumns ctes)
    {
        var found = new List<TracedColumn>();
        Collect(condition, scope, ctes, found);
        Decide(found);
    }

    private void Decide(IEnumerable<TracedColumn> columns)
    {
        foreach (var source in columns.SelectMany(c => c.From))
            if (!Conditions.Contains(source)) Conditions.Add(source);
    }

    private static HashSet<string> Excluded(JsonElement star)
    {
        var names = new HashSet<string>(Texts(star, "exclude_list"), StringComparer.OrdinalIgnoreCase);
        if (!star.TryGetProperty("qualified_exclude_list", out var qualified)) return names;
        foreach (var item in qualified.EnumerateArray())
            if (item.ValueKind == JsonValueKind.Object && Text(item, "column") is { } column) names.Add(column);
        return names;
    }

    private static Dictionary<string, JsonElement> Pairs(JsonElement star, string list)
    {
        var pairs = new Dictionary<string, JsonElement>(StringComparer.OrdinalIgnoreCase);
        if (!star.TryGetProperty(list, out var items) || items.ValueKind != JsonValueKind.Array) return pairs;
        foreach (var item in items.EnumerateArray())
            if (item.TryGetProperty("key", out var key) && (key.ValueKind == JsonValueKind.String ? key.GetString() : Text(key, "column")) is { } name) pairs[name] = item.GetProperty("value");
        return pairs;
    }

    private static IReadOnlyList<TracedColumn> Renamed(IReadOnlyList<TracedColumn> columns, IReadOnlyList<string> names) =>
        names.Count == 0 ? columns : [.. columns.Select((c, i) => i < names.Count ? c with { Name = names[i] } : c)];

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static IReadOnlyList<string> Texts(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)] : [];

    private static readonly HashSet<string> Aggregates = new(StringComparer.OrdinalIgnoreCase)
    {
        "count", "count_star", "count_if", "countif", "sum", "sum_no_overflow", "fsum", "kahan_sum", "avg", "mean", "favg", "min", "max", "min_by", "max_by", "arg_min", "arg_max", "argmin", "argmax", "median", "mode", "mad",
        "quantile", "quantile_cont", "quantile_disc", "approx_quantile", "reservoir_quantile", "approx_count_distinct", "approx_top_k", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "skewness", "kurtosis",
        "corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "string_agg", "group_concat", "listagg", "list", "array_agg", "first", "last", "any_value", "arbitrary", "bool_and", "bool_or",
        "bit_and", "bit_or", "bit_xor", "product", "geomean", "histogram", "entropy", "map_agg",
    };
}
