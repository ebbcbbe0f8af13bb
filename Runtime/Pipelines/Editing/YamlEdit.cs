using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>
/// Changes values of a YAML text line by line, so that comments, order and spelling of all else stay as they are. Only what must change
/// is written anew: an entry with another value, one that is new, one that goes. Texts in brackets are written anew as a whole.
/// </summary>
internal sealed class YamlEdit
{
    private readonly string[] _lines;
    private readonly string _newline;
    private readonly List<(int From, int To, string[] New)> _edits = [];

    private YamlEdit(string text)
    {
        _newline = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        _lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
    }

    /// <param name="want">What the text shall say.</param>
    /// <param name="partial">For so many levels, entries that <paramref name="want"/> does not name stay.</param>
    public static string Apply(string text, MappingNode root, JsonObject want, int partial)
    {
        var edit = new YamlEdit(text);
        var first = root.Entries.Count > 0 ? root.Entries[0].Key : null;
        if (first is null || !edit.StartsLine(first))
        {
            // A root in brackets, or an odd one.
            var whole = Merged(ScalarValues.ToJson(root) as JsonObject ?? [], want, partial);
            return string.Concat(whole.SelectMany(p => YamlWords.Entry(p.Key, p.Value, 0)).Select(l => l + edit._newline));
        }
        edit.Change(root, 1, edit._lines.Length, first.Place.Column - 1, want, partial);
        return edit.Result();
    }

    /// <summary>Whether two values say the same: a number and its text do, and one text is a list of one.</summary>
    public static bool Same(JsonNode? one, JsonNode? other) => (one, other) switch
    {
        (null, null) => true,
        (JsonObject a, JsonObject b) => a.Count == b.Count && a.All(p => b.TryGetPropertyValue(p.Key, out var v) && Same(p.Value, v)),
        (JsonArray a, JsonArray b) => a.Count == b.Count && a.Zip(b).All(p => Same(p.First, p.Second)),
        (JsonArray { Count: 1 } a, JsonValue b) => Same(a[0], b),
        (JsonValue a, JsonArray { Count: 1 } b) => Same(a, b[0]),
        (JsonValue a, JsonValue b) => a.ToString() == b.ToString(),
        _ => false,
    };

    /// <summary><paramref name="want"/> over <paramref name="have"/>.</summary>
    public static JsonObject Merged(JsonObject have, JsonObject want, int partial)
    {
        if (partial <= 0) return want.DeepClone().AsObject();
        var all = have.DeepClone().AsObject();
        foreach (var (key, value) in want)
        {
            if (value is null) all.Remove(key);
            else all[key] = value is JsonObject inner ? Merged(all[key] as JsonObject ?? [], inner, partial - 1) : value.DeepClone();
        }
        return all;
    }

    private void Change(MappingNode mapping, int from, int to, int indent, JsonObject want, int partial)
    {
        // Entries that a merge key brings stand elsewhere.
        var own = mapping.Entries.Where(e => e.Key.Place.Line >= from && e.Key.Place.Line <= to).ToList();
        foreach (var (key, value) in own)
        {
            var end = End(key, value, to);
            if (!want.TryGetPropertyValue(key.Text, out var wanted))
            {
                if (partial <= 0) _edits.Add((key.Place.Line, end, []));
            }
            else if (wanted is null && partial > 0) _edits.Add((key.Place.Line, end, []));
            else if (!Same(partial <= 1 ? ScalarValues.ToJson(value) : null, wanted)) ChangeEntry(key, value, end, wanted, partial - 1);
        }
        var last = own.Count == 0 ? from : own.Max(e => End(e.Key, e.Value, to));
        foreach (var (key, value) in want)
        {
            if (own.Any(e => e.Key.Text == key) || (value is null && partial > 0) || (mapping[key] is { } inherited && Same(ScalarValues.ToJson(inherited), value))) continue;
            _edits.Add((last + 1, last, [.. YamlWords.Entry(key, value, indent)]));
        }
    }

    private void ChangeEntry(ScalarNode key, SourceNode value, int end, JsonNode? wanted, int partial)
    {
        if (value is MappingNode mapping && wanted is JsonObject { Count: > 0 } want && value.Place.Line > key.Place.Line && ChildIndent(key, end) is { } indent && mapping.Entries.Where(e => e.Key.Place.Line > key.Place.Line && e.Key.Place.Line <= end).All(e => StartsLine(e.Key)))
        {
            Change(mapping, key.Place.Line + 1, end, indent, want, partial);
            return;
        }
        var whole = wanted is JsonObject o ? Merged(ScalarValues.ToJson(value) as JsonObject ?? [], o, partial) : wanted;
        if (Same(ScalarValues.ToJson(value), whole)) return;
        if (value is SequenceNode list && whole is JsonArray { Count: > 0 } items && ListLines(key, list, end, items) is { } kept)
        {
            _edits.Add((key.Place.Line, end, kept));
            return;
        }
        var line = _lines[key.Place.Line - 1];
        var at = value.Place.Line == key.Place.Line ? value.Place.Column - 1 : line.IndexOf(':', key.Place.Column - 1 + key.Text.Length) + 1;
        var anchor = at < line.Length && line[at] == '&' ? line[at..].Split(' ', 2)[0] : "";
        var comment = end == key.Place.Line || value.Place.Line > key.Place.Line ? Comment(line, at) : null;
        // What stood on one line in brackets stays so.
        string[] lines = value is MappingNode && value.Place.Line == key.Place.Line && whole is JsonObject && end == key.Place.Line && YamlWords.Flow(whole) is { Length: < 120 } flow
            ? [$"{line[..at]}{(anchor.Length > 0 ? anchor + " " : "")}{flow}{(comment is null ? "" : "  " + comment)}"]
            : [.. YamlWords.Entry(key.Text, whole, key.Place.Column - 1, anchor, comment)];
        _edits.Add((key.Place.Line, end, lines));
    }

