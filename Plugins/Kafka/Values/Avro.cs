using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.Kafka.Values;

/// <summary>Reads Avro values in binary form as JSON: decimals as numbers with all their digits, times in ISO form, bytes as base64.</summary>
internal sealed class Avro
{
    private const int Deepest = 64;
    private delegate void Decode(ref AvroReader reader, Utf8JsonWriter json, int depth);

    private readonly Dictionary<string, Decode> _named = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Decode _root;

    /// <param name="where">Where the schema was given, for messages.</param>
    /// <param name="schemas">The schema of the values, behind those whose types it takes.</param>
    /// <exception cref="TerminalException">It is no schema.</exception>
    public Avro(string where, params ReadOnlySpan<string> schemas)
    {
        _root = null!;
        try
        {
            foreach (var schema in schemas)
            {
                using var document = JsonDocument.Parse(schema);
                _root = Compile(document.RootElement.Clone(), "");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new TerminalException($"{where} is no Avro schema: {e.Message}", "Give the schema as JSON, as the registry shows it.", e);
        }
    }

    /// <summary>The value as JSON, which holds until the next call; empty when the bytes are no such value.</summary>
    public ReadOnlySpan<byte> ToJson(ReadOnlySpan<byte> value)
    {
        // Registries put a zero and the schema's number in front.
        if (value.Length > 5 && value[0] == 0 && TryRead(value[5..])) return _buffer.WrittenSpan;
        return TryRead(value) ? _buffer.WrittenSpan : default;
    }

    /// <summary>As <see cref="ToJson"/>, for a value without anything in front.</summary>
    public ReadOnlySpan<byte> Exactly(ReadOnlySpan<byte> value) => TryRead(value) ? _buffer.WrittenSpan : default;

    private bool TryRead(ReadOnlySpan<byte> value)
    {
        _buffer.ResetWrittenCount();
        try
        {
            using var json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            var reader = new AvroReader(value);
            _root(ref reader, json, 0);
            return reader.IsAtEnd;
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    private Decode Compile(JsonElement schema, string space) => schema.ValueKind switch
    {
        JsonValueKind.String => Named(schema.GetString()!, space),
        JsonValueKind.Array => Union([.. schema.EnumerateArray().Select(s => Compile(s, space))]),
        JsonValueKind.Object => Complex(schema, space),
        _ => throw new FormatException($"{schema.GetRawText()} is no type."),
    };

    private Decode Named(string name, string space) => name switch
    {
        "null" => static (ref AvroReader _, Utf8JsonWriter json, int _) => json.WriteNullValue(),
        "boolean" => static (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteBooleanValue(reader.Take(1)[0] != 0),
        "int" or "long" => static (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteNumberValue(reader.Long()),
        "float" => static (ref AvroReader reader, Utf8JsonWriter json, int _) => Number(json, BinaryPrimitives.ReadSingleLittleEndian(reader.Take(4))),
        "double" => static (ref AvroReader reader, Utf8JsonWriter json, int _) => Number(json, BinaryPrimitives.ReadDoubleLittleEndian(reader.Take(8))),
        "bytes" => static (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteBase64StringValue(reader.Bytes()),
        "string" => static (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteStringValue(reader.Bytes()),
        // A type may stand in itself: it is looked up when it is met.
        _ => (ref AvroReader reader, Utf8JsonWriter json, int depth) => Find(name, space)(ref reader, json, depth),
    };

    private Decode Find(string name, string space) =>
        _named.TryGetValue(name.Contains('.', StringComparison.Ordinal) || space.Length == 0 ? name : $"{space}.{name}", out var found) || _named.TryGetValue(name, out found)
            ? found : throw new FormatException($"{name} is not among the types.");

    private Decode Complex(JsonElement schema, string space)
    {
        var type = schema.GetProperty("type");
        if (type.ValueKind != JsonValueKind.String) return Compile(type, space);
        if (Logical(schema, type.GetString()!) is { } logical) return Name(schema, space, logical).Decode;
        switch (type.GetString()!)
        {
            case "record" or "error":
                var fields = new List<(string Name, Decode Value)>();
                var (record, inner) = Name(schema, space, (ref AvroReader reader, Utf8JsonWriter json, int depth) =>
                {
                    if (depth > Deepest) throw new FormatException("The value is too deep.");
                    json.WriteStartObject();
                    foreach (var (name, value) in fields)
                    {
                        json.WritePropertyName(name);
                        value(ref reader, json, depth + 1);
                    }
                    json.WriteEndObject();
                });
                fields.AddRange(schema.GetProperty("fields").EnumerateArray().Select(f => (f.GetProperty("name").GetString()!, Compile(f.GetProperty("type"), inner))));
                return record;
            case "enum":
                string[] symbols = [.. schema.GetProperty("symbols").EnumerateArray().Select(s => s.GetString()!)];
                return Name(schema, space, (ref AvroReader reader, Utf8JsonWriter json, int _) =>
                    json.WriteStringValue(reader.Long() is >= 0 and var at && at < symbols.Length ? symbols[at] : throw new FormatException("No such symbol."))).Decode;
            case "array":
                var item = Compile(schema.GetProperty("items"), space);
                return (ref AvroReader reader, Utf8JsonWriter json, int depth) =>
                {
                    json.WriteStartArray();
                    for (var count = reader.Block(); count > 0; count = reader.Block())
                        for (; count > 0; count--) item(ref reader, json, depth + 1);
                    json.WriteEndArray();
                };
            case "map":
                var entry = Compile(schema.GetProperty("values"), space);
                return (ref AvroReader reader, Utf8JsonWriter json, int depth) =>
                {
                    json.WriteStartObject();
                    for (var count = reader.Block(); count > 0; count = reader.Block())
                        for (; count > 0; count--)
                        {
                            json.WritePropertyName(reader.Bytes());
                            entry(ref reader, json, depth + 1);
                        }
                    json.WriteEndObject();
                };
            case "fixed":
                var size = schema.GetProperty("size").GetInt32();
                return Name(schema, space, (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteBase64StringValue(reader.Take(size))).Decode;
            case var other:
                return Named(other, space);
        }
    }

    private (Decode Decode, string Space) Name(JsonElement schema, string space, Decode decode)
    {
        if (!schema.TryGetProperty("name", out var given)) return (decode, space);
        var name = given.GetString()!;
        if (schema.TryGetProperty("namespace", out var own)) space = own.GetString()!;
        if (name.LastIndexOf('.') is >= 0 and var dot) (space, name) = (name[..dot], name[(dot + 1)..]);
        _named[space.Length == 0 ? name : $"{space}.{name}"] = decode;
        return (decode, space);
    }

    private static Decode? Logical(JsonElement schema, string type)
    {
        if (!schema.TryGetProperty("logicalType", out var logical)) return null;
        switch (logical.GetString())
        {
            case "decimal" when type is "bytes" or "fixed":
                var scale = schema.TryGetProperty("scale", out var s) ? s.GetInt32() : 0;
                var size = type == "fixed" ? schema.GetProperty("size").GetInt32() : -1;
                return (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteRawValue(Decimal(new BigInteger(size < 0 ? reader.Bytes() : reader.Take(size), isBigEndian: true), scale));
            case "date" when type == "int":
                return static (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteStringValue(DateOnly.FromDayNumber(checked((int)reader.Long() + 719_162)).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
            case "time-millis" when type == "int": return Time(10_000);
            case "time-micros" when type == "long": return Time(10);
            case "timestamp-millis" when type == "long": return Timestamp(10_000, "Z");
            case "timestamp-micros" when type == "long": return Timestamp(10, "Z");
            case "local-timestamp-millis" when type == "long": return Timestamp(10_000, "");
            case "local-timestamp-micros" when type == "long": return Timestamp(10, "");
            default: return null;
        }

        static Decode Time(long ticks) => (ref AvroReader reader, Utf8JsonWriter json, int _) => json.WriteStringValue(new TimeOnly(reader.Long() * ticks).ToString("HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture));
        static Decode Timestamp(long ticks, string zone) => (ref AvroReader reader, Utf8JsonWriter json, int _) =>
            json.WriteStringValue(DateTime.UnixEpoch.AddTicks(checked(reader.Long() * ticks)).ToString("yyyy-MM-ddTHH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture) + zone);
    }

    private static string Decimal(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return (unscaled.Sign < 0 ? "-" : "") + (scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}");
    }

    private static Decode Union(Decode[] branches) => (ref AvroReader reader, Utf8JsonWriter json, int depth) =>
        branches[reader.Long() is >= 0 and var at && at < branches.Length ? at : throw new FormatException("No such branch.")](ref reader, json, depth + 1);

    private static void Number(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static void Number(Utf8JsonWriter json, float value)
    {
        if (float.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private ref struct AvroReader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;
        private long _entries = bytes.Length + (1 << 16);

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count < 0 || count > _rest.Length) throw new FormatException("The value ends too early.");
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }

        public long Long()
        {
            ulong value = 0;
            for (var shift = 0; shift < 70; shift += 7)
            {
                var one = Take(1)[0];
                value |= (ulong)(one & 0x7f) << shift;
                if (one < 0x80) return (long)(value >> 1) ^ -(long)(value & 1);
            }
            throw new FormatException("A number is too long.");
        }

        public ReadOnlySpan<byte> Bytes() => Take(checked((int)Long()));

        /// <summary>Entries of the next block; 0 at the end. Entries may take no bytes, so that their number is limited by itself.</summary>
        public long Block()
        {
            var count = Long();
            if (count < 0)
            {
                count = count == long.MinValue ? long.MaxValue : -count;
                Long();
            }
            if (count > _entries) throw new FormatException("The lists have more entries than the value can hold.");
            _entries -= count;
            return count;
        }
    }
}
