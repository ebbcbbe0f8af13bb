using System.Buffers.Binary;
using FlowForge.Plugins.Shared;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>Unpacks a snappy block as Avro frames it: the packed bytes and the CRC of what they become.</summary>
internal static class Snappy
{
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
        return Crc32.Of(result) == sum ? result : throw new InvalidDataException("Its checksum is wrong.");
    }
}
