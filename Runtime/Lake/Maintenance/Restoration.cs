using System.Collections.Immutable;
using FlowForge.Lake.Log;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake.Maintenance;

/// <summary>
/// Commits an older version's files, schema and job states as a new version. Transaction versions stay as they are, so that an attempt of a run from before
/// does not load its rows again.
/// </summary>
internal sealed class Restoration(LakeTable table)
{
    private const int Attempts = 20;

    public CommitResult Run(long version, IReadOnlyDictionary<string, string> info)
    {
        var target = table.Log.At(version) ?? throw new LakeException($"Table {table.Name} has no version {version} to restore.");
        var missing = target.Files.Values.Where(f => !FilePaths.IsAbsolute(f.Uri) && !table.Files.Exists(f.Path)).ToList();
        if (missing.Count > 0)
            throw new LakeException($"Version {version} of {table.Name} cannot be restored: {missing.Count} of its {target.Files.Count} files were removed by vacuum, for example {missing[0].Path}.");
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            using var lease = new WriterLease(table.Files);
            var latest = table.Log.Latest()!;
            TableFeatures.CheckWritable(latest, table.Name, removesRows: true);
            var now = DateTimeOffset.UtcNow;
            var (actions, added, removed) = Actions(latest, target, now, lease.Id, info);
            if (!table.Files.PutIfAbsent(LogPaths.Entry(latest.Version + 1), ActionJson.Write(actions))) continue;
            var state = latest.Apply(latest.Version + 1, actions);
            table.Log.Remember(state);
            if (state.Version % CheckpointFile.Interval == 0) table.TryCheckpoint(state, now);
            return new CommitResult(state.Version, false, added.Sum(f => f.Rows ?? 0), added.Sum(f => f.Bytes), added.Count, removed);
        }
        throw new LakeException($"Table {table.Name} could not be restored: other commits kept coming first. Stop its jobs and try again.");
    }

    private static (List<LogAction> Actions, List<DataFile> Added, int Removed) Actions(LogState latest, LogState target, DateTimeOffset now, string id, IReadOnlyDictionary<string, string> info)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        var added = target.Files.Values.Where(f => !IsIn(latest, f)).OrderBy(f => f.Order).ToList();
        var removed = latest.Files.Values.Where(f => !IsIn(target, f)).OrderBy(f => f.Order).ToList();
        var actions = new List<LogAction> { CommitNote.Restore(milliseconds, target.Version, latest.Version, id, info) };
        var protocol = TableFeatures.Needed(target.Metadata!.Schema, target.Domains.Count > 0, latest.Protocol);
        if (!ReferenceEquals(protocol, latest.Protocol)) actions.Add(protocol);
        if (target.Metadata != latest.Metadata) actions.Add(target.Metadata);
        foreach (var domain in latest.Domains.Values.Where(d => !target.Domains.ContainsKey(d.Domain))) actions.Add(domain with { Removed = true });
        actions.AddRange(target.Domains.Values.Where(d => latest.Domains.GetValueOrDefault(d.Domain) != d));
        actions.AddRange(removed.Select(f => RemoveAction.Of(f, milliseconds, true)));
        actions.AddRange(added.Select(f => new AddAction(f, true)));
        return (actions, added, removed.Count);
    }

    // A file with another deletion vector holds other rows.
    private static bool IsIn(LogState state, DataFile file) => state.Files.TryGetValue(file.Uri, out var found) && found.DeletionVector == file.DeletionVector;
}
