using System.Text.Json;
using FlowForge.Lake.Files;
using FlowForge.Lake.Log;

namespace FlowForge.Lake.Writing;

/// <summary>
/// Clears away what writers left that were killed: unfinished files, and files that already had their place in the table when the commit did not happen.
/// A live writer is known by its lock; a commit that did happen by the transaction id in its entry. While the version that a gone writer was putting is free, its put may
/// still land: its files stay until that version is somebody's.
/// </summary>
internal sealed class Leftovers(IFileStore store, DeltaLog log)
{
    public int Sweep()
    {
        var removed = 0;
        var staging = new DirectoryInfo(store.StagingFolder);
        if (staging.Exists)
        {
            foreach (var lease in staging.EnumerateFiles("*" + WriterLease.Ending)) removed += TakeOver(lease.FullName);
            // A folder outlives its lease only when a sweep was itself cut off.
            foreach (var folder in staging.EnumerateDirectories())
                if (!File.Exists(folder.FullName + WriterLease.Ending)) removed += DeleteFolder(folder.FullName);
        }
        // Elsewhere small files get their names in one step, without a temporary one.
        foreach (var file in store.IsLocal ? store.List(LocalFileStore.TemporaryFolder) : [])
        {
            using var held = HeldFile.TryTake(store.ReadPath(file.Path));
            if (held is null) continue;
            store.Delete(file.Path);
            removed++;
        }
        return removed;
    }

    /// <summary>Paths that living writers have put into the table, or are about to.</summary>
    public static HashSet<string> Announced(IFileStore store)
    {
        var staging = new DirectoryInfo(store.StagingFolder);
        return staging.Exists ? staging.EnumerateDirectories().SelectMany(d => ReadManifest(d.FullName)?.Paths ?? []).ToHashSet(StringComparer.Ordinal) : [];
    }

    private int TakeOver(string leaseFile)
    {
        using var held = HeldFile.TryTake(leaseFile);
        if (held is null || !File.Exists(leaseFile)) return 0;
        var folder = leaseFile[..^WriterLease.Ending.Length];
        var removed = 0;
        var manifest = ReadManifest(folder);
        if (manifest?.Placing is { } placing && (log.Latest()?.Version ?? -1) < placing) return 0;
        if (manifest is not null && !MayBeCommitted(manifest.BaseVersion, Path.GetFileName(folder)))
        {
            foreach (var path in manifest.Paths.Where(store.Exists))
            {
                store.Delete(path);
                removed++;
            }
        }
        removed += DeleteFolder(folder);
        File.Delete(leaseFile);
        return removed;
    }

    private static LeaseManifest? ReadManifest(string folder)
    {
        var path = Path.Combine(folder, WriterLease.ManifestName);
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, WritingJson.Default.LeaseManifest);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            // It is renamed into place complete, so a damaged one was damaged later: leave what it may name to vacuum.
            return null;
        }
    }

    // True as well when entries since then were cleaned away: vacuum, which compares with the snapshot, takes care of such files.
    private bool MayBeCommitted(long baseVersion, string transactionId)
    {
        var latest = log.Latest()?.Version ?? -1;
        for (var version = baseVersion + 1; version <= latest; version++)
            if (log.Entry(version) is not { } actions || HistoryReader.TransactionId(actions) == transactionId) return true;
        return false;
    }

    private static int DeleteFolder(string folder)
    {
        if (!Directory.Exists(folder)) return 0;
        var count = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Count();
        Directory.Delete(folder, recursive: true);
        return count;
    }
}
