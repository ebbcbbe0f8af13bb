using System.Globalization;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>A typed value that the server indexes; list queries can name it. A null value removes the attribute.</summary>
public sealed record SearchAttribute
{
    private SearchAttribute(IndexedValueType type, object? value) => (Type, Value) = (type, value);

    public IndexedValueType Type { get; }

    public object? Value { get; }

    public static SearchAttribute Keyword(string? value) => new(IndexedValueType.Keyword, value);

    public static SearchAttribute KeywordList(IReadOnlyList<string>? value) => new(IndexedValueType.KeywordList, value);

    public static SearchAttribute Text(string? value) => new(IndexedValueType.Text, value);

    public static SearchAttribute Int(long? value) => new(IndexedValueType.Int, value);

    public static SearchAttribute Double(double? value) => new(IndexedValueType.Double, value);

    public static SearchAttribute Bool(bool? value) => new(IndexedValueType.Bool, value);

    public static SearchAttribute Time(DateTimeOffset? value) =>
        new(IndexedValueType.Datetime, value?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));

    /// <summary>Payload with the type in its metadata, as the server wants it. The server reads it, so no codec touches it.</summary>
    internal Payload ToPayload()
    {
        var payload = PayloadConverter.Default.ToPayload(Value);
        payload.Metadata["type"] = ByteString.CopyFromUtf8(Type.ToString());
        return payload;
    }

    internal static SearchAttributes? ToWire(IReadOnlyDictionary<string, SearchAttribute>? attributes)
    {
        if (attributes is null or { Count: 0 })
        {
            return null;
        }
        var wire = new SearchAttributes();
        foreach (var (name, value) in attributes)
        {
            wire.IndexedFields[name] = value.ToPayload();
        }
        return wire;
    }
}
