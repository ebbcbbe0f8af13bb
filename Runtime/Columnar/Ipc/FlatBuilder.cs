using System.Buffers.Binary;
using System.Text;

namespace FlowForge.Columnar.Ipc;

/// <summary>
/// Writes FlatBuffers from the end to the front, children before parents. A position is the distance from the end of the
/// buffer, as FlatBuffers counts while building.
/// </summary>
internal sealed class FlatBuilder
{
    private byte[] _bytes = new byte[1024];
    private int _used;
    private int[] _slots = [];
    private int _tableStart;

    public void StartTable(int fields)
    {
        _slots = new int[fields];
        _tableStart = _used;
    }

    public void AddBool(int slot, bool value)
    {
        if (!value) return;
        Prepare(1, 1);
        Front(1)[0] = 1;
        _slots[slot] = _used;
    }

    public void AddByte(int slot, byte value)
    {
        Prepare(1, 1);
        Front(1)[0] = value;
        _slots[slot] = _used;
    }

    /// <summary>Written also when it is the default, so that the default need not be known.</summary>
    public void AddShort(int slot, short value)
    {
        Prepare(2, 2);
        BinaryPrimitives.WriteInt16LittleEndian(Front(2), value);
        _slots[slot] = _used;
    }

    public void AddInt(int slot, int value)
    {
        Prepare(4, 4);
        BinaryPrimitives.WriteInt32LittleEndian(Front(4), value);
        _slots[slot] = _used;
    }

    public void AddLong(int slot, long value)
    {
        Prepare(8, 8);
        BinaryPrimitives.WriteInt64LittleEndian(Front(8), value);
        _slots[slot] = _used;
    }

    /// <summary>A reference to something written before; 0 is left out.</summary>
    public void AddOffset(int slot, int position)
    {
        if (position == 0) return;
        Offset(position);
        _slots[slot] = _used;
    }

    public int EndTable()
    {
        Prepare(4, 4);
        Front(4).Clear();
        var table = _used;
        // The vtable goes in front: its size, the table's size, then where each field is.
        var size = 4 + _slots.Length * 2;
        Prepare(2, size);
        var vtable = Front(size);
        BinaryPrimitives.WriteUInt16LittleEndian(vtable, (ushort)size);
        BinaryPrimitives.WriteUInt16LittleEndian(vtable[2..], (ushort)(table - _tableStart));
        for (var i = 0; i < _slots.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(vtable[(4 + i * 2)..], (ushort)(_slots[i] == 0 ? 0 : table - _slots[i]));
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_bytes.Length - table), _used - table);
        return table;
    }

    public int Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Prepare(4, 4 + bytes.Length + 1);
        Front(1)[0] = 0;
        bytes.CopyTo(Front(bytes.Length));
        BinaryPrimitives.WriteInt32LittleEndian(Front(4), bytes.Length);
        return _used;
    }

    /// <summary>A vector of references to tables or texts.</summary>
    public int Vector(IReadOnlyList<int> positions)
    {
        Prepare(4, 4 + positions.Count * 4);
        for (var i = positions.Count - 1; i >= 0; i--) Offset(positions[i]);
        BinaryPrimitives.WriteInt32LittleEndian(Front(4), positions.Count);
        return _used;
    }

    /// <summary>A vector of structs, given as bytes.</summary>
    public int Structs(ReadOnlySpan<byte> bytes, int count)
    {
        Prepare(8, bytes.Length);
        bytes.CopyTo(Front(bytes.Length));
        BinaryPrimitives.WriteInt32LittleEndian(Front(4), count);
        return _used;
    }

    /// <summary>The finished buffer; its length is a multiple of 8.</summary>
    public byte[] Finish(int root)
    {
        Prepare(8, 4);
        Offset(root);
        return _bytes.AsSpan(_bytes.Length - _used).ToArray();
    }

    private void Offset(int position)
    {
        Prepare(4, 4);
        var value = _used + 4 - position;
        BinaryPrimitives.WriteInt32LittleEndian(Front(4), value);
    }

    /// <summary>Pads so that after <paramref name="size"/> more bytes the position is a multiple of <paramref name="alignment"/>.</summary>
    private void Prepare(int alignment, int size)
    {
        var padding = -(_used + size) & (alignment - 1);
        Front(padding).Clear();
        Grow(size);
    }

    private Span<byte> Front(int size)
    {
        Grow(size);
        _used += size;
        return _bytes.AsSpan(_bytes.Length - _used, size);
    }

    private void Grow(int size)
    {
        if (_used + size <= _bytes.Length) return;
        var grown = new byte[Math.Max(_bytes.Length * 2, _used + size)];
        _bytes.AsSpan(_bytes.Length - _used).CopyTo(grown.AsSpan(grown.Length - _used));
        _bytes = grown;
    }
}
