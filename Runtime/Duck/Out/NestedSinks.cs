using System.Runtime.InteropServices;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>Lists and maps. DuckDB's entries may point anywhere in the child; Arrow's follow each other.</summary>
internal sealed unsafe class ListSink(IArrowType type, ColumnSink child, BufferPool pool) : ColumnSink(type, pool)
{
    private readonly List<int> _offsets = [0];

    public override long Bytes => child.Bytes + 4L * Count;

    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var entries = (ListEntry*)Api.VectorData(vector) + start;
        var childVector = Api.ListChild(vector);
        var size = Api.ListSize(vector);
        ulong runStart = 0, runLength = 0;
        for (var i = 0; i < count; i++)
        {
            var length = IsValid(validity, start + i) ? entries[i].Length : 0;
            if (length > 0)
            {
                var offset = entries[i].Offset;
                if (offset > size || length > size - offset)
                    throw new DuckException(DuckErrorKind.Internal, $"DuckDB gave a list of {length} values from {offset} in a child of {size}.");
                // Neighbours are copied in one go.
                if (runLength > 0 && runStart + runLength != offset)
                {
                    child.Append(childVector, checked((int)runStart), (int)runLength);
                    runLength = 0;
                }
                if (runLength == 0) runStart = offset;
                runLength += length;
            }
            _offsets.Add(checked(_offsets[^1] + (int)length));
        }
        if (runLength > 0) child.Append(childVector, checked((int)runStart), checked((int)runLength));
    }

    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner)
    {
        var offsets = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_offsets)).ToArray();
        _offsets.Clear();
        _offsets.Add(0);
        return new ArrayData(Type, count, -1, 0, [validity, new ArrowBuffer(offsets)], [child.Finish(owner)], owner: owner);
    }
}

/// <summary>Fixed-size arrays.</summary>
internal sealed unsafe class ArraySink(FixedSizeListType type, ColumnSink child, BufferPool pool) : ColumnSink(type, pool)
{
    public override long Bytes => child.Bytes;

    protected override void Copy(nint vector, ulong* validity, int start, int count) =>
        child.Append(Api.ArrayChild(vector), checked(start * type.ListSize), checked(count * type.ListSize));

    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner) => new(Type, count, -1, 0, [validity], [child.Finish(owner)], owner: owner);
}

/// <summary>Structs.</summary>
internal sealed unsafe class StructSink(StructType type, ColumnSink[] children, BufferPool pool) : ColumnSink(type, pool)
{
    public override long Bytes => children.Sum(c => c.Bytes);

    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        for (var i = 0; i < children.Length; i++) children[i].Append(Api.StructChild(vector, (ulong)i), start, count);
    }

    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner) => new(Type, count, -1, 0, [validity], children.Select(c => c.Finish(owner)).ToArray(), owner: owner);
}

/// <summary>Enums as dictionaries: every batch shares one dictionary of all labels.</summary>
internal sealed unsafe class EnumSink(DictionaryType type, int width, ArrayData labels, BufferPool pool) : FixedSink(type, width, pool)
{
    private readonly int _width = width;

    protected override void Copy(nint vector, ulong* validity, int start, int count) =>
        new ReadOnlySpan<byte>((byte*)Api.VectorData(vector) + (long)start * _width, count * _width).CopyTo(Room(count));

    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner)
    {
        var indices = base.Build(count, validity, owner);
        return new ArrayData(Type, count, -1, 0, indices.Buffers, null, labels, owner);
    }
}
