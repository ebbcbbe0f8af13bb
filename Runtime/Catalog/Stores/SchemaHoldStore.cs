using System.Text.Json;
using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Landed copies that wait for a person's word on a changed source. Thread-safe; every write is durable and may be repeated.</summary>
public sealed class SchemaHoldStore
{
    private readonly CatalogDatabase _database;

    internal SchemaHoldStore(CatalogDatabase database) => _database = database;

    /// <summary>Adds a hold; of one run and table there is one, and as long as nobody has said anything a later attempt's findings replace the earlier ones.</summary>
    /// <param name="replaces">The approved hold whose landed copy this one goes on with, when the approval did not cover all that is different now.</param>
    public void Record(SchemaHold hold, string? replaces = null) => _database.Write(
        s => s.Execute("UPDATE schema_holds SET state = 'rejected', done_run = @run WHERE hold_id = @old AND hold_id <> @id AND state IN ('approved', 'pending')", ("old", replaces), ("id", hold.HoldId), ("run", hold.RunId))
            + s.Execute(
            """
            INSERT INTO schema_holds (hold_id, table_name, pipeline, job_id, run_id, run_time, backfill_interval, state, held_at, changes, renames, rows_read, rows_rejected, bytes, decision)
            VALUES (@id, @table, @pipeline, @job, @run, @time, @interval, 'pending', @at, @changes, @renames, @read, @rejected, @bytes, @carried)
            ON CONFLICT (hold_id) DO UPDATE SET changes = excluded.changes, renames = excluded.renames, rows_read = excluded.rows_read, rows_rejected = excluded.rows_rejected,
              bytes = excluded.bytes, state = 'pending', held_at = excluded.held_at, decision = excluded.decision, decided_at = NULL, done_run = NULL
            WHERE schema_holds.state <> 'loaded'
            """,
            ("id", hold.HoldId), ("table", hold.Table), ("pipeline", hold.Pipeline), ("job", hold.JobId), ("run", hold.RunId), ("time", CatalogTime.Write(hold.RunTime)),
            ("interval", hold.BackfillInterval), ("at", CatalogTime.Write(hold.HeldAt)), ("changes", JsonSerializer.Serialize(hold.Changes)), ("renames", JsonSerializer.Serialize(hold.Renames)),
            ("read", hold.RowsRead), ("rejected", hold.RowsRejected), ("bytes", hold.Bytes), ("carried", hold.Decision is { } carried ? JsonSerializer.Serialize(carried) : null)),
        Changed(hold.Table));

    /// <summary>Approves or rejects a pending hold, and notes it in the audit.</summary>
    /// <returns>False when it is not pending any more: nothing was changed.</returns>
    public bool Decide(SchemaHold hold, bool approve, HoldDecision decision, DateTimeOffset at) => _database.Write(
        s =>
        {
            var done = s.Execute(
                "UPDATE schema_holds SET state = @state, decision = @decision, decided_at = @at WHERE hold_id = @id AND state = 'pending' AND held_at = @held",
                ("id", hold.HoldId), ("state", (approve ? HoldState.Approved : HoldState.Rejected).ToText()), ("decision", JsonSerializer.Serialize(decision)), ("at", CatalogTime.Write(at)), ("held", CatalogTime.Write(hold.HeldAt)));
            if (done > 0) AuditStore.Insert(s, at, decision.By, approve ? "approve schema change" : "reject schema change", hold.Table, Detail(hold, decision));
            return done > 0;
        },
        Changed(hold.Table));

    /// <summary>The landed copy is in the table.</summary>
    public void Loaded(string holdId, string table, string run, long? version) => _database.Write(
        s => s.Execute("UPDATE schema_holds SET state = 'loaded', done_run = @run, done_version = @version WHERE hold_id = @id AND state IN ('approved', 'pending')", ("id", holdId), ("run", run), ("version", version)),
        Changed(table));

