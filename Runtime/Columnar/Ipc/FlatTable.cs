using System.Buffers.Binary;
using System.Text;

namespace FlowForge.Columnar.Ipc;

/// <summary>
/// A FlatBuffers table being read. Every access checks its bounds and throws <see cref="InvalidDataException"/>: the bytes are not
/// trusted.
/// </summary>
internal readonly struct FlatTable
{
    private readonly ReadOnlyMemory<byte> _buffer;
    private readonly int _at;

    private FlatTable(ReadOnlyMemory<byte> buffer, int at)
    {
        _buffer = buffer;
        _at = at;
    }

    public static FlatTable Root(ReadOnlyMemory<byte> buffer)
    {
        var root = new FlatTable(buffer, 0);
        return new FlatTable(buffer, root.Follow(0));
    }

    /// <summary>The default value stands for a field that is not there.</summary>
    public bool Bool(int field) => Field(field) is var at and > 0 && Bytes(at, 1)[0] != 0;
    public byte Byte(int field) => Field(field) is var at and > 0 ? Bytes(at, 1)[0] : (byte)0;
    public short Short(int field, short otherwise = 0) => Field(field) is var at and > 0 ? BinaryPrimitives.ReadInt16LittleEndian(Bytes(at, 2)) : otherwise;
    public int Int(int field, int otherwise = 0) => Field(field) is var at and > 0 ? BinaryPrimitives.ReadInt32LittleEndian(Bytes(at, 4)) : otherwise;
    public long Long(int field) => Field(field) is var at and > 0 ? BinaryPrimitives.ReadInt64LittleEndian(Bytes(at, 8)) : 0;
    public bool Has(int field) => Field(field) > 0;
    public FlatTable? Table(int field) => Field(field) is var at and > 0 ? new FlatTable(_buffer, Follow(at)) : null;

    public string? Text(int field)
    {
        if (Field(field) is not (var at and > 0)) return null;
        var (start, length) = Vector(Follow(at), 1);
        return Encoding.UTF8.GetString(Bytes(start, length));
    }

    /// <summary>Number of elements of a vector; 0 when it is not there.</summary>
    public int Count(int field, int elementSize) => Field(field) is var at and > 0 ? Vector(Follow(at), elementSize).Count : 0;

    /// <summary>Element of a vector of tables.</summary>
    public FlatTable TableAt(int field, int index)
    {
        var (start, count) = Vector(Follow(Field(field)), 4);
        if ((uint)index >= (uint)count) throw Broken();
        return new FlatTable(_buffer, Follow(start + index * 4));
    }

    /// <summary>Bytes of an element of a vector of structs.</summary>
    public ReadOnlySpan<byte> StructAt(int field, int index, int size)
    {
        var (start, count) = Vector(Follow(Field(field)), size);
        if ((uint)index >= (uint)count) throw Broken();
        return Bytes(start + index * size, size);
    }

    private (int Start, int Count) Vector(int at, int elementSize)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(Bytes(at, 4));
        if (count < 0 || (long)count * elementSize > _buffer.Length - at - 4) throw Broken();
        return (at + 4, count);
    }

    /// <summary>Position of a field's value, 0 when it is not there.</summary>
    private int Field(int field)
    {
        var vtable = (long)_at - BinaryPrimitives.ReadInt32LittleEndian(Bytes(_at, 4));
        if (vtable < 0 || vtable > _buffer.Length - 4) throw Broken();
        var size = BinaryPrimitives.ReadUInt16LittleEndian(Bytes((int)vtable, 2));
        var slot = 4 + field * 2;
        if (slot + 2 > size) return 0;
        var offset = BinaryPrimitives.ReadUInt16LittleEndian(Bytes((int)vtable + slot, 2));
        return offset == 0 ? 0 : _at + offset;
    }

    private int Follow(int at)
    {
        var target = at + (long)BinaryPrimitives.ReadUInt32LittleEndian(Bytes(at, 4));
        return target <= _buffer.Length - 4 ? (int)target : throw Broken();
    }

    private ReadOnlySpan<byte> Bytes(int at, int length) =>
        at >= 0 && length >= 0 && (long)at + length <= _buffer.Length ? _buffer.Span.Slice(at, length) : throw Broken();

    private static InvalidDataException Broken() => new("The Arrow message is broken: an offset in its metadata points outside.");
}
