using System.Text.Json;
using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>
/// Runs, their jobs and attempts. Thread-safe. Every write may be repeated: what is final stays final, and a late word of an earlier
/// attempt is not heard (<see cref="Reopen"/> starts anew).
/// </summary>
public sealed partial class RunStore
{
    private const string RunColumns =
        """
        run_id, pipeline, pipeline_version, run_trigger, state, queued_at, started_at, finished_at, error_code, error_message, error_suggestion,
        workflow_id, workflow_run_id, job_ids, parameters, retry_of, paused, interval_start, interval_end, waiting, reopened_at, backfill_id, full_refresh, log_removed_at
        """;

    private readonly CatalogDatabase _database;

    internal RunStore(CatalogDatabase database) => _database = database;

    /// <summary>Adds a run; does nothing when its id is there already.</summary>
    /// <returns>True when it was new.</returns>
    public bool Create(RunRecord run) => _database.Write(
        s => s.Execute(
            $"""
            INSERT INTO runs ({RunColumns})
            VALUES (@run, @pipeline, @version, @trigger, @state, @queued, @started, @finished, @code, @message, @suggestion,
              @workflow, @workflowRun, @jobs, @parameters, @retryOf, @paused, @intervalStart, @intervalEnd, @waiting, @reopened, @backfill, @fullRefresh, @logRemoved)
            ON CONFLICT (run_id) DO NOTHING
            """,
            ("run", run.RunId), ("pipeline", run.Pipeline), ("version", run.PipelineVersion), ("trigger", run.Trigger), ("state", run.State.ToText()),
            ("queued", CatalogTime.Write(run.QueuedAt)), ("started", CatalogTime.Write(run.StartedAt)), ("finished", CatalogTime.Write(run.FinishedAt)),
            ("code", run.Error?.Code), ("message", run.Error?.Message), ("suggestion", run.Error?.Suggestion),
            ("workflow", run.WorkflowId), ("workflowRun", run.WorkflowRunId), ("jobs", JsonSerializer.Serialize(run.JobIds)),
            ("parameters", JsonSerializer.Serialize(run.Parameters)), ("retryOf", run.RetryOf), ("paused", run.Paused ? 1 : 0),
            ("intervalStart", CatalogTime.Write(run.Interval?.Start)), ("intervalEnd", CatalogTime.Write(run.Interval?.End)), ("waiting", run.Waiting),
            ("reopened", CatalogTime.Write(run.ReopenedAt)), ("backfill", run.BackfillId), ("fullRefresh", run.FullRefresh ? 1 : 0), ("logRemoved", CatalogTime.Write(run.LogRemovedAt))) > 0,
        new CatalogChange(CatalogChangeKind.Run, run.RunId));

    /// <summary>
    /// Moves a run on. The first <see cref="RunState.Running"/> sets when it started, a final state when it finished. A final state
    /// never changes again, and a running run is not queued again.
    /// </summary>
    /// <returns>True when the state changed.</returns>
    public bool SetState(string runId, RunState state, RunError? error, DateTimeOffset at) => _database.Write(
        s =>
        {
            var changed = s.Execute(
            $"""
            UPDATE runs SET state = @state,
              started_at = CASE WHEN @state = 'running' THEN coalesce(started_at, @at) ELSE started_at END,
              finished_at = CASE WHEN @final = 1 THEN @at ELSE finished_at END,
              waiting = CASE WHEN @final = 1 THEN NULL ELSE waiting END,
              error_code = @code, error_message = @message, error_suggestion = @suggestion
            WHERE run_id = @run AND state <> @state AND state IN ({(state == RunState.Queued ? "'queued'" : "'queued', 'running'")})
            """,
            ("run", runId), ("state", state.ToText()), ("at", CatalogTime.Write(at)), ("final", state.IsFinal() ? 1 : 0),
            ("code", error?.Code), ("message", error?.Message), ("suggestion", error?.Suggestion)) > 0;
            if (changed && state.IsFinal()) TriggerStore.Ended(s, runId, state.ToText(), CatalogTime.Write(at));
            return changed;
        },
        new CatalogChange(CatalogChangeKind.Run, runId));

