using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>The column lineage of a dataset, for the catalog.</summary>
internal static class DatasetLineage
{
    /// <summary>Edges of the SQL; empty when DuckDB's parser cannot show it.</summary>
    public static IReadOnlyList<ColumnEdge> Edges(DatasetDefinition dataset, IReadOnlyList<DatasetInput> inputs, IReadOnlyList<DuckColumn> columns)
    {
        var known = inputs.ToDictionary(i => i.Name.ToString(), i => (IReadOnlyList<string>)[.. i.Snapshot.Schema.Columns.Where(c => !c.IsReserved).Select(c => c.Name)], StringComparer.OrdinalIgnoreCase);
        var macros = dataset.Macros.Where(m => m.IsTable).ToDictionary(m => m.Name, m => m.Body);
        SqlLineage lineage;
        try
        {
            lineage = ColumnLineage.Of(DatasetSql.Text(dataset), t => known.GetValueOrDefault(t), macros);
        }
        catch (DuckException)
        {
            return [];
        }
        // Nobody sees into a plugin: every column of the input may decide on every row.
        if (dataset.Transform is not null) return [.. lineage.Columns.SelectMany(c => c.From).Concat(lineage.Conditions).Distinct().Select(f => Edge(null, ColumnLineageStore.Condition, f))];
        // By position; a query whose width the tree does not show (COLUMNS(…)) goes by name.
        var byPosition = lineage.Columns.Count == columns.Count;
        var edges = new List<ColumnEdge>();
        foreach (var (traced, i) in lineage.Columns.Select((c, i) => (c, i)))
        {
            var name = byPosition ? columns[i].Name : columns.FirstOrDefault(c => c.Name.Equals(traced.Name, StringComparison.OrdinalIgnoreCase))?.Name;
            if (name is not null) edges.AddRange(traced.From.Select(f => Edge(name, traced.Kind.ToString().ToLowerInvariant(), f)));
        }
        edges.AddRange(lineage.Conditions.Select(f => Edge(null, ColumnLineageStore.Condition, f)));
        return [.. edges.DistinctBy(e => (e.Column, e.Input, e.InputColumn))];

        ColumnEdge Edge(string? column, string kind, SourceColumn from) => new(dataset.Table, column, kind, from.Table.ToLowerInvariant(), from.Column);
    }
}
