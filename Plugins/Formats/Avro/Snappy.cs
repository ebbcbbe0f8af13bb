using System.Buffers.Binary;
using FlowForge.Plugins.Shared;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>Unpacks a snappy block as Avro frames it: the packed bytes and the CRC of what they become.</summary>
internal static class Snappy
{
    private static readonly uint[] Crc = Table();

    /// <exception cref="InvalidDataException">The bytes are no such block, or become more than allowed.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> framed, int most)
    {
        if (framed.Length < 4) throw new InvalidDataException("It is too short.");
        var packed = framed[..^4];
        var sum = BinaryPrimitives.ReadUInt32BigEndian(framed[^4..]);
        var size = SnappyBlock.ReadSize(ref packed);
        if (size > most) throw new InvalidDataException($"It would become {size} bytes, {most} are allowed.");
        var result = new byte[size];
        SnappyBlock.Unpack(packed, result);
        return Sum(result) == sum ? result : throw new InvalidDataException("Its checksum is wrong.");
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        foreach (var b in bytes) crc = Crc[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] Table()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }
        return table;
    }
}