    /// <summary>The landed copy of a rejected hold was put aside: its run may read anew.</summary>
    public void PutAside(string holdId, string table, string run) => _database.Write(
        s => s.Execute("UPDATE schema_holds SET done_run = @run WHERE hold_id = @id AND state = 'rejected'", ("id", holdId), ("run", run)), Changed(table));

    /// <summary>Null when unknown.</summary>
    public SchemaHold? Get(string holdId) => _database.Read(s => s.First("SELECT * FROM schema_holds WHERE hold_id = @id", Map, ("id", holdId)));

    /// <summary>Of one table, newest first.</summary>
    public IReadOnlyList<SchemaHold> OfTable(string table, int limit = 100) => _database.Read(s => s.Rows(
        "SELECT * FROM schema_holds WHERE table_name = @table ORDER BY held_at DESC, hold_id DESC LIMIT @limit", Map, ("table", table), ("limit", limit)));

    /// <summary>Of all tables, newest first.</summary>
    /// <param name="state">Null for all.</param>
    public IReadOnlyList<SchemaHold> List(HoldState? state, int limit = 200) => _database.Read(s => s.Rows(
        "SELECT * FROM schema_holds WHERE @state IS NULL OR state = @state ORDER BY held_at DESC, hold_id DESC LIMIT @limit", Map, ("state", state?.ToText()), ("limit", limit)));

    /// <summary>How many wait for a person, by table; tables without any are not there.</summary>
    public IReadOnlyDictionary<string, int> Pending() => _database.Read(s => s.Rows("SELECT table_name, count(*) AS n FROM schema_holds WHERE state = 'pending' GROUP BY table_name", r => (Table: r.Text("table_name"), Count: r.Int("n")))).ToDictionary(r => r.Table, r => r.Count);

    /// <summary>Those of a job and table that concern its next runs (pending, approved, or rejected and not yet put aside), oldest first.</summary>
    public IReadOnlyList<SchemaHold> Open(string table, string pipeline, string job) => _database.Read(s => s.Rows(
        """
        SELECT * FROM schema_holds WHERE table_name = @table AND pipeline = @pipeline AND job_id = @job
          AND (state IN ('pending', 'approved') OR (state = 'rejected' AND done_run IS NULL)) ORDER BY held_at, hold_id
        """, Map, ("table", table), ("pipeline", pipeline), ("job", job)));

    private static string Detail(SchemaHold hold, HoldDecision decision) => string.Join("; ", new[]
    {
        $"{hold.HoldId}: {string.Join(", ", hold.Changes)}",
        decision.Renames.Count == 0 ? null : $"renamed: {string.Join(", ", decision.Renames.Select(r => $"{r.Key} is {r.Value}"))}",
        decision.Discard.Count == 0 ? null : $"left out: {string.Join(", ", decision.Discard)}",
        decision.Note,
    }.Where(t => !string.IsNullOrEmpty(t)));

    private static CatalogChange Changed(string table) => new(CatalogChangeKind.Table, table);

    private static SchemaHold Map(SqlRow row) => new()
    {
        HoldId = row.Text("hold_id"), Table = row.Text("table_name"), Pipeline = row.Text("pipeline"), JobId = row.Text("job_id"), RunId = row.Text("run_id"), RunTime = row.Time("run_time"),
        BackfillInterval = row.TextOrNull("backfill_interval"), State = row.Enum<HoldState>("state"), HeldAt = row.Time("held_at"),
        Changes = JsonSerializer.Deserialize<SchemaDifference[]>(row.Text("changes")) ?? [], Renames = JsonSerializer.Deserialize<RenameSuggestion[]>(row.Text("renames")) ?? [],
        RowsRead = row.Long("rows_read"), RowsRejected = row.Long("rows_rejected"), Bytes = row.Long("bytes"),
        Decision = row.TextOrNull("decision") is { } json ? JsonSerializer.Deserialize<HoldDecision>(json) : null, DecidedAt = row.TimeOrNull("decided_at"),
        DoneRun = row.TextOrNull("done_run"), DoneVersion = row.LongOrNull("done_version"),
    };
}
