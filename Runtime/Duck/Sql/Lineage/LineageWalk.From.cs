using System.Text.Json;

namespace FlowForge.Duck;

internal sealed partial class LineageWalk
{
    private void From(JsonElement from, LineageScope scope, CteColumns ctes)
    {
        var alias = Text(from, "alias");
        var names = Texts(from, "column_name_alias");
        switch (Text(from, "type"))
        {
            case "BASE_TABLE":
                scope.Relations.Add(Table(Text(from, "schema_name"), Text(from, "table_name")!, alias, names, ctes));
                break;
            case "SUBQUERY":
                scope.Relations.Add(new Relation(alias ?? "", null, Renamed(Query(from.GetProperty("subquery").GetProperty("node"), ctes, scope), names)));
                break;
            case "JOIN":
                Join(from, scope, ctes);
                break;
            case "TABLE_FUNCTION":
                scope.Relations.Add(Function(from, alias, names, scope, ctes));
                break;
            case "EXPRESSION_LIST":
                scope.Relations.Add(new Relation(alias ?? "", null, Renamed(Values(from, scope, ctes), names)));
                break;
            case "PIVOT":
                scope.Relations.Add(Pivot(from, alias, scope, ctes));
                break;
        }
    }

    private Relation Table(string? schema, string table, string? alias, IReadOnlyList<string> names, CteColumns ctes)
    {
        if (schema is null && ctes.Find(table) is { } cte) return new Relation(alias ?? table, null, Renamed(cte, names));
        var name = schema is null ? table : $"{schema}.{table}";
        if (columnsOf(name) is { } columns) return new Relation(alias ?? table, schema, Renamed([.. columns.Select(c => Source(name, c))], names));
        return new Relation(alias ?? table, schema, []) { Unlisted = column => Source(name, column) };
    }

    private static TracedColumn Source(string table, string column) => new(column, LineageKind.Copied, [new SourceColumn(table, column)]);

    private void Join(JsonElement join, LineageScope scope, CteColumns ctes)
    {
        From(join.GetProperty("left"), scope, ctes);
        var before = scope.Relations.Count;
        From(join.GetProperty("right"), scope, ctes);
        var (left, right) = (scope.Relations[..before], scope.Relations[before..]);
        var shared = Texts(join, "using_columns");
        if (Text(join, "ref_type") == "NATURAL") shared = [.. right.SelectMany(r => r.Columns).Select(c => c.Name).Where(n => left.Any(l => l.Find(n) is not null))];
        foreach (var name in shared)
        {
            var both = left.Concat(right).Select(r => r.Find(name) ?? r.Unlisted?.Invoke(name)).OfType<TracedColumn>().ToList();
            Decide(both);
            foreach (var relation in right) relation.Hidden.Add(name);
        }
        if (Text(join, "join_type") is "SEMI" or "ANTI")
            foreach (var relation in right) relation.Hidden.UnionWith(relation.Columns.Select(c => c.Name));
        if (join.TryGetProperty("condition", out var condition)) Decide(condition, scope, ctes);
    }

    // A table macro is its SELECT; any other function gives columns made from its arguments.
    private Relation Function(JsonElement from, string? alias, IReadOnlyList<string> names, LineageScope scope, CteColumns ctes)
    {
        var function = from.GetProperty("function");
        var name = Text(function, "function_name") ?? "";
        if (macros.FirstOrDefault(m => Same(m.Key, name)).Value is { } body && macroDepth < DeepestMacro)
        {
            macroDepth++;
            using var tree = SqlReferences.Parse(body);
            var columns = Query(tree.RootElement.GetProperty("statements")[0].GetProperty("node"), CteColumns.None, null);
            macroDepth--;
            return new Relation(alias ?? name, null, Renamed(columns, names));
        }
        var found = new List<TracedColumn>();
        if (function.TryGetProperty("children", out var arguments)) Collect(arguments, scope, ctes, found);
        TracedColumn Made(string column) => TracedColumn.Merge(column, found, LineageKind.Derived);
        return new Relation(alias ?? name, null, [.. names.Select(Made)]) { Unlisted = Made };
    }

    private List<TracedColumn> Values(JsonElement from, LineageScope scope, CteColumns ctes)
    {
        var columns = new List<TracedColumn>();
        foreach (var row in from.GetProperty("values").EnumerateArray())
        {
            foreach (var (value, i) in row.EnumerateArray().Select((v, i) => (v, i)))
            {
                var traced = Traced(value, scope, ctes) with { Name = $"col{i}" };
                if (i < columns.Count) columns[i] = TracedColumn.Merge(columns[i].Name, [columns[i], traced], Kinds(columns[i], traced));
                else columns.Add(traced);
            }
        }
        return columns;
    }

    // Which columns come out depends on values: every one of them may be made from any column of the source.
    private Relation Pivot(JsonElement from, string? alias, LineageScope scope, CteColumns ctes)
    {
        var inner = new LineageScope(scope);
        if (from.TryGetProperty("source", out var source)) From(source, inner, ctes);
        var all = inner.Relations.SelectMany(r => r.Columns).ToList();
        return new Relation(alias ?? "", null, all) { Unlisted = column => TracedColumn.Merge(column, all, LineageKind.Aggregated) };
    }
}
