using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Output;

/// <summary>Collects rows as JSON arrays (the forms: <see cref="RowsNotification.Rows"/>) until a page is full. Not thread-safe.</summary>
internal sealed class RowWriter : IDisposable
{
    private const int PageBytes = 4 << 20;
    private const int MostElements = 1000;
    private const long ExactInDouble = 1L << 53;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private readonly int _textLength;

    public RowWriter(int columns)
    {
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = MessageJson.Options.Encoder, MaxDepth = 200, SkipValidation = true });
        _textLength = Math.Clamp(PageBytes / 2 / Math.Max(1, columns), 64, KernelProtocol.MaxValueLength);
        _json.WriteStartArray();
    }

    public int Count { get; private set; }

    public bool IsFull => Bytes >= PageBytes;

    public void Add(int columns, Func<int, object?> value)
    {
        _json.WriteStartArray();
        for (var i = 0; i < columns; i++) Write(value(i), 0);
        _json.WriteEndArray();
        Count++;
    }

    /// <summary>Adds a bare value in place of a row, for <see cref="TakeArray"/>.</summary>
    public void Add(object? value)
    {
        Write(value, 0);
        Count++;
    }

    public int Bytes => _buffer.WrittenCount + _json.BytesPending;

    /// <summary>All that was added as one JSON array; the writer is used up.</summary>
    public JsonElement TakeArray()
    {
        _json.WriteEndArray();
        _json.Flush();
        return JsonElement.Parse(_buffer.WrittenSpan, new JsonDocumentOptions { MaxDepth = 200 });
    }

    /// <summary>The rows; the writer is used up.</summary>
    public IReadOnlyList<JsonElement> Take()
    {
        return [.. TakeArray().EnumerateArray()];
    }

    private void Write(object? value, int depth)
    {
        switch (value)
        {
            case null or DBNull: _json.WriteNullValue(); break;
            case bool v: _json.WriteBooleanValue(v); break;
            case sbyte or byte or short or ushort or int or uint: _json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case long v when v is > -ExactInDouble and < ExactInDouble: _json.WriteNumberValue(v); break;
            case ulong v when v < ExactInDouble: _json.WriteNumberValue(v); break;
            case float v when float.IsFinite(v): _json.WriteNumberValue(v); break;
            case double v when double.IsFinite(v): _json.WriteNumberValue(v); break;
            case string v: _json.WriteStringValue(KernelProtocol.Cut(v, _textLength)); break;
            case byte[] v: _json.WriteStringValue(KernelProtocol.Cut("\\x" + Convert.ToHexString(v.AsSpan(0, Math.Min(v.Length, _textLength))), _textLength)); break;
            case DateOnly v: _json.WriteStringValue(v.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)); break;
            case TimeOnly v: _json.WriteStringValue(v.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)); break;
            case DateTime v: _json.WriteStringValue(v.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture)); break;
            case DateTimeOffset v: _json.WriteStringValue(v.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture)); break;
            case BigInteger v: _json.WriteStringValue(v.ToString(CultureInfo.InvariantCulture)); break;
            case IDictionary v when depth < 30: WriteObject(v, depth); break;
            case IEnumerable v when depth < 30: WriteList(v, depth); break;
            case IFormattable v: _json.WriteStringValue(KernelProtocol.Cut(v.ToString(null, CultureInfo.InvariantCulture), _textLength)); break;
            default: _json.WriteStringValue(KernelProtocol.Cut(value.ToString() ?? "", _textLength)); break;
        }
    }

    private void WriteList(IEnumerable values, int depth)
    {
        _json.WriteStartArray();
        var written = 0;
        foreach (var value in values)
        {
            if (written++ == MostElements || IsFull)
            {
                _json.WriteStringValue("… (more elements)");
                break;
            }
            Write(value, depth + 1);
        }
        _json.WriteEndArray();
    }

    private void WriteObject(IDictionary values, int depth)
    {
        _json.WriteStartObject();
        foreach (DictionaryEntry entry in values)
        {
            _json.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? "");
            Write(entry.Value, depth + 1);
        }
        _json.WriteEndObject();
    }

    public void Dispose() => _json.Dispose();
}
