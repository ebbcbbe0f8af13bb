using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Lists and maps.</summary>
internal sealed unsafe class ListWriter(VectorWriter child) : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var lists = (ListLikeArray)array;
        var values = lists.Values;
        var filled = checked((int)Api.ListSize(vector));
        var total = 0;
        var entries = (ListEntry*)Api.VectorData(vector) + at;
        for (var i = 0; i < count; i++)
        {
            var length = array.IsNull(start + i) ? 0 : lists.GetValueLength(start + i);
            if (length < 0) throw new InvalidDataException($"List {start + i} has a length of {length}.");
            entries[i] = new ListEntry { Offset = (ulong)(filled + total), Length = (ulong)length };
            total = checked(total + length);
        }
        if (Api.ReserveList(vector, (ulong)(filled + total)) != DuckState.Success || Api.SetListSize(vector, (ulong)(filled + total)) != DuckState.Success)
            throw new InsufficientMemoryException($"DuckDB could not take {total} list elements.");
        var into = Api.ListChild(vector);
        // Neighbouring rows are copied in one go.
        for (var i = 0; i < count;)
        {
            if (entries[i].Length == 0)
            {
                i++;
                continue;
            }
            var from = lists.GetValueOffset(start + i);
            var target = (int)entries[i].Offset;
            var run = 0;
            for (; i < count && (entries[i].Length == 0 || lists.GetValueOffset(start + i) == from + run); i++) run += (int)entries[i].Length;
            child.Write(values, from, run, into, target);
        }
    }
}

/// <summary>Fixed-size arrays.</summary>
internal sealed class ArrayWriter(int size, VectorWriter child) : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at) =>
        child.Write(((FixedSizeListArray)array).Values, checked((array.Offset + start) * size), checked(count * size), Api.ArrayChild(vector), checked(at * size));
}

/// <summary>Structs: DuckDB wants the children of a null row null as well.</summary>
internal sealed unsafe class StructWriter(VectorWriter[] children) : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var fields = ((StructArray)array).Fields;
        for (var i = 0; i < children.Length; i++)
        {
            var child = Api.StructChild(vector, (ulong)i);
            children[i].Write(fields[i], start, count, child, at);
            if (array.NullCount == 0) continue;
            Api.EnsureValidityWritable(child);
            var mask = new Span<byte>(Api.VectorValidity(child), ((at + count + 63) >> 6) * 8);
            for (var row = 0; row < count; row++) if (array.IsNull(start + row)) Bits.Clear(mask, at + row);
        }
    }
}

/// <summary>Dictionaries are unpacked.</summary>
internal sealed unsafe class DictionaryWriter(VectorWriter values) : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var rows = (DictionaryArray)array;
        var dictionary = rows.Dictionary;
        for (var i = 0; i < count; i++)
        {
            var index = rows.GetIndex(start + i);
            if (index < 0) continue;
            if (index >= dictionary.Length) throw new InvalidDataException($"Value {start + i} points at entry {index} of a dictionary of {dictionary.Length}.");
            values.Write(dictionary, index, 1, vector, at + i);
        }
    }
}
