using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;

namespace FlowForge.Api.Tables;

/// <summary>Follows a column through all tables, by what the catalog knows of their newest builds. Thread-safe.</summary>
internal sealed class ColumnLineages(ColumnLineageStore store, KnownTables tables)
{
    private const int MostSteps = 2000;

    public Contracts.ColumnLineage Of(TableName table, string column) => new(table.ToString(), column, Walk(table.ToString(), column, Back), Walk(table.ToString(), column, On));

    private List<ColumnStep> Walk(string table, string column, Func<string, string, int, IEnumerable<ColumnStep>> next)
    {
        var steps = new List<ColumnStep>();
        var seen = new HashSet<(string, string)> { (table, column.ToLowerInvariant()) };
        var open = new Queue<(string Table, string Column, int Distance)>([(table, column, 1)]);
        while (open.TryDequeue(out var at) && steps.Count < MostSteps)
        {
            foreach (var step in next(at.Table, at.Column, at.Distance))
            {
                steps.Add(step);
                var (toTable, toColumn) = next == Back ? (step.Input, step.InputColumn) : (step.Table, step.Column);
                // A condition is an end: it makes no column.
                if (toColumn is not null && step.Kind != ColumnStepKind.Condition && seen.Add((toTable, toColumn.ToLowerInvariant()))) open.Enqueue((toTable, toColumn, at.Distance + 1));
            }
        }
        return steps;
    }

    private IEnumerable<ColumnStep> Back(string table, string column, int distance)
    {
        if (TableName.TryParse(table, out var name) && name.Layer == Layer.Bronze)
            return tables[name].Latest()?.Schema.Find(column) is { } found && !found.IsReserved ? [new ColumnStep(table, found.Name, ColumnStepKind.Copied, "source", found.OriginalName ?? found.Name, distance)] : [];
        return store.Of(table).Where(e => e.Column is null || e.Column.Equals(column, StringComparison.OrdinalIgnoreCase)).Select(e => Step(e, distance)).OrderBy(s => s.Kind == ColumnStepKind.Condition);
    }

    private IEnumerable<ColumnStep> On(string table, string column, int distance) => store.From(table, column).Select(e => Step(e, distance)).OrderBy(s => s.Kind == ColumnStepKind.Condition);

    private static ColumnStep Step(ColumnEdge edge, int distance) =>
        new(edge.Table, edge.Column, Enum.Parse<ColumnStepKind>(edge.Kind, ignoreCase: true), edge.Input, edge.InputColumn, distance);
}
