using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Reading;
using FlowForge.Lake;
using FlowForge.Lake.Writing;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>What became of the rows that were handed over.</summary>
/// <param name="Changes">What the rows that filter, watermark and twins have left did to the table.</param>
/// <param name="Mode">How the commit must be made.</param>
/// <param name="Cursor">How far the watermark has got.</param>
internal sealed record Staged(RowChanges Changes, CommitMode Mode, string? Cursor)
{
    /// <summary>Source rows that reached the table.</summary>
    public long Loaded => Changes.Source;

    /// <summary>No rows were handed over.</summary>
    public static Staged Nothing { get; } = new(RowChanges.Appended(0), CommitMode.Append, null);

    /// <summary>Rows that filter and watermark were seen to leave out.</summary>
    public long LeftOut { get; init; }

    /// <summary>Rows that were chosen not to be written, for another one has their key or the table has them.</summary>
    public long Deduplicated { get; init; }

    /// <summary>Set when a person has to see a change of the source first: nothing was written then.</summary>
    public HeldChanges? Held { get; init; }

    /// <summary>Rows that checks sent to the rejects or dropped; not among those.</summary>
    public TakenOut TakenOut { get; init; } = TakenOut.Nothing;

    /// <summary>Of a replay: rejects in whose place the table has another row by now; <see cref="RowWriter.Outrun"/> lists them.</summary>
    public long Outrun { get; init; }
}

/// <summary>Filters rows, removes twins and writes them into the pass's transaction as <c>write_mode</c> says; counts what is left after each step. The drift rules say before whether rows may come at all.</summary>
/// <param name="load">What is loaded.</param>
/// <param name="pass">Takes the files, and the rejects of checks.</param>
/// <param name="files">All files of the load; rejects mean them by their numbers.</param>
internal sealed class Stager(LoadRequest load, LoadPass pass, IReadOnlyList<LandedFile> files)
{
    private const string Kept = "ff_kept";
    private readonly DuckSession _session = load.Session;
    private readonly IngestDefinition _job = load.Job;
    private readonly Drift _drift = new(load.Job, load.State?.Drift?.MayMiss ?? [], load.NamesFields);

    private bool IsReplay => load.Run.Replay is not null;

    /// <summary>The rows with the computed columns of the job.</summary>
    public RowSet Computed(RowSet rows)
    {
        // A computed column may use one that the source has no longer: a change that a person has to see goes first.
        return _drift.Held(pass.Base, rows).Count > 0 ? rows : rows.WithComputed(_job, _session);
    }

    /// <summary>Rows that are to be used, whatever reading them teaches.</summary>
    public Staged Stage(RowSet rows, CancellationToken ct, Func<RowSet, IReadOnlyList<TableFile>>? ready = null) => Stage(rows, static () => true, ct, ready);

