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
        foreach (var name in Names(path))
            found = found.SelectMany(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty(name, out var child) ? Each(child) : []);
        return found;
    }

    /// <summary>
    /// How many elements a page has: those of the first list on the way to its records, or of the list at <paramref name="pagePath"/>. Unlike the records these are what a server counts: an
    /// element that is null counts, and so does one without records below it. Nothing where a list should be is none; null says that the answer does not have the place at all.
    /// </summary>
    public static int? Elements(JsonElement root, string path, string? pagePath)
    {
        var (names, isFirst) = (Names(pagePath ?? path), pagePath is null);
        return Count(root, names);

        int? Count(JsonElement element, ReadOnlySpan<string> left) => element.ValueKind switch
        {
            JsonValueKind.Array when isFirst || left.IsEmpty => Each(element).Count(),
            JsonValueKind.Array => Sum(element, left),
            JsonValueKind.Null => 0,
            _ when left.IsEmpty => 1,
            _ => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(left[0], out var child) ? Count(child, left[1..]) : null,
        };

        int Sum(JsonElement list, ReadOnlySpan<string> left)
        {
            var sum = 0;
            foreach (var element in list.EnumerateArray()) sum += Count(element, left) ?? 0;
            return sum;
        }
    }

    /// <summary>One value as text; null when it is missing or null.</summary>
    public static string? Text(JsonElement root, string path) => At(root, path).FirstOrDefault() switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } => null,
        var other => other.GetRawText(),
    };

    /// <summary>One value as JSON, a list as it stands; of lists on the way the last element counts. Null when it is missing or says that there is none: null, false, empty text, an empty list.</summary>
    public static string? Last(JsonElement root, string path)
    {
        foreach (var name in Names(path))
        {
            while (root.ValueKind == JsonValueKind.Array)
            {
                if (root.GetArrayLength() is not (> 0 and var count)) return null;
                root = root[count - 1];
            }
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(name, out root)) return null;
        }
        var isNone = root.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => true,
            JsonValueKind.String => root.ValueEquals(""),
            JsonValueKind.Array => root.GetArrayLength() == 0,
            _ => false,
        };
        return isNone ? null : root.GetRawText();
    }

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

    private static string[] Names(string path) => path.Split('.', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<JsonElement> Each(JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray().SelectMany(Each) : [element];
}
