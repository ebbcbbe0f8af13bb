using FlowForge.Duck;
using FlowForge.Lake.Reading;

namespace FlowForge.Lake;

/// <summary>
/// Which files of tables a SELECT needs, by partition values and statistics. DuckDB's own plan tells which conditions reach the scans; it does not say which table a scan
/// reads, so a scan counts for every table that has all columns of it, and what cannot be understood leaves out nothing.
/// </summary>
public static class NeededFiles
{
    private static readonly string[] OfTheReader = ["filename", "file_index", "file_row_number"];

    /// <param name="session">Where the SQL would run; its views of the tables are there. Nothing is read but the plan.</param>
    /// <param name="sql">A SELECT.</param>
    /// <param name="tables">The tables that it reads.</param>
    /// <param name="ct">Interrupts.</param>
    /// <param name="values">Of the SQL's parameters.</param>
    /// <returns>For each table its files that may have rows for the SELECT, in the table's order.</returns>
    public static IReadOnlyList<IReadOnlyList<DataFile>> Of(DuckSession session, string sql, IReadOnlyList<TableSnapshot> tables, CancellationToken ct = default, params object?[] values)
    {
        IReadOnlyList<IReadOnlyList<DataFile>> all = [.. tables.Select(t => t.Files)];
        var physical = tables.Select(t => t.Schema.Columns.ToDictionary(t.Mapping.Physical, c => c.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        // The plan writes names as they are, so one that looks like an expression could not be told from one.
        if (tables.All(t => t.Files.Count < 2) || physical.Any(names => !names.Keys.All(PlanFilter.IsPlain))) return all;
        var scans = PlanScan.All(Plan(session, sql, values, ct));
        var mine = physical.Select(names => scans.Where(s => s.Names.All(n => names.ContainsKey(n) || OfTheReader.Contains(n))).ToList()).ToList();
        if (scans.Except(mine.SelectMany(s => s)).Any()) return all;
        return [.. tables.Select((table, i) => mine[i].Count == 0 ? table.Files : FileSkipping.Files(table, RowCondition.Any(mine[i].Select(s => Named(s.Condition, physical[i])))))];
    }

    // A count, minimum or maximum that DuckDB takes from a file's footer leaves no scan in the plan, though the table is read: every scan must be there to be seen. The setting
    // is the engine's; that another session plans meanwhile without that optimizer costs it a little time and nothing else.
    private static string Plan(DuckSession session, string sql, object?[] values, CancellationToken ct)
    {
        var before = session.Scalar<string>("SELECT current_setting('disabled_optimizers')", ct);
        session.Execute("SET disabled_optimizers = 'statistics_propagation'", ct);
        try
        {
            return (string)session.Rows("EXPLAIN (FORMAT json) " + sql, ct, values)[0][1]!;
        }
        finally
        {
            session.Execute($"SET disabled_optimizers = {SqlText.Literal(before ?? "")}", CancellationToken.None);
        }
    }

    private static RowCondition Named(RowCondition condition, Dictionary<string, string> names) => condition switch
    {
        AllCondition all => RowCondition.All(all.Conditions.Select(c => Named(c, names))),
        AnyCondition any => RowCondition.Any(any.Conditions.Select(c => Named(c, names))),
        ComparisonCondition c => names.TryGetValue(c.Column, out var name) ? c with { Column = name } : RowCondition.Unknown,
        NullCondition c => names.TryGetValue(c.Column, out var name) ? c with { Column = name } : RowCondition.Unknown,
        _ => condition,
    };
}
