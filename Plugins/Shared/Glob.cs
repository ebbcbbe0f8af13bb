using System.Text;
using System.Text.RegularExpressions;

namespace FlowForge.Plugins.Files;

/// <summary>A path pattern, cut into a fixed folder and segments to match below it.</summary>
internal sealed class Glob
{
    private static readonly char[] Magic = ['*', '?', '[', '{'];
    private readonly Regex?[] _segments;
    private readonly bool[] _showsHidden;

    private Glob(string folder, IReadOnlyList<string> segments)
    {
        Folder = folder;
        _segments = [.. segments.Select(s => s == "**" ? null : ToRegex(s))];
        _showsHidden = [.. segments.Select(s => s.StartsWith('.'))];
    }

    /// <summary>The folder that the pattern starts in; absolute.</summary>
    public string Folder { get; }
    public int Depth => _segments.Length;

    public static bool IsPattern(string path) => path.IndexOfAny(Magic) >= 0;

    public static Glob Parse(string absolutePattern)
    {
        var parts = absolutePattern.Split('/');
        var first = Array.FindIndex(parts, IsPattern);
        return new Glob(first <= 1 ? "/" : string.Join('/', parts[..first]), Canonical(parts[first..]));
    }

    /// <summary>All files in the folder itself.</summary>
    public static Glob FilesIn(string folder) => new(folder, ["*"]);

    public bool IsAnyDepth(int index) => _segments[index] is null;

    /// <summary>Hidden names match only segments that start with a dot themselves, as in a shell.</summary>
    public bool Matches(int index, string name) => (!name.StartsWith('.') || _showsHidden[index]) && _segments[index]!.IsMatch(name);

    /// <summary>Whether a whole path or its last part matches the pattern (for exclusions).</summary>
    public static bool MatchesPathOrName(string pattern, string path)
    {
        var target = pattern.Contains('/') ? path : path[(path.LastIndexOf('/') + 1)..];
        return ToRegex(pattern.TrimStart('/'), wholePath: true).IsMatch(target.TrimStart('/'));
    }

    // ** twice in a row says nothing more than once; as the last segment it means all files below.
    private static List<string> Canonical(string[] segments)
    {
        var result = new List<string>();
        foreach (var segment in segments)
            if (segment.Length > 0 && !(segment == "**" && result is [.., "**"])) result.Add(segment);
        if (result[^1] == "**") result.Add("*");
        return result;
    }

    private static Regex ToRegex(string pattern, bool wholePath = false)
    {
        var regex = new StringBuilder("^");
        var depth = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '*' && wholePath && i + 1 < pattern.Length && pattern[i + 1] == '*')
            {
                i++;
                if (i + 1 < pattern.Length && pattern[i + 1] == '/') { i++; regex.Append("(?:.*/)?"); }
                else regex.Append(".*");
            }
            else if (c == '*') regex.Append("[^/]*");
            else if (c == '?') regex.Append("[^/]");
            else if (c == '[' && pattern.IndexOf(']', i + 1) is > 0 and var end)
            {
                var set = pattern[(i + 1)..end].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
                regex.Append('[').Append(set.StartsWith('!') ? "^" + set[1..] : set.Replace("^", "\\^", StringComparison.Ordinal)).Append(']');
                i = end;
            }
            else if (c == '{' && pattern.IndexOf('}', i) > 0) { regex.Append("(?:"); depth++; }
            else if (c == '}' && depth > 0) { regex.Append(')'); depth--; }
            else if (c == ',' && depth > 0) regex.Append('|');
            else regex.Append(Regex.Escape(c.ToString()));
        }
        return new Regex(regex.Append('$').ToString(), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(30));
    }
}
