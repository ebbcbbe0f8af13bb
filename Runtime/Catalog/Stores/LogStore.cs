namespace FlowForge.Catalog;

/// <summary>
/// Logs of runs. Thread-safe. A run keeps <see cref="MaxLines"/> lines; beyond, only warnings and errors are kept, up to twice as
/// many, and one line says so.
/// </summary>
public sealed class LogStore
{
    /// <summary>Lines of any level that a run keeps.</summary>
    public const int MaxLines = 20_000;

    /// <summary>Longer messages are cut.</summary>
    public const int MaxMessageLength = 16_000;

    private const string Columns = "id, run_id, job_id, level, logged_at, message";
    private readonly CatalogDatabase _database;

    internal LogStore(CatalogDatabase database) => _database = database;

    /// <returns>The line's id; 0 when the run has too many lines already.</returns>
    public long Append(string runId, string? jobId, JobLogLevel level, DateTimeOffset time, string message) =>
        _database.WriteQuick(s => Append(s, runId, jobId, level, time, message), new CatalogChange(CatalogChangeKind.Log, runId));

    /// <summary>Many lines of one run in one transaction.</summary>
    public void Append(string runId, IReadOnlyCollection<(string? JobId, JobLogLevel Level, DateTimeOffset Time, string Message)> lines)
    {
        if (lines.Count > 0)
        {
            _database.WriteQuick(
                s => lines.Count(line => Append(s, runId, line.JobId, line.Level, line.Time, line.Message) > 0),
                new CatalogChange(CatalogChangeKind.Log, runId));
        }
    }

    /// <summary>Lines after <paramref name="afterId"/>, oldest first.</summary>
    /// <param name="minLevel">This level and worse ones.</param>
    /// <param name="jobId">Null for all jobs and the run itself.</param>
    /// <param name="search">Part of the message; upper and lower case are the same.</param>
    public IReadOnlyList<LogEntry> Read(
        string runId, long afterId = 0, JobLogLevel minLevel = JobLogLevel.Debug, string? jobId = null, int limit = 1000, string? search = null) =>
        _database.Read(s => s.Rows(
            $"""
            SELECT {Columns} FROM logs WHERE run_id = @run AND id > @after AND level >= @level
            {(jobId is null ? "" : "AND job_id = @job")} {(search is null ? "" : "AND lower(message) LIKE @search ESCAPE '\\'")}
            ORDER BY id LIMIT @limit
            """,
            Map, ("run", runId), ("after", afterId), ("level", (int)minLevel), ("job", jobId), ("search", Paging.Contains(search)), ("limit", limit)));

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<LogEntry> Tail(string runId, int limit)
    {
        var lines = _database.Read(s => s.Rows(
            $"SELECT {Columns} FROM logs WHERE run_id = @run ORDER BY id DESC LIMIT @limit", Map, ("run", runId), ("limit", limit)));
        lines.Reverse();
        return lines;
    }

    private static long Append(SqlSession s, string runId, string? jobId, JobLogLevel level, DateTimeOffset time, string message)
    {
        s.Execute("UPDATE runs SET log_lines = log_lines + 1 WHERE run_id = @run", ("run", runId));
        var line = s.Number("SELECT log_lines FROM runs WHERE run_id = @run", ("run", runId));
        if (line == MaxLines + 1)
        {
            Insert(s, runId, null, JobLogLevel.Warning, time, $"The log has {MaxLines} lines: from here on only warnings and errors are kept.");
        }
        if (line > 2 * MaxLines || (line > MaxLines && level < JobLogLevel.Warning))
        {
            return 0;
        }
        return Insert(s, runId, jobId, level, time, message.Length <= MaxMessageLength ? message : message[..MaxMessageLength] + " … (cut)");
    }

    private static long Insert(SqlSession s, string runId, string? jobId, JobLogLevel level, DateTimeOffset time, string message) => s.Number(
        "INSERT INTO logs (run_id, job_id, level, logged_at, message) VALUES (@run, @job, @level, @time, @message) RETURNING id",
        ("run", runId), ("job", jobId), ("level", (int)level), ("time", CatalogTime.Write(time)), ("message", message));

    private static LogEntry Map(SqlRow row) => new(
        row.Long("id"), row.Text("run_id"), row.TextOrNull("job_id"), (JobLogLevel)row.Int("level"), row.Time("logged_at"), row.Text("message"));
}
