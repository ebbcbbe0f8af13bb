using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Results of checks. Thread-safe.</summary>
public sealed class CheckResultStore
{
    private readonly CatalogDatabase _database;

    internal CheckResultStore(CatalogDatabase database) => _database = database;

    /// <summary>Adds results; a later attempt's replace those of the attempt before.</summary>
    public void Record(string runId, string jobId, string? table, IReadOnlyCollection<CheckOutcome> checks, DateTimeOffset at)
    {
        if (checks.Count == 0)
        {
            return;
        }
        _database.WriteQuick(
            s =>
            {
                s.Execute("DELETE FROM check_results WHERE run_id = @run AND job_id = @job", ("run", runId), ("job", jobId));
                foreach (var check in checks)
                {
                    s.Execute(
                        """
                        INSERT INTO check_results (run_id, job_id, check_title, table_name, on_fail, passed, failing_rows, message, recorded_at)
                        VALUES (@run, @job, @title, @table, @onFail, @passed, @failing, @message, @at)
                        ON CONFLICT (run_id, job_id, check_title) DO UPDATE SET passed = excluded.passed, failing_rows = excluded.failing_rows,
                          message = excluded.message
                        """,
                        ("run", runId), ("job", jobId), ("title", check.Check), ("table", table), ("onFail", check.OnFail.ToText()),
                        ("passed", check.Passed ? 1 : 0), ("failing", check.FailingRows), ("message", check.Message), ("at", CatalogTime.Write(at)));
                }
                return checks.Count;
            },
            new CatalogChange(CatalogChangeKind.Job, runId, jobId));
    }

    /// <summary>Of one run, by job.</summary>
    public IReadOnlyList<CheckResult> OfRun(string runId, string? jobId = null) => _database.Read(s => s.Rows(
        $"SELECT * FROM check_results WHERE run_id = @run {(jobId is null ? "" : "AND job_id = @job")} ORDER BY job_id, check_title",
        Map, ("run", runId), ("job", jobId)));

    /// <summary>Of one table, newest first.</summary>
    public IReadOnlyList<CheckResult> OfTable(string table, int limit = 100) => _database.Read(s => s.Rows(
        "SELECT * FROM check_results WHERE table_name = @table ORDER BY recorded_at DESC, run_id, check_title LIMIT @limit",
        Map, ("table", table), ("limit", limit)));

    private static CheckResult Map(SqlRow row) => new(
        row.Text("run_id"), row.Text("job_id"), row.TextOrNull("table_name"), row.Text("check_title"), row.Enum<CheckAction>("on_fail"),
        row.Flag("passed"), row.Long("failing_rows"), row.TextOrNull("message"), row.Time("recorded_at"));
}