    /// <summary>The lines of a list whose items that stay keep their lines, with what is remarked about them; null when no item stays, or they do not each begin a line.</summary>
    private string[]? ListLines(ScalarNode key, SequenceNode list, int end, JsonArray wanted)
    {
        var (starts, indent) = (new List<int>(), -1);
        foreach (var item in list.Items)
        {
            var (line, above) = (item.Place.Line, starts.Count == 0 ? key.Place.Line : starts[^1]);
            if (line <= above || line > end) return null;
            var text = _lines[line - 1];
            var column = text.Length - text.TrimStart().Length;
            if (!text.AsSpan(column).StartsWith("- ") || (indent >= 0 && column != indent)) return null;
            indent = column;
            starts.Add(line);
        }
        if (starts.Count == 0) return null;
        // A remark above an item is about that item.
        var firsts = starts.Select((start, i) =>
        {
            var above = i == 0 ? key.Place.Line : starts[i - 1];
            while (start - 1 > above && _lines[start - 2].TrimStart().StartsWith('#')) start--;
            return start;
        }).ToList();
        List<string> lines = [.. _lines[(key.Place.Line - 1)..(firsts[0] - 1)]];
        var next = 0;
        foreach (var item in wanted)
        {
            var stays = Enumerable.Range(next, list.Items.Count - next).FirstOrDefault(j => Same(ScalarValues.ToJson(list.Items[j]), item), -1);
            if (stays >= 0) lines.AddRange(_lines[(firsts[stays] - 1)..(stays + 1 < firsts.Count ? firsts[stays + 1] - 1 : end)]);
            else lines.Add($"{new string(' ', indent)}- {YamlWords.Flow(item)}");
            if (stays >= 0) next = stays + 1;
        }
        return next == 0 ? null : [.. lines];
    }

    /// <summary>The last line of an entry: what is indented deeper than its key, without the blank lines at the end.</summary>
    private int End(ScalarNode key, SourceNode value, int limit)
    {
        var (line, end) = (key.Place.Line + 1, Math.Max(key.Place.Line, LastLine(value, key.Place.Line, limit)));
        for (; line <= limit; line++)
        {
            var text = _lines[line - 1];
            if (string.IsNullOrWhiteSpace(text)) continue;
            var indent = text.Length - text.TrimStart().Length;
            var trimmed = text[indent..];
            var belongs = indent >= key.Place.Column || (indent == key.Place.Column - 1 && value is SequenceNode && (trimmed.StartsWith("- ", StringComparison.Ordinal) || trimmed == "-")) || (line <= end + 1 && trimmed[0] is '}' or ']');
            if (!belongs && line > end) break;
            end = Math.Max(end, line);
        }
        return end;
    }

    private static int LastLine(SourceNode node, int from, int limit) => node switch
    {
        // Block scalars are told from the indentation; what aliases name stands elsewhere.
        ScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Quoted } s when s.Place.Line >= from && s.EndLine <= limit => s.EndLine,
        SequenceNode list when list.Place.Line >= from => list.Items.Select(i => LastLine(i, from, limit)).DefaultIfEmpty(from).Max(),
        MappingNode mapping when mapping.Place.Line >= from => mapping.Entries.Select(e => LastLine(e.Value, from, limit)).DefaultIfEmpty(from).Max(),
        _ => from,
    };

    private bool StartsLine(ScalarNode key) => _lines[key.Place.Line - 1].AsSpan(0, key.Place.Column - 1).IsWhiteSpace();

    private int? ChildIndent(ScalarNode key, int end)
    {
        for (var line = key.Place.Line + 1; line <= end; line++)
        {
            var text = _lines[line - 1];
            if (text.Trim().Length > 0 && text.TrimStart()[0] != '#') return text.Length - text.TrimStart().Length;
        }
        return null;
    }

    /// <summary>The comment at the end of a line, when what stands before it is one value.</summary>
    private static string? Comment(string line, int from)
    {
        char? quote = null;
        for (var i = from; i < line.Length; i++)
        {
            if (quote is { } q)
            {
                if (line[i] == '\\' && q == '"') i++;
                else if (line[i] == q) quote = null;
            }
            else if (line[i] is '"' or '\'' && (i == from || line[i - 1] is ' ' or '[' or '{' or ',')) quote = line[i];
            else if (line[i] == '#' && i > 0 && line[i - 1] is ' ' or '\t') return line[i..].TrimEnd();
        }
        return null;
    }

    private string Result()
    {
        var lines = _lines.ToList();
        // From the end on, so that line numbers stay true; entries that are added at one place keep their order.
        foreach (var (from, to, text) in _edits.Select((e, i) => (e, i)).OrderByDescending(x => x.e.From).ThenByDescending(x => x.i).Select(x => x.e))
        {
            lines.RemoveRange(from - 1, to - from + 1);
            lines.InsertRange(from - 1, text);
        }
        return string.Join(_newline, lines) + _newline;
    }
}
