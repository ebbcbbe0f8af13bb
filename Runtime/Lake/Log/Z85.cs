namespace FlowForge.Lake.Log;

/// <summary>The Base85 variant of ZeroMQ (RFC 32): five characters for four bytes.</summary>
internal static class Z85
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

    /// <exception cref="LakeException">The text is no Z85.</exception>
    public static byte[] Decode(string text)
    {
        if (text.Length % 5 != 0) throw Damaged(text);
        var bytes = new byte[text.Length / 5 * 4];
        for (int i = 0, o = 0; i < text.Length; i += 5, o += 4)
        {
            ulong value = 0;
            for (var k = 0; k < 5; k++)
            {
                var digit = Alphabet.IndexOf(text[i + k], StringComparison.Ordinal);
                if (digit < 0) throw Damaged(text);
                value = value * 85 + (uint)digit;
            }
            if (value > uint.MaxValue) throw Damaged(text);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(o), (uint)value);
        }
        return bytes;
    }

    private static LakeException Damaged(string text) => new($"'{(text.Length > 40 ? text[..40] + "…" : text)}' in a deletion vector is no Z85 text. The table's log is damaged.");
}
