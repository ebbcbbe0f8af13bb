using System.Globalization;

namespace FlowForge.Lake.Log;

/// <summary>Names of the files in <c>_delta_log</c>.</summary>
internal static class LogPaths
{
    public const string Folder = "_delta_log";
    public const string LastCheckpoint = Folder + "/_last_checkpoint";

    public static string Entry(long version) => $"{Folder}/{Padded(version)}.json";

    public static string Checkpoint(long version) => $"{Folder}/{Padded(version)}.checkpoint.parquet";

    /// <summary>The version of a commit file's path, or null for another file.</summary>
    public static long? EntryVersion(string path) => Version(path, ".json");

    /// <summary>The version of a classic checkpoint's path, or null for another file.</summary>
    public static long? CheckpointVersion(string path) => Version(path, ".checkpoint.parquet");

    private static string Padded(long version) => version.ToString("D20", CultureInfo.InvariantCulture);

    private static long? Version(string path, string ending)
    {
        var name = path.AsSpan(path.LastIndexOf('/') + 1);
        return name.Length == 20 + ending.Length && name.EndsWith(ending, StringComparison.Ordinal)
            && long.TryParse(name[..20], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
    }
}
