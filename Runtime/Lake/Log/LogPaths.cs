using System.Globalization;

namespace FlowForge.Lake.Log;

/// <summary>Names of the files in <c>_delta_log</c>.</summary>
internal static class LogPaths
{
    public const string Folder = "_delta_log";
    public const string LastCheckpoint = Folder + "/_last_checkpoint";
    public const string Sidecars = Folder + "/_sidecars";
    private const int Digits = 20;
    private const string CheckpointMark = ".checkpoint.";

    public static string Entry(long version) => $"{Folder}/{Padded(version)}.json";

    public static string Checkpoint(long version) => $"{Folder}/{Padded(version)}.checkpoint.parquet";

    /// <summary>The version of a commit file's path, or null for another file.</summary>
    public static long? EntryVersion(string path) => Rest(path) is ".json" ? Version(path) : null;

    /// <summary>The version that the name of a file of the log begins with, or null.</summary>
    public static long? Version(string path) =>
        Rest(path) is { Length: > 0 } && long.TryParse(Name(path)[..Digits], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    /// <summary>Which checkpoint a file belongs to: a classic one, a part of several, or one named by a uuid (V2). Null for another file.</summary>
    public static (long Version, string Key, int Part, int Parts)? CheckpointPart(string path)
    {
        if (Version(path) is not { } version || !Rest(path).StartsWith(CheckpointMark, StringComparison.Ordinal)) return null;
        var rest = Rest(path)[CheckpointMark.Length..];
        if (rest is "parquet") return (version, "classic", 1, 1);
        var words = rest.ToString().Split('.');
        if (words is [var part, var parts, "parquet"] && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var o) && int.TryParse(parts, NumberStyles.None, CultureInfo.InvariantCulture, out var p))
            return o >= 1 && o <= p ? (version, "parts " + parts, o, p) : null;
        return words is [var uuid, "parquet" or "json"] && Guid.TryParse(uuid, out _) ? (version, uuid, 1, 1) : null;
    }

    private static string Padded(long version) => version.ToString("D20", CultureInfo.InvariantCulture);

    private static ReadOnlySpan<char> Name(string path) => path.AsSpan(path.LastIndexOf('/') + 1);

    private static ReadOnlySpan<char> Rest(string path) => Name(path) is { Length: > Digits } name ? name[Digits..] : default;
}
