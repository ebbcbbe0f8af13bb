using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace FlowForge.Columnar;

/// <summary>Builder of text and byte strings.</summary>
public abstract class BinaryBuilder : ArrayBuilder
{
    private int[] _offsets = [0];
    private byte[] _bytes = [];
    private int _used;
    // The next batch is probably like the last: it starts with room for as much, instead of growing and copying its way there.
    private int _expected = 1024;

    private protected BinaryBuilder(IArrowType type) : base(type) { }

    /// <summary>Bytes collected so far; a batch should stay well under 2 GB.</summary>
    public int ByteLength => _used;

    /// <summary>Adds the bytes; for text they must be valid UTF-8.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(value.Length <= _bytes.Length - _used ? _bytes.AsSpan(_used) : Room(value.Length));
        _used += value.Length;
        Close(true);
    }

    public override void AppendNull() => Close(false);

    private protected void AppendText(string? value)
    {
        if (value is null)
        {
            AppendNull();
            return;
        }
        _used += Encoding.UTF8.GetBytes(value, Room(Encoding.UTF8.GetMaxByteCount(value.Length)));
        Close(true);
    }

    private Span<byte> Room(int more)
    {
        var needed = (long)_used + more;
        if (needed > Array.MaxLength) throw new InvalidOperationException($"An array of {Type.Name} holds at most 2 GB: build smaller batches.");
        if (needed > _bytes.Length) Grow((int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(_expected, _bytes.Length * 2L))));
        return _bytes.AsSpan(_used);
    }

    private void Grow(int size)
    {
        var grown = Pool?.Rent(size) ?? GC.AllocateUninitializedArray<byte>(size);
        _bytes.AsSpan(0, _used).CopyTo(grown);
        Pool?.Return(_bytes);
        _bytes = grown;
    }

    private void Close(bool valid)
    {
        if (Length + 1 == _offsets.Length) Array.Resize(ref _offsets, Math.Max(64, checked(_offsets.Length * 2)));
        _offsets[Length + 1] = _used;
        Mark(valid);
    }

    private protected override void AppendValue(object value)
    {
        if (Type is StringType)
            AppendText(value as string ?? (value is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : value.ToString()));
        else Append((byte[])value);
    }

    private protected override void Cut(int length) => _used = _offsets[length];

    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity)
    {
        ArrowBuffer[] buffers = [validity, Kept(MemoryMarshal.AsBytes(_offsets.AsSpan(0, length + 1))), Kept(_bytes, _used)];
        var data = new ArrayData(Type, length, nulls, 0, buffers, owner: Owner);
        _bytes = [];
        _expected = Math.Max(1024, _used + _used / 16);
        _used = 0;
        return data;
    }
}

/// <summary>Builder of byte strings of one length.</summary>
public abstract class FixedSizeBinaryBuilder : ArrayBuilder
{
    private readonly int _width;
    private byte[] _bytes = [];

    private protected FixedSizeBinaryBuilder(FixedSizeBinaryType type) : base(type) => _width = type.Width;

    public void Append(ReadOnlySpan<byte> value)
    {
        if (value.Length != _width) throw new ArgumentException($"A value of {Type.Name} has {_width} bytes, not {value.Length}.", nameof(value));
        value.CopyTo(Room());
        Mark(true);
    }

    public override void AppendNull()
    {
        Room().Clear();
        Mark(false);
    }

    private Span<byte> Room()
    {
        var at = checked(Length * _width);
        if (at + _width > _bytes.Length) Array.Resize(ref _bytes, Math.Max(checked(at + _width), Math.Max(256, _bytes.Length * 2)));
        return _bytes.AsSpan(at, _width);
    }

    private protected override void AppendValue(object value)
    {
        if (value is Guid guid && Type is UuidType)
        {
            Span<byte> bytes = stackalloc byte[16];
            guid.TryWriteBytes(bytes, bigEndian: true, out _);
            Append(bytes);
        }
        else Append((byte[])value);
    }

    private protected override void Cut(int length) { }

    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity)
    {
        var bytes = _bytes;
        _bytes = [];
        return new ArrayData(Type, length, nulls, 0, [validity, new ArrowBuffer(bytes.AsMemory(0, length * _width))]);
    }
}
