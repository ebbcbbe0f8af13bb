namespace FlowForge.Ingest.Formats.Csv;

/// <summary>
/// How a CSV file is written. The law that splitter and decoder follow, each with code of its own:
/// a record ends at LF or CRLF (at CR alone only with <see cref="CarriageReturnEnds"/>); a field that starts with the quote
/// runs to the closing quote, inside of which the escape makes the next character plain; after the closing quote comes a delimiter
/// or the record's end. A quote elsewhere is plain text. Empty lines are no records, unless there is a single column.
/// A record whose quotes break this law ends at its first line break: the damage costs that line and no more.
/// </summary>
internal sealed record CsvDialect
{
    public required byte[] Delimiter { get; init; }
    /// <summary>0 for none.</summary>
    public byte Quote { get; init; } = (byte)'"';
    public byte Escape { get; init; } = (byte)'"';
    /// <summary>Lines that start with it are no records; 0 for none.</summary>
    public byte Comment { get; init; }
    public bool CarriageReturnEnds { get; init; }
    /// <summary>With one column an empty line is a record: an empty value.</summary>
    public bool SingleColumn { get; init; }

    public byte LineEnd => CarriageReturnEnds ? (byte)'\r' : (byte)'\n';

    /// <summary>Whether the bytes at <paramref name="at"/> end a field: delimiter, line end or end of input (a last CR alone is half a line end).</summary>
    public bool EndsField(ReadOnlySpan<byte> bytes, int at) =>
        at == bytes.Length || bytes[at] == LineEnd || bytes[at..].StartsWith(Delimiter) || (!CarriageReturnEnds && bytes[at] == '\r' && (at + 1 == bytes.Length || bytes[at + 1] == '\n'));
}
