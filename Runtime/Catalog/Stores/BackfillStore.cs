using System.Text.Json;
using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Backfills, and what runs say of intervals. Thread-safe; every write may be repeated.</summary>
public sealed class BackfillStore
{
    private readonly CatalogDatabase _database;

    internal BackfillStore(CatalogDatabase database) => _database = database;

    /// <summary>Adds a backfill; does nothing when its id is there already.</summary>
    public void Create(BackfillRecord backfill) => _database.Write(
        s => s.Execute(
            """
            INSERT INTO backfills (backfill_id, pipeline, pipeline_version, state, range_start, range_end, step, only_what, max_parallel, job_ids, parameters, intervals, created_at)
            VALUES (@id, @pipeline, @version, @state, @from, @to, @step, @only, @parallel, @jobs, @parameters, @intervals, @created)
            ON CONFLICT (backfill_id) DO NOTHING
            """,
            ("id", backfill.BackfillId), ("pipeline", backfill.Pipeline), ("version", backfill.PipelineVersion), ("state", backfill.State.ToText()),
            ("from", CatalogTime.Write(backfill.Range.Start)), ("to", CatalogTime.Write(backfill.Range.End)), ("step", backfill.Step), ("only", backfill.Only.ToText()),
            ("parallel", backfill.MaxParallel), ("jobs", JsonSerializer.Serialize(backfill.JobIds)), ("parameters", JsonSerializer.Serialize(backfill.Parameters)),
            ("intervals", JsonSerializer.Serialize(backfill.Intervals.Select(i => new[] { CatalogTime.Write(i.Start), CatalogTime.Write(i.End) }))),
            ("created", CatalogTime.Write(backfill.CreatedAt))),
        Changed(backfill.BackfillId));

    /// <summary>Moves a backfill on; a final state never changes again.</summary>
    public void SetState(string id, RunState state, RunError? error, DateTimeOffset at) => _database.Write(
        s => s.Execute(
            """
            UPDATE backfills SET state = @state, finished_at = CASE WHEN @final = 1 THEN @at ELSE NULL END, error_code = @code, error_message = @message, error_suggestion = @suggestion
            WHERE backfill_id = @id AND state IN ('queued', 'running')
            """,
            ("id", id), ("state", state.ToText()), ("final", state.IsFinal() ? 1 : 0), ("at", CatalogTime.Write(at)),
            ("code", error?.Code), ("message", error?.Message), ("suggestion", error?.Suggestion)),
        Changed(id));

    /// <summary>Null when unknown.</summary>
    public BackfillRecord? Get(string id) => _database.Read(s => s.First("SELECT * FROM backfills WHERE backfill_id = @id", Map, ("id", id)));

    /// <summary>Newest first.</summary>
    /// <param name="pipeline">Null for all.</param>
    public Page<BackfillRecord> List(string? pipeline, int page = 1, int size = 50)
    {
        var where = pipeline is null ? "" : "WHERE pipeline = @pipeline";
        return _database.Read(s => Paging.Page(page, size, s.Number($"SELECT count(*) FROM backfills {where}", ("pipeline", pipeline)), (limit, offset) => s.Rows(
            $"SELECT * FROM backfills {where} ORDER BY created_at DESC, backfill_id DESC LIMIT @limit OFFSET @offset", Map, ("pipeline", pipeline), ("limit", limit), ("offset", offset))));
    }

    /// <summary>Queued or running, oldest first.</summary>
    public IReadOnlyList<BackfillRecord> Open() => _database.Read(s => s.Rows("SELECT * FROM backfills WHERE state IN ('queued', 'running') ORDER BY created_at", Map));

    /// <summary>How many of its intervals have a newest run in each state; intervals without a run are not counted.</summary>
    public IReadOnlyDictionary<RunState, int> Progress(string id) => _database.Read(s => s.Rows(
        """
        SELECT state, count(*) AS n FROM (
          SELECT state, row_number() OVER (PARTITION BY interval_start, interval_end ORDER BY queued_at DESC, run_id DESC) AS newest FROM runs WHERE backfill_id = @id)
        WHERE newest = 1 GROUP BY state
        """,
        r => (State: r.Enum<RunState>("state"), Count: r.Int("n")), ("id", id)).ToDictionary(r => r.State, r => r.Count));

    /// <summary>The runs about intervals within a range, oldest first, those that retention removed before all others; one that repeats another stands for it, and so does one that repeats that.</summary>
    public IReadOnlyList<IntervalRun> Newest(string pipeline, DataInterval range) => _database.Read(s => s.Rows(
        """
        WITH RECURSIVE origin (run_id, of, up) AS (
          SELECT run_id, run_id, retry_of FROM runs WHERE pipeline = @pipeline AND interval_start >= @from AND interval_end <= @to
          UNION ALL SELECT o.run_id, r.run_id, r.retry_of FROM origin o JOIN runs r ON r.run_id = o.up)
        SELECT interval_start, interval_end, run_id, state, job_ids, 1 AS removed, 0 AS queued_at FROM past_intervals
        WHERE pipeline = @pipeline AND interval_start >= @from AND interval_end <= @to
        UNION ALL
        SELECT r.interval_start, r.interval_end, r.run_id, r.state, f.job_ids, 0, r.queued_at
        FROM origin o JOIN runs r ON r.run_id = o.run_id JOIN runs f ON f.run_id = o.of
        WHERE o.up IS NULL OR NOT EXISTS (SELECT 1 FROM runs gone WHERE gone.run_id = o.up)
        ORDER BY removed DESC, queued_at, run_id
        """,
        r => new IntervalRun(new(r.Time("interval_start"), r.Time("interval_end")), r.Text("run_id"), r.Enum<RunState>("state"), r.List("job_ids"), r.Flag("removed")),
        ("pipeline", pipeline), ("from", CatalogTime.Write(range.Start)), ("to", CatalogTime.Write(range.End))));

    private static CatalogChange Changed(string id) => new(CatalogChangeKind.Backfill, id);

    private static BackfillRecord Map(SqlRow row) => new()
    {
        BackfillId = row.Text("backfill_id"),
        Pipeline = row.Text("pipeline"),
        PipelineVersion = row.Int("pipeline_version"),
        State = row.Enum<RunState>("state"),
        Range = new(row.Time("range_start"), row.Time("range_end")),
        Step = row.Text("step"),
        Only = row.Enum<BackfillOnly>("only_what"),
        MaxParallel = row.Int("max_parallel"),
        JobIds = row.List("job_ids"),
        Parameters = JsonSerializer.Deserialize<Dictionary<string, string>>(row.Text("parameters")) ?? [],
        Intervals = [.. (JsonSerializer.Deserialize<long[][]>(row.Text("intervals")) ?? []).Select(i => new DataInterval(CatalogTime.Read(i[0]), CatalogTime.Read(i[1])))],
        CreatedAt = row.Time("created_at"),
        FinishedAt = row.TimeOrNull("finished_at"),
        Error = row.Error(),
    };
}
