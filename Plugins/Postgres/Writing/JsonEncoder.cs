using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>
/// Lists, structs and maps as JSON. Numbers stay exact; dates and times are ISO 8601, bytes hexadecimal with <c>\x</c>, NaN and infinities the texts that PostgreSQL has for them. A map whose keys are texts is an
/// object, any other a list of objects with key and value.
/// </summary>
internal sealed class JsonEncoder(bool jsonb) : FieldEncoder, IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly ArrayBufferWriter<byte> _text = new(1024);
    private Utf8JsonWriter? _json;
    private IArrowArray _array = null!;

    public override void Bind(IArrowArray array)
    {
        base.Bind(array);
        _array = array;
    }

    protected override void WriteValue(CopyRows to, int row)
    {
        _text.ResetWrittenCount();
        if (_json is null) _json = new Utf8JsonWriter(_text, Options);
        else _json.Reset(_text);
        Value(_json, _array, row);
        _json.Flush();
        var field = to.Field(_text.WrittenCount + (jsonb ? 1 : 0));
        if (jsonb) field[0] = 1;
        _text.WrittenSpan.CopyTo(jsonb ? field[1..] : field);
    }

    private static void Value(Utf8JsonWriter json, IArrowArray array, int row)
    {
        if (array.IsNull(row))
        {
            json.WriteNullValue();
            return;
        }
        switch (array)
        {
            case MapArray map: Map(json, map, row); break;
            case ListLikeArray list:
                json.WriteStartArray();
                for (int i = list.GetValueOffset(row), end = i + list.GetValueLength(row); i < end; i++) Value(json, list.Values, i);
                json.WriteEndArray();
                break;
            case StructArray fields:
                json.WriteStartObject();
                var names = ((StructType)array.Type).Fields;
                for (var i = 0; i < names.Count; i++)
                {
                    json.WritePropertyName(names[i].Name);
                    Value(json, fields.Fields[i], row);
                }
                json.WriteEndObject();
                break;
            case DictionaryArray dictionary: Value(json, dictionary.Dictionary, dictionary.GetIndex(row)); break;
            case StringArray text: json.WriteStringValue(TextRules.WithoutNul(text.GetBytes(row))); break;
            case LargeStringArray text: json.WriteStringValue(TextRules.WithoutNul(text.GetBytes(row))); break;
            case Decimal128Array number: json.WriteRawValue(number.GetText(row)!, skipInputValidation: true); break;
            case Date32Array date: json.WriteStringValue(Day(date.Values[row])); break;
            case TimestampArray moment: json.WriteStringValue(Moment(moment, row)); break;
            default: Plain(json, array.GetObject(row)); break;
        }
    }

    private static void Plain(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case bool b: json.WriteBooleanValue(b); break;
            case float f when !float.IsFinite(f): json.WriteStringValue(Special(f)); break;
            case double d when !double.IsFinite(d): json.WriteStringValue(Special(d)); break;
            case Half h when !Half.IsFinite(h): json.WriteStringValue(Special((double)h)); break;
            case float f: json.WriteNumberValue(f); break;
            case double d: json.WriteNumberValue(d); break;
            case Half h: json.WriteNumberValue((float)h); break;
            case ulong u: json.WriteNumberValue(u); break;
            case sbyte or byte or short or ushort or int or uint or long: json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case byte[] bytes: json.WriteStringValue("\\x" + Convert.ToHexStringLower(bytes)); break;
            case DateOnly d: json.WriteStringValue(d.ToString("O", CultureInfo.InvariantCulture)); break;
            case TimeOnly t: json.WriteStringValue(t.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)); break;
            default: json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    private static void Map(Utf8JsonWriter json, MapArray map, int row)
    {
        var (start, end) = (map.GetValueOffset(row), map.GetValueOffset(row) + map.GetValueLength(row));
        if (map.Keys is StringArray names)
        {
            json.WriteStartObject();
            for (var i = start; i < end; i++)
            {
                json.WritePropertyName(TextRules.WithoutNul(names.GetBytes(i)));
                Value(json, map.Items, i);
            }
            json.WriteEndObject();
            return;
        }
        json.WriteStartArray();
        for (var i = start; i < end; i++)
        {
            json.WriteStartObject();
            json.WritePropertyName("key");
            Value(json, map.Keys, i);
            json.WritePropertyName("value");
            Value(json, map.Items, i);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Day(int days) => days switch
    {
        int.MaxValue => "infinity",
        -int.MaxValue => "-infinity",
        _ when days + (long)DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber is >= 0 and var number && number <= DateOnly.MaxValue.DayNumber => DateOnly.FromDayNumber((int)number).ToString("O", CultureInfo.InvariantCulture),
        _ => throw new UnfitValueException("a date before the year 1 or after 9999 inside of a nested value", "Leave such rows out in the SQL of the table."),
    };

    private static string Moment(TimestampArray array, int row)
    {
        var type = (TimestampType)array.Type;
        var value = array.Values[row];
        if (value is long.MaxValue or -long.MaxValue) return value > 0 ? "infinity" : "-infinity";
        var ticks = Reach.Microseconds(value, type.Unit) * 10 + DateTime.UnixEpoch.Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks) throw new UnfitValueException("a time before the year 1 or after 9999 inside of a nested value", "Leave such rows out in the SQL of the table.");
        return new DateTime((long)ticks).ToString("yyyy-MM-ddTHH:mm:ss.FFFFFF", CultureInfo.InvariantCulture) + (type.Timezone is null ? "" : "Z");
    }

    private static string Special(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";

    public void Dispose() => _json?.Dispose();
}
