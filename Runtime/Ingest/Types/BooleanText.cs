namespace FlowForge.Ingest.Types;

/// <summary>How truth is written.</summary>
internal static class BooleanText
{
    /// <summary>Only the full words, in any case: what makes a column boolean by itself.</summary>
    public static bool TryParseWord(ReadOnlySpan<byte> text, out bool value)
    {
        value = Is(text, "true"u8);
        return value || Is(text, "false"u8);
    }

    /// <summary>Also <c>t f yes no y n 1 0</c>: what a column declared as boolean accepts.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out bool value)
    {
        if (TryParseWord(text, out value)) return true;
        value = Is(text, "1"u8) || Is(text, "t"u8) || Is(text, "y"u8) || Is(text, "yes"u8);
        return value || Is(text, "0"u8) || Is(text, "f"u8) || Is(text, "n"u8) || Is(text, "no"u8);
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        if (text.Length != word.Length) return false;
        for (var i = 0; i < word.Length; i++)
            if ((text[i] | 0x20) != (word[i] | 0x20)) return false;
        return true;
    }
}
