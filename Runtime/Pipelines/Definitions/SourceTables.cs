using System.Text;

namespace FlowForge.Pipelines;

/// <summary>Names and patterns of a source's tables. A pattern has <c>*</c> for any text and <c>?</c> for one character; case does not count.</summary>
public static class SourceTables
{
    /// <summary>Whether a text is a pattern, so that the source has to be asked what there is.</summary>
    public static bool IsPattern(string text) => text.AsSpan().IndexOfAny('*', '?') >= 0;

    /// <summary>Whether a table of the source is meant. A pattern without a schema is held against the name alone.</summary>
    public static bool Matches(string pattern, string table) => Like(pattern, table) || !pattern.Contains('.', StringComparison.Ordinal) && Like(pattern, Last(table));

    /// <summary>The bronze table, without the layer: the source's name in standard form, with its schema only where the pattern names one.</summary>
    public static string BronzeName(IngestDefinition job, string pattern, string table) => job.TablePrefix + Standard(pattern.Contains('.', StringComparison.Ordinal) ? table : Last(table));

    /// <summary>The bronze tables that are known before the source is asked.</summary>
    public static IEnumerable<string> KnownTables(IngestDefinition job) => job.Tables.Where(t => !IsPattern(t)).Select(t => BronzeName(job, t, t));

    /// <summary>Whether the job may make a bronze table of this name.</summary>
    public static bool MayMake(IngestDefinition job, string bronze) => job.Tables.Any(pattern => IsPattern(pattern)
        ? Like(job.TablePrefix + StandardPattern(pattern), bronze)
        : string.Equals(BronzeName(job, pattern, pattern), bronze, StringComparison.OrdinalIgnoreCase));

    private static string Last(string table) => table[(table.LastIndexOf('.') + 1)..];

    private static string StandardPattern(string pattern) => string.Concat(pattern.Select(c => c is '*' or '?' ? c : char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_'));

    private static string Standard(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c)) text.Append(char.ToLowerInvariant(c));
            else if (text.Length > 0 && text[^1] != '_') text.Append('_');
        }
        while (text.Length > 0 && text[^1] == '_') text.Length--;
        if (text.Length == 0) return "table";
        return char.IsDigit(text[0]) ? "t_" + text : text.ToString();
    }

    private static bool Like(string pattern, string text)
    {
        var (p, t, star, mark) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && (pattern[p] == '?' || char.ToLowerInvariant(pattern[p]) == char.ToLowerInvariant(text[t]) && pattern[p] != '*')) { p++; t++; }
            else if (p < pattern.Length && pattern[p] == '*') (star, mark) = (p++, t);
            else if (star >= 0) (p, t) = (star + 1, ++mark);
            else return false;
        }
        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
