using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Contracts;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Enum = System.Enum;

namespace FlowForge.Api.Workflows;

/// <summary>
/// Temporal's messages as JSON for people: payloads decoded where they are JSON, times and durations readable, enums by their short name, what is unset left out.
/// Long payloads and deep nesting are cut, and say so.
/// </summary>
internal static class MessageJson
{
    private const int LongestPayload = 64 * 1024;
    private const int Deepest = 24;

    public static JsonElement Element(IMessage message) => ToElement(Message(message, 0));

    public static IReadOnlyList<JsonElement> Values(Payloads? payloads) => [.. (payloads?.Payloads_ ?? []).Select(p => ToElement(Value(p)))];

    public static IReadOnlyDictionary<string, JsonElement> Values(IEnumerable<KeyValuePair<string, Payload>>? fields) =>
        (fields ?? []).OrderBy(f => f.Key, StringComparer.Ordinal).ToDictionary(f => f.Key, f => ToElement(Value(f.Value)));

    /// <summary>The payload's value; for what is no JSON its encoding and size.</summary>
    public static JsonNode? Value(Payload payload)
    {
        var encoding = payload.Metadata.TryGetValue("encoding", out var name) ? name.ToStringUtf8() : "";
        if (encoding == "binary/null")
            return null;
        if (encoding is "json/plain" or "json/protobuf" && payload.Data.Length <= LongestPayload)
        {
            try
            {
                return JsonNode.Parse(payload.Data.Span, documentOptions: new JsonDocumentOptions { MaxDepth = Deepest });
            }
            catch (JsonException)
            {
                // Said to be JSON and is not, or too deep for a page: shown as any other bytes.
            }
        }
        var shown = new JsonObject { ["encoding"] = encoding, ["bytes"] = payload.Data.Length };
        if (encoding.StartsWith("json/", StringComparison.Ordinal))
            shown["begins"] = payload.Data.Memory.Span[..Math.Min(payload.Data.Length, 1024)].ToText();
        return shown;
    }

    /// <summary>Relaxed escaping, as everywhere in the API.</summary>
    public static JsonElement ToElement(JsonNode? node) => JsonSerializer.SerializeToElement(node, ContractsJson.Options);

    private static string ToText(this ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    private static JsonNode? Message(IMessage message, int depth)
    {
        switch (message)
        {
            case Payload payload:
                return Value(payload);
            case Payloads payloads:
                return new JsonArray([.. payloads.Payloads_.Select(Value)]);
            case Timestamp time:
                return time.ToDateTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
            case Duration span:
                return string.Create(CultureInfo.InvariantCulture, $"{span.ToTimeSpan().TotalSeconds:0.###} s");
        }
        if (depth >= Deepest)
            return "…";
        var node = new JsonObject();
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (Field(message, field, depth) is { } value)
                node[field.JsonName] = value;
        }
        // { "name": "x" } alone is x: workflow type, activity type, task queue of the normal kind.
        return message is WorkflowType or ActivityType && node.Count == 1 ? node["name"]!.DeepClone() : node;
    }

    private static JsonNode? Field(IMessage message, FieldDescriptor field, int depth)
    {
        var value = field.Accessor.GetValue(message);
        if (field.IsMap)
        {
            var map = (System.Collections.IDictionary)value;
            if (map.Count == 0)
                return null;
            var node = new JsonObject();
            foreach (System.Collections.DictionaryEntry entry in map)
                node[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = Single(entry.Value, depth);
            return node;
        }
        if (field.IsRepeated)
        {
            var list = (System.Collections.IList)value;
            return list.Count == 0 ? null : new JsonArray([.. list.Cast<object>().Select(v => Single(v, depth))]);
        }
        if (field.HasPresence ? !field.Accessor.HasValue(message) : IsUnset(value))
            return null;
        return Single(value, depth) ?? (value is Payload ? JsonValue.Create("null") : null);
    }

    private static JsonNode? Single(object? value, int depth) => value switch
    {
        null => null,
        IMessage message => Message(message, depth + 1),
        ByteString bytes => bytes.Length <= 48 ? bytes.ToBase64() : $"{bytes.Length} bytes",
        bool b => b,
        int i => i,
        uint u => u,
        long l => l,
        ulong u => u,
        float f => f,
        double d => d,
        Enum e => e.ToString(),
        _ => value.ToString()
    };

    private static bool IsUnset(object? value) => value switch
    {
        null => true,
        string s => s.Length == 0,
        ByteString b => b.IsEmpty,
        bool b => !b,
        Enum e => Convert.ToInt64(e, CultureInfo.InvariantCulture) == 0,
        IConvertible number => number.ToDouble(CultureInfo.InvariantCulture) == 0,
        _ => false
    };
}
