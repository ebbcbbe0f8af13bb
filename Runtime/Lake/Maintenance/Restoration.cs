using System.Collections.Immutable;
using System.Globalization;
using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;
using FlowForge.Lake.State;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake.Maintenance;

/// <summary>
/// Commits an older version's files, schema and, unless they are kept, job states as a new version. Transaction versions stay as they are, so that an attempt of a run from before
/// does not load its rows again.
/// </summary>
internal sealed class Restoration(LakeTable table, bool keepStates)
{
    private const int Attempts = 20;
    private const int NamedFiles = 5;

    public RestorePlan Plan(long version)
    {
        var target = Target(version);
        var latest = table.Log.Latest()!;
        var (added, removed) = Difference(latest, target);
        var (from, to) = (new TableSnapshot(latest, table.Files, table.Name), new TableSnapshot(target, table.Files, table.Name));
        var jobs = latest.Domains.Keys.Union(target.Domains.Keys).Where(d => d.StartsWith(StateFiles.Domain(""), StringComparison.Ordinal)).Select(d => d[StateFiles.Domain("").Length..]);
        return new RestorePlan(from, to, added, removed, Missing(target), jobs.Order(StringComparer.Ordinal).ToDictionary(j => j, j => (from.StateOf(j), MissingState(target, j).Count > 0 ? null : to.StateOf(j))));
    }

    public CommitResult Run(long version, IReadOnlyDictionary<string, string> info)
    {
        var target = Target(version);
        // A vacuum that is under way keeps what is held.
        using var hold = new VersionLease(table.Files, version);
        var missing = Missing(target);
        if (missing.Count > 0)
        {
            throw new LakeException($"Version {version} of {table.Name} cannot be restored: {missing.Count} of its {target.Files.Count} files were removed by vacuum: " +
                $"{string.Join(", ", missing.Take(NamedFiles))}{(missing.Count > NamedFiles ? " …" : "")}. Restore a version that is younger, or bring the files back from a backup.");
        }
        // A commit that names a state which is not there would stop the job, and each vacuum, from then on.
        if (!keepStates && target.Domains.Values.Where(IsRestored).Where(d => d.Domain.StartsWith(StateFiles.Domain(""), StringComparison.Ordinal))
            .Select(d => d.Domain[StateFiles.Domain("").Length..]).Order(StringComparer.Ordinal).FirstOrDefault(j => MissingState(target, j).Count > 0) is { } job)
        {
            throw new LakeException($"Version {version} of {table.Name} cannot be restored with the state of {job}: {string.Join(", ", MissingState(target, job))} was removed by vacuum. " +
                "Keep the jobs' states where they are, restore a version that is younger, or bring the file back from a backup.");
        }
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            using var lease = new WriterLease(table.Files);
            var latest = table.Log.Latest()!;
            TableFeatures.CheckWritable(latest, table.Name, removesRows: true);
            // Time travel goes by these times, so they never run backwards.
            var now = latest.LastCommitted >= DateTimeOffset.UtcNow ? latest.LastCommitted.AddMilliseconds(1) : DateTimeOffset.UtcNow;
            var (actions, added, removed) = Actions(latest, target, now, lease.Id, info);
            if (!new EntryPlace(table, lease.Id).Put(latest.Version + 1, ActionJson.Write(actions))) continue;
            var state = latest.Apply(latest.Version + 1, actions);
            table.Log.Remember(state);
            if (state.Version % CheckpointFile.Interval == 0) table.TryCheckpoint(state, now);
            return new CommitResult(state.Version, false, added.Sum(f => f.Rows ?? 0), added.Sum(f => f.Bytes), added.Count, removed);
        }
        throw new LakeException($"Table {table.Name} could not be restored: other commits kept coming first. Stop its jobs and try again.");
    }

    private LogState Target(long version) => table.Log.At(version) ?? throw new LakeException($"Table {table.Name} has no version {version} to restore.");

    // Absolute paths are other tables' files (a clone's); the local ones are looked for.
    private List<string> Missing(LogState target) => [.. target.Files.Values.OrderBy(f => f.Order)
        .SelectMany(f => f.DeletionVector?.FileUri is { } vector ? (string[])[f.Uri, vector] : [f.Uri])
        .Where(u => !FilePaths.IsAbsolute(u)).Select(FilePaths.Decode).Distinct().Where(p => !table.Files.Exists(p))];

    private IReadOnlyList<string> MissingState(LogState target, string job) =>
        target.Domains.GetValueOrDefault(StateFiles.Domain(job)) is { } domain ? new StateFiles(table.Files).Missing(domain.Configuration) : [];

    private (List<LogAction> Actions, List<DataFile> Added, int Removed) Actions(LogState latest, LogState target, DateTimeOffset now, string id, IReadOnlyDictionary<string, string> info)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        var (added, removed) = Difference(latest, target);
        var metadata = WithGreatestId(target.Metadata!, latest.Metadata!);
        var actions = new List<LogAction> { CommitNote.Restore(milliseconds, target.Version, latest.Version, id, info) };
        var protocol = TableFeatures.Needed(metadata.Schema, (keepStates ? latest : target).Domains.Count > 0, latest.Protocol);
        if (!ReferenceEquals(protocol, latest.Protocol)) actions.Add(protocol);
        if (metadata != latest.Metadata) actions.Add(metadata);
        // Domains that are not ours belong to the files and come back in any case.
        foreach (var domain in latest.Domains.Values.Where(d => !target.Domains.ContainsKey(d.Domain) && IsRestored(d))) actions.Add(domain with { Removed = true });
        actions.AddRange(target.Domains.Values.Where(d => latest.Domains.GetValueOrDefault(d.Domain) != d && IsRestored(d)));
        actions.AddRange(removed.Select(f => RemoveAction.Of(f, milliseconds, true)));
        actions.AddRange(added.Select(f => new AddAction(f, true)));
        return (actions, added, removed.Count);
    }

    private bool IsRestored(DomainAction domain) => !keepStates || !domain.Domain.StartsWith(StateFiles.Domain(""), StringComparison.Ordinal);

    // Ids of columns are given once and never again, also not after a step back.
    private static MetadataAction WithGreatestId(MetadataAction target, MetadataAction latest) =>
        latest.Configuration.ContainsKey(ColumnMapping.MaxIdKey) && target.Configuration.ContainsKey(ColumnMapping.MaxIdKey)
            ? target with { Configuration = target.Configuration.SetItem(ColumnMapping.MaxIdKey, Math.Max(new ColumnIds(latest).Greatest, new ColumnIds(target).Greatest).ToString(CultureInfo.InvariantCulture)) }
            : target;

    private static (List<DataFile> Added, List<DataFile> Removed) Difference(LogState latest, LogState target) =>
        ([.. target.Files.Values.Where(f => !IsIn(latest, f)).OrderBy(f => f.Order)], [.. latest.Files.Values.Where(f => !IsIn(target, f)).OrderBy(f => f.Order)]);

    // A file with another deletion vector holds other rows.
    private static bool IsIn(LogState state, DataFile file) => state.Files.TryGetValue(file.Uri, out var found) && found.DeletionVector == file.DeletionVector;
}
