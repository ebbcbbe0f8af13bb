using System.Text.Json;
using FlowForge.Pipelines;

namespace FlowForge.Catalog;

public sealed partial class RunStore
{
    /// <summary>
    /// Adds or updates a job of a run; jobs keep the order in which they came first. Not heard: a word of an attempt before the
    /// recorded one, and an open state after a final one of the same attempt. A null <see cref="JobRunRecord.StartedAt"/>,
    /// <see cref="JobRunRecord.Table"/> or empty <see cref="JobRunRecord.DependsOn"/> keeps what is recorded.
    /// </summary>
    /// <returns>True when it was heard.</returns>
    public bool UpsertJob(JobRunRecord job) => _database.Write(s => Upsert(s, job), new CatalogChange(CatalogChangeKind.Job, job.RunId, job.JobId));

    /// <summary>
    /// As <see cref="UpsertJob"/> for progress of a running job: cheaper, for a power loss may take it back.
    /// </summary>
    public bool UpsertProgress(JobRunRecord job) => _database.WriteQuick(s => Upsert(s, job), new CatalogChange(CatalogChangeKind.Job, job.RunId, job.JobId));

    /// <summary>As <see cref="UpsertJob"/> for all jobs of a plan, in one transaction.</summary>
    public void UpsertJobs(IReadOnlyList<JobRunRecord> jobs)
    {
        if (jobs.Count > 0)
        {
            _database.Write(
                s => jobs.Count(job => Upsert(s, job)),
                new CatalogChange(CatalogChangeKind.Run, jobs[0].RunId));
        }
    }

    /// <summary>In the order of the plan.</summary>
    public IReadOnlyList<JobRunRecord> Jobs(string runId) =>
        _database.Read(s => s.Rows("SELECT * FROM job_runs WHERE run_id = @run ORDER BY ordinal", MapJob, ("run", runId)));

    /// <summary>Runs with a job of a worker pool that has not ended.</summary>
    public IReadOnlyList<string> WithPoolJobs() =>
        _database.Read(s => s.Rows("SELECT DISTINCT run_id FROM job_runs WHERE pool IS NOT NULL AND state IN ('queued', 'running')", r => r.Text("run_id")));

    /// <summary>Null when unknown.</summary>
    public JobRunRecord? Job(string runId, string jobId) =>
        _database.Read(s => s.First("SELECT * FROM job_runs WHERE run_id = @run AND job_id = @job", MapJob, ("run", runId), ("job", jobId)));

    /// <summary>Adds an attempt, or its end. An attempt that ended does not run again.</summary>
    public void AddAttempt(AttemptRecord attempt) => _database.Write(
        s => s.Execute(
            """
            INSERT INTO attempts (run_id, job_id, attempt, state, started_at, finished_at, error_code, error_message, error_suggestion)
            VALUES (@run, @job, @attempt, @state, @started, @finished, @code, @message, @suggestion)
            ON CONFLICT (run_id, job_id, attempt) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at,
              error_code = excluded.error_code, error_message = excluded.error_message, error_suggestion = excluded.error_suggestion
            WHERE attempts.finished_at IS NULL OR excluded.finished_at IS NOT NULL
            """,
            ("run", attempt.RunId), ("job", attempt.JobId), ("attempt", attempt.Attempt), ("state", attempt.State.ToText()),
            ("started", CatalogTime.Write(attempt.StartedAt)), ("finished", CatalogTime.Write(attempt.FinishedAt)),
            ("code", attempt.Error?.Code), ("message", attempt.Error?.Message), ("suggestion", attempt.Error?.Suggestion)),
        new CatalogChange(CatalogChangeKind.Job, attempt.RunId, attempt.JobId));

    /// <summary>Oldest first; of all jobs when <paramref name="jobId"/> is null.</summary>
    public IReadOnlyList<AttemptRecord> Attempts(string runId, string? jobId = null) => _database.Read(s => s.Rows(
        $"SELECT * FROM attempts WHERE run_id = @run {(jobId is null ? "" : "AND job_id = @job")} ORDER BY started_at, job_id, attempt",
        row => new AttemptRecord(
            row.Text("run_id"), row.Text("job_id"), row.Int("attempt"), row.Enum<RunState>("state"), row.Time("started_at"), row.TimeOrNull("finished_at"), row.Error()),
        ("run", runId), ("job", jobId)));

