namespace FlowForge.Pipelines;

/// <summary>Did-you-mean: the known word that is nearest to a mistyped one.</summary>
internal static class Nearest
{
    /// <summary>Words looked at: a pipeline with more names than this still gets its diagnostics quickly.</summary>
    private const int MaxKnown = 1000;

    /// <summary>Null when none is near enough to be a slip of the pen.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        if (word.Length is 0 or > 100)
        {
            return null;
        }
        var lower = Fold(word);
        var allowed = Math.Max(1, lower.Length / 3);
        var best = known.Take(MaxKnown)
            .Select(k => (Word: k, Distance: Distance(lower, Fold(k))))
            .Where(c => c.Distance <= allowed && c.Distance < c.Word.Length)
            .OrderBy(c => c.Distance).ThenBy(c => c.Word, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.Word;
    }

    /// <summary>"Did you mean 'x'?", or all known words when none is near.</summary>
    public static string Suggest(string word, IReadOnlyCollection<string> known) => Of(word, known) is { } nearest
        ? $"Did you mean '{nearest}'?"
        : $"Known: {string.Join(", ", known.Take(40))}{(known.Count > 40 ? " …" : "")}.";

    // dedupeKeys and dedupe-keys are dedupe_keys to the person who wrote them.
    private static string Fold(string word) => word.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Edits of one letter, or of two letters swapped, from one word to the other.</summary>
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > a.Length)
        {
            return int.MaxValue;
        }
        var (before, last, now) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }
        for (var i = 1; i <= a.Length; i++)
        {
            now[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                now[j] = Math.Min(Math.Min(now[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    now[j] = Math.Min(now[j], before[j - 2] + 1);
                }
            }
            (before, last, now) = (last, now, before);
        }
        return last[b.Length];
    }
}
