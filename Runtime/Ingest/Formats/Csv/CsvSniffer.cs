using System.Text;
using FlowForge.Duck;

namespace FlowForge.Ingest.Formats.Csv;

/// <summary>Finds out how a CSV file is written, from its beginning and from what the job says.</summary>
internal static class CsvSniffer
{
    /// <param name="sample">The decoded file's beginning, without a byte order mark.</param>
    /// <param name="options">What is said wins over what is found.</param>
    /// <param name="longestRecord">Bytes that one record may have.</param>
    /// <param name="session">Any session; used for DuckDB's sniffer.</param>
    /// <param name="temporary">A folder for the sample.</param>
    /// <returns>Null for a file without anything in it.</returns>
    public static CsvLayout? Sniff(FileSample sample, CsvOptions options, int longestRecord, DuckSession session, string temporary)
    {
        var bytes = sample.Bytes.Span;
        if (bytes.Trim(" \t\r\n"u8).Length == 0) return null;
        if (options.Skip is null && DelimiterLine(bytes) is { } line)
        {
            var told = options with { Delimiter = options.Delimiter ?? line.Delimiter };
            return Sniff(sample with { Bytes = sample.Bytes[line.Length..] }, told, longestRecord, session, temporary) is { } rest ? rest with { DataOffset = rest.DataOffset + line.Length, LeftOutLines = rest.LeftOutLines + 1 } : null;
        }
        var found = Ask(sample, options, session, temporary) ?? Guess(bytes, options);
        var carriageReturn = !bytes.Contains((byte)'\n') && bytes.Contains((byte)'\r');
        var dialect = new CsvDialect
        {
            Delimiter = Bytes(options.Delimiter) ?? found.Delimiter,
            Quote = options.Quote is null ? (byte)'"' : Byte(options.Quote),
            Escape = options.Escape is null ? (byte)0 : Byte(options.Escape),
            Comment = options.Comment is null ? (byte)0 : Byte(options.Comment),
            CarriageReturnEnds = carriageReturn,
        };
        dialect = QuoteChoice.Settle(dialect, sample.WholeLines, longestRecord, quoteIsSaid: options.Quote is not null);
        var values = new CsvValues
        {
            NullStrings = [.. options.NullStrings.Select(Encoding.UTF8.GetBytes)],
            PadShortRows = options.NullPadding,
            DecimalSign = Byte(options.DecimalSign),
            ThousandsSign = Byte(options.ThousandsSign),
        };
        var position = SkipLines(bytes, dialect, options.Skip ?? found.Skip);
        var header = options.Header ?? found.Header;
        if (options is { Skip: null, Header: not false, NullPadding: false } && CsvPreamble.Find(sample.WholeLines, dialect, position, options.Delimiter is null ? Delimiters : [dialect.Delimiter], longestRecord) is { } preamble)
            (dialect, position, header) = (dialect with { Delimiter = preamble.Delimiter }, preamble.Start, true);
        var start = position;
        var first = CsvHeader.Read(bytes, dialect, ref position, longestRecord);
        if (first is null) return null;
        var leftOut = options.Skip is null ? bytes[..start].Count(dialect.LineEnd) : 0;
        return new CsvLayout(dialect with { SingleColumn = first.Length == 1 }, values, CsvHeader.Names(first, header), header, header ? position : start, longestRecord) { LeftOutLines = leftOut };
    }

    private static readonly byte[][] Delimiters = [[(byte)','], [(byte)';'], [(byte)'\t'], [(byte)'|']];

    /// <summary>The line <c>sep=;</c> by which spreadsheets are told the delimiter: it is no record.</summary>
    private static (string Delimiter, int Length)? DelimiterLine(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)'\n');
        return end >= 0 && bytes[..end].TrimEnd((byte)'\r').Trim((byte)'"') is [(byte)'s' or (byte)'S', (byte)'e' or (byte)'E', (byte)'p' or (byte)'P', (byte)'=', var delimiter and < 128] ? (((char)delimiter).ToString(), end + 1) : null;
    }

    private sealed record Found(byte[] Delimiter, int Skip, bool Header);

    /// <summary>DuckDB's sniffer; null when it gives up.</summary>
    private static Found? Ask(FileSample sample, CsvOptions options, DuckSession session, string temporary)
    {
        var path = Path.Combine(temporary, $"sample-{Guid.NewGuid():n}.csv");
        File.WriteAllBytes(path, sample.WholeLines.ToArray());
        try
        {
            var said = new StringBuilder();
            if (Bytes(options.Delimiter) is { } delimiter) said.Append(", delim = ").Append(SqlText.Literal(Encoding.UTF8.GetString(delimiter)));
            if (options.Quote is { } quote) said.Append(", quote = ").Append(SqlText.Literal(quote));
            if (options.Escape is { Length: > 0 } escape) said.Append(", escape = ").Append(SqlText.Literal(escape));
            if (options.Skip is { } skip) said.Append(", skip = ").Append(skip);
            if (options.Header is { } header) said.Append(", header = ").Append(header ? "true" : "false");
            if (options.Comment is { Length: > 0 } comment) said.Append(", comment = ").Append(SqlText.Literal(comment));
            var row = session.Rows($"SELECT Delimiter, SkipRows, HasHeader FROM sniff_csv({SqlText.File(path)}, strict_mode = false, null_padding = true, ignore_errors = true{said})")[0];
            return new Found(Encoding.UTF8.GetBytes((string)row[0]!), Convert.ToInt32(row[1], null), (bool)row[2]!);
        }
        catch (DuckException)
        {
            return null;
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The delimiter that is most often in the first line; the first line is the header unless it holds a number.</summary>
    private static Found Guess(ReadOnlySpan<byte> bytes, CsvOptions options)
    {
        var end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
        var line = end < 0 ? bytes : bytes[..end];
        byte best = (byte)',';
        foreach (var candidate in ",;\t|"u8)
            if (line.Count(candidate) > line.Count(best)) best = candidate;
        var delimiter = Bytes(options.Delimiter) ?? [best];
        var position = 0;
        var values = CsvHeader.Read(line, new CsvDialect { Delimiter = delimiter }, ref position, int.MaxValue) ?? [];
        return new Found(delimiter, 0, values.All(v => v.Length > 0 && !double.TryParse(v, out _)));
    }

    private static int SkipLines(ReadOnlySpan<byte> bytes, CsvDialect dialect, int lines)
    {
        var position = 0;
        for (; lines > 0 && position < bytes.Length; lines--)
        {
            var end = bytes[position..].IndexOf(dialect.LineEnd);
            position = end < 0 ? bytes.Length : position + end + 1;
        }
        return position;
    }

    private static byte[]? Bytes(string? text) => string.IsNullOrEmpty(text) ? null : Encoding.UTF8.GetBytes(text == "\\t" ? "\t" : text);
    private static byte Byte(string? text) => string.IsNullOrEmpty(text) ? (byte)0 : Encoding.UTF8.GetBytes(text)[0];
}
