using System.Globalization;
using System.Text.RegularExpressions;

namespace FlowForge.Plugins.Ftp;

/// <summary>An entry of a folder; size and time as far as the listing says them exactly.</summary>
internal readonly record struct FtpEntry(string Name, bool IsFolder, long? Size, DateTimeOffset? Modified);

/// <summary>Reads the lines of MLSD (exact) and of LIST as servers of Unix and Windows write it (its times are of an unknown zone, so they are left out).</summary>
internal static partial class FtpListing
{
    /// <summary>Null for what is neither a file nor a folder of its own, and for lines that say nothing.</summary>
    public static FtpEntry? OfFacts(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0) return null;
        var facts = line[..space].Split(';', StringSplitOptions.RemoveEmptyEntries).Select(f => f.Split('=', 2)).Where(f => f.Length == 2).GroupBy(f => f[0].ToLowerInvariant()).ToDictionary(g => g.Key, g => g.First()[1]);
        var type = facts.GetValueOrDefault("type", "file").ToLowerInvariant();
        if (type is not ("file" or "dir")) return null;
        return Entry(line[(space + 1)..], type == "dir", facts.TryGetValue("size", out var size) ? Number(size) : null, facts.TryGetValue("modify", out var time) ? Time(time) : null);
    }

    /// <summary>A line of LIST.</summary>
    public static FtpEntry? OfList(string line)
    {
        if (UnixLine().Match(line) is { Success: true } unix)
            return unix.Groups["kind"].Value is var kind && kind is "-" or "d" ? Entry(unix.Groups["name"].Value, kind == "d", kind == "d" ? null : Number(unix.Groups["size"].Value), null) : null;
        return WindowsLine().Match(line) is { Success: true } windows
            ? Entry(windows.Groups["name"].Value, windows.Groups["size"].Value == "<DIR>", Number(windows.Groups["size"].Value), null) : null;
    }

    /// <summary>The time of MDTM and MLSD: always UTC.</summary>
    public static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParseExact(text.Split('.')[0], "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static FtpEntry? Entry(string name, bool isFolder, long? size, DateTimeOffset? modified) =>
        name is "" or "." or ".." || name.Contains('/', StringComparison.Ordinal) ? null : new FtpEntry(name, isFolder, size, modified);

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex("^(?<kind>[-dlbcps])[-rwxsStT]{9}[.+@]?\\s+\\d+\\s+\\S+\\s+\\S+\\s+(?<size>\\d+)\\s+\\S+\\s+\\d+\\s+[\\d:]+ (?<name>.+)$")]
    private static partial Regex UnixLine();

    [GeneratedRegex("^\\d\\d-\\d\\d-\\d{2,4}\\s+\\d\\d:\\d\\d[AP]?M?\\s+(?<size><DIR>|\\d+)\\s+(?<name>.+)$")]
    private static partial Regex WindowsLine();
}
