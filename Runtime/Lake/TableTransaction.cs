using FlowForge.Duck;
using FlowForge.Lake.Files;
using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;
using FlowForge.Lake.State;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake;

/// <summary>
/// One commit in the making. Writes make Parquet files that nobody sees; <see cref="Commit"/> makes all of them part of the table in one step, or none.
/// Dispose it always: what was not committed is removed. Not thread-safe; one at a time for each thread that writes.
/// </summary>
public sealed partial class TableTransaction : IDisposable
{
    private readonly LakeTable table;
    private readonly LogState? start;
    private readonly List<StagedFile> staged = [];
    private readonly List<string> published = [];
    private readonly List<DataFile> replaced = [];
    private readonly List<StagedFile> retyped = [];
    private readonly Maintenance.SnapshotHold? held;
    private WriterLease? lease;
    private TableSchema? written;
    private IReadOnlyList<string>? writtenPartitions;
    private int writes;
    private bool done;
    private EntryPlace? entry;
    private bool hasRead;
    private bool hasChanged;
    private TableSchema? changedTypes;
    private MetadataAction? ruled;
    private readonly ColumnMapping mapping;
    private readonly ColumnIds? mappedIds;

    internal TableTransaction(LakeTable table, LogState? start)
    {
        this.table = table;
        this.start = start;
        Base = start is null ? null : new TableSnapshot(start, table.Files, table.Name);
        if (Base is not null && !table.Files.IsLocal) held = (Maintenance.SnapshotHold)table.Hold(Base);
        mapping = Base?.Mapping ?? ColumnMapping.None;
        mappedIds = mapping.IsOn ? new ColumnIds(start!.Metadata!) : null;
    }

    /// <summary>The version that this transaction began from; null when there was no table.</summary>
    public TableSnapshot? Base { get; }

    /// <summary>Copies of the base's files that were read so far are not read again: in a small cache their room is needed.</summary>
    internal void ReleaseCopies() => held?.ReleaseCopies();

    /// <summary>Files written so far, not yet part of the table.</summary>
    public IReadOnlyList<DataFile> Staged => [.. staged.Select(s => s.File)];

    /// <summary>Rows in <see cref="Staged"/>.</summary>
    public long StagedRows => staged.Sum(s => s.File.Rows ?? 0);

    /// <summary>Writes the rows of a query to Parquet files in the table's folder, not yet visible. May be called several times.</summary>
    /// <param name="session">Where the query runs. The session must be free.</param>
    /// <param name="selectSql">A SELECT; its column names become the table's.</param>
    /// <param name="options">Mode, partitions, compression, types.</param>
    /// <param name="ct">Interrupts the query; the files of this call are removed.</param>
    /// <returns>The files, with statistics.</returns>
    /// <exception cref="SchemaMismatchException">A column does not fit into the table's.</exception>
    /// <exception cref="DuckException">The query failed.</exception>
    public IReadOnlyList<DataFile> Write(DuckSession session, string selectSql, WriteOptions? options = null, CancellationToken ct = default)
    {
        ObjectDisposedException.ThrowIf(done, this);
        options ??= new WriteOptions();
        var existing = options.Mode == CommitMode.Overwrite ? null : changedTypes ?? start?.Metadata?.Schema;
        var columns = session.Describe(selectSql).Select(c => (c.Name, c.Type)).ToList();
        var schema = SchemaPlan.ForRows(table.Name, columns, existing, options.Schema, mapping.IsOn);
        if (mapping.IsOn)
        {
            // An overwritten column keeps its id and physical name; a new one gets its own.
            if (existing is null) schema = SchemaPlan.WithMetadata(schema, start!.Metadata!.Schema);
            schema = mappedIds!.Assign(schema);
        }
        var partitions = Partitions(options, schema);
        if (written is not null && !partitions.SequenceEqual(writtenPartitions!, StringComparer.OrdinalIgnoreCase))
            throw new LakeException($"Two writes of one commit to {table.Name} are partitioned differently.");
        lease ??= new WriterLease(table.Files);
        var files = new StagedWrite(lease, writes++, mapping).Run(session, selectSql, schema, partitions, options, columns.Where(c => c.Type.StartsWith("ENUM(", StringComparison.Ordinal)).Select(c => c.Name).ToHashSet(StringComparer.OrdinalIgnoreCase), ct);
        staged.AddRange(files);
        written = written is null ? schema : SchemaPlan.Merge(table.Name, written, schema, SchemaEvolution.AddColumns);
        writtenPartitions = partitions;
        return [.. files.Select(f => f.File)];
    }

