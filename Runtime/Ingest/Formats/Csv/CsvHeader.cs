using System.Globalization;
using System.Text;

namespace FlowForge.Ingest.Formats.Csv;

/// <summary>The record that names the columns.</summary>
internal static class CsvHeader
{
    /// <summary>The next record's values as text, over empty lines and comments; null at the end. Broken quotes are taken as plain text.</summary>
    public static string[]? Read(ReadOnlySpan<byte> bytes, CsvDialect dialect, ref int position, int longestRecord)
    {
        while (position < bytes.Length && (bytes[position] is (byte)'\n' or (byte)'\r' || (dialect.Comment != 0 && bytes[position] == dialect.Comment)))
        {
            var end = bytes[position..].IndexOf(dialect.LineEnd);
            position = end < 0 ? bytes.Length : position + end + 1;
        }
        if (position >= bytes.Length) return null;
        var layout = new CsvLayout(dialect, new CsvValues(), [], false, 0, longestRecord);
        var start = position;
        if (new CsvDecoder(layout, [], 0).TryReadTexts(bytes, ref position) is { } values) return values;
        position = start;
        return new CsvDecoder(layout with { Dialect = dialect with { Quote = 0 } }, [], 0).TryReadTexts(bytes, ref position);
    }

    /// <summary>Unique names: those of the header, with <c>column0 …</c> for what has none and <c>_1 …</c> behind what comes twice.</summary>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> values, bool header)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var names = new List<string>(values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            var name = header ? values[i].Trim() : "";
            if (name.Length == 0) name = string.Create(CultureInfo.InvariantCulture, $"column{i}");
            var unique = name;
            for (var n = 1; !taken.Add(unique); n++) unique = string.Create(CultureInfo.InvariantCulture, $"{name}_{n}");
            names.Add(unique);
        }
        return names;
    }

    internal static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
