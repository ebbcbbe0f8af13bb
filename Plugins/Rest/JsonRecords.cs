using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowForge.Plugins.Rest;

/// <summary>Finds records in an answer and writes them one a line, values as they were received.</summary>
internal static class JsonRecords
{
    private static readonly JsonWriterOptions AsReceived = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>All values at a path of names separated by points; a list on the way, or at its end, stands for its elements.</summary>
    public static IEnumerable<JsonElement> At(JsonElement root, string path)
    {
        IEnumerable<JsonElement> found = Each(root);
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
            found = found.SelectMany(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty(name, out var child) ? Each(child) : []);
        return found;
    }

    /// <summary>One value as text; null when it is missing or null.</summary>
    public static string? Text(JsonElement root, string path) => At(root, path).FirstOrDefault() switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } => null,
        var other => other.GetRawText(),
    };

    /// <param name="more">Values added to each record under names of their own.</param>
    public static ReadOnlyMemory<byte> Lines(IReadOnlyList<JsonElement> records, IReadOnlyList<(string Name, JsonElement Value)> more)
    {
        var lines = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(lines, AsReceived);
        foreach (var record in records)
        {
            if (more.Count == 0 || record.ValueKind != JsonValueKind.Object) record.WriteTo(writer);
            else
            {
                writer.WriteStartObject();
                foreach (var property in record.EnumerateObject()) property.WriteTo(writer);
                foreach (var (name, value) in more)
                {
                    writer.WritePropertyName(name);
                    value.WriteTo(writer);
                }
                writer.WriteEndObject();
            }
            writer.Flush();
            lines.Write("\n"u8);
            writer.Reset();
        }
        return lines.WrittenMemory;
    }

    private static IEnumerable<JsonElement> Each(JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray().SelectMany(Each) : [element];
}
