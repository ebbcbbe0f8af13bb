using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowForge.Plugins.Formats;

/// <summary>Collects records as lines of JSON until they are a page. What is text is written so that the runtime can find its type: numbers and truth values bare, all else quoted.</summary>
internal sealed class JsonPage : IDisposable
{
    private const int PageBytes = 256 << 10;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly ArrayBufferWriter<byte> _bytes = new(PageBytes + (PageBytes >> 2));
    private readonly Utf8JsonWriter _json;
    private readonly List<BadRecord> _bad = [];
    private int _count;
    private long _records;

    public JsonPage() => _json = new Utf8JsonWriter(_bytes, Options);

    /// <summary>Writes the record that is open.</summary>
    public Utf8JsonWriter Json => _json;

    public bool IsFull => _bytes.WrittenCount >= PageBytes || _bad.Count >= 1_000;
    public bool IsEmpty => _count == 0 && _bad.Count == 0;

    /// <summary>Closes a record.</summary>
    public void EndRecord()
    {
        _json.Flush();
        _json.Reset();
        _bytes.Write("\n"u8);
        _count++;
        _records++;
    }

    public void Reject(string reason, string message, string? raw = null, string? column = null) => _bad.Add(new BadRecord(++_records, reason, message, raw, column));

    /// <summary>What was collected; the next record begins a new page, which takes the memory of this one.</summary>
    public FormatPage Take()
    {
        var page = new FormatPage(_bytes.WrittenMemory, _count, _bad.Count == 0 ? null : [.. _bad]);
        _count = 0;
        _bad.Clear();
        return page;
    }

    /// <summary>Call when the page that was taken has been read.</summary>
    public void Clear() => _bytes.ResetWrittenCount();

    /// <summary>A text as the value that it stands for: <c>12.50</c> is a number, <c>007</c>, <c>+1</c> and <c>1e5</c> stay as they are.</summary>
    public void WriteText(ReadOnlySpan<char> text)
    {
        if (text.Length == 0) _json.WriteNullValue();
        else if (text is "true") _json.WriteBooleanValue(true);
        else if (text is "false") _json.WriteBooleanValue(false);
        else if (IsNumber(text))
        {
            Span<byte> digits = stackalloc byte[text.Length];
            Encoding.ASCII.GetBytes(text, digits);
            _json.WriteRawValue(digits, skipInputValidation: true);
        }
        else _json.WriteStringValue(text);
    }

    /// <summary>Whether a text is a plain decimal number that loses nothing when it is read as one.</summary>
    public static bool IsNumber(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > 40) return false;
        var i = text[0] == '-' ? 1 : 0;
        var start = i;
        while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
        if (i == start || (text[start] == '0' && i > start + 1)) return false;
        if (i == text.Length) return text is not "-0";
        if (text[i++] != '.' || i == text.Length) return false;
        while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
        return i == text.Length;
    }

    public void Dispose() => _json.Dispose();
}
