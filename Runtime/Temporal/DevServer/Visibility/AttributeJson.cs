using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;

namespace FlowForge.Temporal.DevServer.Visibility;

/// <summary>Search attributes as the JSON document that visibility queries look into. Times become sortable text.</summary>
internal static class AttributeJson
{
    public const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffffffZ";

    public static string? Of(NamespaceEntry ns, IReadOnlyDictionary<string, Payload> attributes)
    {
        if (attributes.Count == 0)
        {
            return null;
        }
        var document = new JsonObject();
        foreach (var (name, payload) in attributes)
        {
            if (PayloadValue.ToJson(payload) is { } value)
            {
                document[name] = ns.AttributeType(name) == IndexedValueType.Datetime ? Sortable(value) : value;
            }
        }
        return document.ToJsonString();
    }

    private static JsonNode? Sortable(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String
        && DateTimeOffset.TryParse(value.GetValue<string>(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? JsonValue.Create(time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture))
            : value;
}
