using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace FlowForge.Api.Tables;

/// <summary>
/// Values of the engine as JSON: numbers as numbers, except those that JSON readers would round or cannot have (DECIMAL, HUGEINT, NaN, infinities:
/// strings); dates and times in ISO form; BLOB as base64; nested values as JSON.
/// </summary>
internal static class JsonRows
{
    public static IReadOnlyList<JsonElement[]> Write(IReadOnlyList<object?[]> rows)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (var row in rows)
                List(writer, row);
            writer.WriteEndArray();
        }
        using var document = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 256 });
        var all = document.RootElement.Clone();
        return [.. all.EnumerateArray().Select(row => row.EnumerateArray().ToArray())];
    }

    private static void Value(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case bool b: writer.WriteBooleanValue(b); break;
            case long l: writer.WriteNumberValue(l); break;
            case double d when double.IsFinite(d): writer.WriteNumberValue(d); break;
            case double d: writer.WriteStringValue(double.IsNaN(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity"); break;
            case string s: writer.WriteStringValue(s); break;
            case decimal m: writer.WriteStringValue(m.ToString(CultureInfo.InvariantCulture)); break;
            case BigInteger i: writer.WriteStringValue(i.ToString(CultureInfo.InvariantCulture)); break;
            case DateOnly date: writer.WriteStringValue(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)); break;
            case TimeSpan time: writer.WriteStringValue(time.ToString(time.Ticks % TimeSpan.TicksPerSecond == 0 ? @"hh\:mm\:ss" : @"hh\:mm\:ss\.ffffff", CultureInfo.InvariantCulture)); break;
            case DateTime moment: writer.WriteStringValue(Moment(moment)); break;
            case byte[] bytes: writer.WriteBase64StringValue(bytes); break;
            case IDictionary map: Map(writer, map); break;
            case IEnumerable list: List(writer, list); break;
            default: writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    private static string Moment(DateTime value)
    {
        var text = value.ToString(value.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss" : "yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        return value.Kind == DateTimeKind.Utc ? text + "Z" : text;
    }

    private static void List(Utf8JsonWriter writer, IEnumerable values)
    {
        writer.WriteStartArray();
        foreach (var value in values)
            Value(writer, value);
        writer.WriteEndArray();
    }

    private static void Map(Utf8JsonWriter writer, IDictionary map)
    {
        writer.WriteStartObject();
        foreach (DictionaryEntry entry in map)
        {
            writer.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? "");
            Value(writer, entry.Value);
        }
        writer.WriteEndObject();
    }
}
