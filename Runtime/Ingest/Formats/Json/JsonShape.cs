using System.Buffers;

namespace FlowForge.Ingest.Formats.Json;

/// <summary>How records stand in a JSON file.</summary>
internal enum JsonShape
{
    /// <summary>One value a line.</summary>
    Lines,
    /// <summary>Elements of one array.</summary>
    Array,
    /// <summary>Values one after the other, each over several lines.</summary>
    Sequence,
}

/// <summary>The records of one JSON file and where they begin.</summary>
internal sealed record JsonLayout(JsonShape Shape, long DataOffset)
{
    /// <summary>Null for a file without anything in it.</summary>
    public static JsonLayout? Find(FileSample sample)
    {
        var bytes = sample.Bytes.Span;
        var start = bytes.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0) return null;
        if (bytes[start] == '[')
        {
            // Lines may be arrays too: then the first one ends on its line and another one follows.
            var end = JsonScan.EndOfValue(bytes, start);
            var rest = end < 0 ? default : bytes[end..].TrimStart(" \t\r"u8);
            var next = rest is [(byte)'\n', ..] ? rest.TrimStart(" \t\r\n"u8) : default;
            return next is [(byte)'[' or (byte)'{', ..] ? new JsonLayout(JsonShape.Lines, start) : new JsonLayout(JsonShape.Array, start + 1);
        }
        var lineEnd = bytes[start..].IndexOf((byte)'\n');
        var line = lineEnd < 0 ? bytes[start..] : bytes.Slice(start, lineEnd);
        return new JsonLayout(bytes[start] == '{' && JsonScan.EndOfValue(line, 0) < 0 && lineEnd >= 0 ? JsonShape.Sequence : JsonShape.Lines, start);
    }
}

/// <summary>Finds the ends of values by brackets and quotes, valid inside or not.</summary>
internal static class JsonScan
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> ScalarEnds = SearchValues.Create(",]} \t\r\n"u8);

    /// <summary>Position after the value that starts at <paramref name="start"/>; -1 when it does not end here.</summary>
    public static int EndOfValue(ReadOnlySpan<byte> bytes, int start)
    {
        var depth = 0;
        var i = start;
        while (i < bytes.Length)
        {
            switch (bytes[i])
            {
                case (byte)'"':
                    i = EndOfString(bytes, i);
                    if (i < 0) return -1;
                    if (depth == 0) return i;
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    i++;
                    break;
                case (byte)'}' or (byte)']':
                    i++;
                    if (--depth <= 0) return i;
                    break;
                default:
                    var next = depth > 0 ? bytes[i..].IndexOfAny(Structure) : bytes[i..].IndexOfAny(ScalarEnds);
                    if (next < 0) return -1;
                    if (depth == 0) return i + Math.Max(next, 1);
                    i += next;
                    break;
            }
        }
        return -1;
    }

    private static int EndOfString(ReadOnlySpan<byte> bytes, int quote)
    {
        var i = quote + 1;
        while (i < bytes.Length)
        {
            var next = bytes[i..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0) return -1;
            i += next;
            if (bytes[i] == '"') return i + 1;
            i += 2;
        }
        return -1;
    }

    public static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
