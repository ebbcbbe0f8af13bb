using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>Text and blobs.</summary>
internal unsafe class BytesSink(IArrowType type) : ColumnSink(type)
{
    private int[] _offsets = new int[256];
    private byte[] _bytes = [];
    private int _used;
    private int _lastBytes = 4096;
    private int _lastRows = 256;

    public override long Bytes => _used + 4L * Count;

    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        if (Count + count + 1 > _offsets.Length) Array.Resize(ref _offsets, Math.Max(Count + count + 1, Math.Max(_lastRows + 1, _offsets.Length * 2)));
        // Inline strings are copied 16 bytes at a time, hence the slack.
        Reserve(count * 16L);
        var from = (NativeString*)Api.VectorData(vector) + start;
        var bytes = _bytes;
        var used = _used;
        fixed (int* offsets = &_offsets[Count])
        {
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
                if ((long)used + length + (count - i) * 16L > bytes.Length)
                {
                    _used = used;
                    Reserve(length + (count - i) * 16L);
                    bytes = _bytes;
                }
                new ReadOnlySpan<byte>(from[i].Pointer, (int)length).CopyTo(bytes.AsSpan(used));
                used += (int)length;
            }
            offsets[count] = used;
        }
        _used = used;
    }

    /// <summary>Adds one value; used by types that travel as text.</summary>
    protected void AppendValue(int row, ReadOnlySpan<byte> value)
    {
        if (row + 2 > _offsets.Length) Array.Resize(ref _offsets, _offsets.Length * 2);
        Reserve(value.Length);
        value.CopyTo(_bytes.AsSpan(_used));
        _offsets[row] = _used;
        _used += value.Length;
        _offsets[row + 1] = _used;
    }

    private void Reserve(long more)
    {
        var needed = _used + more;
        if (needed <= _bytes.Length) return;
        if (needed > Array.MaxLength) throw new DuckException(DuckErrorKind.OutOfRange, $"One batch of a {Type.Name} column passed 2 GB; values this large cannot be read in batches.");
        var grown = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(_lastBytes, _bytes.Length * 2L))));
        _bytes.AsSpan(0, _used).CopyTo(grown);
        _bytes = grown;
    }

    protected override ArrayData Build(int count, ArrowBuffer validity)
    {
        if (count == 0) _offsets[0] = 0;
        var data = new ArrayData(Type, count, -1, 0,
            [validity, new ArrowBuffer(MemoryMarshal.AsBytes(_offsets.AsSpan(0, count + 1)).ToArray()), new ArrowBuffer(_bytes.AsMemory(0, _used))]);
        _lastBytes = Math.Max(4096, Math.Min(_bytes.Length, _used + _used / 8 + 2048 * 16));
        _lastRows = count;
        _bytes = [];
        _used = 0;
        return data;
    }
}
