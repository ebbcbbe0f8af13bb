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
        var found = new List<StoredFile>();
        foreach (var file in listed)
            if (IsDataFile(file.Path, latest) && file.Modified < cutoff && !needed.Contains(file.Path)) found.Add(file);
        var states = NeededStates(latest);
        found.AddRange(listed.Where(f => f.Path.StartsWith(StateFiles.Folder + "/", StringComparison.Ordinal) && f.Modified < cutoff && !states.Contains(f.Path) && !announced.Contains(f.Path)));
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
                again.UnionWith(NeededStates(latest));
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

    private HashSet<string> Needed(LogState latest, DateTimeOffset cutoff)
    {
        var needed = new HashSet<string>(latest.Files.Values.SelectMany(Paths), StringComparer.Ordinal);
        var oldest = cutoff.ToUnixTimeMilliseconds();
        needed.UnionWith(latest.Tombstones.Values.Where(t => t.DeletionTimestamp >= oldest).SelectMany(t => t.DeletionVector?.FileUri is { } vector ? (string[])[FilePaths.Decode(t.Path), FilePaths.Decode(vector)] : [FilePaths.Decode(t.Path)]));
        foreach (var version in VersionLease.Held(table.Files))
            if (table.Log.At(version) is { } state) needed.UnionWith(state.Files.Values.SelectMany(Paths));
        return needed;
    }

    private static IEnumerable<string> Paths(DataFile file) => file.DeletionVector?.FileUri is { } vector ? [file.Path, FilePaths.Decode(vector)] : [file.Path];

    // States of all versions that can still be read: they are small, and restore needs them.
    private HashSet<string> NeededStates(LogState latest)
    {
        var states = new StateFiles(table.Files);
        var configurations = latest.Domains.Values.AsEnumerable();
        for (var version = latest.Version; version >= 0 && table.Log.Entry(version) is { } actions; version--) configurations = configurations.Concat(actions.OfType<DomainAction>());
        return configurations.Where(d => d.Domain.StartsWith(StateFiles.Domain(""), StringComparison.Ordinal)).Select(d => d.Configuration).Distinct().SelectMany(states.Paths).ToHashSet(StringComparer.Ordinal);
    }

    // Folders and files that begin with '_' or '.' are not data, unless the folder is that of a partition column of such a name.
    private static bool IsDataFile(string path, LogState latest) => path.Split('/').All(part =>
        part[0] is not ('_' or '.') || latest.Metadata!.PartitionColumns.Any(c => part.StartsWith(c + "=", StringComparison.Ordinal)));
}
