using System.Globalization;

namespace FlowForge.Ingest.Formats.Csv;

/// <summary>
/// Finds what some files have before their header: a title, notes, key and value of a report. Only where the file could hardly be read without it: most records have more values than
/// what would be the header, and a record that names columns is where they begin.
/// </summary>
internal static class CsvPreamble
{
    private const int MostRecords = 200;
    private const int MostLines = 20;

    /// <param name="sample">Whole lines of the file's beginning.</param>
    /// <param name="dialect">How the file would be read.</param>
    /// <param name="start">Where it would be read from.</param>
    /// <param name="delimiters">Other delimiters that are possible.</param>
    /// <param name="longestRecord">Bytes that one record may have.</param>
    /// <returns>The delimiter, and where the header begins; null when there is nothing to be left out.</returns>
    public static (byte[] Delimiter, int Start)? Find(ReadOnlySpan<byte> sample, CsvDialect dialect, int start, IReadOnlyList<byte[]> delimiters, int longestRecord)
    {
        var asFound = Records(sample, dialect, start, longestRecord);
        if (asFound.Count < 3 || asFound.Count(r => r.Values.Length == asFound[0].Values.Length) * 2 >= asFound.Count) return null;
        (byte[] Delimiter, int Start, int Rows)? best = null;
        foreach (var delimiter in delimiters)
        {
            var records = Records(sample, dialect with { Delimiter = delimiter }, start, longestRecord);
            if (HeaderOf(sample, records) is { } header && records.Count - header > (best?.Rows ?? 1)) best = (delimiter, records[header].Start, records.Count - header);
        }
        return best is { } found ? (found.Delimiter, found.Start) : null;
    }

    /// <summary>The record that is the header of those behind it; null when there is none, or nothing before it.</summary>
    private static int? HeaderOf(ReadOnlySpan<byte> sample, List<(int Start, string[] Values)> records)
    {
        var width = records.GroupBy(r => r.Values.Length).OrderByDescending(g => g.Count()).First().Key;
        var header = records.FindIndex(r => r.Values.Length == width);
        var before = records[..header];
        if (width < 2 || header is 0 or > MostLines || !IsHeader(records[header].Values)) return null;
        // What comes behind are the records, but for damage; what comes before is much narrower than these.
        if (records.Skip(header).Count(r => r.Values.Length == width) * 10 < (records.Count - header) * 9 || before.Exists(r => r.Values.Length > 2 || r.Values.Length >= width)) return null;
        if (before[0].Values.Length > 1 && width < 4) return null;
        // A column of texts with a comma in each would look the same: notes have a mark, or a blank line behind them.
        return width > 2 || before.TrueForAll(r => r.Values[0].StartsWith('#') || r.Values[0].StartsWith("//", StringComparison.Ordinal)) || sample[records[header].Start] is (byte)'\n' or (byte)'\r' ? header : null;
    }

    private static bool IsHeader(string[] values) =>
        values.All(v => v.Trim().Length > 0 && !double.TryParse(v, NumberStyles.Any, CultureInfo.InvariantCulture, out _) && !DateTime.TryParse(v, CultureInfo.InvariantCulture, out _))
        && values.Distinct(StringComparer.OrdinalIgnoreCase).Count() == values.Length;

    /// <summary>The first records, with where they begin: blank lines before a record belong to it.</summary>
    private static List<(int Start, string[] Values)> Records(ReadOnlySpan<byte> sample, CsvDialect dialect, int start, int longestRecord)
    {
        var records = new List<(int, string[])>();
        for (var position = start; records.Count < MostRecords;)
        {
            var at = position;
            if (CsvHeader.Read(sample, dialect, ref position, longestRecord) is not { } values) break;
            records.Add((at, values));
        }
        return records;
    }
}
