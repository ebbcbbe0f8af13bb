namespace FlowForge.Pipelines;

/// <summary>Names the circles of a graph, so that a message can show each in full.</summary>
internal static class Cycles
{
    /// <param name="nodes">Nodes that are in a circle or wait for one.</param>
    /// <param name="needs">What a node waits for; other nodes than <paramref name="nodes"/> are ignored.</param>
    /// <returns>Circles without common nodes; each in the direction "reads".</returns>
    public static IReadOnlyList<IReadOnlyList<string>> Find(IReadOnlyList<string> nodes, Func<string, IReadOnlyList<string>> needs)
    {
        var left = new HashSet<string>(nodes);
        var finished = new HashSet<string>();
        List<IReadOnlyList<string>> cycles = [];
        foreach (var start in nodes)
        {
            // Every node left has an unfinished need, or none in a circle: walking on either comes round or ends.
            List<string> path = [];
            var at = start;
            while (at is not null && !finished.Contains(at))
            {
                var index = path.IndexOf(at);
                if (index >= 0)
                {
                    cycles.Add(path[index..]);
                    break;
                }
                path.Add(at);
                at = needs(at).FirstOrDefault(n => left.Contains(n) && !finished.Contains(n));
            }
            finished.UnionWith(path);
        }
        return cycles;
    }
}
