using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowForge.Temporal.DevServer.Engine;

/// <summary>Payloads as the official SDKs encode them, as far as the server has to look inside (search attributes, memo removal).</summary>
internal static class PayloadValue
{
    private static readonly ByteString JsonPlain = ByteString.CopyFromUtf8("json/plain");

    /// <summary>Whether the payload means "no value": empty, binary/null, or JSON null or [].</summary>
    public static bool IsNull(Payload payload)
    {
        if (payload.Metadata.TryGetValue("encoding", out var encoding) && encoding.ToStringUtf8() == "binary/null")
        {
            return true;
        }
        return payload.Data.IsEmpty || payload.Data.Length <= 4 && payload.Data.ToStringUtf8() is "null" or "[]";
    }

    public static Payload FromJson(JsonNode? value, string? type = null)
    {
        var payload = new Payload { Data = ByteString.CopyFromUtf8(value?.ToJsonString() ?? "null"), Metadata = { ["encoding"] = JsonPlain } };
        if (type is not null)
        {
            payload.Metadata["type"] = ByteString.CopyFromUtf8(type);
        }
        return payload;
    }

    public static Payload FromText(string value, string? type = null) => FromJson(JsonValue.Create(value), type);

    /// <summary>The JSON inside, or null when it is not JSON.</summary>
    public static JsonNode? ToJson(Payload payload)
    {
        try
        {
            return JsonNode.Parse(payload.Data.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string? ToText(Payload? payload) =>
        payload is not null && ToJson(payload) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
