namespace FlowForge.Plugins.Shared;

/// <summary>
/// Unpacks one block of <see href="https://github.com/google/snappy/blob/main/format_description.txt">Snappy</see>, without any frame around it.
/// This file is compiled into each plugin that needs it: plugins ship alone and reference nothing but the contract.
/// </summary>
internal static class SnappyBlock
{
    /// <summary>Reads the size in bytes that the block will have, and moves <paramref name="packed"/> behind it.</summary>
    /// <exception cref="InvalidDataException">There is no sensible size.</exception>
    public static int ReadSize(ref ReadOnlySpan<byte> packed)
    {
        ulong size = 0;
        for (var i = 0; i < 5; i++)
        {
            if (i == packed.Length) throw new InvalidDataException("It is too short.");
            size |= (ulong)(packed[i] & 0x7f) << (7 * i);
            if (packed[i] >= 0x80) continue;
            packed = packed[(i + 1)..];
            return size <= int.MaxValue ? (int)size : throw new InvalidDataException("It says that it is too long.");
        }
        throw new InvalidDataException("It has no sensible length.");
    }

    /// <summary>Unpacks what stands behind the size into a span of exactly that size.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such block.</exception>
    public static void Unpack(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        int at = 0, filled = 0;
        while (at < packed.Length)
        {
            var tag = packed[at++];
            if ((tag & 3) == 0)
            {
                var length = Literal(packed, ref at, tag >> 2);
                if (length > packed.Length - at || length > target.Length - filled) throw new InvalidDataException("A text goes beyond its end.");
                packed.Slice(at, length).CopyTo(target[filled..]);
                (at, filled) = (at + length, filled + length);
                continue;
            }
            var (count, back) = (tag & 3) switch
            {
                1 => (4 + ((tag >> 2) & 7), ((tag >> 5) << 8) | Number(packed, ref at, 1)),
                2 => (1 + (tag >> 2), Number(packed, ref at, 2)),
                _ => (1 + (tag >> 2), Number(packed, ref at, 4)),
            };
            if (back <= 0 || back > filled || count > target.Length - filled) throw new InvalidDataException("A copy points outside of what was unpacked.");
            // What is copied may overlap what is made: then byte by byte.
            if (back >= count) target.Slice(filled - back, count).CopyTo(target[filled..]);
            else for (var i = 0; i < count; i++) target[filled + i] = target[filled + i - back];
            filled += count;
        }
        if (filled != target.Length) throw new InvalidDataException($"It became {filled} bytes in place of {target.Length}.");
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
}
