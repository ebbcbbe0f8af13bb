using System.Globalization;

namespace FlowForge.Columnar;

/// <summary>Base of arrays with one child that holds the elements of all rows.</summary>
public abstract class ListLikeArray : ArrowArray
{
    private IArrowArray? _values;
    private protected ListLikeArray(ArrayData data) : base(data) { }

    /// <summary>The elements of all rows, unsliced; owned by this array.</summary>
    public IArrowArray Values
    {
        get
        {
            _ = Data;
            return _values ?? Interlocked.CompareExchange(ref _values, ArrowArrayFactory.Build(Data.Children[0]), null) ?? _values;
        }
    }

    /// <summary>First element of a row inside <see cref="Values"/>.</summary>
    public abstract int GetValueOffset(int index);

    /// <summary>Number of elements of a row.</summary>
    public abstract int GetValueLength(int index);

    /// <summary>The elements of a row as a slice that the caller disposes; null for null.</summary>
    public IArrowArray? GetSlicedValues(int index) => IsNull(index) ? null : Values.Slice(GetValueOffset(index), GetValueLength(index));

    protected override object? Box(int index)
    {
        var (start, length) = (GetValueOffset(index), GetValueLength(index));
        var list = new List<object?>(length);
        for (var i = 0; i < length; i++) list.Add(Values.GetObject(start + i));
        return list;
    }

    private protected override void DisposeChildren() => _values?.Dispose();
}

public class ListArray(ArrayData data) : ListLikeArray(data)
{
    /// <summary>Length + 1 offsets into <see cref="ListLikeArray.Values"/>.</summary>
    public ReadOnlySpan<int> ValueOffsets => Length == 0 && Data.Buffers[1].IsEmpty ? [0] : Data.Buffers[1].As<int>().Slice(Offset, Length + 1);
    public override int GetValueOffset(int index) => ValueOffsets[index];
    public override int GetValueLength(int index) => ValueOffsets[index + 1] - ValueOffsets[index];
}

public sealed class LargeListArray(ArrayData data) : ListLikeArray(data)
{
    private ReadOnlySpan<long> Offsets => Data.Buffers[1].As<long>().Slice(Offset, Length + 1);
    public override int GetValueOffset(int index) => checked((int)Offsets[index]);
    public override int GetValueLength(int index) => checked((int)(Offsets[index + 1] - Offsets[index]));
}

public sealed class FixedSizeListArray(ArrayData data) : ListLikeArray(data)
{
    private readonly int _size = ((FixedSizeListType)data.Type).ListSize;
    public override int GetValueOffset(int index)
    {
        CheckIndex(index);
        return checked((Offset + index) * _size);
    }
    public override int GetValueLength(int index) => _size;
}

/// <summary>Maps: a list of entries, each a struct of key and value.</summary>
public sealed class MapArray(ArrayData data) : ListArray(data)
{
    /// <summary>The entries of all rows; owned by this array.</summary>
    public StructArray Entries => (StructArray)Values;
    public IArrowArray Keys => Entries.Fields[0];
    public IArrowArray Items => Entries.Fields[1];

    /// <summary>A dictionary by the key's invariant text; of equal keys the last wins.</summary>
    protected override object? Box(int index)
    {
        var (start, length) = (GetValueOffset(index), GetValueLength(index));
        var map = new Dictionary<string, object?>(length);
        for (var i = start; i < start + length; i++)
            map[Convert.ToString(Keys.GetObject(i), CultureInfo.InvariantCulture) ?? ""] = Items.GetObject(i);
        return map;
    }
}

/// <summary>Rows inside a row.</summary>
public sealed class StructArray(ArrayData data) : ArrowArray(data)
{
    private IArrowArray[]? _fields;

    /// <summary>The children, cut to this array's window; owned by this array.</summary>
    public IReadOnlyList<IArrowArray> Fields
    {
        get
        {
            var d = Data;
            if (_fields is { } made) return made;
            var fields = new IArrowArray[d.Children.Length];
            for (var i = 0; i < fields.Length; i++)
            {
                var child = d.Children[i];
                fields[i] = ArrowArrayFactory.Build(d.Offset == 0 && child.Length == d.Length ? child : child.Slice(d.Offset, d.Length));
            }
            var before = Interlocked.CompareExchange(ref _fields, fields, null);
            if (before is null) return fields;
            foreach (var unused in fields) unused.Dispose();
            return before;
        }
    }

    protected override object? Box(int index)
    {
        var names = ((StructType)Type).Fields;
        var row = new Dictionary<string, object?>(names.Count);
        for (var i = 0; i < names.Count; i++) row[names[i].Name] = Fields[i].GetObject(index);
        return row;
    }

    private protected override void DisposeChildren()
    {
        if (_fields is not null)
            foreach (var field in _fields) field.Dispose();
    }
}

/// <summary>Indices into a dictionary of values.</summary>
public sealed class DictionaryArray(ArrayData data) : ArrowArray(data)
{
    private IArrowArray? _dictionary;

    /// <summary>The values; owned by this array.</summary>
    public IArrowArray Dictionary
    {
        get
        {
            var d = Data;
            return _dictionary ?? Interlocked.CompareExchange(ref _dictionary,
                ArrowArrayFactory.Build(d.Dictionary ?? throw new InvalidOperationException("The array has no dictionary.")), null) ?? _dictionary;
        }
    }

    /// <summary>Position of a row's value in <see cref="Dictionary"/>, or -1 for null.</summary>
    public int GetIndex(int index)
    {
        if (IsNull(index)) return -1;
        var buffer = Data.Buffers[1];
        var at = Offset + index;
        return ((DictionaryType)Type).IndexType.TypeId switch
        {
            ArrowTypeId.Int8 => buffer.As<sbyte>()[at],
            ArrowTypeId.UInt8 => buffer.As<byte>()[at],
            ArrowTypeId.Int16 => buffer.As<short>()[at],
            ArrowTypeId.UInt16 => buffer.As<ushort>()[at],
            ArrowTypeId.Int32 => buffer.As<int>()[at],
            ArrowTypeId.UInt32 => checked((int)buffer.As<uint>()[at]),
            ArrowTypeId.Int64 => checked((int)buffer.As<long>()[at]),
            _ => checked((int)buffer.As<ulong>()[at]),
        };
    }

    protected override object? Box(int index) => Dictionary.GetObject(GetIndex(index));
    private protected override void DisposeChildren() => _dictionary?.Dispose();
}