    /// <summary>Moves a queued run to running unless so many are already at work; a run that is not queued is left as it is.</summary>
    /// <param name="most">Runs of all pipelines that may be at work at once.</param>
    /// <returns>False when it has to wait.</returns>
    public bool TryStart(string runId, int? most, DateTimeOffset at) => _database.Write(
        s =>
        {
            if (most is { } cap && s.Number("SELECT count(*) FROM runs WHERE state = 'running' AND run_id <> @run", ("run", runId)) >= cap
                && s.Number("SELECT count(*) FROM runs WHERE state = 'queued' AND run_id = @run", ("run", runId)) > 0) return false;
            s.Execute("UPDATE runs SET state = 'running', waiting = NULL, started_at = coalesce(started_at, @at) WHERE run_id = @run AND state = 'queued'", ("run", runId), ("at", CatalogTime.Write(at)));
            return true;
        },
        new CatalogChange(CatalogChangeKind.Run, runId));

    /// <summary>Notes whether a person holds an open run.</summary>
    public void SetPaused(string runId, bool paused) => _database.Write(
        s => s.Execute("UPDATE runs SET paused = @paused WHERE run_id = @run AND paused <> @paused", ("run", runId), ("paused", paused ? 1 : 0)),
        new CatalogChange(CatalogChangeKind.Run, runId));

    /// <summary>Notes why an open run does nothing at the moment; null when it works again.</summary>
    public void SetWaiting(string runId, string? reason)
    {
        if (Get(runId)?.Waiting == reason) return;
        _database.Write(
            s => s.Execute("UPDATE runs SET waiting = @reason WHERE run_id = @run AND state IN ('queued', 'running')", ("run", runId), ("reason", reason)),
            new CatalogChange(CatalogChangeKind.Run, runId));
    }

    /// <summary>Notes which workflow drives the run.</summary>
    public void SetWorkflow(string runId, string workflowId, string? workflowRunId) => _database.Write(s => s.Execute(
        "UPDATE runs SET workflow_id = @workflow, workflow_run_id = @workflowRun WHERE run_id = @run",
        ("run", runId), ("workflow", workflowId), ("workflowRun", workflowRunId)));

    /// <summary>Null when unknown.</summary>
    public RunRecord? Get(string runId) => _database.Read(s => s.First($"SELECT {RunColumns} FROM runs WHERE run_id = @run", MapRun, ("run", runId)));

    /// <summary>Newest first.</summary>
    /// <param name="page">From 1.</param>
    /// <param name="size">Up to 1,000.</param>
    public Page<RunRecord> List(RunFilter filter, int page = 1, int size = 50)
    {
        var where = Where(filter);
        (string, object?)[] args =
        [
            ("pipeline", filter.Pipeline), ("state", filter.State?.ToText()), ("from", CatalogTime.Write(filter.From)), ("to", CatalogTime.Write(filter.To)),
            ("text", Paging.Contains(filter.Text)), ("backfill", filter.Backfill),
        ];
        return _database.Read(s => Paging.Page(
            page, size,
            s.Number($"SELECT count(*) FROM runs {where}", args),
            // Ids first: the deep pages then skip index entries, not rows.
            (limit, offset) => s.Rows(
                $"""
                SELECT {RunColumns} FROM runs WHERE run_id IN (
                  SELECT run_id FROM runs {where} ORDER BY queued_at DESC, run_id DESC LIMIT @limit OFFSET @offset)
                ORDER BY queued_at DESC, run_id DESC
                """,
                MapRun, [.. args, ("limit", limit), ("offset", offset)])));
    }

    /// <summary>Runs that are queued or running, oldest first.</summary>
    public IReadOnlyList<RunRecord> Open() => _database.Read(s => s.Rows(
        $"SELECT {RunColumns} FROM runs WHERE state IN ('queued', 'running') ORDER BY queued_at, run_id", MapRun));

