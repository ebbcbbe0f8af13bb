using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FlowForge.Api.Notebooks;

/// <summary>Puts a dataset into a pipeline's YAML as a person would, so that comments and order stay as they are.</summary>
internal static class PipelineText
{
    /// <summary>The text with the dataset at the end of its layer's section; null when the layer has one of that name.</summary>
    public static string? WithDataset(string yaml, string layer, string name, string sql)
    {
        var newline = yaml.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var lines = yaml.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n').Split('\n').ToList();
        var head = lines.FindIndex(l => Regex.IsMatch(l, $@"^{layer}\s*:\s*(#.*)?$"));
        if (head < 0)
        {
            // A section without entries (gold: {} or null) gives way to one that has.
            lines.RemoveAll(l => Regex.IsMatch(l, $@"^{layer}\s*:\s*(\{{\s*\}}|null|~)\s*(#.*)?$"));
            return string.Join(newline, [.. lines, $"{layer}:", .. Entry(name, sql, 2)]) + newline;
        }
        var end = head + 1;
        while (end < lines.Count && (lines[end].Length == 0 || char.IsWhiteSpace(lines[end][0]) || lines[end][0] == '#')) end++;
        // Blank lines and comments at the left edge belong to what follows.
        while (end > head + 1 && (lines[end - 1].Trim().Length == 0 || lines[end - 1][0] == '#')) end--;
        var first = lines.Skip(head + 1).Take(end - head - 1).FirstOrDefault(l => l.Trim().Length > 0 && !l.TrimStart().StartsWith('#'));
        var indent = first is null ? 2 : first.Length - first.TrimStart().Length;
        var blank = new string(' ', indent);
        var taken = new Regex($@"^{blank}(""{Regex.Escape(name)}""|'{Regex.Escape(name)}'|{Regex.Escape(name)})\s*:");
        if (lines.Skip(head + 1).Take(end - head - 1).Any(l => taken.IsMatch(l))) return null;
        lines.InsertRange(end, Entry(name, sql, indent));
        return string.Join(newline, lines) + newline;
    }

    private static IEnumerable<string> Entry(string name, string sql, int indent)
    {
        var outer = new string(' ', indent);
        var inner = outer + outer;
        // What a block says of its own indentation is one digit.
        var step = Math.Min(indent, 9);
        var block = inner + new string(' ', step);
        yield return $"{outer}{name}:";
        if (sql.Any(c => c is not ('\n' or '\t') && (char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF')))
        {
            // A block cannot hold these, or would take them for line breaks.
            yield return $"{inner}sql: {Quoted(sql)}";
            yield break;
        }
        // A block takes its indentation from its first line, unless it says it.
        yield return $"{inner}sql: |{(sql.Length > 0 && char.IsWhiteSpace(sql[0]) ? step.ToString(CultureInfo.InvariantCulture) : "")}";
        // Tabs and blanks may be a part of a text in the SQL: nothing is made nicer.
        foreach (var line in sql.Split('\n')) yield return line.Length == 0 ? "" : block + line;
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' => FormattableString.Invariant($"\\u{(int)c:X4}"),
                _ => c.ToString(),
            });
        return quoted.Append('"').ToString();
    }
}
