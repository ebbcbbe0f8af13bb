using System.Buffers;

namespace FlowForge.Ingest.Formats.Csv;

/// <summary>How values are written in a CSV file, beyond its dialect.</summary>
internal sealed record CsvValues
{
    private static readonly SearchValues<byte> NumberCharacters = SearchValues.Create("0123456789+-.,'eE _"u8);

    /// <summary>Unquoted texts that mean NULL.</summary>
    public IReadOnlyList<byte[]> NullStrings { get; init; } = [[]];
    /// <summary>Rows with too few values end in NULLs instead of being rejected.</summary>
    public bool PadShortRows { get; init; }
    public byte DecimalSign { get; init; } = (byte)'.';
    /// <summary>Stands between groups of digits; 0 for none.</summary>
    public byte ThousandsSign { get; init; }

    public bool HasNumberSigns => DecimalSign != '.' || ThousandsSign != 0;

    /// <summary>A number with the usual signs; texts that are no numbers stay as they are.</summary>
    public ReadOnlySpan<byte> PlainNumber(ReadOnlySpan<byte> text, ref byte[] scratch)
    {
        if (text.Length == 0 || text.ContainsAnyExcept(NumberCharacters)) return text;
        if (!GroupsAreWhole(text)) return text;
        if (scratch.Length < text.Length) scratch = new byte[text.Length * 2];
        var length = 0;
        foreach (var c in text)
        {
            if (c == ThousandsSign && ThousandsSign != 0) continue;
            // A point that is not the decimal sign makes the text something else than a number.
            if (c == '.' && DecimalSign != '.') return text;
            scratch[length++] = c == DecimalSign ? (byte)'.' : c;
        }
        return scratch.AsSpan(0, length);
    }

    // 1.234.567 but not 1.2.3: each group has three digits, or it is a date or a version.
    private bool GroupsAreWhole(ReadOnlySpan<byte> text)
    {
        if (ThousandsSign == 0) return true;
        var whole = text.IndexOf(DecimalSign) is >= 0 and var point ? text[..point] : text;
        if (text[whole.Length..].Contains(ThousandsSign)) return false;
        for (var at = whole.IndexOf(ThousandsSign); at >= 0;)
        {
            var rest = whole[(at + 1)..];
            var next = rest.IndexOf(ThousandsSign);
            if ((next < 0 ? rest.Length : next) != 3) return false;
            at = next < 0 ? -1 : at + 1 + next;
        }
        return true;
    }
}
