namespace FlowForge.Workbench.Graph;

/// <summary>
/// Places the jobs of a plan in columns, each to the right of all it waits for. An edge that skips columns gets a lane of its own in each,
/// so that it passes between nodes; every column is ordered by the medians of its neighbours, a few sweeps to and fro, so that few edges cross.
/// Pure; the same plan always looks the same.
/// </summary>
internal static class JobGraphLayout
{
    public const int NodeWidth = 196;
    public const int NodeHeight = 58;
    private const int LaneHeight = 10;
    private const int ColumnGap = 54;
    private const int RowGap = 18;
    private const int Sweeps = 8;

    /// <summary>Positions in pixels, from the top left of the drawing.</summary>
    public static Drawing Arrange(IReadOnlyList<JobNode> jobs)
    {
        var byId = jobs.Select(j => j.Id).ToHashSet(StringComparer.Ordinal);
        var inputs = jobs.ToDictionary(j => j.Id, j => j.DependsOn.Where(byId.Contains).Distinct(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);
        var column = Columns(jobs, inputs);
        var columns = new List<List<Cell>>();
        foreach (var group in jobs.GroupBy(j => column[j.Id]).OrderBy(g => g.Key))
            columns.Add([.. group.Select(j => new Cell(j.Id, NodeHeight))]);

        var routes = new List<(string From, string To, Cell[] Cells)>();
        var cells = columns.SelectMany(c => c).ToDictionary(c => c.Id, StringComparer.Ordinal);
        foreach (var (to, from) in jobs.SelectMany(j => inputs[j.Id].Select(from => (j.Id, from))))
        {
            var lanes = Enumerable.Range(column[from] + 1, Math.Max(0, column[to] - column[from] - 1)).Select(x =>
            {
                var lane = new Cell($"{from}>{to}@{x}", LaneHeight);
                columns[x].Add(lane);
                return lane;
            });
            Cell[] route = [cells[from], .. lanes, cells[to]];
            for (var i = 1; i < route.Length; i++)
            {
                route[i - 1].Right.Add(route[i]);
                route[i].Left.Add(route[i - 1]);
            }
            routes.Add((from, to, route));
        }

        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            Number(columns);
            var forward = sweep % 2 == 0;
            foreach (var list in forward ? columns.Skip(1) : columns.SkipLast(1).Reverse())
                Reorder(list, forward);
        }
        return Draw(columns, routes);
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

    private static void Number(List<List<Cell>> columns)
    {
        foreach (var list in columns)
            for (var i = 0; i < list.Count; i++)
                list[i].Row = i - (list.Count - 1) / 2.0;
    }

    private static void Reorder(List<Cell> column, bool forward)
    {
        var wish = column.Select((cell, i) => (cell, i, at: Median([.. (forward ? cell.Left : cell.Right).Select(n => n.Row).Order()]) ?? cell.Row)).ToArray();
        column.Clear();
        column.AddRange(wish.OrderBy(w => w.at).ThenBy(w => w.i).Select(w => w.cell));
        for (var i = 0; i < column.Count; i++)
            column[i].Row = i - (column.Count - 1) / 2.0;
    }

    private static double? Median(double[] sorted) => sorted.Length switch
    {
        0 => null,
        _ when sorted.Length % 2 == 1 => sorted[sorted.Length / 2],
        _ => (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2,
    };

    private static Drawing Draw(List<List<Cell>> columns, List<(string From, string To, Cell[] Cells)> routes)
    {
        static int Tall(List<Cell> column) => column.Sum(c => c.Height + RowGap) - RowGap;
        var height = columns.Count == 0 ? 0 : columns.Max(Tall);
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        for (var x = 0; x < columns.Count; x++)
        {
            var top = (height - Tall(columns[x])) / 2;
            foreach (var cell in columns[x])
            {
                (cell.X, cell.Y) = (x * (NodeWidth + ColumnGap), top);
                if (cell.Height == NodeHeight)
                    places[cell.Id] = new Place(cell.X, cell.Y);
                top += cell.Height + RowGap;
            }
        }
        var edges = routes.Select(r => new Edge(r.From, r.To, Curve(r.Cells))).ToArray();
        return new Drawing(places, edges, Math.Max(0, columns.Count * (NodeWidth + ColumnGap) - ColumnGap), Math.Max(0, height));
    }

    /// <summary>Bends between columns, straight along its lanes.</summary>
    private static string Curve(Cell[] route)
    {
        var path = FormattableString.Invariant($"M{route[0].X + NodeWidth} {route[0].Middle}");
        for (var i = 1; i < route.Length; i++)
        {
            var (x1, y1, x2, y2) = (route[i - 1].X + NodeWidth, route[i - 1].Middle, route[i].X, route[i].Middle);
            var half = (x2 - x1) / 2;
            path += FormattableString.Invariant($"C{x1 + half} {y1} {x2 - half} {y2} {x2} {y2}");
            if (i < route.Length - 1)
                path += FormattableString.Invariant($"H{x2 + NodeWidth}");
        }
        return path;
    }

    /// <summary>A node, or the lane of an edge that passes through a column.</summary>
    private sealed class Cell(string id, int height)
    {
        public string Id { get; } = id;
        public int Height { get; } = height;
        public List<Cell> Left { get; } = [];
        public List<Cell> Right { get; } = [];
        public double Row { get; set; }
        public int X { get; set; }
        public int Y { get; set; }
        public int Middle => Y + Height / 2;
    }
}

/// <summary>The top left corner of a node.</summary>
internal readonly record struct Place(int X, int Y);

/// <summary>A line from one job to one that waits for it.</summary>
/// <param name="Path">SVG path.</param>
internal sealed record Edge(string From, string To, string Path);

/// <summary>A finished drawing.</summary>
internal sealed record Drawing(IReadOnlyDictionary<string, Place> Places, IReadOnlyList<Edge> Edges, int Width, int Height);
