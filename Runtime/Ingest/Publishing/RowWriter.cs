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
internal sealed class RowWriter(
    DuckSession session, IngestDefinition job, JobRequest request, FileSettings settings, string kept, IReadOnlyList<string> columns, string? watermark, CursorRange? range, Func<bool> rejected, IJobLog log)
{
    private readonly List<string> _keys = [.. job.DedupeKeys.Select(k => DedupeSql.Find(k, columns, "FF2112", "dedupe key"))];
    private bool IsReplay => request.Replay is not null;

    /// <param name="changes">Whether the rows say in <c>_ff_op</c> what happened to them.</param>
    public RowChanges Write(TableTransaction transaction, WriteOptions write, bool changes, CancellationToken ct)
    {
        // Played back later, a change undoes newer ones, and a truncate empties the table.
        if (IsReplay && changes)
            throw new JobFailedException("FF2039", "Rejected changes cannot be replayed: what came after them is in the table already. Nothing was published.", "Mend the definition and take a new snapshot into the table.");
        var last = DedupeSql.Last(kept, _keys, changes ? null : watermark);
        // What was rejected once is older than what the table has got since.
        if (IsReplay && transaction.Base is { } table) last = DedupeSql.Newer(last, _keys, watermark, table);
        switch (job.WriteMode)
        {
            case Pipelines.WriteMode.Merge:
                // Without a table, what is to be deleted never was.
                if (changes && transaction.Base is null)
                {
                    var options = Changes(write, ct);
                    var source = session.Scalar<long>($"SELECT count(*) FROM ({last}) AS changes", ct);
                    return Told(Of(transaction.Merge(session, last, options, ct)) with { Source = source });
                }
                return Told(Of(transaction.Merge(session, last, changes ? Changes(write, ct) : new MergeOptions { Keys = _keys, DeleteMissing = DetectsDeletes(transaction, ct), Write = write }, ct)));
            case Pipelines.WriteMode.Scd2:
                return Told(Of(transaction.MergeHistory(session, last, new HistoryOptions { Keys = _keys, EffectiveFrom = request.RunTime, CloseMissing = DetectsDeletes(transaction, ct), Write = write }, ct)));
            default:
                var existing = job.WriteMode == Pipelines.WriteMode.Append || IsReplay ? transaction.Base : null;
                var rows = _keys.Count > 0 ? DedupeSql.First(kept, _keys, existing)
                    : range is not null && existing is not null && !IsReplay ? DedupeSql.Unknown(kept, columns, KnownRange(existing), existing)
                    : $"SELECT * FROM {kept}";
                return RowChanges.Appended(transaction.Write(session, rows, write, ct).Sum(f => f.Rows ?? 0));
        }
    }

    private static RowChanges Of(MergeCounts counts) => new(counts.Inserted, counts.Updated, counts.Deleted, counts.Unchanged, counts.Source);

    // Without the watermark column in the table, nothing of it can be ruled out.
    private string? KnownRange(TableSnapshot existing) => watermark is not null && existing.Schema.Find(watermark) is not null ? range!.Within : null;

    /// <summary>Of changes the last one of each key counts, and nothing that came before all rows were taken away.</summary>
    private MergeOptions Changes(WriteOptions write, CancellationToken ct)
    {
        var cleared = session.Scalar<long?>($"SELECT max(rowid) FROM {kept} WHERE {RowSet.Operation} = 't'", ct);
        if (cleared is { } row)
        {
            session.Execute(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {kept} WHERE rowid <= {row}"), ct);
            log.Info("The source's table was emptied: rows of before go.");
        }
        return new MergeOptions { Keys = _keys, DeleteWhen = $"s.{RowSet.Operation} = 'd'", ControlColumns = [RowSet.Operation], DeleteMissing = cleared is not null, Write = write };
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
