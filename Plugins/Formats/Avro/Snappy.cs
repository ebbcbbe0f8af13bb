using System.Buffers.Binary;

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
        var at = 0;
        var size = Length(packed, ref at);
        if (size > most) throw new InvalidDataException($"It would become {size} bytes, {most} are allowed.");
        var result = new byte[size];
        var filled = 0;
        while (at < packed.Length)
        {
            var tag = packed[at++];
            if ((tag & 3) == 0)
            {
                var length = Literal(packed, ref at, tag >> 2);
                if (length > packed.Length - at || length > size - filled) throw new InvalidDataException("A text goes beyond its end.");
                packed.Slice(at, length).CopyTo(result.AsSpan(filled));
                (at, filled) = (at + length, filled + length);
                continue;
            }
            var (count, offset) = (tag & 3) switch
            {
                1 => (4 + ((tag >> 2) & 7), ((tag >> 5) << 8) | Number(packed, ref at, 1)),
                2 => (1 + (tag >> 2), Number(packed, ref at, 2)),
                _ => (1 + (tag >> 2), Number(packed, ref at, 4)),
            };
            if (offset <= 0 || offset > filled || count > size - filled) throw new InvalidDataException("A copy points outside of what was unpacked.");
            // What is copied may overlap what is made: byte by byte.
            for (var i = 0; i < count; i++, filled++) result[filled] = result[filled - offset];
        }
        if (filled != size) throw new InvalidDataException($"It became {filled} bytes in place of {size}.");
        return Sum(result) == sum ? result : throw new InvalidDataException("Its checksum is wrong.");
    }

    private static int Literal(ReadOnlySpan<byte> packed, ref int at, int said)
    {
        var length = said < 60 ? said : Number(packed, ref at, said - 59);
        return length is >= 0 and < int.MaxValue ? length + 1 : throw new InvalidDataException("A text has no sensible length.");
    }

    private static int Number(ReadOnlySpan<byte> packed, ref int at, int bytes)
    {
        if (bytes > packed.Length - at) throw new InvalidDataException("It ends inside a number.");
        uint value = 0;
        for (var i = 0; i < bytes; i++) value |= (uint)packed[at++] << (8 * i);
        return unchecked((int)value);
    }

    private static int Length(ReadOnlySpan<byte> packed, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (at == packed.Length) throw new InvalidDataException("It is too short.");
            value |= (ulong)(packed[at] & 0x7f) << shift;
            if (packed[at++] < 0x80) return value <= int.MaxValue ? (int)value : throw new InvalidDataException("It says that it is too long.");
        }
        throw new InvalidDataException("It has no sensible length.");
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
