using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>
/// Builder of dictionary-encoded text with int32 indices: equal texts are stored once. The dictionary is kept from batch to batch
/// and only grows, so that later batches extend what a reader already has.
/// </summary>
public sealed class StringDictionaryBuilder(bool ordered = false)
    : ArrayBuilder(new DictionaryType(Int32Type.Default, StringType.Default, ordered))
{
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private readonly List<int> _rows = [];
    private ArrayData? _dictionary;

    public void Append(string value)
    {
        if (!_index.TryGetValue(value, out var at))
        {
            _index[value] = at = _texts.Count;
            _texts.Add(value);
            _dictionary = null;
        }
        _rows.Add(at);
        Mark(true);
    }

    public override void AppendNull()
    {
        _rows.Add(0);
        Mark(false);
    }

    private protected override void AppendValue(object value) => Append((string)value);

    private protected override void Cut(int length) => CollectionsMarshal.SetCount(_rows, length);

    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity)
    {
        var rows = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_rows)).ToArray();
        _rows.Clear();
        return new ArrayData(Type, length, nulls, 0, [validity, new ArrowBuffer(rows)], null, _dictionary ??= Dictionary());
    }

    private ArrayData Dictionary()
    {
        var values = new StringArray.Builder();
        foreach (var text in _texts) values.Append(text);
        return values.BuildData();
    }
}
