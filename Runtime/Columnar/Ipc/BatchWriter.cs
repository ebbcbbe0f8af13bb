using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FlowForge.Columnar.Ipc;

/// <summary>
/// The body of a record batch: nodes and buffers of its arrays in order, each buffer padded to 8 bytes. Slices are cut, so that
/// nothing outside a window is written.
/// </summary>
internal sealed class BatchWriter
{
    private readonly List<(long Length, long Nulls)> _nodes = [];
    private readonly List<(long Offset, long Length)> _places = [];
    private readonly List<ReadOnlyMemory<byte>> _buffers = [];

    public long BodyLength { get; private set; }

    /// <summary>Adds an array; dictionaries are written as their indices.</summary>
    public void Add(ArrayData data)
    {
        _nodes.Add((data.Length, data.NullCount));
        if (data.Type is NullType) return;
        Put(data.NullCount == 0 ? default : CutBits(data.Buffers[0], data.Offset, data.Length));
        switch (data.Type)
        {
            case BooleanType:
                Put(CutBits(data.Buffers[1], data.Offset, data.Length));
                break;
            case StringType or BinaryType:
                Variable(data, data.Length == 0 ? [0] : data.Buffers[1].As<int>().Slice(data.Offset, data.Length + 1));
                break;
            case LargeStringType or LargeBinaryType:
                Variable(data, data.Length == 0 ? [0] : data.Buffers[1].As<long>().Slice(data.Offset, data.Length + 1));
                break;
            case ListType or MapType:
                var ints = data.Length == 0 ? [0] : data.Buffers[1].As<int>().Slice(data.Offset, data.Length + 1);
                Put(Rebase(ints));
                Add(data.Children[0].Slice(ints[0], ints[^1] - ints[0]));
                break;
            case LargeListType:
                var longs = data.Length == 0 ? [0] : data.Buffers[1].As<long>().Slice(data.Offset, data.Length + 1);
                Put(Rebase(longs));
                Add(data.Children[0].Slice(checked((int)longs[0]), checked((int)(longs[^1] - longs[0]))));
                break;
            case FixedSizeListType t:
                Add(data.Children[0].Slice(checked(data.Offset * t.ListSize), checked(data.Length * t.ListSize)));
                break;
            case StructType:
                foreach (var child in data.Children) Add(child.Slice(data.Offset, data.Length));
                break;
            case FixedWidthType t:
                Put(Cut(data.Buffers[1], (long)data.Offset * t.ByteWidth, (long)data.Length * t.ByteWidth));
                break;
            default: throw new NotSupportedException($"{data.Type.Name} cannot be written to Arrow IPC.");
        }
    }

    /// <summary>Writes the table <c>RecordBatch</c> and returns its position.</summary>
    public int WriteTable(FlatBuilder b, long length)
    {
        var nodes = b.Structs(Pairs(_nodes), _nodes.Count);
        var buffers = b.Structs(Pairs(_places), _places.Count);
        b.StartTable(5);
        b.AddLong(0, length);
        b.AddOffset(1, nodes);
        b.AddOffset(2, buffers);
        return b.EndTable();
    }

    public void WriteBody(Stream stream)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[8];
        foreach (var buffer in _buffers)
        {
            stream.Write(buffer.Span);
            stream.Write(zeros[..(int)(-buffer.Length & 7)]);
        }
    }

    private void Variable<T>(ArrayData data, ReadOnlySpan<T> offsets) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        Put(Rebase(offsets));
        Put(Cut(data.Buffers[2], long.CreateChecked(offsets[0]), long.CreateChecked(offsets[^1] - offsets[0])));
    }

    private static byte[] Rebase<T>(ReadOnlySpan<T> offsets) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var copy = offsets.ToArray();
        var first = copy[0];
        if (first != T.Zero) for (var i = 0; i < copy.Length; i++) copy[i] -= first;
        return MemoryMarshal.AsBytes(copy.AsSpan()).ToArray();
    }

    private static ReadOnlyMemory<byte> CutBits(ArrowBuffer buffer, int offset, int length)
    {
        var bytes = Bits.BytesFor(length);
        if ((offset & 7) == 0) return Cut(buffer, offset >> 3, bytes);
        var copy = new byte[bytes];
        Bits.Copy(buffer.Span, offset, copy, 0, length);
        return copy;
    }

    private static ReadOnlyMemory<byte> Cut(ArrowBuffer buffer, long offset, long length)
    {
        if (length == 0) return default;
        return buffer.IsNative ? buffer.Span.Slice(checked((int)offset), checked((int)length)).ToArray() : buffer.Memory.Slice(checked((int)offset), checked((int)length));
    }

    private void Put(ReadOnlyMemory<byte> buffer)
    {
        _places.Add((BodyLength, buffer.Length));
        _buffers.Add(buffer);
        BodyLength += (buffer.Length + 7L) & ~7L;
    }

    private static byte[] Pairs(List<(long A, long B)> pairs)
    {
        var bytes = new byte[pairs.Count * 16];
        for (var i = 0; i < pairs.Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 16), pairs[i].A);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 16 + 8), pairs[i].B);
        }
        return bytes;
    }
}
