namespace FlowForge.Pipelines;

/// <summary>Finds where the SQL of a dataset begins in the file, so that errors in SQL point at its own line and column.</summary>
internal sealed class SqlPlaces(string text)
{
    private string[]? _lines;

    /// <returns>First line, its first column, and whether the SQL's lines are the file's lines.</returns>
    public (int Line, int Column, bool Matches) Find(ScalarNode sql)
    {
        switch (sql.Style)
        {
            case ScalarStyle.Literal:
                var line = sql.Place.Line + 1;
                // The block's indentation is that of its first line with text.
                var first = sql.Text.AsSpan().TrimStart('\n');
                var skipped = sql.Text.AsSpan(0, sql.Text.Length - first.Length).Count('\n');
                var end = first.IndexOf('\n');
                var content = (end < 0 ? first : first[..end]).TrimEnd('\r');
                var source = Line(line + skipped);
                return (line, Math.Max(0, source.LastIndexOf(content.ToString(), StringComparison.Ordinal)) + 1, true);
            case ScalarStyle.Folded:
                return (sql.Place.Line + 1, 1, false);
            default:
                var quote = sql.Style == ScalarStyle.Quoted ? 1 : 0;
                return (sql.Place.Line, sql.Place.Column + quote, sql.EndLine == sql.Place.Line && !sql.Text.Contains('\n', StringComparison.Ordinal));
        }
    }

    private string Line(int number) => (_lines ??= text.Split('\n')).ElementAtOrDefault(number - 1)?.TrimEnd('\r') ?? "";
}
