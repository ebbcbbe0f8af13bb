using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Reading;

/// <summary>Which files hold a page of a table's rows, by row counts and bounds of the log.</summary>
internal static class FileWindows
{
    /// <summary>Of files in the order in which they are read, those with the rows from <paramref name="offset"/> on, and how many rows of them come before.</summary>
    public static (IReadOnlyList<DataFile> Files, long Offset) Page(IReadOnlyList<DataFile> inOrder, long offset, long limit)
    {
        if (inOrder.Any(f => f.Rows is null)) return (inOrder, offset);
        var first = 0;
        while (first < inOrder.Count && inOrder[first].Rows <= offset) offset -= inOrder[first++].Rows!.Value;
        var end = first;
        for (var rows = 0L; end < inOrder.Count && rows < offset + limit; end++) rows += inOrder[end].Rows!.Value;
        return ([.. inOrder.Skip(first).Take(end - first)], offset);
    }

    /// <summary>Files that may hold one of the first rows by a column, NULLs last.</summary>
    /// <param name="table">The table, all of whose rows are meant.</param>
    /// <param name="column">Sorted by.</param>
    /// <param name="descending">Greatest first.</param>
    /// <param name="count">So many rows.</param>
    public static IReadOnlyList<DataFile> Top(TableSnapshot table, TableColumn column, bool descending, long count)
    {
        var files = table.Files.Select(f =>
        {
            using var bounds = new FileBounds(f, table);
            var (low, high) = bounds.Range(column);
            // Of the nearer bound: every row of the file lies on this side of it. Of the farther one: none lies beyond.
            return (File: f, Sure: descending ? low : high, Best: descending ? high : low, Rows: bounds.RowsWithValue(column), IsAllNull: bounds.IsAllNull(column));
        }).ToList();
        // So many rows are at least as good as the threshold; nothing behind it can be among the first.
        var rows = 0L;
        string? threshold = null;
        foreach (var file in files.Where(f => f is { Sure: not null, Rows: > 0 }).OrderBy(f => f.Sure!, Comparer<string>.Create((a, b) => Sign(a, b))))
        {
            rows += file.Rows!.Value;
            threshold = file.Sure;
            if (rows >= count) break;
        }
        if (rows < count || threshold is null) return table.Files;
        return [.. files.Where(f => !f.IsAllNull && (f.Best is null || Sign(f.Best, threshold) <= 0)).Select(f => f.File)];

        int Sign(string a, string b)
        {
            var sign = Values.Compare(column.Type, a, b) ?? 0;
            return descending ? -sign : sign;
        }
    }
}