    /// <summary>
    /// An expression for FROM that reads the rows written so far, as the table would show them: for checks before the commit. Null when no write happened yet.
    /// </summary>
    public string? StagedScanSql(bool withReserved = false)
    {
        if (written is null) return null;
        var local = staged.ToDictionary(s => s.File.Uri, s => s.LocalPath, StringComparer.Ordinal);
        return new Reading.ScanSql(new StagedStore(table.Files, local), written, writtenPartitions!, mapping).Write([.. staged.Select(s => s.File)], c => withReserved || !c.IsReserved);
    }

    /// <summary>Puts the rows of a query over the rows written so far in their place: after checks, to leave out those that failed.</summary>
    /// <param name="session">Where the query runs.</param>
    /// <param name="select">Gets the FROM-able expression of the rows written so far, reserved columns included.</param>
    /// <param name="options">As for <see cref="Write"/>.</param>
    /// <param name="ct">Interrupts; the rows written before stay.</param>
    public IReadOnlyList<DataFile> Rewrite(DuckSession session, Func<string, string> select, WriteOptions options, CancellationToken ct = default)
    {
        var before = staged.ToList();
        var scan = StagedScanSql(withReserved: true) ?? throw new InvalidOperationException("Nothing was written yet.");
        var files = Write(session, select(scan), options, ct);
        staged.RemoveRange(0, before.Count);
        foreach (var file in before) File.Delete(file.LocalPath);
        return files;
    }

    /// <summary>Makes the written files part of the table as one new version.</summary>
    /// <returns>The version; <see cref="CommitResult.AlreadyCommitted"/> when an earlier attempt did it, and then nothing is published.</returns>
    /// <exception cref="TableConflictException">Another commit came in between that does not go together with this one; nothing is published.</exception>
    /// <exception cref="SchemaMismatchException">The rows do not fit the table as it is by now; nothing is published.</exception>
    /// <exception cref="RowRuleException">Rows break NOT NULL, an invariant or a CHECK constraint of the table; nothing is published.</exception>
    public CommitResult Commit(CommitOptions options, CancellationToken ct = default)
    {
        ObjectDisposedException.ThrowIf(done, this);
        if (options.State is not null && options.Transaction is null) throw new ArgumentException("A commit with a state needs a transaction (application id and version).", nameof(options));
        // What was decided by looking at the table holds only while the table is as it was.
        if (hasRead && options.Mode == CommitMode.Append) options = options with { Mode = CommitMode.Replace };
        if (replaced.Count > 0) options = options with { Remove = [.. options.Remove, .. replaced.DistinctBy(f => f.Uri)] };
        lease ??= new WriterLease(table.Files);
        entry = new EntryPlace(table, lease.Id);
        for (var attempt = 0; ; attempt++)
        {
            ct.ThrowIfCancellationRequested();
            var latest = table.Log.Latest() ?? LogState.Empty;
            if (options.Transaction is { } own && latest.Transactions.GetValueOrDefault(own.ApplicationId)?.Version >= own.Version)
            {
                Dispose();
                return new CommitResult(latest.Version, true, 0, 0, 0, 0);
            }
            table.Log.CheckNoGap(latest);
            ConflictCheck.Run(table.Name, table.Log, start?.Version ?? -1, latest, options, mapping);
            var now = Now(latest);
            var stateName = $"{lease.Id}-{attempt}";
            Announce(stateName, latest.Version);
            var plan = new CommitPlan(table.Name, latest, options, now)
            {
                WrittenSchema = written,
                ChangedTypes = changedTypes,
                WrittenPartitions = writtenPartitions,
                Added = Staged,
                TransactionId = lease.Id,
                StateConfiguration = WriteState(options, latest, stateName, now),
            };
            var actions = plan.Actions();
            CheckRules(actions.OfType<MetadataAction>().FirstOrDefault() ?? latest.Metadata!, options, ct);
            Publish();
            // A put that is under way when its client goes can still land, so a later sweep must know which one that is. On a disk a killed writer's link was made or never will be.
            if (!table.Files.IsLocal) WriteManifest(latest.Version, latest.Version + 1);
            if (entry.Put(latest.Version + 1, ActionJson.Write(actions))) return Finish(latest.Apply(latest.Version + 1, actions), actions, now);
            foreach (var path in StatePaths(stateName)) table.Files.Delete(path);
        }
    }

