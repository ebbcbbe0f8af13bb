namespace FlowForge.Ingest.Formats.Json;

/// <summary>Counts JSON records by lines, or by brackets and quotes, without reading what is inside them.</summary>
internal sealed class JsonSplitter(JsonShape shape) : IRecordSplitter
{
    public SplitResult Split(ReadOnlySpan<byte> bytes, bool atEnd) => shape == JsonShape.Lines ? Lines(bytes, atEnd) : Values(bytes, atEnd);

    private static SplitResult Lines(ReadOnlySpan<byte> bytes, bool atEnd)
    {
        int position = 0, records = 0;
        while (bytes[position..].IndexOf((byte)'\n') is >= 0 and var length)
        {
            if (HasText(bytes.Slice(position, length))) records++;
            position += length + 1;
        }
        if (!atEnd) return new SplitResult(position, records);
        return new SplitResult(bytes.Length, records + (HasText(bytes[position..]) ? 1 : 0));
    }

    private static bool HasText(ReadOnlySpan<byte> line) => line.Length > 0 && (line[0] > ' ' || line.ContainsAnyExcept(" \t\r"u8));

    // The closing bracket of an array is left for the last call, so that its absence is seen there.
    private SplitResult Values(ReadOnlySpan<byte> bytes, bool atEnd)
    {
        int consumed = 0, records = 0, i = 0;
        while (true)
        {
            // One comma stands between two values; for each more a value is missing, which is a record that is none.
            var commas = 0;
            for (; i < bytes.Length && (JsonScan.IsBlank(bytes[i]) || (shape == JsonShape.Array && bytes[i] == ',')); i++)
                if (bytes[i] == ',') commas++;
            var missing = Math.Max(0, commas - 1);
            if (i == bytes.Length)
            {
                // Nothing is open, but an array is not closed either.
                return atEnd ? new SplitResult(i, records + missing + (shape == JsonShape.Array ? 1 : 0)) : new SplitResult(consumed, records);
            }
            if (shape == JsonShape.Array && bytes[i] == ']')
                return atEnd ? new SplitResult(bytes.Length, records + commas + (HasMore(bytes[(i + 1)..]) ? 1 : 0)) : new SplitResult(consumed, records);
            var end = JsonScan.EndOfValue(bytes, i);
            if (end < 0 || (end == bytes.Length && !atEnd && bytes[end - 1] is not ((byte)'}' or (byte)']' or (byte)'"')))
                return atEnd ? new SplitResult(bytes.Length, records + missing + 1) : new SplitResult(consumed, records);
            records += missing + 1;
            consumed = i = end;
        }
    }

    private static bool HasMore(ReadOnlySpan<byte> rest) => rest.ContainsAnyExcept(" \t\r\n"u8);
}
