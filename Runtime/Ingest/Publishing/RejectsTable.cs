using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// Writes the rejects of a run beside the table. They count only once the table's own commit names their version; what a run wrote whose commit
/// never came is taken out again by the next one. Each reject is <c>open</c>, <c>replayed</c>, <c>superseded</c> when the rows of its run are gone, or <c>evidence</c> when its run
/// could read nothing and made no table: the next run reads those files again.
/// </summary>
internal sealed class RejectsTable(LakeStore lake, DuckSession session, IngestDefinition job, JobRequest request, RejectsPlace? named)
{
    public const string Open = "open", Replayed = "replayed", Superseded = "superseded", Evidence = "evidence";
    private const string Source = "ff_rejects";

    private string Own => $"pipeline = {SqlText.Literal(request.Pipeline)} AND job = {SqlText.Literal(job.Name)}";
    private string Now => $"CAST({SqlText.Literal(request.RunTime.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + "+00")} AS TIMESTAMPTZ)";

    /// <summary>Adds the rejects of this run.</summary>
    /// <param name="rejects">May be empty.</param>
    /// <param name="files">What the rejects' file numbers mean.</param>
    /// <param name="supersedes">The table's rows are replaced: rejects of earlier runs are no longer open.</param>
    /// <param name="published">False: no commit will name them.</param>
    /// <param name="ct">Interrupts.</param>
    /// <returns>What the table's commit has to name.</returns>
    public RejectsPlace Add(RejectSpool rejects, IReadOnlyList<LandedFile> files, bool supersedes, bool published, CancellationToken ct)
    {
        var folder = RejectsPlace.FolderOf(job);
        return Write(folder, rejects, latest =>
        {
            var again = !supersedes && job.IncrementalMode == IncrementalMode.Incremental && OpenBefore is { } open && RejectsAgain(open, ct) ? open : null;
            var news = News(files, published ? Open : Evidence);
            if (!supersedes && again is null && IsClean(folder, latest)) return (news, CommitMode.Append);
            var status = supersedes ? $"CASE WHEN {IsOpen} THEN '{Superseded}' ELSE status END"
                : again is not null ? $"CASE WHEN {IsOpen} AND count(*) FILTER (WHERE {IsOpen}) OVER (PARTITION BY raw) <= coalesce(fresh_times, 0) THEN '{Superseded}' ELSE coalesce(status, '{Open}') END" : $"coalesce(status, '{Open}')";
            var kept = again is null ? $"SELECT * REPLACE ({status} AS status) FROM kept"
                : $"SELECT * EXCLUDE (fresh_times) REPLACE ({status} AS status) FROM kept LEFT JOIN (SELECT raw, count(*) AS fresh_times FROM {Source} GROUP BY raw) AS fresh USING (raw)";
            return (Union(Others(latest), Kept(kept), again is null ? news : NewsBeside(news, again)), CommitMode.Overwrite);
        }, !published, ct);
    }

    private string? OpenBefore => Kept($"SELECT * FROM kept WHERE {IsOpen}");

    private const string IsOpen = $"coalesce(status, '{Open}') = '{Open}'";

    /// <summary>Whether records are among the rejects that an earlier run rejected too, for both read from the same place on. Of equal records those of the run with more of them stay open.</summary>
    private bool RejectsAgain(string open, CancellationToken ct) => session.Scalar<long>($"SELECT count(*) FROM ({open}) AS open SEMI JOIN {Source} AS fresh ON fresh.raw = open.raw", ct) > 0;

    private static string NewsBeside(string news, string open) =>
        $"""
        SELECT * EXCLUDE (old_times) REPLACE (CASE WHEN old_times > count(*) OVER (PARTITION BY raw) THEN '{Superseded}' ELSE status END AS status)
        FROM ({news}) AS news LEFT JOIN (SELECT raw, count(*) AS old_times FROM ({open}) AS open GROUP BY raw) AS old USING (raw)
        """;

