using FlowForge.Lake.Files;
using FlowForge.Lake.Log;
using FlowForge.Lake.State;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake.Maintenance;

/// <summary>Finds and removes files that nothing needs any more.</summary>
internal sealed class Vacuum(LakeTable table, VacuumOptions options)
{
    // Deletes in a bucket between two looks at the log, which are requests too.
    private const int RemoteBatch = 20;

    public VacuumResult Run(CancellationToken ct)
    {
        table.CleanLeftovers();
        // In this order a file is never taken whose commit is on the way: it is listed only after its writer's manifest names it, and that goes only after its commit.
        var listed = table.Files.List("", recursive: true).ToList();
        var announced = Leftovers.Announced(table.Files);
        if (table.Log.Latest() is not { } latest) return new VacuumResult([], 0);
        TableFeatures.CheckWritable(latest, table.Name, removesRows: false);
        var cutoff = (options.AsOf ?? DateTimeOffset.UtcNow) - (options.Retention ?? TableSettings.DeletedFileRetention(latest.Metadata));
        var needed = Needed(latest, cutoff);
        needed.UnionWith(announced);
        var found = listed.Where(f => f.Modified < cutoff && !needed.Contains(f.Path) && (IsDataFile(f.Path, latest) || f.Path.StartsWith(StateFiles.Folder + "/", StringComparison.Ordinal))).ToList();
        var result = new VacuumResult([.. found.Select(f => f.Path).Order(StringComparer.Ordinal)], found.Sum(f => f.Length));
        options.Found?.Invoke(result);
        if (options.DryRun) return result;
        return Remove(found, latest, cutoff, ct);
    }

    // Deleting takes its time: what somebody has restored or holds since the list was made, is needed again.
    private VacuumResult Remove(List<StoredFile> found, LogState listedAt, DateTimeOffset cutoff, CancellationToken ct)
    {
        var (gone, seen, held) = (new List<StoredFile>(), listedAt, VersionLease.Held(table.Files).ToHashSet());
        var again = new HashSet<string>(StringComparer.Ordinal);
        foreach (var batch in found.OrderBy(f => f.Path, StringComparer.Ordinal).Chunk(table.Files.IsLocal ? 1 : RemoteBatch))
        {
            ct.ThrowIfCancellationRequested();
            var (latest, holds) = (table.Log.Latest()!, VersionLease.Held(table.Files).ToHashSet());
            if (latest.Version != seen.Version || !holds.IsSubsetOf(held))
            {
                (seen, held) = (latest, holds);
                again = Needed(latest, cutoff);
            }
            foreach (var file in batch.Where(f => !again.Contains(f.Path)))
            {
                table.Files.Delete(file.Path);
                gone.Add(file);
            }
            options.Removed?.Invoke(gone.Count);
        }
        return new VacuumResult([.. gone.Select(f => f.Path)], gone.Sum(f => f.Length));
    }

    /// <summary>What the newest version, the versions within the retention and those that are held need, and the states of all versions that can still be read: they are small, and restore needs them.</summary>
    private HashSet<string> Needed(LogState latest, DateTimeOffset cutoff)
    {
        var needed = new HashSet<string>(latest.Files.Values.SelectMany(Paths), StringComparer.Ordinal);
        var oldest = cutoff.ToUnixTimeMilliseconds();
        needed.UnionWith(latest.Tombstones.Values.Where(t => t.DeletionTimestamp >= oldest).SelectMany(Paths));
        foreach (var version in VersionLease.Held(table.Files))
            if (table.Log.At(version) is { } state) needed.UnionWith(state.Files.Values.SelectMany(Paths));

        var states = new StateFiles(table.Files);
        needed.UnionWith(Configurations(latest.Domains.Values).SelectMany(states.Paths));
        var configurations = new HashSet<string>(StringComparer.Ordinal);
        var first = latest.Version + 1;
        for (; first > 0 && table.Log.Entry(first - 1) is { } actions; first--)
        {
            configurations.UnionWith(Configurations(actions.OfType<DomainAction>()));
            // A checkpoint drops what was removed longer ago than the table's own retention; this one's may be longer.
            needed.UnionWith(actions.OfType<RemoveAction>().Where(t => t.DeletionTimestamp >= oldest).SelectMany(Paths));
        }
        if (first > 0) configurations.UnionWith(Configurations(Before(first).SelectMany(s => s.Domains.Values)));
        needed.UnionWith(configurations.SelectMany(states.PathsThere));
        return needed;
    }

    // Where old entries were cleaned away, the oldest versions that can be read have states from before them.
    private IEnumerable<LogState> Before(long firstEntry)
    {
        var checkpoints = CheckpointSet.Find(table.Files.List(LogPaths.Folder)).Select(c => c.Version).ToList();
        if (checkpoints.Count == 0) yield break;
        var oldest = checkpoints.Min();
        foreach (var version in new[] { oldest, checkpoints.Where(v => v >= firstEntry).DefaultIfEmpty(oldest).Min() }.Distinct())
            if (table.Log.At(version) is { } state) yield return state;
    }

    private static IEnumerable<string> Configurations(IEnumerable<DomainAction> domains) =>
        domains.Where(d => !d.Removed && d.Domain.StartsWith(StateFiles.Domain(""), StringComparison.Ordinal)).Select(d => d.Configuration);

    private static IEnumerable<string> Paths(DataFile file) => file.DeletionVector?.FileUri is { } vector ? [file.Path, FilePaths.Decode(vector)] : [file.Path];

    private static IEnumerable<string> Paths(RemoveAction removed) => removed.DeletionVector?.FileUri is { } vector ? [FilePaths.Decode(removed.Path), FilePaths.Decode(vector)] : [FilePaths.Decode(removed.Path)];

    // Folders and files that begin with '_' or '.' are not data, unless the folder is that of a partition column of such a name.
    private static bool IsDataFile(string path, LogState latest) => path.Split('/').All(part =>
        part[0] is not ('_' or '.') || latest.Metadata!.PartitionColumns.Any(c => part.StartsWith(c + "=", StringComparison.Ordinal)));
}
