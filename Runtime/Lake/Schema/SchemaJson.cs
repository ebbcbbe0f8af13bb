using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowForge.Lake.Schema;

/// <summary>Reads and writes Delta's <c>schemaString</c>.</summary>
internal static class SchemaJson
{
    internal static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(TableSchema schema)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Compact)) WriteStruct(json, schema.Columns);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public static TableSchema Read(string schemaString)
    {
        using var document = JsonDocument.Parse(schemaString);
        return new TableSchema(ReadFields(document.RootElement));
    }

    private static void WriteStruct(Utf8JsonWriter json, IReadOnlyList<TableColumn> fields)
    {
        json.WriteStartObject();
        json.WriteString("type", "struct");
        json.WriteStartArray("fields");
        foreach (var field in fields)
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            json.WritePropertyName("type");
            WriteType(json, field.Type);
            json.WriteBoolean("nullable", field.Nullable);
            json.WriteStartObject("metadata");
            if (field.Metadata is not null)
            {
                foreach (var (key, value) in field.Metadata)
                {
                    json.WritePropertyName(key);
                    value.WriteTo(json);
                }
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteType(Utf8JsonWriter json, DeltaType type)
    {
        switch (type)
        {
            case StructType s:
                WriteStruct(json, s.Fields);
                break;
            case ArrayType a:
                json.WriteStartObject();
                json.WriteString("type", "array");
                json.WritePropertyName("elementType");
                WriteType(json, a.Element);
                json.WriteBoolean("containsNull", a.ContainsNull);
                json.WriteEndObject();
                break;
            case MapType m:
                json.WriteStartObject();
                json.WriteString("type", "map");
                json.WritePropertyName("keyType");
                WriteType(json, m.Key);
                json.WritePropertyName("valueType");
                WriteType(json, m.Value);
                json.WriteBoolean("valueContainsNull", m.ValueContainsNull);
                json.WriteEndObject();
                break;
            default:
                json.WriteStringValue(type.ToString());
                break;
        }
    }

    private static List<TableColumn> ReadFields(JsonElement element)
    {
        var fields = new List<TableColumn>();
        foreach (var field in element.GetProperty("fields").EnumerateArray())
        {
            ImmutableSortedDictionary<string, JsonElement>? metadata = null;
            if (field.TryGetProperty("metadata", out var found) && found.ValueKind == JsonValueKind.Object && found.EnumerateObject().Any())
                metadata = found.EnumerateObject().ToImmutableSortedDictionary(p => p.Name, p => p.Value.Clone(), StringComparer.Ordinal);
            fields.Add(new TableColumn(
                field.GetProperty("name").GetString()!,
                ReadType(field.GetProperty("type")),
                !field.TryGetProperty("nullable", out var nullable) || nullable.GetBoolean(),
                metadata));
        }
        return fields;
    }

    private static DeltaType ReadType(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) return ReadSimple(element.GetString()!);
        return element.GetProperty("type").GetString() switch
        {
            "struct" => new StructType(ReadFields(element)),
            "array" => new ArrayType(ReadType(element.GetProperty("elementType")), element.GetProperty("containsNull").GetBoolean()),
            "map" => new MapType(ReadType(element.GetProperty("keyType")), ReadType(element.GetProperty("valueType")), element.GetProperty("valueContainsNull").GetBoolean()),
            var other => throw new LakeException($"The table's schema has a type '{other}' that is not known here."),
        };
    }

    private static DeltaType ReadSimple(string name)
    {
        if (name == "decimal") return new DecimalType(10, 0);
        if (name.StartsWith("decimal(", StringComparison.Ordinal) && name.EndsWith(')'))
        {
            var parts = name[8..^1].Split(',');
            return new DecimalType(int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
        }
        var type = new PrimitiveType(name);
        _ = type.DuckType;
        return type;
    }
}