    /// <summary>A run, those that it repeats, and all that repeat one of them: oldest first.</summary>
    public IReadOnlyList<RunRecord> Family(string runId) => _database.Read(s => s.Rows(
        $"""
        WITH RECURSIVE up (run_id, retry_of) AS (
          SELECT run_id, retry_of FROM runs WHERE run_id = @run UNION SELECT r.run_id, r.retry_of FROM up JOIN runs r ON r.run_id = up.retry_of),
        family (run_id) AS (SELECT run_id FROM up UNION SELECT r.run_id FROM family f JOIN runs r ON r.retry_of = f.run_id)
        SELECT {RunColumns} FROM runs WHERE run_id IN (SELECT run_id FROM family) ORDER BY queued_at, run_id
        """,
        MapRun, ("run", runId)));

    /// <summary>The newest run of each pipeline that has one.</summary>
    public IReadOnlyDictionary<string, RunRecord> Latest(IReadOnlyCollection<string> pipelines) => _database.Read(s =>
    {
        var latest = new Dictionary<string, RunRecord>();
        foreach (var pipeline in pipelines)
        {
            if (s.First($"SELECT {RunColumns} FROM runs WHERE pipeline = @pipeline ORDER BY queued_at DESC, run_id DESC LIMIT 1", MapRun, ("pipeline", pipeline)) is { } run)
            {
                latest[pipeline] = run;
            }
        }
        return latest;
    });

    /// <summary>States of the last runs of each pipeline that has one, newest first.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<RunState>> RecentStates(IReadOnlyCollection<string> pipelines, int count) => _database.Read(s =>
    {
        var recent = new Dictionary<string, IReadOnlyList<RunState>>(StringComparer.Ordinal);
        foreach (var pipeline in pipelines)
        {
            if (s.Rows("SELECT state FROM runs WHERE pipeline = @pipeline ORDER BY queued_at DESC, run_id DESC LIMIT @count", row => row.Enum<RunState>("state"), ("pipeline", pipeline), ("count", count)) is { Count: > 0 } states)
            {
                recent[pipeline] = states;
            }
        }
        return recent;
    });

    private static string Where(RunFilter filter)
    {
        List<string> conditions = [];
        Add(filter.Pipeline, "pipeline = @pipeline");
        Add(filter.State, "state = @state");
        Add(filter.From, "queued_at >= @from");
        Add(filter.To, "queued_at < @to");
        Add(filter.Backfill, "backfill_id = @backfill");
        Add(filter.Text, "(run_id LIKE @text ESCAPE '\\' OR pipeline LIKE @text ESCAPE '\\' OR error_message LIKE @text ESCAPE '\\')");
        return conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions);

        void Add(object? value, string condition)
        {
            if (value is not null)
            {
                conditions.Add(condition);
            }
        }
    }

    private static RunRecord MapRun(SqlRow row) => new()
    {
        RunId = row.Text("run_id"),
        Pipeline = row.Text("pipeline"),
        PipelineVersion = row.Int("pipeline_version"),
        Trigger = row.Text("run_trigger"),
        State = row.Enum<RunState>("state"),
        QueuedAt = row.Time("queued_at"),
        StartedAt = row.TimeOrNull("started_at"),
        FinishedAt = row.TimeOrNull("finished_at"),
        Error = row.Error(),
        WorkflowId = row.TextOrNull("workflow_id"),
        WorkflowRunId = row.TextOrNull("workflow_run_id"),
        JobIds = row.List("job_ids"),
        Parameters = JsonSerializer.Deserialize<Dictionary<string, string>>(row.Text("parameters")) ?? [],
        RetryOf = row.TextOrNull("retry_of"),
        Paused = row.Int("paused") != 0,
        FullRefresh = row.Flag("full_refresh"),
        Interval = row.TimeOrNull("interval_start") is { } start && row.TimeOrNull("interval_end") is { } end ? new DataInterval(start, end) : null,
        Waiting = row.TextOrNull("waiting"),
        ReopenedAt = row.TimeOrNull("reopened_at"),
        LogRemovedAt = row.TimeOrNull("log_removed_at"),
        BackfillId = row.TextOrNull("backfill_id"),
    };
}
