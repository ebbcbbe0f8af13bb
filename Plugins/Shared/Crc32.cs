using System.Buffers.Binary;

namespace FlowForge.Plugins.Shared;

/// <summary>CRC-32 as in zip, gzip and PNG. This file is compiled into each project that needs it.</summary>
internal static class Crc32
{
    // Table k has what a byte does to the sum when k more bytes follow it: eight bytes are taken at once.
    private static readonly uint[][] Tables = Make();

    public static uint Of(ReadOnlySpan<byte> bytes) => Add(0, bytes);

    /// <summary>The sum of what <paramref name="sum"/> stands for (0: nothing) with <paramref name="bytes"/> behind it.</summary>
    public static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        sum = ~sum;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var (low, high) = (sum ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
            sum = Tables[7][(byte)low] ^ Tables[6][(byte)(low >> 8)] ^ Tables[5][(byte)(low >> 16)] ^ Tables[4][low >> 24]
                ^ Tables[3][(byte)high] ^ Tables[2][(byte)(high >> 8)] ^ Tables[1][(byte)(high >> 16)] ^ Tables[0][high >> 24];
        }
        foreach (var one in bytes) sum = Tables[0][(byte)(sum ^ one)] ^ sum >> 8;
        return ~sum;
    }

    private static uint[][] Make()
    {
        var tables = new uint[8][];
        for (var table = 0; table < 8; table++)
        {
            tables[table] = new uint[256];
            for (var value = 0u; value < 256; value++)
            {
                var sum = table == 0 ? value : tables[table - 1][value];
                for (var bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? 0xEDB88320 ^ sum >> 1 : sum >> 1;
                tables[table][value] = sum;
            }
        }
        return tables;
    }
}