    /// <summary>Marks rejects as replayed, all that were picked but those that did not fit again; those that fit too late, as the table has another row in their place, as superseded.</summary>
    /// <param name="again">What did not fit; by the numbers of <paramref name="files"/>.</param>
    /// <param name="files">The files with the run of their rejects; whole ones bring rejects of their own.</param>
    /// <param name="outrun">Whether <see cref="RowWriter.Outrun"/> lists rejects that fit too late.</param>
    /// <param name="ct">Interrupts.</param>
    public RejectsPlace Mark(RejectSpool again, IReadOnlyList<(string Run, LandedFile File)> files, bool outrun, CancellationToken ct)
    {
        var late = outrun ? $"EXISTS (FROM {RowWriter.Outrun} AS o WHERE o.run = kept.run_id AND o.file = kept.file AND o.record = kept.record)" : "false";
        var numbered = files.Select((f, i) => $"({i}, {SqlText.Literal(f.Run)}, {SqlText.Literal(f.File.LocalPath)}, {(f.File.Picks!.Whole ? "true" : "false")})");
        return Write(named!.Folder, again, latest =>
        {
            // A reject is what (run, landed file, record) says; a whole file has no record. What could not even be tried keeps its reason and text.
            var marked = $"""
                SELECT kept.* REPLACE (
                    CASE WHEN picked.n IS NULL OR tried.reason IS NOT NULL THEN coalesce(kept.status, '{Open}') WHEN {late} THEN '{Superseded}' ELSE '{Replayed}' END AS status,
                    CASE WHEN picked.n IS NULL OR tried.reason IS NOT NULL THEN kept.replayed_run ELSE {SqlText.Literal(request.RunId)} END AS replayed_run,
                    CASE WHEN picked.n IS NULL OR tried.reason IS NOT NULL THEN kept.replayed_at ELSE {Now} END AS replayed_at,
                    CASE WHEN tried.raw IS NULL THEN kept.reason ELSE tried.reason END AS reason, CASE WHEN tried.raw IS NULL THEN kept.message ELSE tried.message END AS message,
                    CASE WHEN tried.raw IS NULL THEN kept.column_name ELSE tried.column_name END AS column_name, CASE WHEN tried.raw IS NULL THEN kept.raw ELSE tried.raw END AS raw)
                FROM kept
                LEFT JOIN (VALUES {string.Join(", ", numbered)}) AS picked(n, run, path, whole)
                    ON coalesce(kept.status, '{Open}') = '{Open}' AND kept.run_id = picked.run AND kept.landed_file = picked.path AND picked.whole = (kept.record IS NULL) AND {PickedSql}
                LEFT JOIN {Source} AS tried ON tried.file = picked.n AND tried.record IS NOT DISTINCT FROM kept.record
                """;
            var wholes = files.Select((f, i) => (f, i)).Where(f => f.f.File.Picks!.Whole).Select(f => f.i.ToString(CultureInfo.InvariantCulture)).ToList();
            var news = wholes.Count == 0 ? null : News([.. files.Select(f => f.File)], Open) + $" WHERE file IN ({string.Join(", ", wholes)}) AND record IS NOT NULL";
            return (Union(Others(latest), Kept(marked), news), CommitMode.Overwrite);
        }, false, ct);
    }

    /// <summary>The choice of a replay, over <c>kept</c>.</summary>
    private string PickedSql => ChoiceSql(request.Replay!, "kept.");

    /// <summary>A condition for the rejects that are chosen.</summary>
    public static string ChoiceSql(RejectChoice choice, string prefix = "")
    {
        return $"{In("reason", choice.Reasons)} AND {In("run_id", choice.Runs)} AND {In("file", choice.Files)}";

        string In(string column, IReadOnlyList<string> values) => values.Count == 0 ? "true" : $"{prefix}{column} IN ({string.Join(", ", values.Select(v => SqlText.Literal(v)))})";
    }

