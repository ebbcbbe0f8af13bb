using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;
using FlowForge.Lake.State;

namespace FlowForge.Lake.Writing;

/// <summary>
/// Whether a commit that was prepared on one version may follow the versions that came since. Rows that were only appended go together with anything but
/// the same application's commits; a commit that takes away or rewrites rows has read the table, so nothing that changes rows may have come in between.
/// </summary>
internal static class ConflictCheck
{
    public static void Run(string table, DeltaLog log, long baseVersion, LogState latest, CommitOptions options, ColumnMapping mapping)
    {
        for (var version = baseVersion + 1; version <= latest.Version; version++)
        {
            var actions = log.Entry(version) ?? throw new TableConflictException(table, version, "its log entry was cleaned away meanwhile");
            if (options.Transaction is { } own && actions.OfType<TransactionAction>().Any(t => t.ApplicationId == own.ApplicationId))
                throw new TableConflictException(table, version, $"the same job ({own.ApplicationId}) committed it");
            // What a state says (which rows were loaded, up to which cursor) holds only on top of the state that it was made from.
            if (options is { State: not null, Transaction: { } job } && actions.OfType<DomainAction>().Any(d => d.Domain == StateFiles.Domain(job.ApplicationId)))
                throw new TableConflictException(table, version, $"it set the state of the same job ({job.ApplicationId})");
            if ((mapping.IsOn || ColumnMapping.Of(latest.Protocol, latest.Metadata).IsOn) && actions.OfType<MetadataAction>().Any())
                throw new TableConflictException(table, version, "it changed the schema or the settings of a table whose columns are mapped");
            if (options.Mode == CommitMode.Append) continue;
            // Rows that are only arranged anew were read from files that are looked at below; others do not matter.
            if (options.DataChange && actions.Any(a => a is AddAction { DataChange: true } or RemoveAction { DataChange: true }))
                throw new TableConflictException(table, version, "it changed rows that this commit had read");
            if (actions.OfType<MetadataAction>().Any())
                throw new TableConflictException(table, version, "it changed the table's schema or settings");
        }
        if (options.Remove.FirstOrDefault(f => !latest.Files.TryGetValue(f.Uri, out var there) || there.DeletionVector != f.DeletionVector) is { } gone)
            throw new TableConflictException(table, latest.Version, $"file {gone.Path}, which this commit rewrites, is no longer part of the table");
    }
}
