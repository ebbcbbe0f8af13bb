using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Results of checks. Thread-safe.</summary>
public sealed class CheckResultStore
{
    private readonly CatalogDatabase _database;

    internal CheckResultStore(CatalogDatabase database) => _database = database;

    /// <summary>Adds results; a later attempt's replace those of the attempt before. A job with many tables records those of each by itself.</summary>
    /// <param name="samples">Failing rows as JSON, by title of the check.</param>
    public void Record(string runId, string jobId, string? table, IReadOnlyCollection<CheckOutcome> checks, DateTimeOffset at, IReadOnlyDictionary<string, IReadOnlyList<string>>? samples = null)
    {
        if (checks.Count == 0)
        {
            return;
        }
        _database.WriteQuick(
            s =>
            {
                s.Execute("DELETE FROM check_results WHERE run_id = @run AND job_id = @job AND coalesce(table_name, '') = coalesce(@table, '')", ("run", runId), ("job", jobId), ("table", table));
                foreach (var check in checks)
                {
                    s.Execute(
                        """
                        INSERT INTO check_results (run_id, job_id, check_title, table_name, on_fail, passed, failing_rows, message, recorded_at, value, samples)
                        VALUES (@run, @job, @title, @table, @onFail, @passed, @failing, @message, @at, @value, @samples)
                        ON CONFLICT (run_id, job_id, coalesce(table_name, ''), check_title) DO UPDATE SET passed = excluded.passed, failing_rows = excluded.failing_rows,
                          message = excluded.message, value = excluded.value, samples = excluded.samples
                        """,
                        ("run", runId), ("job", jobId), ("title", check.Check), ("table", table), ("onFail", check.OnFail.ToText()),
                        ("passed", check.Passed ? 1 : 0), ("failing", check.FailingRows), ("message", check.Message), ("at", CatalogTime.Write(at)), ("value", check.Value),
                        ("samples", samples?.TryGetValue(check.Check, out var rows) == true ? "[" + string.Join(",", rows) + "]" : null));
                }
                return checks.Count;
            },
            new CatalogChange(CatalogChangeKind.Job, runId, jobId));
    }

    /// <summary>Of one run, by job.</summary>
    public IReadOnlyList<CheckResult> OfRun(string runId, string? jobId = null) => _database.Read(s => s.Rows(
        $"SELECT * FROM check_results WHERE run_id = @run {(jobId is null ? "" : "AND job_id = @job")} ORDER BY job_id, table_name, check_title",
        Map, ("run", runId), ("job", jobId)));

    /// <summary>Of one table, newest first.</summary>
    public IReadOnlyList<CheckResult> OfTable(string table, int limit = 100) => _database.Read(s => s.Rows(
        "SELECT * FROM check_results WHERE table_name = @table ORDER BY recorded_at DESC, run_id, check_title LIMIT @limit",
        Map, ("table", table), ("limit", limit)));

    /// <summary>Failing rows of a check in a run, as JSON objects; null when there is no such result or none were kept.</summary>
    /// <param name="table">Of a job with many tables; null takes the first.</param>
    public string? Samples(string runId, string jobId, string check, string? table = null) => _database.Read(s => s.Rows(
        "SELECT samples FROM check_results WHERE run_id = @run AND job_id = @job AND check_title = @check AND (@table IS NULL OR table_name = @table) ORDER BY table_name", row => row.TextOrNull("samples"),
        ("run", runId), ("job", jobId), ("check", check), ("table", table)).FirstOrDefault());

    /// <summary>What a check measured in the runs before this one, newest first.</summary>
    public IReadOnlyList<double> Earlier(string table, string check, string runId, int most) => _database.Read(s => s.Rows(
        "SELECT value FROM check_results WHERE table_name = @table AND check_title = @check AND run_id <> @run AND value IS NOT NULL ORDER BY recorded_at DESC LIMIT @most",
        row => row.RealOrNull("value")!.Value, ("table", table), ("check", check), ("run", runId), ("most", most)));

    private static CheckResult Map(SqlRow row) => new(
        row.Text("run_id"), row.Text("job_id"), row.TextOrNull("table_name"), row.Text("check_title"), row.Enum<CheckAction>("on_fail"),
        row.Flag("passed"), row.Long("failing_rows"), row.TextOrNull("message"), row.Time("recorded_at"), row.RealOrNull("value"));
}
