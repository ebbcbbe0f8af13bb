using System.Text;
using System.Text.Json;

namespace FlowForge.Pipelines;

/// <summary>Builds nodes from JSON. With a reader of its own: as YAML, JSON's errors, tabs and escapes would be misread.</summary>
internal static class JsonText
{
    /// <exception cref="TextException">The text is no JSON or asks for too much.</exception>
    public static SourceNode Read(string text, DiagnosticList diagnostics)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var places = new PlaceFinder(bytes);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, MaxDepth = TextLimits.Depth });
        try
        {
            reader.Read();
            var root = Value(ref reader, places, diagnostics);
            reader.Read();
            return root.Size <= TextLimits.Nodes ? root : throw new TextException(DiagnosticCodes.TooLarge, $"The text has more than {TextLimits.Nodes} values.", root.Place);
        }
        catch (JsonException e)
        {
            var message = e.Message;
            var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            var place = places.Find(e.LineNumber ?? 0, e.BytePositionInLine ?? 0);
            throw message.Contains("depth", StringComparison.Ordinal)
                ? new TextException(DiagnosticCodes.TooLarge, $"The text has more than {TextLimits.Depth} levels of nesting.", place)
                : new TextException(DiagnosticCodes.JsonSyntax, $"This is not JSON: {(end > 0 ? message[..end] : message)}", place, "Check commas, quotes and brackets here.");
        }
    }

    private static SourceNode Value(ref Utf8JsonReader reader, PlaceFinder places, DiagnosticList diagnostics)
    {
        var place = places.Find(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var mapping = new MappingNode(place);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = Scalar(ref reader, places, ScalarStyle.Quoted);
                    reader.Read();
                    var value = Value(ref reader, places, diagnostics);
                    if (!mapping.Add(key, value))
                    {
                        diagnostics.Add(
                            DiagnosticCodes.DuplicateKey, key.Place, "", $"'{key.Text}' stands here twice; the first is on line {mapping.Key(key.Text)!.Place.Line}.", "Remove one of them.");
                    }
                }
                return mapping;
            case JsonTokenType.StartArray:
                var sequence = new SequenceNode(place);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    sequence.Add(Value(ref reader, places, diagnostics));
                }
                return sequence;
            case JsonTokenType.String:
                return Scalar(ref reader, places, ScalarStyle.Quoted);
            default:
                return new ScalarNode(Encoding.UTF8.GetString(reader.ValueSpan), ScalarStyle.Plain, place, place.Line);
        }
    }

    private static ScalarNode Scalar(ref Utf8JsonReader reader, PlaceFinder places, ScalarStyle style)
    {
        var place = places.Find(reader.TokenStartIndex);
        try
        {
            return new ScalarNode(reader.GetString()!, style, place, place.Line);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, as an escape.
            throw new TextException(DiagnosticCodes.JsonSyntax, "This is not JSON: a text holds an escape that is no character.", place, "Check the \\u escapes.");
        }
    }

    /// <summary>Turns byte offsets, which only grow, into lines and columns.</summary>
    private sealed class PlaceFinder(byte[] bytes)
    {
        private long _at;
        private int _line = 1;
        private int _column = 1;

        public TextPlace Find(long offset)
        {
            for (; _at < offset; _at++)
            {
                var b = bytes[_at];
                if (b == '\n')
                {
                    _line++;
                    _column = 1;
                }
                else if ((b & 0xC0) != 0x80)
                {
                    _column += b >= 0xF0 ? 2 : 1;
                }
            }
            return new TextPlace(_line, _column);
        }

        public TextPlace Find(long line, long byteInLine)
        {
            var start = 0;
            for (var i = 0L; i < line; i++)
            {
                start = Array.IndexOf(bytes, (byte)'\n', start) + 1;
            }
            return new PlaceFinder(bytes).Find(Math.Min(start + byteInLine, bytes.Length));
        }
    }
}
