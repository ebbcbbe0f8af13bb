namespace FlowForge.Plugins.Files;

/// <summary>The order in which object stores list their keys: that of the bytes of UTF-8. Ordinal order of .NET's texts is that of UTF-16, which differs where a character needs two of its units.</summary>
internal sealed class KeyOrder : IComparer<string>
{
    public static readonly KeyOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        var (a, b) = (x ?? "", y ?? "");
        for (var i = 0; i < a.Length && i < b.Length; i++)
            if (a[i] != b[i]) return Rank(a[i]) - Rank(b[i]);
        return a.Length - b.Length;
    }

    // Halves of pairs stand for characters behind all that are one unit.
    private static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
