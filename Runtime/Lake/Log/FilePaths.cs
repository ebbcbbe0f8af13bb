using System.Text;

namespace FlowForge.Lake.Log;

/// <summary>
/// Paths of data files. The log holds them as URIs (RFC 2396), relative to the table unless absolute; folders of partitions are named in Hive's way.
/// </summary>
internal static class FilePaths
{
    /// <summary>The folder name that Hive gives to a NULL partition value.</summary>
    public const string NullPartition = "__HIVE_DEFAULT_PARTITION__";

    // A folder name must fit into 255 bytes on common file systems.
    private const int LongestName = 240;

    /// <summary>A relative file path as the log writes it.</summary>
    public static string Encode(string path) =>
        string.Join('/', path.Split('/').Select(s => Uri.EscapeDataString(s).Replace("%3D", "=", StringComparison.Ordinal)));

    /// <summary>The file path behind the log's text.</summary>
    public static string Decode(string uri) => Uri.UnescapeDataString(uri);

    /// <summary>True when the log's path does not lie below the table's folder.</summary>
    public static bool IsAbsolute(string uri)
    {
        if (uri.StartsWith('/')) return true;
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        return colon > 1 && colon < uri.Length - 1 && uri[colon + 1] == '/' && uri.AsSpan(0, colon).IndexOfAnyExceptInRange('a', 'z') < 0;
    }

    /// <summary>
    /// The folder for a file with these partition values, or null when a value cannot be told from its folder name again (too long, or a text that folders use for NULL):
    /// such a file lies in the table's root, as values are read from the log anyway.
    /// </summary>
    public static string? PartitionFolder(IEnumerable<KeyValuePair<string, string?>> values)
    {
        var folder = new StringBuilder();
        foreach (var (column, value) in values)
        {
            var name = $"{Escape(column)}={(value is null ? NullPartition : Escape(value))}";
            if (value == NullPartition || string.Equals(value, "NULL", StringComparison.OrdinalIgnoreCase) || Encoding.UTF8.GetByteCount(name) > LongestName) return null;
            if (folder.Length > 0) folder.Append('/');
            folder.Append(name);
        }
        return folder.ToString();
    }

    // Everything but letters that are safe in names on every file system is percent-encoded, as UTF-8.
    private static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in value.EnumerateRunes())
        {
            if (rune.IsAscii ? char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value is '-' or '_' or '.' : Rune.IsLetter(rune))
            {
                text.Append(rune);
                continue;
            }
            foreach (var b in bytes[..rune.EncodeToUtf8(bytes)]) text.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }
}
