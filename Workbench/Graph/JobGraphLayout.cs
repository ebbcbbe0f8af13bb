namespace FlowForge.Workbench.Graph;

/// <summary>
/// Places the jobs of a plan in columns, each to the right of all it waits for, and orders every column so that edges cross little:
/// the median heuristic of layered drawing, a few sweeps. Pure; the same plan always looks the same.
/// </summary>
internal static class JobGraphLayout
{
    public const int NodeWidth = 212;
    public const int NodeHeight = 58;
    private const int ColumnGap = 68;
    private const int RowGap = 18;
    private const int Sweeps = 6;

    /// <summary>Positions in pixels, from the top left of the drawing.</summary>
    public static Drawing Arrange(IReadOnlyList<JobNode> jobs)
    {
        var byId = jobs.ToDictionary(j => j.Id, StringComparer.Ordinal);
        var inputs = jobs.ToDictionary(j => j.Id, j => j.DependsOn.Where(byId.ContainsKey).Distinct(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);
        var outputs = inputs.SelectMany(pair => pair.Value.Select(from => (from, to: pair.Key))).ToLookup(e => e.from, e => e.to, StringComparer.Ordinal);
        var column = Columns(jobs, inputs);
        var columns = jobs.GroupBy(j => column[j.Id]).OrderBy(g => g.Key).Select(g => g.Select(j => j.Id).ToList()).ToList();

        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            var forward = sweep % 2 == 0;
            foreach (var list in forward ? columns.Skip(1) : columns.SkipLast(1).Reverse())
                Reorder(list, id => forward ? inputs[id] : outputs[id], Rows(columns));
        }

        var tallest = columns.Count == 0 ? 0 : columns.Max(c => c.Count);
        var height = Math.Max(0, tallest * (NodeHeight + RowGap) - RowGap);
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        for (var x = 0; x < columns.Count; x++)
        {
            var top = (height - (columns[x].Count * (NodeHeight + RowGap) - RowGap)) / 2;
            for (var y = 0; y < columns[x].Count; y++)
                places[columns[x][y]] = new Place(x * (NodeWidth + ColumnGap), top + y * (NodeHeight + RowGap));
        }
        var edges = jobs.SelectMany(j => inputs[j.Id].Select(from => new Edge(from, j.Id, Curve(places[from], places[j.Id])))).ToArray();
        return new Drawing(places, edges, Math.Max(0, columns.Count * (NodeWidth + ColumnGap) - ColumnGap), height);
    }

    /// <summary>The longest way from a start decides the column. A cycle, which a plan never has, ends where it closes.</summary>
    private static Dictionary<string, int> Columns(IReadOnlyList<JobNode> jobs, Dictionary<string, string[]> inputs)
    {
        var column = new Dictionary<string, int>(StringComparer.Ordinal);
        var open = new HashSet<string>(StringComparer.Ordinal);
        foreach (var job in jobs)
            Of(job.Id);
        return column;

        int Of(string id)
        {
            if (column.TryGetValue(id, out var known))
                return known;
            if (!open.Add(id))
                return 0;
            var value = inputs[id].Length == 0 ? 0 : inputs[id].Max(Of) + 1;
            open.Remove(id);
            return column[id] = value;
        }
    }

    private static Dictionary<string, double> Rows(List<List<string>> columns) =>
        columns.SelectMany(c => c.Select((id, i) => (id, row: i - (c.Count - 1) / 2.0))).ToDictionary(p => p.id, p => p.row, StringComparer.Ordinal);

    private static void Reorder(List<string> column, Func<string, IEnumerable<string>> neighbours, Dictionary<string, double> rows)
    {
        var wish = column.Select((id, i) => (id, i, at: Median(neighbours(id).Select(n => rows[n]).Order().ToArray()) ?? rows[id])).ToArray();
        column.Clear();
        column.AddRange(wish.OrderBy(w => w.at).ThenBy(w => w.i).Select(w => w.id));
    }

    private static double? Median(double[] sorted) => sorted.Length switch
    {
        0 => null,
        _ when sorted.Length % 2 == 1 => sorted[sorted.Length / 2],
        _ => (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2,
    };

    private static string Curve(Place from, Place to)
    {
        var (x1, y1, x2, y2) = (from.X + NodeWidth, from.Y + NodeHeight / 2, to.X, to.Y + NodeHeight / 2);
        var bend = Math.Max(34, (x2 - x1) / 2);
        return FormattableString.Invariant($"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 1} {y2}");
    }
}

/// <summary>The top left corner of a node.</summary>
internal readonly record struct Place(int X, int Y);

/// <summary>A line from one job to one that waits for it.</summary>
/// <param name="Path">SVG path.</param>
internal sealed record Edge(string From, string To, string Path);

/// <summary>A finished drawing.</summary>
internal sealed record Drawing(IReadOnlyDictionary<string, Place> Places, IReadOnlyList<Edge> Edges, int Width, int Height);
