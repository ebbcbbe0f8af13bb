using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Sessions.Live;

/// <summary>How a cell hangs together with the others.</summary>
/// <param name="DependsOn">Ids of the cells whose names it reads.</param>
/// <param name="Problem">Why it is not run by itself: it is part of a cycle, or a name has two definitions. Null when all is well.</param>
public sealed record CellNode(string Id, IReadOnlyList<string> Writes, IReadOnlyList<string> Reads, IReadOnlyList<string> Tables, IReadOnlyList<string> DependsOn, string? Problem);

/// <summary>Which cell reads what another writes. Pure and immutable. SQL names match without regard to case, C# names exactly.</summary>
public sealed class CellGraph
{
    private readonly Dictionary<string, CellNode> _nodes;

    private CellGraph(IReadOnlyList<CellNode> nodes)
    {
        Nodes = nodes;
        _nodes = nodes.ToDictionary(n => n.Id, StringComparer.Ordinal);
    }

    public static CellGraph Empty { get; } = new([]);

    /// <summary>In the order of the notebook.</summary>
    public IReadOnlyList<CellNode> Nodes { get; }

    public CellNode? Find(string id) => _nodes.GetValueOrDefault(id);

    public static CellGraph Of(IReadOnlyList<CellText> cells, IReadOnlyList<CellNames> names)
    {
        var number = cells.Select((c, i) => (c.Id, i)).ToDictionary(c => c.Id, c => c.i + 1, StringComparer.Ordinal);
        var language = cells.ToDictionary(c => c.Id, c => c.Language, StringComparer.Ordinal);
        var writers = names.SelectMany(n => n.Writes.Select(w => (Name: w, n.Id))).ToList();
        var problems = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var twice in writers.GroupBy(w => w.Name, StringComparer.Ordinal).Where(g => g.Select(w => w.Id).Distinct().Count() > 1))
        {
            var places = twice.Select(w => w.Id).Distinct().ToList();
            foreach (var id in places)
                problems.TryAdd(id, $"'{twice.Key}' is also defined by cell {string.Join(" and ", places.Where(p => p != id).Select(p => number[p]))}: give one of them another name.");
        }
        var nodes = names.Select(n =>
        {
            var reads = n.Reads.Select(r => (Name: r, From: writers.Where(w => w.Id != n.Id && Same(r, w.Name, language[n.Id] == CellLanguage.Sql)).Select(w => w.Id).ToList())).Where(r => r.From.Count > 0).ToList();
            // Of two definitions the one that stands nearest above is meant.
            var from = reads.Select(r => r.From.OrderBy(id => number[id] < number[n.Id] ? number[n.Id] - number[id] : 100_000 + number[id]).First()).Distinct().ToList();
            return new CellNode(n.Id, n.Writes, [.. reads.Select(r => r.Name)], n.Tables, from, null);
        }).ToList();
        foreach (var cycle in Cycles(nodes))
            foreach (var id in cycle) problems.TryAdd(id, $"Cells {string.Join(" → ", cycle.Append(cycle[0]).Select(c => number[c]))} read each other in a circle: break it by giving a result another name.");
        return new CellGraph([.. nodes.Select(n => problems.TryGetValue(n.Id, out var problem) ? n with { Problem = problem } : n)]);
    }

    /// <summary>All cells that read, directly or not, what these write; without cells that have a problem, each after those it depends on.</summary>
    public IReadOnlyList<string> Dependants(IEnumerable<string> ids)
    {
        var found = ids.ToHashSet(StringComparer.Ordinal);
        var start = found.ToHashSet(StringComparer.Ordinal);
        for (var grew = true; grew;)
        {
            grew = false;
            foreach (var node in Nodes)
                if (node.Problem is null && !found.Contains(node.Id) && node.DependsOn.Any(found.Contains)) grew |= found.Add(node.Id);
        }
        return Ordered(found.Except(start));
    }

    /// <summary>These cells, each after those of them that it depends on, otherwise in the order of the notebook.</summary>
    public IReadOnlyList<string> Ordered(IEnumerable<string> ids)
    {
        var wanted = ids.ToHashSet(StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (var node in Nodes) Visit(node.Id);
        return [.. order, .. wanted.Except(order)];

        void Visit(string id)
        {
            if (!done.Add(id) || Find(id) is not { } node) return;
            foreach (var before in node.DependsOn) Visit(before);
            if (wanted.Contains(id)) order.Add(id);
        }
    }

    private static bool Same(string a, string b, bool isSql) => string.Equals(a, b, isSql ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private static List<List<string>> Cycles(List<CellNode> nodes)
    {
        var byId = nodes.ToDictionary(n => n.Id, StringComparer.Ordinal);
        var cycles = new List<List<string>>();
        var done = new HashSet<string>(StringComparer.Ordinal);
        var path = new List<string>();
        foreach (var node in nodes) Visit(node.Id);
        return cycles;

        void Visit(string id)
        {
            var at = path.IndexOf(id);
            if (at >= 0)
            {
                cycles.Add(path[at..]);
                return;
            }
            if (!done.Add(id)) return;
            path.Add(id);
            foreach (var next in byId[id].DependsOn) Visit(next);
            path.RemoveAt(path.Count - 1);
        }
    }
}
