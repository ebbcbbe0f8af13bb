using System.Numerics;
using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>Bitmaps as Arrow lays them out: least significant bit first.</summary>
public static class Bits
{
    public static int BytesFor(int bits) => (int)(((long)bits + 7) >> 3);
    public static bool Get(ReadOnlySpan<byte> bitmap, int index) => (bitmap[index >> 3] & (1 << (index & 7))) != 0;
    public static void Set(Span<byte> bitmap, int index) => bitmap[index >> 3] |= (byte)(1 << (index & 7));
    public static void Clear(Span<byte> bitmap, int index) => bitmap[index >> 3] &= (byte)~(1 << (index & 7));

    /// <summary>Number of set bits in [offset, offset + length).</summary>
    public static int Count(ReadOnlySpan<byte> bitmap, int offset, int length)
    {
        var count = 0;
        var end = offset + length;
        while (offset < end && (offset & 7) != 0) count += Get(bitmap, offset++) ? 1 : 0;
        var whole = (end - offset) >> 3;
        if (whole > 0)
        {
            var bytes = bitmap.Slice(offset >> 3, whole);
            var words = MemoryMarshal.Cast<byte, ulong>(bytes);
            foreach (var word in words) count += BitOperations.PopCount(word);
            foreach (var b in bytes[(words.Length * 8)..]) count += BitOperations.PopCount(b);
            offset += whole << 3;
        }
        while (offset < end) count += Get(bitmap, offset++) ? 1 : 0;
        return count;
    }

    /// <summary>Sets [offset, offset + length) to one value.</summary>
    public static void Fill(Span<byte> bitmap, int offset, int length, bool value)
    {
        var end = offset + length;
        while (offset < end && (offset & 7) != 0) Put(bitmap, offset++, value);
        var whole = (end - offset) >> 3;
        if (whole > 0) bitmap.Slice(offset >> 3, whole).Fill(value ? (byte)0xFF : (byte)0);
        offset += whole << 3;
        while (offset < end) Put(bitmap, offset++, value);
    }

    /// <summary>Copies bits between bitmaps at any bit position; the bitmaps must not overlap.</summary>
    public static void Copy(ReadOnlySpan<byte> source, int sourceOffset, Span<byte> target, int targetOffset, int length)
    {
        while (length > 0 && (targetOffset & 7) != 0)
        {
            Put(target, targetOffset++, Get(source, sourceOffset++));
            length--;
        }
        var whole = length >> 3;
        var shift = sourceOffset & 7;
        var from = source[(sourceOffset >> 3)..];
        var to = target[(targetOffset >> 3)..];
        if (shift == 0) from[..whole].CopyTo(to);
        else for (var i = 0; i < whole; i++) to[i] = (byte)((from[i] >> shift) | (from[i + 1] << (8 - shift)));
        for (var i = whole << 3; i < length; i++) Put(target, targetOffset + i, Get(source, sourceOffset + i));
    }

    private static void Put(Span<byte> bitmap, int index, bool value)
    {
        if (value) Set(bitmap, index); else Clear(bitmap, index);
    }
}
