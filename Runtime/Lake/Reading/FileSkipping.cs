using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Reading;

/// <summary>Tells from the log that a file has no row of the kind that is asked for. In doubt it has.</summary>
internal static class FileSkipping
{
    /// <summary>The files that may have such rows, in the table's order.</summary>
    public static IReadOnlyList<DataFile> Files(TableSnapshot table, RowCondition condition) => condition is UnknownCondition ? table.Files : [.. table.Files.Where(f =>
    {
        using var bounds = new FileBounds(f, table);
        return MayHold(table, bounds, condition);
    })];

    private static bool MayHold(TableSnapshot table, FileBounds bounds, RowCondition condition) => condition switch
    {
        AllCondition all => all.Conditions.All(c => MayHold(table, bounds, c)),
        AnyCondition any => any.Conditions.Any(c => MayHold(table, bounds, c)),
        NullCondition isNull => table.Schema.Find(isNull.Column) is not { } column || !(isNull.IsNullWanted ? bounds.HasNoNull(column) : bounds.IsAllNull(column)),
        ComparisonCondition comparison => table.Schema.Find(comparison.Column) is not { } column || MayHold(bounds, column, comparison),
        _ => true,
    };

    private static bool MayHold(FileBounds bounds, TableColumn column, ComparisonCondition comparison)
    {
        if (bounds.IsAllNull(column)) return false;
        var (low, high) = bounds.Range(column);
        var (toLow, toHigh) = (low is null ? null : Values.Compare(column.Type, low, comparison.Value), high is null ? null : Values.Compare(column.Type, high, comparison.Value));
        return comparison.Comparison switch
        {
            "=" => toLow is not > 0 && toHigh is not < 0,
            "<" => toLow is not >= 0,
            "<=" => toLow is not > 0,
            ">" => toHigh is not <= 0,
            _ => toHigh is not < 0,
        };
    }
}
