namespace FlowForge.Duck;

/// <summary>
/// Finds the place of an error: DuckDB ends such messages with <c>LINE n: text</c> and a caret under the place, the text cut
/// to a window with <c>...</c> at its ends.
/// </summary>
internal static class ErrorPlace
{
    public static int? Find(string message, string sql)
    {
        var at = message.LastIndexOf("LINE ", StringComparison.Ordinal);
        if (at < 0 || (at > 0 && message[at - 1] != '\n')) return null;
        var lines = message[at..].Split('\n');
        if (lines.Length < 2) return null;
        var colon = lines[0].IndexOf(": ", StringComparison.Ordinal);
        var caret = lines[1].IndexOf('^');
        if (colon < 0 || caret < colon + 2 || !int.TryParse(lines[0].AsSpan(5, colon - 5), out var number)) return null;

        var start = 0;
        for (var i = 1; i < number; i++)
        {
            start = sql.IndexOf('\n', start) + 1;
            if (start == 0) return null;
        }
        var end = sql.IndexOf('\n', start);
        var line = end < 0 ? sql[start..] : sql[start..end];
        var shown = lines[0][(colon + 2)..];
        var column = caret - colon - 2;
        if (!shown.StartsWith("...", StringComparison.Ordinal)) return Math.Min(start + column, sql.Length);
        var window = shown[3..];
        if (window.EndsWith("...", StringComparison.Ordinal)) window = window[..^3];
        var offset = line.IndexOf(window, StringComparison.Ordinal);
        return offset < 0 ? null : Math.Min(start + offset + column - 3, sql.Length);
    }
}
