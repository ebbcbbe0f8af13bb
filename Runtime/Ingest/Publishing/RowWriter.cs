using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>Writes the rows of a run, which lie in a table of the session, into a transaction as <c>write_mode</c> says.</summary>
/// <param name="kept">The rows, in order, with reserved columns.</param>
/// <param name="columns">Their table columns.</param>
/// <param name="range">Which rows the run takes; null when it is not incremental.</param>
/// <param name="rejected">Whether rows were rejected: their keys are not known.</param>
/// <param name="chosen">What becomes of the SELECT of the rows to be written: for tests that lose some there.</param>
internal sealed class RowWriter(
    DuckSession session, IngestDefinition job, JobRequest request, FileSettings settings, string kept, IReadOnlyList<string> columns, string? watermark, CursorRange? range, Func<bool> rejected, Func<string, string> chosen, IJobLog log)
{
    private readonly List<string> _keys = [.. job.DedupeKeys.Select(k => DedupeSql.Find(k, columns, "FF2112", "dedupe key"))];
    private bool IsReplay => request.Replay is not null;

    /// <summary>A temporary table of the rejects that a replay read and did not load, because the table has another row in their place: <c>run file record</c>.</summary>
    public const string Outrun = "temp.ff_outrun";

    /// <summary>Rows of <see cref="Outrun"/>, once written; without any there is no such table.</summary>
    public long OutrunRows { get; private set; }

    /// <summary>Rows that were chosen not to be written, once written: another one has their key, or the table has them.</summary>
    public long Deduplicated { get; private set; }

    /// <param name="changes">Whether the rows say in <c>_ff_op</c> what happened to them.</param>
    /// <param name="rejects">Whether they say in <c>_ff_rejected_in</c> which run rejected them.</param>
    public RowChanges Write(TableTransaction transaction, WriteOptions write, bool changes, bool rejects, CancellationToken ct)
    {
        // Played back later, a change undoes newer ones, and a truncate empties the table.
        if (IsReplay && changes)
            throw new JobFailedException("FF2039", "Rejected changes cannot be replayed: what came after them is in the table already. Nothing was published.", "Mend the definition and take a new snapshot into the table.");
        var known = transaction.Base is { } table ? new KnownRows(table, write.Schema!) : null;
        var options = changes ? Changes(write, ct) : new MergeOptions { Keys = _keys, DeleteMissing = IsMerge && DetectsDeletes(transaction, ct), Write = write };
        var twins = new Twins(session, kept, ct);
        try
        {
            if (IsMerge) ChooseLast(twins, known, changes, ct);
            else ChooseNew(twins, job.WriteMode == Pipelines.WriteMode.Append || IsReplay ? known : null, rejects, ct);
            var rows = chosen(rejects ? Replayed(twins.Select(), ct) : twins.Select());
            Deduplicated += twins.Count;
            return job.WriteMode switch
            {
                // What the filter leaves out deletes, and is none of the rows that were merged.
                Pipelines.WriteMode.Merge => Told(Of(transaction.Merge(session, rows, options, ct), twins.Undoing)),
                Pipelines.WriteMode.Scd2 => Told(Of(transaction.MergeHistory(session, rows, new HistoryOptions { Keys = _keys, EffectiveFrom = request.RunTime, CloseMissing = options.DeleteMissing, Write = write }, ct))),
                _ => RowChanges.Appended(transaction.Write(session, rows, write, ct).Sum(f => f.Rows ?? 0)),
            };
        }
        finally
        {
            twins.Clean();
        }
    }

    private bool IsMerge => job.WriteMode is Pipelines.WriteMode.Merge or Pipelines.WriteMode.Scd2;

    private void ChooseLast(Twins twins, KnownRows? known, bool changes, CancellationToken ct)
    {
        if (!changes && Keyless(ct) is > 0 and var keyless)
            log.Warning(string.Create(CultureInfo.InvariantCulture, $"{keyless} rows have no value in a part of their key ({string.Join(", ", _keys)}): NULL counts as a value there, so rows with the same key are one row."));
        twins.TakeOne(changes ? DedupeSql.LastChange(kept, _keys) : DedupeSql.Last(kept, _keys, watermark));
        // What was rejected once is older than what the table has got since.
        if (IsReplay && known is not null && DedupeSql.NotNewer(kept, _keys, watermark, known) is { } older) twins.LeaveOut(older);
    }

    private void ChooseNew(Twins twins, KnownRows? known, bool rejects, CancellationToken ct)
    {
        if (_keys.Count > 0)
        {
            var keyless = Keyless(ct) > 0;
            twins.TakeOne(DedupeSql.First(kept, _keys, keyless));
            if (known is not null && DedupeSql.Known(kept, _keys, known) is { } there) twins.LeaveOut(there);
            if (known is not null && keyless && !IsReplay && DedupeSql.KnownKeyless(kept, _keys, columns, known) is { } same) twins.LeaveOut(same);
        }
        else if (range is not null && known is not null && rejects) twins.LeaveOut(DedupeSql.KnownSince(kept, columns, known));
        else if (range is not null && known is not null && !IsReplay) twins.LeaveOut(DedupeSql.KnownValues(kept, columns, watermark is not null && known.Has(watermark) ? range.Within : null, known));
    }

    private long Keyless(CancellationToken ct) => session.Scalar<long>(DedupeSql.Keyless(kept, _keys), ct);

    /// <summary>Notes which rejects are not among the rows to be written.</summary>
    private string Replayed(string rows, CancellationToken ct)
    {
        session.Execute($"CREATE OR REPLACE TEMP TABLE ff_replayed AS {rows}", ct);
        session.Execute($"CREATE OR REPLACE TEMP TABLE ff_outrun AS SELECT {RowSet.RejectedIn} AS run, _ff_file AS file, _ff_record AS record FROM {kept} AS kept ANTI JOIN temp.ff_replayed AS taken USING ({RowSet.RejectedIn}, _ff_file, _ff_record)", ct);
        OutrunRows = session.Scalar<long>($"SELECT count(*) FROM {Outrun}", ct);
        return $"SELECT * EXCLUDE ({RowSet.RejectedIn}) FROM temp.ff_replayed";
    }

    private static RowChanges Of(MergeCounts counts, long undoing = 0) => new(counts.Inserted, counts.Updated, counts.Deleted, counts.Unchanged, counts.Source - undoing);

    /// <summary>Of changes the last one of each key counts, and nothing that came before all rows were taken away.</summary>
    private MergeOptions Changes(WriteOptions write, CancellationToken ct)
    {
        var cleared = session.Scalar<long?>($"SELECT max(rowid) FROM {kept} WHERE {RowSet.Operation} = 't'", ct);
        if (cleared is { } row)
        {
            Deduplicated += session.Scalar<long>(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM {kept} WHERE rowid <= {row} AND {RowSet.Operation} IS DISTINCT FROM '{RowSet.LeftOut}'"), ct);
            session.Execute(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {kept} WHERE rowid <= {row}"), ct);
            log.Info("The source's table was emptied: rows of before go.");
        }
        // Such a row is not there for its other values to tell which one it was: to delete nothing would lose the delete.
        if (session.Rows($"SELECT count(*), min(_ff_record) FROM {kept} WHERE {RowSet.Operation} = 'd' AND ({string.Join(" OR ", _keys.Select(k => $"{SqlText.Identifier(k)} IS NULL"))})", ct)[0] is [> 0L and var nameless, var first])
            throw new JobFailedException("FF2131", string.Create(CultureInfo.InvariantCulture, $"{nameless} deleted rows have no value in {string.Join(" or ", _keys)} (the first is record {first}), so nobody knows which rows of bronze.{job.Table} are gone. Nothing was published."),
                "The source tells another key with a delete than dedupe_keys: use the source's key, or let it tell the whole row (PostgreSQL: REPLICA IDENTITY FULL), and reset the watermark for a new snapshot.");
        return new MergeOptions { Keys = _keys, DeleteWhen = $"s.{RowSet.Operation} IN ('d', '{RowSet.LeftOut}')", ControlColumns = [RowSet.Operation], DeleteMissing = cleared is not null, Write = write };
    }

    private bool DetectsDeletes(TableTransaction transaction, CancellationToken ct)
    {
        if (!job.DetectDeletes || IsReplay || transaction.Base is not { Rows: > 0 } table) return false;
        if (rejected())
        {
            log.Warning("Rows were rejected, and their keys may be in the table: no row is deleted in this run.");
            return false;
        }
        var current = job.WriteMode == Pipelines.WriteMode.Scd2 ? session.Scalar<long>($"SELECT count(*) FROM {table.ScanSql()} WHERE is_current", ct) : table.Rows;
        var source = session.Scalar<long>($"SELECT count(*) FROM {kept}", ct);
        if (source * 2 < current && !settings.AllowSmaller)
            throw new JobFailedException("FF2052", $"The source has {source} rows for bronze.{job.Table}, which holds {current}: less than half, and detect_deletes would delete the others. Nothing was published.", "If that is meant, set config.allow_smaller: true.");
        return true;
    }

    private RowChanges Told(RowChanges counts)
    {
        log.Info(string.Create(CultureInfo.InvariantCulture, $"{(job.WriteMode == Pipelines.WriteMode.Scd2 ? "History kept" : "Merged")} by {string.Join(", ", _keys)}: {counts}."));
        return counts;
    }
}
