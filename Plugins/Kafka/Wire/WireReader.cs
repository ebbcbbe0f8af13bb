using System.Buffers.Binary;
using System.Text;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>Reads the fields of an answer. What would lead beyond its end is a <see cref="FormatException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }
    public readonly int Left => _bytes.Length - Position;

    public sbyte Int8() => (sbyte)Take(1)[0];
    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));
    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));
    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));
    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public string? Text()
    {
        var length = Int16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>Where bytes with their length in front lie; an empty range for none.</summary>
    public Range Bytes()
    {
        var length = Int32();
        if (length < 0) return Position..Position;
        Take(length);
        return (Position - length)..Position;
    }

    /// <summary>A signed number of 1 to 10 bytes, as records use them.</summary>
    public long Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var one = Take(1)[0];
            value |= (ulong)(one & 0x7f) << shift;
            if (one < 0x80) return (long)(value >> 1) ^ -(long)(value & 1);
        }
        throw new FormatException("A number is longer than ten bytes.");
    }

    /// <summary>Bytes with a <see cref="Varint"/> length in front; null as the protocol says it.</summary>
    public ReadOnlySpan<byte> VarBytes(out bool isNull)
    {
        var length = Varint();
        isNull = length < 0;
        return isNull ? default : Take(checked((int)length));
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Left) throw new FormatException($"{count} bytes are announced and {Left} are left.");
        Position += count;
        return _bytes.Slice(Position - count, count);
    }

    /// <summary>The number of entries that follow.</summary>
    public int Count()
    {
        var count = Int32();
        return count > Left ? throw new FormatException($"{count} entries are announced in {Left} bytes.") : Math.Max(0, count);
    }
}