    /// <param name="rows">The rows as they are read.</param>
    /// <param name="wanted">Asked when all rows have been read: false when they are not to be used.</param>
    /// <param name="ct">Interrupts.</param>
    /// <param name="ready">Gives files that hold exactly the rows in the table's form; none when there are none.</param>
    public Staged Stage(RowSet rows, Func<bool> wanted, CancellationToken ct, Func<RowSet, IReadOnlyList<TableFile>>? ready = null)
    {
        var transaction = pass.Transaction;
        var cursor = load.State?.Cursor;
        rows = rows with { From = load.Taps.Read(rows.From) };
        if (_drift.Held(transaction.Base, rows) is { Count: > 0 } held)
        {
            if (IsReplay) throw new JobFailedException("FF2054", $"The rejects would change the table, and drift: hold asks a person first: {string.Join(", ", held)}. Nothing was published.", "Let a run of the job bring the change and approve it, then replay; or set drift: evolve.");
            var (read, changes) = new HeldRows(_session, transaction.Base!, rows).Read(held, _drift.Missing(transaction.Base!.Schema, rows), ct);
            return new Staged(RowChanges.Appended(read), CommitMode.Append, cursor) { Held = changes };
        }
        rows.Lacking.Say(load.Log);
        CheckWatermark(transaction.Base, rows);
        if (_job.WriteMode == Pipelines.WriteMode.Replace && !IsReplay) rows = _drift.KeepingShape(transaction.Base, rows);
        var columns = rows.Columns.Select(c => c.Name).ToList();
        var checks = new IngestChecks(_job, rows.Columns, load.Run);
        var partitioning = Partitioning.Of(_job, load.Run.RunTime, columns);
        // A replay adds to what is there, whatever the job does otherwise.
        var mode = _job.WriteMode switch { Pipelines.WriteMode.Replace when !IsReplay => CommitMode.Overwrite, Pipelines.WriteMode.Replace => CommitMode.Append, Pipelines.WriteMode.Append => CommitMode.Append, _ => CommitMode.Replace };
        var write = new WriteOptions { Mode = mode, PartitionBy = partitioning.Columns, Compression = _job.Compression.ToText(), Schema = rows.Schema() };
        if (mode != CommitMode.Overwrite && _drift.Follow(transaction, _session, rows, write, load.Log, ct)) write = write with { Mode = mode = CommitMode.Replace };
        var isDirect = _job is { DedupeKeys.Count: 0, IncrementalMode: IncrementalMode.Full } && !checks.TakesRowsOut;
        if (isDirect || !IsReplay) rows = rows with { RejectedInSql = null };
        var passes = new CountedFilter(_session);
        var select = rows.Select(_job, load.Run.RunId, partitioning, passes, straight: isDirect);
        if (isDirect)
        {
            var adopted = partitioning.Constants is { } constants && ready?.Invoke(rows) is { Count: > 0 } inForm ? transaction.TryAdopt(inForm, constants, write) : null;
            var direct = (adopted ?? transaction.Write(_session, select, write, ct)).Sum(f => f.Rows ?? 0);
            return new Staged(RowChanges.Appended(direct), mode, null) { LeftOut = passes.LeftOut };
        }
        if (load.Run.KeepCursor && _job is { IncrementalMode: IncrementalMode.Incremental, WriteMode: Pipelines.WriteMode.Append, DedupeKeys.Count: 0 })
            throw new JobFailedException("FF2125", $"A backfill would append rows of {_job.Name} that may be in the table already, for the job has no dedupe_keys. Nothing was published.", "Give the job dedupe_keys: rows are then merged.");
        var watermark = _job.IncrementalMode == IncrementalMode.Incremental ? DedupeSql.Find(_job.WatermarkColumn!, columns, "FF2114", "watermark column") : null;
        var range = watermark is null ? null : new CursorRange(_job, load.Run, cursor, watermark, rows.Columns[columns.IndexOf(watermark)].DuckType);
        try
        {
            _session.Execute($"CREATE OR REPLACE TEMP TABLE {Kept} AS {(range?.Within is { } within ? passes.Of(select, within) : select)}", ct);
            if (!wanted()) return new Staged(RowChanges.Appended(0), mode, cursor);
            range?.CheckNulls(_session, Kept, ct);
            var taken = checks.TakeOut(_session, Kept, rows.OperationSql is not null, Numbers(), pass.Reject, ct);
            // A change that the filter leaves out deletes what is there, and is no row of the table.
            var undone = rows.OperationSql is null ? 0 : _session.Scalar<long>($"SELECT count(*) FROM {Kept} WHERE {RowSet.Operation} = '{RowSet.LeftOut}'", ct);
            var reached = range is null ? null : IsReplay ? cursor : _session.Scalar<string>(range.Reached(Kept), ct) ?? cursor;
            var writer = new RowWriter(_session, _job, load.Run, load.Settings.File, Kept, columns, watermark, range, () => pass.Rejects.Count > 0, load.Taps.Chosen, load.Log);
            var changes = writer.Write(transaction, write, rows.OperationSql is not null, rows.RejectedInSql is not null, ct);
            return new Staged(changes, mode, reached) { LeftOut = passes.LeftOut + undone, Deduplicated = writer.Deduplicated, TakenOut = taken, Outrun = writer.OutrunRows };
        }
        finally
        {
            _session.Execute($"DROP TABLE IF EXISTS {Kept}", CancellationToken.None);
        }
    }

    private Dictionary<string, int> Numbers() => files.Select((f, i) => (f.Path, i)).DistinctBy(f => f.Path, StringComparer.Ordinal).ToDictionary(f => f.Path, f => f.i, StringComparer.Ordinal);

    /// <summary>A watermark of numbers or times does not become text: as texts '999' is more than '1000', and rows that are new would count as old.</summary>
    private void CheckWatermark(TableSnapshot? table, RowSet rows)
    {
        if (_job is not { IncrementalMode: IncrementalMode.Incremental, WatermarkColumn: { } wanted } || _job.WriteMode == Pipelines.WriteMode.Replace || table is null || rows.Columns.Count == 0) return;
        var name = DedupeSql.Find(wanted, [.. rows.Columns.Select(c => c.Name)], "FF2114", "watermark column");
        if (table.Schema.Find(name) is not { DuckType: not "VARCHAR" and var was } || rows.Columns.First(c => c.Name == name).DuckType != "VARCHAR") return;
        throw new JobFailedException("FF2130", $"The watermark column {name} of bronze.{_job.Table} is {was}, and with the values that came it would become VARCHAR: as texts they have another order, and new rows would count as old ones. Nothing was published, and the watermark stays.",
            $"Mend the values at the source; or declare the column as {was} in user_schema, which makes rejects of the others; or reset the watermark and load into a new table.");
    }
}
