using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>Text and blobs.</summary>
internal unsafe class BytesSink(IArrowType type, BufferPool pool) : ColumnSink(type, pool)
{
    private byte[] _offsets = [];
    private byte[] _bytes = [];
    private int _used;
    private int _lastBytes;
    private int _lastRows;

    public override long Bytes => _used + 4L * Count;

    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var offsets = Offsets(Count + count);
        // Inline strings are copied 12 bytes at a time, hence the slack.
        Reserve(count * 16L);
        var from = (NativeString*)Api.VectorData(vector) + start;
        var bytes = _bytes;
        var used = _used;
        offsets = offsets[Count..];
        for (var i = 0; i < count; i++)
        {
            offsets[i] = used;
            if (validity != null && !IsValid(validity, start + i)) continue;
            var length = from[i].Length;
            if (length <= NativeString.InlineLength)
            {
                Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(bytes), used), ref from[i].Inlined[0], NativeString.InlineLength);
                used += (int)length;
                continue;
            }
            if (length > int.MaxValue) throw TooLarge();
            if (used + length + (count - i) * 16L > bytes.Length)
            {
                _used = used;
                Reserve(length + (count - i) * 16L);
                bytes = _bytes;
            }
            Long(from[i].Pointer, (int)length, ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(bytes), used), bytes.Length - used);
            used += (int)length;
        }
        offsets[count] = used;
        _used = used;
    }

    /// <summary>Up to 32 bytes by two overlapping moves: a call costs more than they do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Long(byte* from, int length, ref byte to, int room)
    {
        if (length > 32 || length < 16)
        {
            new ReadOnlySpan<byte>(from, length).CopyTo(MemoryMarshal.CreateSpan(ref to, room));
            return;
        }
        var last = Vector128.Load(from + length - 16);
        Vector128.Load(from).StoreUnsafe(ref to);
        last.StoreUnsafe(ref to, (nuint)(length - 16));
    }

    /// <summary>Adds one value; used by types that travel as text.</summary>
    protected void AppendValue(int row, ReadOnlySpan<byte> value)
    {
        Reserve(value.Length);
        value.CopyTo(_bytes.AsSpan(_used));
        var offsets = Offsets(row + 1);
        offsets[row] = _used;
        _used += value.Length;
        offsets[row + 1] = _used;
    }

    private Span<int> Offsets(int rows)
    {
        var needed = checked((rows + 1) * 4);
        if (needed > _offsets.Length) _offsets = Grow(_offsets, _offsets.Length, Math.Max(needed, _lastRows * 4 + 4));
        return MemoryMarshal.Cast<byte, int>(_offsets.AsSpan());
    }

    private void Reserve(long more)
    {
        var needed = _used + more;
        if (needed <= _bytes.Length) return;
        if (needed > Array.MaxLength) throw TooLarge();
        _bytes = Grow(_bytes, _used, Math.Max(needed, _lastBytes));
    }

    private DuckException TooLarge() =>
        new(DuckErrorKind.OutOfRange, $"One batch of a {Type.Name} column passed 2 GB; values this large cannot be read in batches.");

    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner)
    {
        if (count == 0) Offsets(0)[0] = 0;
        var data = new ArrayData(Type, count, -1, 0,
            [validity, new ArrowBuffer(_offsets.AsMemory(0, (count + 1) * 4)), new ArrowBuffer(_bytes.AsMemory(0, _used))], owner: owner);
        owner.Add(_offsets);
        owner.Add(_bytes);
        // The slack of the last chunk and a little more: batches of a column are much alike.
        _lastBytes = (int)Math.Min(8 << 20, _used + _used / 8 + 2048L * 16);
        _lastRows = count;
        _offsets = [];
        _bytes = [];
        _used = 0;
        return data;
    }
}
