using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Values to payloads and back, in the encodings of the official SDKs: <c>binary/null</c>, <c>binary/plain</c> (byte arrays),
/// <c>json/protobuf</c> (and <c>binary/protobuf</c> when reading) and <c>json/plain</c>. Thread-safe and pure: deciders use it.
/// </summary>
public sealed class PayloadConverter
{
    internal const string EncodingKey = "encoding";
    internal const string MessageTypeKey = "messageType";
    private readonly JsonSerializerOptions _json;

    /// <param name="json">Null means <see cref="DefaultJson"/>.</param>
    public PayloadConverter(JsonSerializerOptions? json = null) => _json = json ?? DefaultJson;

    /// <summary>Camel case, enums by name, null properties left out; reading ignores the case of names.</summary>
    public static JsonSerializerOptions DefaultJson { get; } = CreateJson();

    public static PayloadConverter Default { get; } = new();

    /// <summary>One value as one payload. A <see cref="Payload"/> is taken as it is.</summary>
    public Payload ToPayload(object? value) => value switch
    {
        null => Encoded("binary/null", ByteString.Empty),
        Payload payload => payload,
        byte[] bytes => Encoded("binary/plain", ByteString.CopyFrom(bytes)),
        ReadOnlyMemory<byte> bytes => Encoded("binary/plain", ByteString.CopyFrom(bytes.Span)),
        IMessage message => WithType(Encoded("json/protobuf", ByteString.CopyFromUtf8(JsonFormatter.Default.Format(message))), message.Descriptor.FullName),
        _ => Encoded("json/plain", ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), _json))),
    };

    /// <summary>Arguments as payloads: null means none, <see cref="Arguments"/> several, anything else one.</summary>
    public Payloads? ToPayloads(object? value)
    {
        switch (value)
        {
            case null:
                return null;
            case Payloads payloads:
                return payloads;
            case Arguments arguments:
                var several = new Payloads();
                several.Payloads_.AddRange(arguments.Values.Select(ToPayload));
                return several;
            default:
                var one = new Payloads();
                one.Payloads_.Add(ToPayload(value));
                return one;
        }
    }

    /// <summary>The value of payload number <paramref name="index"/>; the default of <typeparamref name="T"/> when there are fewer.</summary>
    /// <exception cref="PayloadException">The payload cannot be read as <typeparamref name="T"/>.</exception>
    public T? FromPayloads<T>(Payloads? payloads, int index = 0) =>
        payloads is not null && index < payloads.Payloads_.Count ? FromPayload<T>(payloads.Payloads_[index]) : default;

    /// <inheritdoc cref="FromPayloads{T}"/>
    public T? FromPayload<T>(Payload payload) => (T?)FromPayload(payload, typeof(T));

    /// <inheritdoc cref="FromPayloads{T}"/>
    public object? FromPayload(Payload payload, Type type)
    {
        ArgumentNullException.ThrowIfNull(payload);
        if (type == typeof(Payload))
        {
            return payload;
        }
        var encoding = payload.Metadata.TryGetValue(EncodingKey, out var name) ? name.ToStringUtf8() : "";
        try
        {
            return encoding switch
            {
                "binary/null" => null,
                "binary/plain" => Bytes(payload, type),
                "json/protobuf" => Message(payload, type, json: true),
                "binary/protobuf" => Message(payload, type, json: false),
                "json/plain" => JsonSerializer.Deserialize(payload.Data.Span, type, _json),
                _ => throw new PayloadException($"A payload has the encoding '{encoding}', which no converter here reads"
                    + " (known: binary/null, binary/plain, json/plain, json/protobuf, binary/protobuf). Is a payload codec missing from the settings?"),
            };
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new PayloadException($"A payload of {payload.Data.Length} bytes ({encoding}) cannot be read as {type.Name}: {e.Message}", e);
        }
    }

    private static object Bytes(Payload payload, Type type)
    {
        if (type.IsAssignableFrom(typeof(byte[])))
        {
            return payload.Data.ToByteArray();
        }
        return type == typeof(ReadOnlyMemory<byte>)
            ? payload.Data.Memory
            : throw new PayloadException($"A payload of {payload.Data.Length} bytes (binary/plain) can be read as byte[], not as {type.Name}.");
    }

    private static object Message(Payload payload, Type type, bool json)
    {
        if (!typeof(IMessage).IsAssignableFrom(type) || Activator.CreateInstance(type) is not IMessage message)
        {
            throw new PayloadException($"A payload holds a protobuf message and cannot be read as {type.Name}.");
        }
        if (json)
        {
            return JsonParser.Default.Parse(payload.Data.ToStringUtf8(), message.Descriptor);
        }
        message.MergeFrom(payload.Data);
        return message;
    }

    private static Payload Encoded(string encoding, ByteString data) =>
        new() { Data = data, Metadata = { { EncodingKey, ByteString.CopyFromUtf8(encoding) } } };

    private static Payload WithType(Payload payload, string messageType)
    {
        payload.Metadata[MessageTypeKey] = ByteString.CopyFromUtf8(messageType);
        return payload;
    }

    private static JsonSerializerOptions CreateJson()
    {
        var json = new JsonSerializerOptions(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        json.MakeReadOnly(populateMissingResolver: true);
        return json;
    }
}
