using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
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

/// <summary>Filters rows, removes twins and writes them into a transaction as <c>write_mode</c> says; counts what is left after each step.</summary>
internal sealed class Stager(DuckSession session, IngestDefinition job, JobRequest request, FileSettings settings, Drift drift, string? cursor, IReadOnlyDictionary<string, int> numbers, RejectSink rejects, RowTaps taps, IJobLog log)
{
    private const string Kept = "ff_kept";
    private bool IsReplay => request.Replay is not null;

    /// <param name="transaction">Takes the files.</param>
    /// <param name="rows">The rows as they are read.</param>
    /// <param name="wanted">Asked when all rows have been read: false when they are not to be used.</param>
    /// <param name="ct">Interrupts.</param>
    /// <param name="ready">Gives files that hold exactly the rows in the table's form; none when there are none.</param>
    public Staged Stage(TableTransaction transaction, RowSet rows, Func<bool> wanted, CancellationToken ct, Func<RowSet, IReadOnlyList<TableFile>>? ready = null)
    {
        if (drift.Held(transaction.Base, rows) is { Count: > 0 } held)
        {
            if (IsReplay) throw new JobFailedException("FF2054", $"The rejects would change the table, and drift: hold asks a person first: {string.Join(", ", held)}. Nothing was published.", "Let a run of the job bring the change and approve it, then replay; or set drift: evolve.");
            var (read, changes) = new HeldRows(session, transaction.Base!, rows).Read(held, drift.Missing(transaction.Base!.Schema, rows), ct);
            return new Staged(RowChanges.Appended(read), CommitMode.Append, cursor) { Held = changes };
        }
        rows.Lacking.Say(log);
        CheckWatermark(transaction.Base, rows);
        if (job.WriteMode == Pipelines.WriteMode.Replace && !IsReplay) rows = drift.KeepingShape(transaction.Base, rows);
        var columns = rows.Columns.Select(c => c.Name).ToList();
        var checks = new IngestChecks(job, rows.Columns, request);
        var partitioning = Partitioning.Of(job, request.RunTime, columns);
        // A replay adds to what is there, whatever the job does otherwise.
        var mode = job.WriteMode switch { Pipelines.WriteMode.Replace when !IsReplay => CommitMode.Overwrite, Pipelines.WriteMode.Replace => CommitMode.Append, Pipelines.WriteMode.Append => CommitMode.Append, _ => CommitMode.Replace };
        var write = new WriteOptions { Mode = mode, PartitionBy = partitioning.Columns, Compression = job.Compression.ToText(), Schema = rows.Schema() };
        if (mode != CommitMode.Overwrite && drift.Follow(transaction, session, rows, write, log, ct)) write = write with { Mode = mode = CommitMode.Replace };
        var isDirect = job is { DedupeKeys.Count: 0, IncrementalMode: IncrementalMode.Full } && !checks.TakesRowsOut;
        if (isDirect || !IsReplay) rows = rows with { RejectedInSql = null };
        var passes = new CountedFilter(session);
        var select = rows.Select(job, request.RunId, partitioning, passes, straight: isDirect);
        if (isDirect)
        {
            var adopted = partitioning.Constants is { } constants && ready?.Invoke(rows) is { Count: > 0 } files ? transaction.TryAdopt(files, constants, write) : null;
            var direct = (adopted ?? transaction.Write(session, select, write, ct)).Sum(f => f.Rows ?? 0);
            return new Staged(RowChanges.Appended(direct), mode, null) { LeftOut = passes.LeftOut };
        }
        if (request.KeepCursor && job is { IncrementalMode: IncrementalMode.Incremental, WriteMode: Pipelines.WriteMode.Append, DedupeKeys.Count: 0 })
            throw new JobFailedException("FF2125", $"A backfill would append rows of {job.Name} that may be in the table already, for the job has no dedupe_keys. Nothing was published.", "Give the job dedupe_keys: rows are then merged.");
        var watermark = job.IncrementalMode == IncrementalMode.Incremental ? DedupeSql.Find(job.WatermarkColumn!, columns, "FF2114", "watermark column") : null;
        var range = watermark is null ? null : new CursorRange(job, request, cursor, watermark, rows.Columns[columns.IndexOf(watermark)].DuckType);
        try
        {
            session.Execute($"CREATE OR REPLACE TEMP TABLE {Kept} AS {(range?.Within is { } within ? passes.Of(select, within) : select)}", ct);
            if (!wanted()) return new Staged(RowChanges.Appended(0), mode, cursor);
            range?.CheckNulls(session, Kept, ct);
            var taken = checks.TakeOut(session, Kept, rows.OperationSql is not null, numbers, rejects.Add, ct);
            // A change that the filter leaves out deletes what is there, and is no row of the table.
            var undone = rows.OperationSql is null ? 0 : session.Scalar<long>($"SELECT count(*) FROM {Kept} WHERE {RowSet.Operation} = '{RowSet.LeftOut}'", ct);
            var reached = range is null ? null : IsReplay ? cursor : session.Scalar<string>(range.Reached(Kept), ct) ?? cursor;
            var writer = new RowWriter(session, job, request, settings, Kept, columns, watermark, range, () => rejects.Count() > 0, taps.Chosen, log);
            var changes = writer.Write(transaction, write, rows.OperationSql is not null, rows.RejectedInSql is not null, ct);
            return new Staged(changes, mode, reached) { LeftOut = passes.LeftOut + undone, Deduplicated = writer.Deduplicated, TakenOut = taken, Outrun = writer.OutrunRows };
        }
        finally
        {
            session.Execute($"DROP TABLE IF EXISTS {Kept}", CancellationToken.None);
        }
    }

    /// <summary>A watermark of numbers or times does not become text: as texts '999' is more than '1000', and rows that are new would count as old.</summary>
    private void CheckWatermark(TableSnapshot? table, RowSet rows)
    {
        if (job is not { IncrementalMode: IncrementalMode.Incremental, WatermarkColumn: { } wanted } || job.WriteMode == Pipelines.WriteMode.Replace || table is null || rows.Columns.Count == 0) return;
        var name = DedupeSql.Find(wanted, [.. rows.Columns.Select(c => c.Name)], "FF2114", "watermark column");
        if (table.Schema.Find(name) is not { DuckType: not "VARCHAR" and var was } || rows.Columns.First(c => c.Name == name).DuckType != "VARCHAR") return;
        throw new JobFailedException("FF2130", $"The watermark column {name} of bronze.{job.Table} is {was}, and with the values that came it would become VARCHAR: as texts they have another order, and new rows would count as old ones. Nothing was published, and the watermark stays.",
            $"Mend the values at the source; or declare the column as {was} in user_schema, which makes rejects of the others; or reset the watermark and load into a new table.");
    }
}

/// <summary>Takes the rejects of a run and knows how many there are.</summary>
internal sealed record RejectSink(Action<Rejects.Reject> Add, Func<long> Count);
