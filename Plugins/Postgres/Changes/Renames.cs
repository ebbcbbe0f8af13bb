namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// Tells whether the columns that a change was made with are those of now. Their names alone would take the values of a renamed column for none, and those of two that have swapped
/// names for each other's. But columns keep their order for ever, a new one comes behind all others, and a dropped one leaves its number behind.
/// </summary>
internal static class Renames
{
    /// <param name="then">The columns that the server told with the change, in their order.</param>
    /// <returns>What does not fit; null where every column is told to be one of now, a new or a dropped one.</returns>
    public static string? Find(ChangeTable table, IReadOnlyList<(string Name, uint Type)> then)
    {
        var needed = table.Plan.Columns.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var numbers = table.Numbers.Where(n => n.Name is not null).ToDictionary(n => n.Name!, n => n.Number, StringComparer.Ordinal);
        var there = then.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var (last, before, odd) = (0, "", new List<(string Name, uint Type)>());
        foreach (var column in then)
        {
            if (!numbers.TryGetValue(column.Name, out var number))
            {
                odd.Add(column);
                continue;
            }
            if (number < last) return $"columns {column.Name} and {before} stood the other way round when the changes that come now were made: names were given to other columns.";
            if (Missing(last, number) is { } gone) return odd.Count > 0 ? Renamed(odd[0].Name, gone) : $"the changes that come now lack column {gone}, which is no new one: it was renamed, or the publication leaves it out.";
            if (odd.Count > Free(last, number)) return $"the changes that come now were made when it had a column {odd[0].Name}: it was renamed.";
            odd.Clear();
            (last, before) = (number, column.Name);
        }
        if (odd.Count == 0) return null;
        // Behind the last known column: dropped ones, unless there are too few numbers for them in front of the first that is not there, or it may as well be that one.
        var next = Missing(last, int.MaxValue);
        return next is null ? odd.Count > Free(last, int.MaxValue) ? $"the changes that come now were made when it had a column {odd[0].Name}: it was renamed." : null
            : odd.Count > Free(last, numbers[next]) || odd.Exists(c => c.Type == table.Types[next]) ? Renamed(odd[^1].Name, next) : null;

        string? Missing(int from, int to) => table.Numbers.Where(n => n.Number > from && n.Number < to && n.Name is not null && needed.Contains(n.Name) && !there.Contains(n.Name)).Select(n => n.Name).FirstOrDefault();

        // Numbers of dropped columns, and of those that are not read.
        int Free(int from, int to) => table.Numbers.Count(n => n.Number > from && n.Number < to && (n.Name is null || !(needed.Contains(n.Name) || there.Contains(n.Name))));

        static string Renamed(string old, string name) => $"the changes that come now were made when it had a column {old} and none called {name}: it was renamed or replaced.";
    }
}
