using System.Globalization;

namespace FlowForge.Catalog;

/// <summary>A column that may be another one under a new name.</summary>
/// <param name="From">The column that the table has and the source lacks.</param>
/// <param name="To">The column that the source has and the table lacks.</param>
/// <param name="Likeness">0 to 1.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record RenameSuggestion(string From, string To, double Likeness, string Reason);

/// <summary>A column as one side of a comparison.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">DuckDB's type.</param>
public sealed record LikeColumn(string Name, string Type);

/// <summary>Finds columns that were renamed, by the likeness of their names, types and values.</summary>
public static class ColumnLikeness
{
    private const double Enough = 0.55;

    /// <param name="gone">Columns that are no longer there.</param>
    /// <param name="come">Columns that are new.</param>
    /// <param name="shared">Share of the values of the second that are among the first's, 0 to 1; null when nothing is known of them.</param>
    /// <returns>Best first; each column at most once.</returns>
    public static IReadOnlyList<RenameSuggestion> Suggest(IReadOnlyList<LikeColumn> gone, IReadOnlyList<LikeColumn> come, Func<string, string, double?> shared)
    {
        var all = gone.SelectMany(g => come.Select(c => Judge(g, c, shared(g.Name, c.Name)))).OfType<RenameSuggestion>()
            .OrderByDescending(s => s.Likeness).ThenBy(s => s.From, StringComparer.Ordinal).ThenBy(s => s.To, StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var best = new List<RenameSuggestion>();
        foreach (var suggestion in all)
            if (!taken.Contains("-" + suggestion.From) && !taken.Contains("+" + suggestion.To))
            {
                taken.Add("-" + suggestion.From);
                taken.Add("+" + suggestion.To);
                best.Add(suggestion);
            }
        return best;
    }

    private static RenameSuggestion? Judge(LikeColumn gone, LikeColumn come, double? shared)
    {
        var sameType = gone.Type == come.Type;
        if (!sameType && !DuckTypeOrder.Holds(gone.Type, come.Type) && !DuckTypeOrder.Holds(come.Type, gone.Type)) return null;
        var names = Names(gone.Name, come.Name);
        // Values weigh as much as names; a flag or a handful of small numbers is like many others.
        var likeness = (shared is { } s ? 0.45 * names + 0.4 * s : 0.85 * names) + (sameType ? 0.15 : 0.05);
        if (likeness < Enough) return null;
        var reason = new List<string> { names >= 0.999 ? "the names are the same but for separators" : names >= 0.5 ? $"the names are alike ({Percent(names)})" : "the names differ", sameType ? $"both are {come.Type}" : $"{gone.Type} became {come.Type}" };
        if (shared is { } known) reason.Add($"{Percent(known)} of the new column's values are in the old one");
        return new RenameSuggestion(gone.Name, come.Name, Math.Round(likeness, 2), string.Join(", ", reason));
    }

    /// <summary>Likeness of two names, 0 to 1: letters in order, or words that one has of the other or begins.</summary>
    public static double Names(string one, string other)
    {
        var (a, b) = (one.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant(), other.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant());
        if (a == b) return 1;
        var letters = 1 - (double)Distance(a, b) / Math.Max(Math.Max(a.Length, b.Length), 1);
        var (x, y) = (Words(one), Words(other));
        var (few, many) = x.Length <= y.Length ? (x, y) : (y, x);
        var words = few.Length == 0 ? 0 : few.Count(w => many.Any(o => o == w || (w.Length >= 3 && o.StartsWith(w, StringComparison.Ordinal)) || (o.Length >= 3 && w.StartsWith(o, StringComparison.Ordinal)))) / (double)many.Length;
        // Like words are not the same letters.
        return Math.Max(letters, 0.95 * words);
    }

    private static string[] Words(string name) => name.ToLowerInvariant().Split('_', StringSplitOptions.RemoveEmptyEntries);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %");

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (diagonal, left) = (row[0], i);
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j], left) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                (diagonal, left) = (row[j], cost);
                row[j] = cost;
            }
        }
        return row[b.Length];
    }
}
