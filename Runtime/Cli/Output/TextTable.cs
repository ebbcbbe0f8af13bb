namespace FlowForge.Cli.Output;

/// <summary>Columns of text, two spaces apart: good for eyes, grep and awk alike. Columns of numbers only are set to the right.</summary>
internal static class TextTable
{
    private const int WidestCell = 80;

    public static void Write(TextWriter writer, IReadOnlyList<string> heads, IEnumerable<string?[]> rows)
    {
        var cells = rows.Select(r => r.Select(c => Cut(c ?? "")).ToArray()).ToArray();
        var widths = heads.Select((h, i) => cells.Select(r => r[i].Length).Append(h.Length).Max()).ToArray();
        var right = heads.Select((_, i) => cells.Length > 0 && cells.All(r => r[i].Length == 0 || char.IsAsciiDigit(r[i][0]) && r[i].All(c => char.IsAsciiDigit(c) || c is ',' or '.'))).ToArray();
        writer.WriteLine(Line(heads));
        foreach (var row in cells)
            writer.WriteLine(Line(row));

        string Line(IReadOnlyList<string> row) => string.Join("  ", row.Select((c, i) => right[i] ? c.PadLeft(widths[i]) : c.PadRight(widths[i]))).TrimEnd();
    }

    private static string Cut(string text)
    {
        text = text.ReplaceLineEndings(" ");
        return text.Length <= WidestCell ? text : text[..(WidestCell - 1)] + "…";
    }
}
