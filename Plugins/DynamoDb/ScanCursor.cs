using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2.Model;

namespace FlowForge.Plugins.DynamoDb;

/// <summary>How far the segments of a scan have got: each the key that its last answer ended with, or that it is done.</summary>
internal sealed class ScanCursor
{
    private readonly Dictionary<string, AttributeValue>?[] _keys;
    private readonly bool[] _done;

    public ScanCursor(int segments) => (_keys, _done) = (new Dictionary<string, AttributeValue>?[segments], new bool[segments]);

    public int Segments => _done.Length;
    public bool IsDone(int segment) => _done[segment];
    public Dictionary<string, AttributeValue>? Key(int segment) => _keys[segment];

    public void Move(int segment, Dictionary<string, AttributeValue>? key) => (_keys[segment], _done[segment]) = (key is { Count: > 0 } ? key : null, key is not { Count: > 0 });

    public override string ToString() => new JsonArray([.. _done.Select((done, i) => (JsonNode?)(done ? JsonValue.Create("done") : _keys[i] is { } key ? new JsonObject(key.Select(k => KeyValuePair.Create(k.Key, (JsonNode?)Of(k.Value)))) : JsonValue.Create("new")))]).ToJsonString();

    /// <exception cref="TerminalException">It is none.</exception>
    public static ScanCursor Parse(string text)
    {
        try
        {
            var segments = JsonNode.Parse(text)!.AsArray();
            var cursor = new ScanCursor(segments.Count);
            for (var i = 0; i < segments.Count; i++)
            {
                if (segments[i] is JsonObject key) cursor._keys[i] = key.ToDictionary(k => k.Key, k => To(k.Value!.AsObject()));
                else cursor._done[i] = (string?)segments[i] == "done";
            }
            return segments.Count > 0 ? cursor : throw new FormatException("It has no segments.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            throw new TerminalException($"\"{text}\" says no place in a scan.", "Start a new run.", e);
        }
    }

    // Keys are texts, numbers or bytes.
    private static JsonObject Of(AttributeValue value) => value.S is { } text ? new JsonObject { ["S"] = text } : value.N is { } number ? new JsonObject { ["N"] = number } : new JsonObject { ["B"] = Convert.ToBase64String(value.B.ToArray()) };

    private static AttributeValue To(JsonObject value) => value["S"] is { } text ? new AttributeValue { S = (string)text! } : value["N"] is { } number ? new AttributeValue { N = (string)number! } : new AttributeValue { B = new MemoryStream(Convert.FromBase64String((string)value["B"]!)) };
}
