using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace FlowForge.Plugins.Messages;

/// <summary>
/// Writes messages as JSON, one a line: what is known of the message first, then its payload. A payload that is not what it should be becomes a line that no reader takes, so that the runtime
/// makes a reject of it with all of its text, and the count stays right.
/// </summary>
internal sealed class MessageLines
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 16);
    private const string TimeForm = "'\"'yyyy-MM-dd'T'HH:mm:ss.fff'Z\"'";
    private int _start;
    private bool _first;

    public int Count { get; private set; }
    public int Length => _bytes.WrittenCount;
    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public void Clear()
    {
        _bytes.ResetWrittenCount();
        Count = 0;
    }

    public void Begin()
    {
        _start = _bytes.WrittenCount;
        _first = true;
        Put("{"u8);
    }

    public void End()
    {
        Put("}\n"u8);
        Count++;
    }

    public void Number(ReadOnlySpan<byte> name, long value)
    {
        Name(name);
        Utf8Formatter.TryFormat(value, _bytes.GetSpan(20), out var written);
        _bytes.Advance(written);
    }

    /// <param name="milliseconds">Since 1970; what is before it, or beyond the year 9999, is no time.</param>
    public void Time(ReadOnlySpan<byte> name, long milliseconds)
    {
        Name(name);
        if (milliseconds is < 0 or > 253_402_300_799_999)
        {
            Put("null"u8);
            return;
        }
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).TryFormat(_bytes.GetSpan(32), out var written, TimeForm, CultureInfo.InvariantCulture);
        _bytes.Advance(written);
    }

    public void Null(ReadOnlySpan<byte> name)
    {
        Name(name);
        Put("null"u8);
    }

    /// <returns>False when it is no UTF-8: nothing is written then.</returns>
    public bool TryText(ReadOnlySpan<byte> name, ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8)) return false;
        Name(name);
        String(utf8);
        return true;
    }

    public void Base64(ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes)
    {
        Name(name);
        Put("\""u8);
        System.Buffers.Text.Base64.EncodeToUtf8(bytes, _bytes.GetSpan(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        _bytes.Advance(written);
        Put("\""u8);
    }

    /// <summary>JSON as it is.</summary>
    public void Raw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        Name(name);
        OneLine(json);
    }

    /// <summary>The fields of a JSON object as fields of the message; another JSON value as the field <paramref name="other"/>.</summary>
    /// <param name="own">
    /// How the names of what is known of a message begin. The last field of a name counts, so a payload's fields of such names are written under <paramref name="other"/> and the name: they are
    /// kept, and say nothing of the message.
    /// </param>
    /// <returns>False when it is no JSON: nothing is written then.</returns>
    public bool TryJson(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> other, ReadOnlySpan<byte> own)
    {
        var json = payload.Trim(" \t\r\n"u8);
        if (!IsJson(json)) return false;
        if (json[0] != '{')
        {
            Raw(other, json);
            return true;
        }
        var fields = json[1..^1].Trim(" \t\r\n"u8);
        if (fields.IsEmpty) return true;
        if (MayName(fields, own))
        {
            Fields(json, other, own);
            return true;
        }
        if (!_first) Put(","u8);
        _first = false;
        OneLine(fields);
        return true;
    }

    // Rarely true: a look at all names takes longer than a copy. A letter may be written as an escape.
    private static bool MayName(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> own) =>
        fields.IndexOf(own) >= 0 || (fields.IndexOf("\\u00"u8) >= 0 && (fields.IndexOf("\\u005"u8) >= 0 || fields.IndexOf("\\u006"u8) >= 0 || fields.IndexOf("\\u007"u8) >= 0));

    private void Fields(ReadOnlySpan<byte> json, ReadOnlySpan<byte> other, ReadOnlySpan<byte> own)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            var utf8 = System.Text.Encoding.UTF8.GetBytes(name);
            if (utf8.AsSpan().StartsWith(own)) utf8 = [.. other, (byte)'_', .. utf8];
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            Raw(utf8, json[start..(int)reader.BytesConsumed]);
        }
    }

    /// <summary>Turns the message that was begun into a line that is no JSON and says why.</summary>
    /// <param name="what">What it should be, e.g. <c>not JSON</c>.</param>
    public void Broken(string what, ReadOnlySpan<byte> payload)
    {
        var head = _bytes.WrittenSpan[_start..].ToArray();
        Back(_start);
        Put(System.Text.Encoding.ASCII.GetBytes(what));
        Put(": "u8);
        Put(head);
        Put("} "u8);
        OneLine(payload);
        Put("\n"u8);
        Count++;
    }

    private void Back(int length)
    {
        // The writer only grows: what is kept is written again.
        var kept = _bytes.WrittenSpan[..length].ToArray();
        _bytes.ResetWrittenCount();
        Put(kept);
    }

    private static bool IsJson(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) return false;
        try
        {
            var reader = new Utf8JsonReader(json);
            while (reader.Read()) { }
            return Utf8.IsValid(json);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        if (!_first) Put(","u8);
        _first = false;
        String(name);
        Put(":"u8);
    }

    private void String(ReadOnlySpan<byte> utf8)
    {
        Put("\""u8);
        if (utf8.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e) < 0 && utf8.IndexOfAny((byte)'"', (byte)'\\') < 0) Put(utf8);
        else
        {
            while (!utf8.IsEmpty)
            {
                JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(utf8, _bytes.GetSpan(Math.Min(utf8.Length, 1 << 16) * 6 + 16), out var read, out var written);
                _bytes.Advance(written);
                utf8 = utf8[read..];
            }
        }
        Put("\""u8);
    }

    // Between values a line break is no more than a blank, and inside a text JSON has none.
    private void OneLine(ReadOnlySpan<byte> bytes)
    {
        var target = _bytes.GetSpan(bytes.Length)[..bytes.Length];
        bytes.CopyTo(target);
        target.ReplaceAny(LineBreaks, (byte)' ');
        _bytes.Advance(bytes.Length);
    }

    private static readonly SearchValues<byte> LineBreaks = SearchValues.Create("\r\n"u8);

    private void Put(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);
}
