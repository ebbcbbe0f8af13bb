using System.Text;

namespace FlowForge.Ingest.Tests;

/// <summary>The law of CSV (see CsvDialect) once more, written for clarity and not for speed: what the real code is checked against.</summary>
internal static class CsvModel
{
    /// <summary>One record: its texts and whether each was quoted; null when the quotes are broken.</summary>
    public sealed record Row(List<(string Text, bool Quoted)>? Values, string Raw);

    public static List<Row> Parse(string text, string delimiter, char quote = '"', char escape = '"')
    {
        var rows = new List<Row>();
        var position = 0;
        var columns = -1;
        while (position < text.Length)
        {
            var start = position;
            var values = Fields(text, ref position, delimiter, quote, escape, out var end);
            if (values is null)
            {
                position = text.IndexOf('\n', start) is >= 0 and var line ? line + 1 : text.Length;
                end = position;
                if (end > start && text[end - 1] == '\n') end--;
                if (end > start && text[end - 1] == '\r') end--;
            }
            if (columns < 0 && values is not null) columns = values.Count;
            if (end == start && columns != 1) continue;
            if (end == start && position == text.Length && text[^1] == '\r') continue;
            rows.Add(new Row(values, text[start..end]));
        }
        return rows;
    }

    private static List<(string, bool)>? Fields(string text, ref int position, string delimiter, char quote, char escape, out int end)
    {
        var values = new List<(string, bool)>();
        while (true)
        {
            var value = new StringBuilder();
            var quoted = position < text.Length && text[position] == quote;
            if (quoted)
            {
                position++;
                while (true)
                {
                    if (position >= text.Length) { end = 0; return null; }
                    if (text[position] == escape && position + 1 < text.Length && (escape != quote || text[position + 1] == quote))
                    {
                        value.Append(text[position + 1]);
                        position += 2;
                    }
                    else if (text[position] == quote) { position++; break; }
                    else if (text[position] == escape && escape != quote) { end = 0; return null; }
                    else value.Append(text[position++]);
                }
                if (!Ends(text, position, delimiter)) { end = 0; return null; }
            }
            else
            {
                while (!Ends(text, position, delimiter)) value.Append(text[position++]);
            }
            values.Add((value.ToString(), quoted));
            end = position;
            if (position == text.Length) return values;
            if (string.CompareOrdinal(text, position, delimiter, 0, delimiter.Length) == 0) position += delimiter.Length;
            else
            {
                position += text[position] == '\r' && position + 1 < text.Length ? 2 : 1;
                return values;
            }
        }
    }

    private static bool Ends(string text, int position, string delimiter) =>
        position == text.Length || text[position] == '\n' || (text[position] == '\r' && (position + 1 == text.Length || text[position + 1] == '\n'))
        || string.CompareOrdinal(text, position, delimiter, 0, delimiter.Length) == 0;
}
