namespace FlowForge.Catalog;

/// <summary>How long the catalog keeps what grows. Null keeps it for ever.</summary>
public sealed record RetentionOptions
{
    /// <summary>Logs of runs that finished longer ago are removed; the runs stay.</summary>
    public TimeSpan? Logs { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Runs that finished longer ago are removed with their jobs, attempts, logs and checks.</summary>
    public TimeSpan? Runs { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Each pipeline keeps at least this many of its newest runs, however old.</summary>
    public int KeepRunsPerPipeline { get; init; } = 20;
}

/// <summary>What was removed.</summary>
public readonly record struct PruneResult(long Runs, long LogLines);

/// <summary>Removes old runs and logs, little by little so that other writers never wait long. Open runs and what tables need (files seen, schemas, lineage) stay.</summary>
public static class Retention
{
    private const int Batch = 200;

    /// <summary>Runs until nothing is left to remove, or <paramref name="ct"/> is cancelled.</summary>
    public static PruneResult Prune(this CatalogDatabase database, RetentionOptions options, DateTimeOffset now, CancellationToken ct = default)
    {
        long runs = 0, lines = 0;
        if (options.Runs is { } age)
        {
            for (var removed = Batch; removed == Batch && !ct.IsCancellationRequested; runs += removed)
            {
                removed = database.WriteQuick(s => RemoveRuns(s, now - age, options.KeepRunsPerPipeline, ref lines));
            }
        }
        if (options.Logs is { } logAge)
        {
            for (var removed = Batch; removed == Batch && !ct.IsCancellationRequested;)
            {
                removed = database.WriteQuick(s => RemoveLogs(s, now - logAge, ref lines));
            }
        }
        return new PruneResult(runs, lines);
    }

    private static int RemoveRuns(SqlSession s, DateTimeOffset before, int keep, ref long lines)
    {
        var ids = s.Rows(
            """
            SELECT run_id FROM runs r WHERE finished_at < @before AND state NOT IN ('queued', 'running')
              AND (SELECT count(*) FROM (SELECT 1 FROM runs n WHERE n.pipeline = r.pipeline
                AND (n.queued_at > r.queued_at OR (n.queued_at = r.queued_at AND n.run_id > r.run_id)) LIMIT @keep) newer) >= @keep
            ORDER BY queued_at LIMIT @batch
            """,
            r => r.Text("run_id"), ("before", CatalogTime.Write(before)), ("keep", keep), ("batch", Batch));
        foreach (var id in ids)
        {
            lines += s.Execute("DELETE FROM logs WHERE run_id = @run", ("run", id));
            foreach (var table in (ReadOnlySpan<string>)["job_runs", "attempts", "claims", "check_results", "reject_summaries", "run_ends", "reopenings", "run_samples", "runs"])
            {
                s.Execute($"DELETE FROM {table} WHERE run_id = @run", ("run", id));
            }
        }
        s.Execute("DELETE FROM backfills WHERE finished_at < @before AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.backfill_id = backfills.backfill_id)", ("before", CatalogTime.Write(before)));
        s.Execute("DELETE FROM table_care WHERE finished_at < @before", ("before", CatalogTime.Write(before)));
        return ids.Count;
    }

    private static int RemoveLogs(SqlSession s, DateTimeOffset before, ref long lines)
    {
        var ids = s.Rows(
            """
            SELECT run_id FROM runs WHERE finished_at < @before AND state NOT IN ('queued', 'running')
              AND EXISTS (SELECT 1 FROM logs WHERE logs.run_id = runs.run_id)
            ORDER BY queued_at LIMIT @batch
            """,
            r => r.Text("run_id"), ("before", CatalogTime.Write(before)), ("batch", Batch));
        foreach (var id in ids)
        {
            lines += s.Execute("DELETE FROM logs WHERE run_id = @run", ("run", id));
        }
        return ids.Count;
    }
}
