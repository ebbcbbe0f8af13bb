using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FlowForge.Ingest.Formats.Json;

/// <summary>
/// Collects the elements of arrays of objects as records of their own, a line each, with the fields that lead back: <see cref="Parent"/>, <see cref="Key"/>,
/// and file and record of the row at the top. One thread at a time.
/// </summary>
internal sealed class ChildTexts(Func<string, bool> wants)
{
    public const string Parent = "_ff_parent", Key = "_ff_key", File = "_ff_file_no", Record = "_ff_record";
    private readonly Dictionary<string, ArrayBufferWriter<byte>> _texts = new(StringComparer.Ordinal);

    public bool Wants(string path) => wants(path);

    /// <summary>Adds the elements of an array.</summary>
    /// <param name="path">The array's field.</param>
    /// <param name="array">Valid JSON.</param>
    /// <param name="key">Of the record that the array is in.</param>
    /// <param name="file">Number of the file at the top.</param>
    /// <param name="record">Number of the record at the top.</param>
    public void Add(string path, ReadOnlySpan<byte> array, string key, string file, string record)
    {
        if (!_texts.TryGetValue(path, out var text)) _texts[path] = text = new ArrayBufferWriter<byte>();
        var reader = new Utf8JsonReader(array, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            var start = (int)reader.TokenStartIndex;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            var element = array[start..(int)reader.BytesConsumed];
            if (isObject) element = element[..^1];
            else text.Write("{\"value\":"u8);
            // Outside of strings a line break is a blank, and inside there is none.
            var own = text.GetSpan(element.Length)[..element.Length];
            element.CopyTo(own);
            own.Replace((byte)'\n', (byte)' ');
            own.Replace((byte)'\r', (byte)' ');
            text.Advance(element.Length);
            if (!isObject || element[1..].ContainsAnyExcept(" \t\r\n"u8)) text.Write(","u8);
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{Parent}\":\"{key}\",\"{Key}\":\"{key}.{i}\",\"{File}\":{file},\"{Record}\":{record}}}\n"), text);
        }
    }

    /// <summary>What was collected; empty afterwards.</summary>
    public IReadOnlyList<(string Path, byte[] Lines)> Take()
    {
        if (_texts.Count == 0) return [];
        List<(string, byte[])> taken = [.. _texts.Select(t => (t.Key, t.Value.WrittenSpan.ToArray()))];
        _texts.Clear();
        return taken;
    }
}