    /// <param name="once">No commit will name them: an attempt that comes again must not write them again. Others are written anew by each attempt, for it may have found other ones, and take the place of the former.</param>
    private RejectsPlace Write(string folder, RejectSpool rejects, Func<TableSnapshot?, (string Sql, CommitMode Mode)> rows, bool once, CancellationToken ct)
    {
        var table = lake.TableAt(folder);
        // By run: one that failed after this commit must not make the next one, which gets the same transaction version, believe its rejects are there.
        var transactionId = $"{request.ApplicationId}/{request.RunId}";
        if (once && table.Latest() is { } done && done.TransactionVersion(transactionId) >= request.TxnVersion) return new RejectsPlace(folder, done.Version);
        session.RegisterSource(Source, RejectSpool.Schema, rejects.Batches);
        try
        {
            using var transaction = table.Begin();
            var (sql, mode) = rows(transaction.Base);
            transaction.Write(session, sql, new WriteOptions { Compression = "zstd", Mode = mode }, ct);
            // Another run or attempt of this job that writes at the same time: one of them has to begin again, or its version would name the rejects of both.
            var turn = $"{request.ApplicationId}/rejects";
            var commit = transaction.Commit(new CommitOptions
            {
                Mode = mode,
                Transaction = once ? (transactionId, request.TxnVersion) : (turn, (transaction.Base?.TransactionVersion(turn) ?? 0) + 1),
                Info = new Dictionary<string, string> { ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = job.Name },
            }, ct);
            if (commit.AlreadyCommitted && !once)
                throw new JobFailedException("FF2060", $"Another run of this job wrote to its rejects at the same time. Nothing was published.", "The next attempt begins from what is there then.", transient: true);
            return new RejectsPlace(folder, commit.Version);
        }
        finally
        {
            session.UnregisterSource(Source);
        }
    }

    /// <summary>Whether the folder's newest version holds of this job what the table's commit names, and no more.</summary>
    private bool IsClean(string folder, TableSnapshot? latest)
    {
        if (latest is null) return named is null || named.Folder == folder;
        // Tables from before rejects had a status: their commits did not always name them.
        if (latest.Schema.Find("status") is null) return true;
        if (named is null || named.Folder != folder) return named is null && session.Scalar<long>($"SELECT count(*) FROM {latest.ScanSql()} WHERE {Own} AND status <> '{Evidence}'") == 0;
        if (named.Version is not { } version || version == latest.Version) return true;
        return lake.TableAt(folder).History((int)Math.Min(int.MaxValue, latest.Version - version)).Where(v => v.Version > version)
            .All(v => v.Info.GetValueOrDefault("pipeline") != request.Pipeline || v.Info.GetValueOrDefault("job") != job.Name);
    }

    private string News(IReadOnlyList<LandedFile> files, string status) =>
        $"""
        SELECT {SqlText.Literal(request.RunId)} AS run_id, {SqlText.Literal(request.Pipeline)} AS pipeline, {SqlText.Literal(job.Name)} AS job, {SqlText.Literal("bronze." + job.Table)} AS table_name,
            reason, message, column_name, raw, {RowSet.FileName(files, "file")} AS file, {FileCopy(files)} AS landed_file, record, byte_offset, {Now} AS rejected_at,
            '{status}' AS status, CAST(NULL AS VARCHAR) AS replayed_run, CAST(NULL AS TIMESTAMPTZ) AS replayed_at
        FROM {Source}
        """;

    private string? Others(TableSnapshot? latest) => latest is null ? null : $"SELECT * FROM {WithStatus(latest)} WHERE NOT ({Own}) OR status = '{Evidence}'";

    /// <summary>A SELECT over <c>kept</c>: this job's rejects as the table's commit names them.</summary>
    private string? Kept(string select) =>
        named?.Snapshot(lake) is not { } snapshot ? null : $"SELECT * FROM (WITH kept AS (SELECT * FROM {WithStatus(snapshot)} AS named WHERE {Own} AND status IS DISTINCT FROM '{Evidence}') {select}) AS kept_rows";

    /// <summary>Rejects with the columns that old tables lack, for FROM.</summary>
    public static string WithStatus(TableSnapshot snapshot) => snapshot.Schema.Find("status") is not null ? snapshot.ScanSql()
        : $"(SELECT *, '{Open}' AS status, CAST(NULL AS VARCHAR) AS replayed_run, CAST(NULL AS TIMESTAMPTZ) AS replayed_at FROM {snapshot.ScanSql()})";

    private static string Union(params string?[] parts) => string.Join("\nUNION ALL BY NAME\n", parts.OfType<string>());

    private static string FileCopy(IReadOnlyList<LandedFile> files) => RowSet.FileName([.. files.Select(f => f with { Path = f.LocalPath })], "file");
}
