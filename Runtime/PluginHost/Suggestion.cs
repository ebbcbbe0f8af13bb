namespace FlowForge.PluginHost;

internal static class Suggestion
{
    /// <summary>The known name nearest to a mistyped one, or null when none is near.</summary>
    public static string? For(string typed, IEnumerable<string> known) =>
        known.Select(name => (name, distance: Distance(typed, name)))
            .Where(c => c.distance <= Math.Max(1, c.name.Length / 2))
            .OrderBy(c => c.distance).ThenBy(c => c.name, StringComparer.Ordinal).Select(c => c.name).FirstOrDefault();

    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            previous = current;
        }
        return previous[b.Length];
    }
}
