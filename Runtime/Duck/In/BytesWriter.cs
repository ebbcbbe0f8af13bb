using System.Runtime.CompilerServices;
using System.Text.Unicode;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Text and blobs. Text is proven to be UTF-8 once for each array, since DuckDB trusts it.</summary>
internal sealed unsafe class BytesWriter(bool text) : VectorWriter
{
    private IArrowArray? _proven;

    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var source = (BinaryArray)array;
        if (text && !ReferenceEquals(_proven, array))
        {
            Prove(source);
            _proven = array;
        }
        var offsets = source.ValueOffsets.Slice(start, count + 1);
        var bytes = source.Bytes;
        var (first, last) = (offsets[0], offsets[^1]);
        if (first < 0 || last < first || last > bytes.Length) throw new InvalidDataException($"The offsets {first} to {last} leave the {bytes.Length} bytes of the array.");
        var to = (NativeString*)Api.VectorData(vector) + at;
        var nulls = array.NullCount > 0;
        byte* heap = null;
        fixed (byte* from = bytes)
        {
            for (var i = 0; i < count; i++)
            {
                if (nulls && array.IsNull(start + i))
                {
                    to[i] = default;
                    continue;
                }
                var (begin, end) = (offsets[i], offsets[i + 1]);
                if (begin < first || end < begin || end > last)
                    throw new InvalidDataException($"Value {start + i} has offsets {begin} to {end} in {bytes.Length} bytes.");
                if (end - begin <= NativeString.InlineLength)
                {
                    Inline(to + i, from + begin, end - begin);
                    continue;
                }
                if (heap is null)
                {
                    // All bytes of these values go into the vector's own memory at once; the values then point into them.
                    Api.AssignString(vector, (ulong)(at + i), from + first, (ulong)(last - first));
                    heap = to[i].Pointer;
                }
                to[i].Length = (uint)(end - begin);
                *(uint*)to[i].Inlined = Unsafe.ReadUnaligned<uint>(from + begin);
                to[i].Pointer = heap + (begin - first);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(nint vector, NativeString* to, int i, int at, byte* from, int length)
    {
        if (length > NativeString.InlineLength) Api.AssignString(vector, (ulong)(at + i), from, (ulong)length);
        else Inline(to + i, from, length);
    }

    // The unused bytes must be zero: DuckDB compares inlined strings as a whole. Reads overlap, so that none goes beyond the value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Inline(NativeString* to, byte* from, int length)
    {
        ulong low;
        uint high = 0;
        if (length >= 8)
        {
            low = Unsafe.ReadUnaligned<ulong>(from);
            high = (uint)((ulong)Unsafe.ReadUnaligned<uint>(from + length - 4) >> (8 * (12 - length)));
        }
        else if (length >= 4)
        {
            low = Unsafe.ReadUnaligned<uint>(from) | ((ulong)Unsafe.ReadUnaligned<uint>(from + length - 4) << (8 * (length - 4)));
        }
        else
        {
            low = 0;
            for (var k = 0; k < length; k++) low |= (ulong)from[k] << (8 * k);
        }
        to->Length = (uint)length;
        Unsafe.WriteUnaligned(to->Inlined, low);
        Unsafe.WriteUnaligned(to->Inlined + 8, high);
    }

    private static void Prove(BinaryArray array)
    {
        var offsets = array.ValueOffsets;
        var (first, last) = (offsets[0], offsets[^1]);
        if (first < 0 || last < first || last > array.Bytes.Length)
            throw new InvalidDataException($"The offsets {first} to {last} leave the {array.Bytes.Length} bytes of the array.");
        var bytes = array.Bytes[first..last];
        var whole = Utf8.IsValid(bytes);
        for (var i = 0; i < offsets.Length - 1; i++)
        {
            var (begin, end) = (offsets[i], offsets[i + 1]);
            if (begin < first || end < begin || end > last) throw new InvalidDataException($"Value {i} has offsets {begin} to {end} in {array.Bytes.Length} bytes.");
            // Valid as a whole and cut at a character's first byte: valid each.
            var good = whole ? begin == end || (array.Bytes[begin] & 0xC0) != 0x80 : Utf8.IsValid(array.Bytes[begin..end]);
            if (!good && array.IsValid(i)) throw new InvalidDataException($"Value {i} is not valid UTF-8.");
        }
    }
}

/// <summary>Byte strings of one length.</summary>
internal sealed unsafe class FixedBytesWriter(int width) : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var bytes = array.Data.Buffers[1].Span.Slice(checked((array.Offset + start) * width), count * width);
        var to = (NativeString*)Api.VectorData(vector) + at;
        fixed (byte* from = bytes)
        {
            for (var i = 0; i < count; i++) BytesWriter.Put(vector, to, i, at, from + i * width, width);
        }
    }
}

/// <summary>Text and byte strings with 64-bit offsets.</summary>
internal sealed unsafe class LargeBytesWriter(bool text) : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var source = (LargeBinaryArray)array;
        var to = (NativeString*)Api.VectorData(vector) + at;
        for (var i = 0; i < count; i++)
        {
            if (array.IsNull(start + i))
            {
                to[i] = default;
                continue;
            }
            var bytes = source.GetBytes(start + i);
            if (text && !Utf8.IsValid(bytes)) throw new InvalidDataException($"Value {start + i} is not valid UTF-8.");
            fixed (byte* from = bytes) BytesWriter.Put(vector, to, i, at, from, bytes.Length);
        }
    }
}