    private static bool Upsert(SqlSession s, JobRunRecord job)
    {
        var heard = s.Execute(
            """
            INSERT INTO job_runs (run_id, job_id, ordinal, name, kind, state, attempt, rows_read, rows_loaded, rows_rejected, rows_deduplicated,
              rows_filtered, bytes, started_at, finished_at, error_code, error_message, error_suggestion, table_name, table_version, phase, progress,
              rows_per_second, depends_on, note, pool, details)
            VALUES (@run, @job, (SELECT coalesce(max(ordinal), 0) + 1 FROM job_runs WHERE run_id = @run), @name, @kind, @state, @attempt, @read, @loaded,
              @rejected, @deduplicated, @filtered, @bytes, @started, @finished, @code, @message, @suggestion, @table, @version, @phase, @progress,
              @speed, @dependsOn, @note, @pool, @details)
            ON CONFLICT (run_id, job_id) DO UPDATE SET
              state = excluded.state, attempt = excluded.attempt, rows_read = excluded.rows_read, rows_loaded = excluded.rows_loaded,
              rows_rejected = excluded.rows_rejected, rows_deduplicated = excluded.rows_deduplicated, rows_filtered = excluded.rows_filtered,
              bytes = excluded.bytes, started_at = coalesce(excluded.started_at, job_runs.started_at), finished_at = excluded.finished_at,
              error_code = excluded.error_code, error_message = excluded.error_message, error_suggestion = excluded.error_suggestion,
              table_name = coalesce(excluded.table_name, job_runs.table_name), table_version = excluded.table_version, phase = excluded.phase,
              progress = excluded.progress, rows_per_second = excluded.rows_per_second,
              depends_on = CASE WHEN excluded.depends_on = '[]' THEN job_runs.depends_on ELSE excluded.depends_on END, note = excluded.note,
              pool = coalesce(excluded.pool, job_runs.pool), details = excluded.details
            WHERE excluded.attempt > job_runs.attempt
              OR (excluded.attempt = job_runs.attempt
                  AND (job_runs.state IN ('queued', 'running') OR excluded.state NOT IN ('queued', 'running'))
                  AND NOT (job_runs.state = 'running' AND excluded.state = 'queued'))
            """,
            ("run", job.RunId), ("job", job.JobId), ("name", job.Name), ("kind", job.Kind.ToText()), ("state", job.State.ToText()), ("attempt", job.Attempt),
            ("read", job.Counts.Read), ("loaded", job.Counts.Loaded), ("rejected", job.Counts.Rejected), ("deduplicated", job.Counts.Deduplicated),
            ("filtered", job.Counts.Filtered), ("bytes", job.Bytes), ("started", CatalogTime.Write(job.StartedAt)), ("finished", CatalogTime.Write(job.FinishedAt)),
            ("code", job.Error?.Code), ("message", job.Error?.Message), ("suggestion", job.Error?.Suggestion), ("table", job.Table),
            ("version", job.TableVersion), ("phase", job.Phase), ("progress", job.ProgressFraction), ("speed", job.RowsPerSecond),
            ("dependsOn", JsonSerializer.Serialize(job.DependsOn)), ("note", job.Note), ("pool", job.Pool),
            ("details", job.Changes is null && job.Tables.Count == 0 ? null : JsonSerializer.Serialize(new JobDetails(job.Changes, job.Tables)))) > 0;
        if (heard)
        {
            // Ingest jobs alone: silver and gold read the same rows again.
            s.Execute(
                """
                UPDATE runs SET
                  rows_read = (SELECT coalesce(sum(rows_read), 0) FROM job_runs WHERE run_id = @run AND kind = 'ingest'),
                  rows_loaded = (SELECT coalesce(sum(rows_loaded), 0) FROM job_runs WHERE run_id = @run AND kind = 'ingest'),
                  rows_rejected = (SELECT coalesce(sum(rows_rejected), 0) FROM job_runs WHERE run_id = @run AND kind = 'ingest'),
                  bytes = (SELECT coalesce(sum(bytes), 0) FROM job_runs WHERE run_id = @run AND kind = 'ingest')
                WHERE run_id = @run
                """,
                ("run", job.RunId));
        }
        return heard;
    }

    private static JobRunRecord MapJob(SqlRow row)
    {
        var details = row.TextOrNull("details") is { } json ? JsonSerializer.Deserialize<JobDetails>(json) : null;
        return Map(row) with { Changes = details?.Changes, Tables = details?.Tables ?? [] };
    }

    private sealed record JobDetails(RowChanges? Changes, IReadOnlyList<TableOutcome> Tables);

    private static JobRunRecord Map(SqlRow row) => new()
    {
        RunId = row.Text("run_id"),
        JobId = row.Text("job_id"),
        Name = row.Text("name"),
        Kind = row.Enum<JobKind>("kind"),
        State = row.Enum<RunState>("state"),
        Attempt = row.Int("attempt"),
        Counts = new RowCounts(
            row.Long("rows_read"), row.Long("rows_loaded"), row.Long("rows_rejected"), row.Long("rows_deduplicated"), row.Long("rows_filtered")),
        Bytes = row.Long("bytes"),
        StartedAt = row.TimeOrNull("started_at"),
        FinishedAt = row.TimeOrNull("finished_at"),
        Error = row.Error(),
        Table = row.TextOrNull("table_name"),
        TableVersion = row.LongOrNull("table_version"),
        Phase = row.TextOrNull("phase"),
        ProgressFraction = row.RealOrNull("progress"),
        RowsPerSecond = row.RealOrNull("rows_per_second"),
        DependsOn = row.List("depends_on"),
        Note = row.TextOrNull("note"),
        Pool = row.TextOrNull("pool"),
    };
}