    /// <summary>Removes what was not committed. When nobody can say whether it was (the answer to the commit was lost), its files stay until the log tells.</summary>
    public void Dispose()
    {
        if (done) return;
        done = true;
        if (entry is { IsOpen: true })
        {
            lease?.Abandon();
            held?.Dispose();
            return;
        }
        try
        {
            foreach (var path in published) table.Files.Delete(path);
            lease?.Dispose();
        }
        catch (IOException)
        {
            // What is left is known by the manifest and cleared away by a later writer.
            lease?.Abandon();
        }
        held?.Dispose();
    }

    // Rows that are only arranged anew were held against the rules when they came.
    private void CheckRules(MetadataAction metadata, CommitOptions options, CancellationToken ct)
    {
        if (written is null || StagedRows == 0 || !options.DataChange || ReferenceEquals(ruled, metadata)) return;
        var rules = new RowRules(table.Name, metadata);
        if (!rules.IsEmpty)
        {
            using var session = LogEngine.Connect();
            rules.Check(session, StagedScanSql(withReserved: true)!, written, ct);
        }
        ruled = metadata;
    }

    private CommitResult Finish(LogState state, List<LogAction> actions, DateTimeOffset now)
    {
        table.Log.Remember(state);
        done = true;
        lease!.Dispose();
        held?.Dispose();
        if (state.Version % CheckpointFile.Interval == 0 && state.Version > 0) table.TryCheckpoint(state, now);
        return new CommitResult(state.Version, false, staged.Sum(s => s.File.Rows ?? 0), staged.Sum(s => s.File.Bytes), staged.Count, actions.OfType<RemoveAction>().Count());
    }

    private static string[] StatePaths(string stateName) => [$"{StateFiles.Folder}/{stateName}.json", $"{StateFiles.Folder}/{stateName}.seen.json"];

    // Names in the manifest come before the files, so that nothing lies in the table that a later writer could not explain.
    private void Announce(string stateName, long version)
    {
        published.AddRange(StatePaths(stateName));
        WriteManifest(version, null);
    }

    private void WriteManifest(long version, long? placing) =>
        lease!.WriteManifest(Math.Min(start?.Version ?? -1, version), [.. staged.Select(s => s.File.Path).Union(published)], placing);

    private string? WriteState(CommitOptions options, LogState latest, string stateName, DateTimeOffset now)
    {
        if (options.State is not { } state) return null;
        var (application, version) = options.Transaction!.Value;
        var previous = latest.Domains.GetValueOrDefault(StateFiles.Domain(application))?.Configuration;
        var stamped = state with { TransactionVersion = version, TableVersion = latest.Version + 1, Committed = now };
        return new StateFiles(table.Files).Write(stamped, previous, stateName);
    }

    private void Publish()
    {
        foreach (var file in staged)
        {
            if (published.Contains(file.File.Path)) continue;
            published.Add(file.File.Path);
            table.Files.Publish(file.LocalPath, file.File.Path);
        }
        foreach (var folder in staged.Select(s => Path.GetDirectoryName(s.File.Path)!.Replace('\\', '/')).Distinct()) table.Files.Settle(folder);
    }

    private IReadOnlyList<string> Partitions(WriteOptions options, TableSchema schema)
    {
        var wished = options.PartitionBy ?? (options.Mode == CommitMode.Overwrite && start is null ? [] : start?.Metadata?.PartitionColumns ?? []);
        if (options.Mode != CommitMode.Overwrite && start?.Metadata is { } metadata && !wished.SequenceEqual(metadata.PartitionColumns, StringComparer.OrdinalIgnoreCase))
            throw new SchemaMismatchException($"Table {table.Name} is partitioned by ({string.Join(", ", metadata.PartitionColumns)}), the new rows by ({string.Join(", ", wished)}). Write them as the table is, or overwrite the table.");
        return [.. wished.Select(p => schema.Find(p)?.Name ?? throw new LakeException($"Partition column '{p}' is not among the columns for {table.Name}: {schema}."))];
    }

    // Time travel goes by these times, so they never run backwards.
    private static DateTimeOffset Now(LogState latest)
    {
        var now = DateTimeOffset.UtcNow;
        return latest.LastCommitted >= now ? latest.LastCommitted.AddMilliseconds(1) : now;
    }
}
