using System.Security.Cryptography;

namespace FlowForge.Orchestration.Runs;

/// <summary>Run ids: <c>run_</c> and 16 characters that sort by time (48 bits of milliseconds, 32 random bits, base 32 without look-alikes).</summary>
public static class RunIds
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static string New(DateTimeOffset now)
    {
        Span<byte> random = stackalloc byte[4];
        RandomNumberGenerator.Fill(random);
        var bits = ((UInt128)(ulong)now.ToUnixTimeMilliseconds() << 32) | BitConverter.ToUInt32(random);
        Span<char> text = stackalloc char[16];
        for (var i = text.Length - 1; i >= 0; i--, bits >>= 5) text[i] = Alphabet[(int)(bits & 31)];
        return "run_" + new string(text);
    }
}
