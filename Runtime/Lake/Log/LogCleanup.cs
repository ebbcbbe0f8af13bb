using FlowForge.Lake.Files;

namespace FlowForge.Lake.Log;

/// <summary>
/// Removes log entries and checkpoints that are older than the table's log retention, as the protocol's "metadata cleanup" describes: everything from the newest
/// checkpoint on that is not newer than the last commit before the cut-off (midnight UTC) stays.
/// </summary>
internal static class LogCleanup
{
    /// <summary>Looking through the folder is not free: once in so many versions is enough.</summary>
    private const int Interval = 10 * CheckpointFile.Interval;

    public static void Run(IFileStore files, LogState state, DateTimeOffset now)
    {
        if (state.Version % Interval == 0 && TableSettings.CleansLog(state.Metadata)) Clean(files, now - TableSettings.LogRetention(state.Metadata));
    }

    /// <summary>Removes what is older than the newest checkpoint before midnight of <paramref name="oldest"/>.</summary>
    /// <returns>Number of files removed.</returns>
    public static int Clean(IFileStore files, DateTimeOffset oldest)
    {
        var cutOff = new DateTimeOffset(oldest.UtcDateTime.Date, TimeSpan.Zero);
        var all = files.List(LogPaths.Folder).ToList();
        var commits = all.Where(f => LogPaths.EntryVersion(f.Path) is not null && f.Modified <= cutOff).Select(f => LogPaths.EntryVersion(f.Path)!.Value).ToList();
        if (commits.Count == 0) return 0;
        var cutOffCommit = commits.Max();
        var checkpoints = CheckpointSet.Find(all).Select(c => c.Version).Where(v => v <= cutOffCommit).ToList();
        if (checkpoints.Count == 0) return 0;
        var keepFrom = checkpoints.Max();
        // Entries, checkpoints of all kinds, checksums; compacted entries are named by their first version.
        var old = all.Where(f => LogPaths.Version(f.Path) is { } version && (version < keepFrom || version == keepFrom && f.Path.EndsWith(".compacted.json", StringComparison.Ordinal))).OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
        foreach (var file in old) files.Delete(file.Path);
        return old.Count;
    }
}
