using System.Text.Json;

namespace FlowForge.Catalog;

/// <summary>How long the catalog keeps what grows. Null keeps it for ever.</summary>
public sealed record RetentionOptions
{
    /// <summary>Logs of runs that finished longer ago are removed; the runs stay.</summary>
    public TimeSpan? Logs { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Runs that finished longer ago are removed with their jobs, attempts, logs, checks and samples.</summary>
    public TimeSpan? Runs { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Each pipeline keeps at least this many of its newest runs, however old.</summary>
    public int KeepRunsPerPipeline { get; init; } = 20;
}

/// <summary>What was removed.</summary>
public readonly record struct PruneResult(long Runs, long LogLines);

/// <summary>
/// Removes old runs and logs, little by little so that other writers never wait long. What anything still stands on stays, however old: open runs and those that an open one repeats, the newest
/// runs of each pipeline, the newest success of each job, runs that a watermark, a delivery, a trigger or a pending schema change names, runs with open rejects, and those of open backfills.
/// What belongs to tables (files seen, schemas, lineage, counts of rejects) stays as well, and so does what a run says about its interval.
/// </summary>
public static class Retention
{
    private const int Batch = 200;

    // The lists that are not about the row are made once a statement, not once a row.
    private const string Old =
        """
        SELECT run_id, queued_at FROM runs r
        WHERE (queued_at > @at OR (queued_at = @at AND run_id > @id)) AND queued_at < @before AND finished_at < @before AND state NOT IN ('queued', 'running')
          AND (SELECT count(*) FROM (SELECT 1 FROM runs n WHERE n.pipeline = r.pipeline
            AND (n.queued_at > r.queued_at OR (n.queued_at = r.queued_at AND n.run_id > r.run_id)) LIMIT @keep) newer) >= @keep
          AND run_id NOT IN (SELECT value FROM json_each(@needed))
          AND run_id NOT IN (SELECT run_id FROM watermarks)
          AND run_id NOT IN (SELECT run_id FROM deliveries WHERE run_id IS NOT NULL)
          AND run_id NOT IN (SELECT run_id FROM reopenings)
          AND run_id NOT IN (SELECT run_id FROM schema_holds WHERE done_run IS NULL)
          AND run_id NOT IN (SELECT pending_run FROM triggers WHERE pending_run IS NOT NULL UNION SELECT last_run FROM triggers WHERE last_run IS NOT NULL)
          AND run_id NOT IN (SELECT retry_of FROM runs WHERE retry_of IS NOT NULL AND state IN ('queued', 'running'))
          AND (backfill_id IS NULL OR backfill_id NOT IN (SELECT backfill_id FROM backfills WHERE finished_at IS NULL))
          AND NOT EXISTS (SELECT 1 FROM reject_summaries j WHERE j.run_id = r.run_id AND j.open_count > 0)
          AND NOT EXISTS (SELECT 1 FROM job_runs j WHERE j.run_id = r.run_id AND j.state = 'succeeded' AND NOT EXISTS (
            SELECT 1 FROM runs n CROSS JOIN job_runs s ON s.run_id = n.run_id AND s.job_id = j.job_id AND s.state = 'succeeded'
            WHERE n.pipeline = r.pipeline AND (n.queued_at > r.queued_at OR (n.queued_at = r.queued_at AND n.run_id > r.run_id))))
        ORDER BY queued_at, run_id LIMIT @batch
        """;

    // A run that was repeated has succeeded when one that repeats it has. Of several runs about an interval a success stays, else the newest.
    private const string KeepInterval =
        """
        WITH RECURSIVE chain (run_id, state, queued_at) AS (
          SELECT run_id, state, queued_at FROM runs WHERE run_id = @run
          UNION ALL SELECT r.run_id, r.state, r.queued_at FROM chain c JOIN runs r ON r.retry_of = c.run_id)
        INSERT INTO past_intervals (pipeline, interval_start, interval_end, job_ids, run_id, state)
        SELECT r.pipeline, r.interval_start, r.interval_end, r.job_ids, c.run_id, c.state FROM runs r CROSS JOIN chain c
        WHERE r.run_id = @run AND r.interval_start IS NOT NULL AND r.interval_end IS NOT NULL
        ORDER BY c.state = 'succeeded' DESC, c.queued_at DESC LIMIT 1
        ON CONFLICT DO UPDATE SET run_id = excluded.run_id, state = excluded.state WHERE past_intervals.state <> 'succeeded' OR excluded.state = 'succeeded'
        """;

    /// <summary>Runs until nothing is left to remove, or <paramref name="ct"/> is cancelled.</summary>
    /// <param name="database">Others may write meanwhile.</param>
    /// <param name="options">What is old.</param>
    /// <param name="now">From which its age counts.</param>
    /// <param name="needed">Runs that something outside of the catalog stands on.</param>
    /// <param name="ct">Ends it after a piece.</param>
    public static PruneResult Prune(this CatalogDatabase database, RetentionOptions options, DateTimeOffset now, IEnumerable<string>? needed = null, CancellationToken ct = default)
    {
        long runs = 0, lines = 0;
        if (options.Runs is { } age)
        {
            var kept = JsonSerializer.Serialize(needed ?? []);
            (long At, string Id) from = (long.MinValue, "");
            for (var removed = Batch; removed == Batch && !ct.IsCancellationRequested; runs += removed)
            {
                removed = database.WriteQuick(s => RemoveRuns(s, CatalogTime.Write(now - age), options.KeepRunsPerPipeline, kept, ref from, ref lines));
            }
            database.WriteQuick(s => RemoveWork(s, CatalogTime.Write(now - age)));
        }
        if (options.Logs is { } logAge)
        {
            for (var removed = Batch; removed == Batch && !ct.IsCancellationRequested;)
            {
                removed = database.WriteQuick(s => RemoveLogs(s, now - logAge, now, ref lines));
            }
        }
        return new PruneResult(runs, lines);
    }

    /// <param name="from">The last run that went: those before it were looked at and stay.</param>
    private static int RemoveRuns(SqlSession s, long before, int keep, string needed, ref (long At, string Id) from, ref long lines)
    {
        var old = s.Rows(Old, r => (Id: r.Text("run_id"), At: r.Long("queued_at")), ("at", from.At), ("id", from.Id), ("before", before), ("keep", keep), ("needed", needed), ("batch", Batch));
        foreach (var (id, at) in old)
        {
            from = (at, id);
            s.Execute(KeepInterval, ("run", id));
            lines += s.Execute("DELETE FROM logs WHERE run_id = @run", ("run", id));
            foreach (var table in (ReadOnlySpan<string>)["job_runs", "attempts", "check_results", "run_ends", "run_samples", "runs"])
            {
                s.Execute($"DELETE FROM {table} WHERE run_id = @run", ("run", id));
            }
            // A table's transaction versions never repeat: the newest one that was given stays known.
            s.Execute("DELETE FROM claims WHERE run_id = @run AND EXISTS (SELECT 1 FROM claims n WHERE n.table_name = claims.table_name AND n.application = claims.application AND n.txn_version > claims.txn_version)", ("run", id));
        }
        return old.Count;
    }

    private static int RemoveWork(SqlSession s, long before) =>
        s.Execute("DELETE FROM backfills WHERE finished_at < @before AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.backfill_id = backfills.backfill_id)", ("before", before))
        + s.Execute("DELETE FROM table_care WHERE finished_at < @before", ("before", before));

    private static int RemoveLogs(SqlSession s, DateTimeOffset before, DateTimeOffset now, ref long lines)
    {
        var ids = s.Rows(
            """
            SELECT run_id FROM runs WHERE queued_at < @before AND finished_at < @before AND state NOT IN ('queued', 'running')
              AND EXISTS (SELECT 1 FROM logs WHERE logs.run_id = runs.run_id)
            ORDER BY queued_at LIMIT @batch
            """,
            r => r.Text("run_id"), ("before", CatalogTime.Write(before)), ("batch", Batch));
        foreach (var id in ids)
        {
            lines += s.Execute("DELETE FROM logs WHERE run_id = @run", ("run", id));
            s.Execute("UPDATE runs SET log_removed_at = @now WHERE run_id = @run", ("now", CatalogTime.Write(now)), ("run", id));
        }
        return ids.Count;
    }
}
