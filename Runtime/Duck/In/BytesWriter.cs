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
        var to = (NativeString*)Api.VectorData(vector) + at;
        var nulls = array.NullCount > 0;
        fixed (byte* from = bytes)
        {
            for (var i = 0; i < count; i++)
            {
                var (begin, end) = (offsets[i], offsets[i + 1]);
                if (nulls && array.IsNull(start + i))
                {
                    to[i] = default;
                    continue;
                }
                if (begin < 0 || end < begin || end > bytes.Length)
                    throw new InvalidDataException($"Value {start + i} has offsets {begin} to {end} in {bytes.Length} bytes.");
                Put(vector, to, i, at, from + begin, end - begin);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(nint vector, NativeString* to, int i, int at, byte* from, int length)
    {
        if (length > NativeString.InlineLength)
        {
            Api.AssignString(vector, (ulong)(at + i), from, (ulong)length);
            return;
        }
        // The unused bytes must be zero: DuckDB compares inlined strings as a whole.
        to[i] = default;
        to[i].Length = (uint)length;
        for (var k = 0; k < length; k++) to[i].Inlined[k] = from[k];
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
