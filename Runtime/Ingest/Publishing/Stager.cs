using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Lake;
using FlowForge.Lake.Writing;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>What became of the rows that were handed over.</summary>
/// <param name="Kept">Left by filter and watermark.</param>
/// <param name="Loaded">Left of these when twins are gone: inserted, updated and unchanged.</param>
/// <param name="Mode">How the commit must be made.</param>
/// <param name="Cursor">How far the watermark has got.</param>
internal sealed record Staged(long Kept, long Loaded, CommitMode Mode, string? Cursor)
{
    /// <summary>Rows that checks sent to the rejects or dropped; not among <see cref="Kept"/>.</summary>
    public TakenOut TakenOut { get; init; } = TakenOut.Nothing;
}

/// <summary>Filters rows, removes twins and writes them into a transaction as <c>write_mode</c> says; counts what is left after each step.</summary>
internal sealed class Stager(DuckSession session, IngestDefinition job, JobRequest request, FileSettings settings, string? cursor, IReadOnlyDictionary<string, int> files, Action<Rejects.Reject> rejects, IJobLog log)
{
    private const string Kept = "ff_kept";
    private bool IsReplay => request.Replay is not null;

    /// <param name="transaction">Takes the files.</param>
    /// <param name="rows">The rows as they are read.</param>
    /// <param name="wanted">Asked when all rows have been read: false when they are not to be used.</param>
    /// <param name="ct">Interrupts.</param>
    public Staged Stage(TableTransaction transaction, RowSet rows, Func<bool> wanted, CancellationToken ct)
    {
        var columns = rows.Columns.Select(c => c.Name).ToList();
        var checks = new IngestChecks(job, rows.Columns, request);
        var partitioning = Partitioning.Of(job, request.RunTime, columns);
        // A replay adds to what is there, whatever the job does otherwise.
        var mode = job.WriteMode switch { Pipelines.WriteMode.Replace when !IsReplay => CommitMode.Overwrite, Pipelines.WriteMode.Replace => CommitMode.Append, Pipelines.WriteMode.Append => CommitMode.Append, _ => CommitMode.Replace };
        var write = new WriteOptions { Mode = mode, PartitionBy = partitioning.Columns, Compression = job.Compression.ToText(), Schema = rows.Schema() };
        if (mode != CommitMode.Overwrite && Drift.Apply(transaction, session, rows, settings.Drift, write, log, ct)) write = write with { Mode = mode = CommitMode.Replace };
        var select = rows.Select(job, request.RunId, partitioning);
        if (job.DedupeKeys.Count == 0 && (job.IncrementalMode == IncrementalMode.Full || IsReplay) && !checks.TakesRowsOut)
        {
            var direct = transaction.Write(session, select, write, ct).Sum(f => f.Rows ?? 0);
            return new Staged(direct, direct, mode, null);
        }
        if (request.KeepCursor && job is { IncrementalMode: IncrementalMode.Incremental, WriteMode: Pipelines.WriteMode.Append, DedupeKeys.Count: 0 })
            throw new JobFailedException("FF2116", $"A backfill would append rows of {job.Name} that may be in the table already, for the job has no dedupe_keys. Nothing was published.", "Give the job dedupe_keys: rows are then merged.");
        var watermark = job.IncrementalMode == IncrementalMode.Incremental ? DedupeSql.Find(job.WatermarkColumn!, columns, "FF2114", "watermark column") : null;
        var type = watermark is null ? "" : rows.Columns[columns.IndexOf(watermark)].DuckType;
        var bound = watermark is null || request.KeepCursor || IsReplay ? null : Bound(watermark, type);
        var within = bound is { } from ? $" WHERE {from.Column} >= {from.Value} OR {from.Column} IS NULL" : watermark is null || IsReplay ? "" : WithinInterval(watermark, type);
        try
        {
            session.Execute($"CREATE OR REPLACE TEMP TABLE {Kept} AS SELECT * FROM ({select}) AS rows_new{within}", ct);
            if (!wanted()) return new Staged(0, 0, mode, cursor);
            var taken = checks.TakeOut(session, Kept, files, rejects, ct);
            var kept = session.Scalar<long>($"SELECT count(*) FROM {Kept}", ct);
            var reached = watermark is null ? null : IsReplay ? cursor : session.Scalar<string>($"SELECT CAST(max({SqlText.Identifier(watermark)}) AS VARCHAR) FROM {Kept}", ct) ?? cursor;
            return new Staged(kept, Write(transaction, columns, watermark, bound, write, ct), mode, reached) { TakenOut = taken };
        }
        finally
        {
            session.Execute($"DROP TABLE IF EXISTS {Kept}", CancellationToken.None);
        }
    }

    private long Write(TableTransaction transaction, List<string> columns, string? watermark, (string Column, string Value)? bound, WriteOptions write, CancellationToken ct)
    {
        var keys = job.DedupeKeys.Select(k => DedupeSql.Find(k, columns, "FF2112", "dedupe key")).ToList();
        var last = DedupeSql.Last(Kept, keys, watermark);
        // What was rejected once is older than what the table has got since.
        if (IsReplay && transaction.Base is { } table) last = DedupeSql.Newer(last, keys, watermark, table);
        switch (job.WriteMode)
        {
            case Pipelines.WriteMode.Merge:
                var counts = transaction.Merge(session, last, new MergeOptions { Keys = keys, Write = write }, ct);
                log.Info(string.Create(CultureInfo.InvariantCulture, $"Merged by {string.Join(", ", keys)}: {counts.Inserted} inserted, {counts.Updated} updated, {counts.Unchanged} unchanged."));
                return counts.Source;
            case Pipelines.WriteMode.Scd2:
                return transaction.MergeHistory(session, last, new HistoryOptions { Keys = keys, EffectiveFrom = request.RunTime, Write = write }, ct).Source;
            default:
                var existing = job.WriteMode == Pipelines.WriteMode.Append || IsReplay ? transaction.Base : null;
                var rows = keys.Count > 0 ? DedupeSql.First(Kept, keys, existing)
                    : bound is { } edge && existing is not null ? DedupeSql.WithoutBoundary(Kept, columns, edge.Column, edge.Value, existing)
                    : $"SELECT * FROM {Kept}";
                return transaction.Write(session, rows, write, ct).Sum(f => f.Rows ?? 0);
        }
    }

    /// <summary>A backfill takes the rows of its interval, if the watermark is a time; rows of another kind of watermark are chosen by the query alone.</summary>
    private string WithinInterval(string column, string type) =>
        request is { KeepCursor: true, Interval: { } interval } && (type == "DATE" || type.StartsWith("TIMESTAMP", StringComparison.Ordinal))
            ? $" WHERE {SqlText.Identifier(column)} >= {Moment(interval.Start, type)} AND {SqlText.Identifier(column)} < {Moment(interval.End, type)}"
            : "";

    private static string Moment(DateTimeOffset time, string type) => type == "TIMESTAMP WITH TIME ZONE"
        ? $"TIMESTAMPTZ '{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'"
        : $"TIMESTAMP '{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}'";

    /// <summary>Where this run starts, inclusive; null for the first one.</summary>
    private (string Column, string Value)? Bound(string column, string type) =>
        (cursor ?? job.LastWatermarkValue) is { } from ? (SqlText.Identifier(column), $"CAST({SqlText.Literal(from)} AS {type})") : null;
}
