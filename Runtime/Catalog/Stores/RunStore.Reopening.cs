using System.Text.Json;
using FlowForge.Pipelines;

namespace FlowForge.Catalog;

public sealed partial class RunStore
{
    /// <summary>
    /// Makes a finished run start over with its jobs that did not succeed; those that did stay as they are. In the same transaction it is written what Temporal is to do, until
    /// <see cref="Reopened"/> or <see cref="TakeReopeningBack"/>.
    /// </summary>
    /// <returns>False when the run is unknown or open.</returns>
    public bool Reopen(string runId, Reopening plan, DateTimeOffset at) => _database.Write(
        s =>
        {
            var reopened = s.Execute(
                """
                UPDATE runs SET state = 'queued', paused = 0, waiting = NULL, reopened_at = @at, log_removed_at = NULL, finished_at = NULL, error_code = NULL, error_message = NULL, error_suggestion = NULL
                WHERE run_id = @run AND state NOT IN ('queued', 'running')
                """, ("run", runId), ("at", CatalogTime.Write(at))) > 0;
            if (reopened)
            {
                s.Execute("INSERT OR REPLACE INTO reopenings (run_id, plan) VALUES (@run, @plan)", ("run", runId), ("plan", JsonSerializer.Serialize(plan)));
                s.Execute(
                    """
                    UPDATE job_runs SET state = 'queued', attempt = 0, started_at = NULL, finished_at = NULL, phase = NULL, progress = NULL,
                      rows_per_second = NULL, error_code = NULL, error_message = NULL, error_suggestion = NULL
                    WHERE run_id = @run AND state <> 'succeeded'
                    """, ("run", runId));
            }
            return reopened;
        },
        new CatalogChange(CatalogChangeKind.Run, runId));

    /// <summary>Runs whose reopening is not known to have reached Temporal.</summary>
    public IReadOnlyList<string> Reopenings() => _database.Read(s => s.Rows("SELECT run_id FROM reopenings", r => r.Text("run_id")));

    /// <summary>Null when nothing is left to do.</summary>
    public Reopening? Reopening(string runId) => _database.Read(s => s.First(
        "SELECT plan FROM reopenings WHERE run_id = @run", r => JsonSerializer.Deserialize<Reopening>(r.Text("plan"))!, ("run", runId)));

    /// <summary>The reopening has reached Temporal, or nothing is to come of it.</summary>
    public void Reopened(string runId) => _database.Write(s => s.Execute("DELETE FROM reopenings WHERE run_id = @run", ("run", runId)));

    /// <summary>Puts a reopened run back as it was, when nothing came of it. Its end has been told before and is not told again.</summary>
    public void TakeReopeningBack(Reopening plan)
    {
        var run = plan.Run;
        UpsertJobs([.. plan.Jobs.Where(j => j.State != RunState.Succeeded)]);
        _database.Write(
            s => s.Execute(
                """
                UPDATE runs SET state = @state, finished_at = @finished, reopened_at = @reopened, log_removed_at = @logRemoved, error_code = @code, error_message = @message, error_suggestion = @suggestion
                WHERE run_id = @run AND state IN ('queued', 'running')
                """,
                ("run", run.RunId), ("state", run.State.ToText()), ("finished", CatalogTime.Write(run.FinishedAt)), ("reopened", CatalogTime.Write(run.ReopenedAt)), ("logRemoved", CatalogTime.Write(run.LogRemovedAt)),
                ("code", run.Error?.Code), ("message", run.Error?.Message), ("suggestion", run.Error?.Suggestion))
                + s.Execute("DELETE FROM reopenings WHERE run_id = @run", ("run", run.RunId)),
            new CatalogChange(CatalogChangeKind.Run, run.RunId));
    }
}
