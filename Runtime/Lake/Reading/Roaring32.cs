using System.Buffers.Binary;
using System.Numerics;

namespace FlowForge.Lake.Reading;

/// <summary>A 32-bit Roaring bitmap in the portable serialisation: containers of 64 Ki values each, as array, bitmap or runs.</summary>
internal readonly ref struct Roaring32
{
    private const int NoRuns = 12346;
    private const int WithRuns = 12347;
    private const int OffsetsFrom = 4;
    private const int LargestArray = 4096;
    private const int BitmapBytes = 8192;
    private readonly ReadOnlySpan<byte> bytes;
    private readonly ReadOnlySpan<byte> runFlags;
    private readonly int containers, headers, data;

    /// <summary>The bitmap at the start of <paramref name="bytes"/>; what follows it is left alone.</summary>
    public Roaring32(ReadOnlySpan<byte> bytes)
    {
        this.bytes = bytes;
        var cookie = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (cookie == NoRuns)
        {
            containers = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
            headers = 8;
        }
        else if ((cookie & 0xFFFF) == WithRuns)
        {
            containers = (int)(cookie >> 16) + 1;
            runFlags = bytes.Slice(4, (containers + 7) / 8);
            headers = 4 + runFlags.Length;
        }
        else
        {
            throw new LakeException($"a bitmap in it begins with {cookie}, which no Roaring bitmap does");
        }
        if (containers > 1 << 16) throw new LakeException($"a bitmap in it claims {containers} containers");
        data = headers + 4 * containers + (runFlags.IsEmpty || containers >= OffsetsFrom ? 4 * containers : 0);
        Length = data;
        for (var i = 0; i < containers; i++) Length += Size(i, Length);
        if (Length > bytes.Length) throw new LakeException("a bitmap in it is cut off");
    }

    /// <summary>Bytes of the whole bitmap.</summary>
    public int Length { get; }

    /// <summary>Adds the values, ascending, each with <paramref name="high"/> added.</summary>
    public void AddTo(List<long> values, long high)
    {
        var at = data;
        for (var i = 0; i < containers; i++)
        {
            var start = high + ((long)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(headers + 4 * i)..]) << 16);
            var size = Size(i, at);
            var container = bytes.Slice(at, size);
            if (IsRun(i)) AddRuns(values, container, start);
            else if (Count(i) > LargestArray) AddBits(values, container, start);
            else for (var k = 0; k < container.Length; k += 2) values.Add(start + BinaryPrimitives.ReadUInt16LittleEndian(container[k..]));
            at += size;
        }
    }

    private bool IsRun(int container) => !runFlags.IsEmpty && (runFlags[container / 8] >> container % 8 & 1) != 0;

    private int Count(int container) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[(headers + 4 * container + 2)..]) + 1;

    private int Size(int container, int at) =>
        IsRun(container) ? 2 + 4 * BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]) : Count(container) > LargestArray ? BitmapBytes : 2 * Count(container);

    private static void AddRuns(List<long> values, ReadOnlySpan<byte> container, long start)
    {
        for (var k = 2; k < container.Length; k += 4)
        {
            var first = start + BinaryPrimitives.ReadUInt16LittleEndian(container[k..]);
            var last = first + BinaryPrimitives.ReadUInt16LittleEndian(container[(k + 2)..]);
            for (var value = first; value <= last; value++) values.Add(value);
        }
    }

    private static void AddBits(List<long> values, ReadOnlySpan<byte> container, long start)
    {
        for (var word = 0; word < container.Length; word += 8)
            for (var bits = BinaryPrimitives.ReadUInt64LittleEndian(container[word..]); bits != 0; bits &= bits - 1)
                values.Add(start + word * 8 + BitOperations.TrailingZeroCount(bits));
    }
}
