using System.Collections;
using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>Builder of lists: <see cref="Append"/> opens a row, then its elements go to <see cref="Values"/>.</summary>
public class ListBuilder : ArrayBuilder
{
    private readonly List<int> _offsets = [];

    public ListBuilder(ListType type) : this(type, Create(type.ValueType)) { }
    private protected ListBuilder(IArrowType type, ArrayBuilder values) : base(type) => Values = values;

    /// <summary>Builder of the elements of the open row.</summary>
    public ArrayBuilder Values { get; }

    public void Append()
    {
        _offsets.Add(Values.Length);
        Mark(true);
    }

    public override void AppendNull()
    {
        _offsets.Add(Values.Length);
        Mark(false);
    }

    private protected override void AppendValue(object value)
    {
        if (value is string || value is not IEnumerable items) throw new InvalidCastException("a list is needed");
        Append();
        foreach (var item in items) Values.AppendObject(item);
    }

    private protected override void Cut(int length)
    {
        if (length >= _offsets.Count) return;
        Values.Truncate(_offsets[length]);
        CollectionsMarshal.SetCount(_offsets, length);
    }

    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity)
    {
        _offsets.Add(Values.Length);
        var offsets = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_offsets)).ToArray();
        _offsets.Clear();
        return new ArrayData(Type, length, nulls, 0, [validity, new ArrowBuffer(offsets)], [Values.BuildData()]);
    }
}

/// <summary>Builder of maps: <see cref="ListBuilder.Append"/> opens a row, then each entry adds to <see cref="Keys"/> and <see cref="Items"/>.</summary>
public sealed class MapBuilder(MapType type) : ListBuilder(type, new StructBuilder(type.EntriesType))
{
    private StructBuilder Entries => (StructBuilder)Values;
    public ArrayBuilder Keys => Entries.Fields[0];
    public ArrayBuilder Items => Entries.Fields[1];

    /// <summary>Opens an entry; add one value to <see cref="Keys"/> and one to <see cref="Items"/>.</summary>
    public void AppendEntry() => Entries.Append();

    private protected override void AppendValue(object value)
    {
        if (value is not IDictionary map) throw new InvalidCastException("a dictionary is needed");
        Append();
        foreach (DictionaryEntry entry in map)
        {
            AppendEntry();
            Keys.AppendObject(entry.Key);
            Items.AppendObject(entry.Value);
        }
    }
}

/// <summary>Builder of structs: <see cref="Append"/> opens a row, then each of <see cref="Fields"/> gets one value.</summary>
public sealed class StructBuilder : ArrayBuilder
{
    public StructBuilder(StructType type) : base(type) => Fields = type.Fields.Select(f => Create(f.DataType)).ToArray();

    public IReadOnlyList<ArrayBuilder> Fields { get; }

    public void Append() => Mark(true);

    /// <summary>Adds a null row and a null to every child.</summary>
    public override void AppendNull()
    {
        foreach (var field in Fields) field.AppendNull();
        Mark(false);
    }

    private protected override void AppendValue(object value)
    {
        if (value is not IReadOnlyDictionary<string, object?> row) throw new InvalidCastException("a dictionary by field name is needed");
        var fields = ((StructType)Type).Fields;
        for (var i = 0; i < fields.Count; i++) Fields[i].AppendObject(row.GetValueOrDefault(fields[i].Name));
        Append();
    }

    private protected override void Cut(int length)
    {
        foreach (var field in Fields) field.Truncate(length);
    }

    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity)
    {
        for (var i = 0; i < Fields.Count; i++)
        {
            if (Fields[i].Length != length)
                throw new InvalidOperationException($"Field '{((StructType)Type).Fields[i].Name}' has {Fields[i].Length} values in {length} rows.");
        }
        return new ArrayData(Type, length, nulls, 0, [validity], Fields.Select(f => f.BuildData()).ToArray());
    }
}
