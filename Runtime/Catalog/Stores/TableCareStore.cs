using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Work on tables. Thread-safe; every write may be repeated, and a final state never changes again.</summary>
public sealed class TableCareStore
{
    private readonly CatalogDatabase _database;

    internal TableCareStore(CatalogDatabase database) => _database = database;

    /// <summary>Adds the work, unless other work on the table is open.</summary>
    /// <returns>Null when it was added, else the work that is open.</returns>
    public TableCareRecord? TryCreate(TableCareRecord care) => _database.Write(
        s =>
        {
            if (s.First("SELECT * FROM table_care WHERE table_name = @table AND state IN ('queued', 'running')", Map, ("table", care.Table)) is { } open) return open;
            s.Execute("INSERT INTO table_care (care_id, table_name, kind, request, state, requested_by, created_at) VALUES (@id, @table, @kind, @request, @state, @by, @created)",
                ("id", care.CareId), ("table", care.Table), ("kind", care.Kind.ToText()), ("request", care.Request), ("state", care.State.ToText()), ("by", care.By), ("created", CatalogTime.Write(care.CreatedAt)));
            return null;
        },
        Changed(care.CareId));

    /// <summary>An attempt begins. The version at which the first one began stays.</summary>
    /// <returns>The record as it is now; null when it is unknown or has ended.</returns>
    public TableCareRecord? Begin(string id, long? version, DateTimeOffset at) => _database.Write(
        s => s.Execute(
            """
            UPDATE table_care SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, @at), base_version = coalesce(base_version, @version)
            WHERE care_id = @id AND state IN ('queued', 'running')
            """,
            ("id", id), ("version", version), ("at", CatalogTime.Write(at))) == 0 ? null : s.First("SELECT * FROM table_care WHERE care_id = @id", Map, ("id", id)),
        Changed(id));

    /// <summary>How far it is; a power loss may take it back.</summary>
    public void Progress(string id, string phase, long done, long total) => _database.WriteQuick(
        s => s.Execute("UPDATE table_care SET phase = @phase, done = @done, total = @total WHERE care_id = @id AND state = 'running'", ("id", id), ("phase", phase), ("done", done), ("total", total)), Changed(id));

    /// <summary>What was found, before the work on it begins. The first word stays.</summary>
    public void Found(string id, string result) => _database.Write(
        s => s.Execute("UPDATE table_care SET result = coalesce(result, @result) WHERE care_id = @id AND state = 'running'", ("id", id), ("result", result)), Changed(id));

    /// <summary>An attempt failed, and another will follow.</summary>
    public void Failing(string id, RunError error) => _database.Write(
        s => s.Execute("UPDATE table_care SET error_code = @code, error_message = @message, error_suggestion = @suggestion WHERE care_id = @id AND state = 'running'",
            ("id", id), ("code", error.Code), ("message", error.Message), ("suggestion", error.Suggestion)), Changed(id));

    /// <summary>Ends the work.</summary>
    /// <param name="state">A final one.</param>
    /// <param name="result">Null leaves what is there.</param>
    public void Finish(string id, RunState state, string? result, RunError? error, DateTimeOffset at) => _database.Write(
        s => s.Execute(
            """
            UPDATE table_care SET state = @state, phase = NULL, result = coalesce(@result, result), finished_at = @at, error_code = @code, error_message = @message, error_suggestion = @suggestion,
              done = CASE WHEN @state = 'succeeded' THEN total ELSE done END
            WHERE care_id = @id AND state IN ('queued', 'running')
            """,
            ("id", id), ("state", state.ToText()), ("result", result), ("at", CatalogTime.Write(at)), ("code", error?.Code), ("message", error?.Message), ("suggestion", error?.Suggestion)),
        Changed(id));

    /// <summary>Null when unknown.</summary>
    public TableCareRecord? Get(string id) => _database.Read(s => s.First("SELECT * FROM table_care WHERE care_id = @id", Map, ("id", id)));

    /// <summary>Newest first.</summary>
    /// <param name="table">With layer.</param>
    public IReadOnlyList<TableCareRecord> OfTable(string table, int limit = 50) => _database.Read(s => s.Rows(
        "SELECT * FROM table_care WHERE table_name = @table ORDER BY created_at DESC, care_id DESC LIMIT @limit", Map, ("table", table), ("limit", limit)));

    /// <summary>The work on a table that is queued or running; null when there is none.</summary>
    /// <param name="table">With layer.</param>
    public TableCareRecord? OpenOf(string table) => _database.Read(s => s.First("SELECT * FROM table_care WHERE table_name = @table AND state IN ('queued', 'running')", Map, ("table", table)));

    /// <summary>Queued or running, oldest first.</summary>
    public IReadOnlyList<TableCareRecord> Open() => _database.Read(s => s.Rows("SELECT * FROM table_care WHERE state IN ('queued', 'running') ORDER BY created_at", Map));

    private static CatalogChange Changed(string id) => new(CatalogChangeKind.Care, id);

    private static TableCareRecord Map(SqlRow row) => new()
    {
        CareId = row.Text("care_id"),
        Table = row.Text("table_name"),
        Kind = row.Enum<TableCareKind>("kind"),
        Request = row.Text("request"),
        Result = row.TextOrNull("result"),
        State = row.Enum<RunState>("state"),
        By = row.Text("requested_by"),
        BaseVersion = row.LongOrNull("base_version"),
        Phase = row.TextOrNull("phase"),
        Done = row.Long("done"),
        Total = row.Long("total"),
        Attempts = row.Int("attempts"),
        CreatedAt = row.Time("created_at"),
        StartedAt = row.TimeOrNull("started_at"),
        FinishedAt = row.TimeOrNull("finished_at"),
        Error = row.Error(),
    };
}
