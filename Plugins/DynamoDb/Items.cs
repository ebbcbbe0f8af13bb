using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Amazon.DynamoDBv2.Model;

namespace FlowForge.Plugins.DynamoDb;

/// <summary>Writes items as JSON, one a line. A number keeps all of its up to 38 digits: it goes as it came, never through a double.</summary>
internal static class Items
{
    private static readonly JsonWriterOptions AsReceived = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ReadOnlyMemory<byte> Lines(IEnumerable<Dictionary<string, AttributeValue>> items)
    {
        var lines = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(lines, AsReceived);
        foreach (var item in items)
        {
            Map(writer, item);
            writer.Flush();
            lines.Write("\n"u8);
            writer.Reset();
        }
        return lines.WrittenMemory;
    }

    private static void Map(Utf8JsonWriter writer, Dictionary<string, AttributeValue> map)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in map)
        {
            writer.WritePropertyName(name);
            Value(writer, value);
        }
        writer.WriteEndObject();
    }

    private static void Value(Utf8JsonWriter writer, AttributeValue value)
    {
        if (value.S is { } text) writer.WriteStringValue(text);
        else if (value.N is { } number) writer.WriteRawValue(number, skipInputValidation: true);
        else if (value.BOOL is { } flag) writer.WriteBooleanValue(flag);
        else if (value.B is { } bytes) writer.WriteBase64StringValue(bytes.ToArray());
        else if (value.M is { } map) Map(writer, map);
        else if (value.L is { } list) List(writer, list, Value);
        else if (value.SS is { } texts) List(writer, texts, static (w, t) => w.WriteStringValue(t));
        else if (value.NS is { } numbers) List(writer, numbers, static (w, n) => w.WriteRawValue(n, skipInputValidation: true));
        else if (value.BS is { } many) List(writer, many, static (w, b) => w.WriteBase64StringValue(b.ToArray()));
        else writer.WriteNullValue();
    }

    private static void List<T>(Utf8JsonWriter writer, List<T> items, Action<Utf8JsonWriter, T> each)
    {
        writer.WriteStartArray();
        foreach (var item in items) each(writer, item);
        writer.WriteEndArray();
    }
}
