using System.Security.Cryptography;

namespace FlowForge.Orchestration.Runs;

/// <summary>Run ids: <c>run_</c> and 16 characters that sort by time (48 bits of milliseconds, 32 random bits, base 32 without look-alikes).</summary>
public static class RunIds
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static string New(DateTimeOffset now) => From(now, RandomNumberGenerator.GetBytes(4));

    /// <summary>The same id for the same moment and seed.</summary>
    /// <param name="seed">At least four bytes.</param>
    public static string From(DateTimeOffset time, ReadOnlySpan<byte> seed)
    {
        var bits = ((UInt128)(ulong)time.ToUnixTimeMilliseconds() << 32) | BitConverter.ToUInt32(seed);
        Span<char> text = stackalloc char[16];
        for (var i = text.Length - 1; i >= 0; i--, bits >>= 5) text[i] = Alphabet[(int)(bits & 31)];
        return "run_" + new string(text);
    }
}
