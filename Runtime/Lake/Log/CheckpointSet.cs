using FlowForge.Lake.Files;

namespace FlowForge.Lake.Log;

/// <summary>The files that make up one checkpoint.</summary>
internal sealed record CheckpointSet(long Version, IReadOnlyList<string> Paths)
{
    /// <summary>All complete checkpoints of a folder, newest first. A classic one comes before others of its version.</summary>
    public static IReadOnlyList<CheckpointSet> Find(IEnumerable<StoredFile> files) =>
    [
        .. files.Select(f => (f.Path, Part: LogPaths.CheckpointPart(f.Path))).Where(f => f.Part is not null)
            .GroupBy(f => (f.Part!.Value.Version, f.Part.Value.Key, f.Part.Value.Parts))
            .Where(g => g.Count() == g.Key.Parts)
            .OrderByDescending(g => g.Key.Version).ThenBy(g => g.Key.Key == "classic" ? 0 : 1).ThenBy(g => g.Key.Key, StringComparer.Ordinal)
            .Select(g => new CheckpointSet(g.Key.Version, [.. g.OrderBy(f => f.Part!.Value.Part).Select(f => f.Path)])),
    ];
}
