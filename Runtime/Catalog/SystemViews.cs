using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>How a column of a system view is to be typed in SQL.</summary>
public enum SystemColumnType
{
    /// <summary><see cref="string"/>.</summary>
    Varchar,

    /// <summary><see cref="long"/>.</summary>
    Bigint,

    /// <summary><see cref="double"/>.</summary>
    Double,

    /// <summary><see cref="bool"/>.</summary>
    Boolean,

    /// <summary><see cref="DateTimeOffset"/> in UTC.</summary>
    TimestampTz,
}

/// <summary>One column; a value is null or of the type that <see cref="SystemColumnType"/> names.</summary>
public sealed record SystemColumn(string Name, SystemColumnType Type);

/// <summary>A view of the catalog for SQL: <c>system.runs</c>.</summary>
/// <param name="Name">Without the schema.</param>
/// <param name="Rows">
/// Streams the rows, values in the order of the columns, from one consistent state of the catalog. Each enumeration is new, holds a reader until it
/// ends, and may run on any one thread at a time.
/// </param>
public sealed record SystemView(string Name, IReadOnlyList<SystemColumn> Columns, IEnumerable<object?[]> Rows);

/// <summary>
/// What SQL in notebooks, datasets and the API may ask of the catalog. Names and columns are documented and only ever added to.
/// </summary>
public static class SystemViews
{
    /// <summary>The schema of all these views.</summary>
    public const string Schema = "system";

    private const SystemColumnType Text = SystemColumnType.Varchar, Number = SystemColumnType.Bigint, Time = SystemColumnType.TimestampTz;

    private const string Seconds = "(finished_at - started_at) / 1e6";

    /// <summary>The views of this catalog.</summary>
    public static IReadOnlyList<SystemView> Of(CatalogDatabase database) =>
    [
        View(database, "runs", "runs ORDER BY queued_at, run_id",
        [
            ("run_id", Text, "run_id"), ("pipeline", Text, "pipeline"), ("pipeline_version", Number, "pipeline_version"), ("trigger", Text, "run_trigger"),
            ("state", Text, "state"), ("queued_at", Time, "queued_at"), ("started_at", Time, "started_at"), ("finished_at", Time, "finished_at"),
            ("seconds", SystemColumnType.Double, Seconds), ("rows_read", Number, "rows_read"), ("rows_loaded", Number, "rows_loaded"),
            ("rows_rejected", Number, "rows_rejected"), ("bytes", Number, "bytes"), ("error_code", Text, "error_code"), ("error_message", Text, "error_message"),
            ("retry_of", Text, "retry_of"), ("interval_start", Time, "interval_start"), ("interval_end", Time, "interval_end"),
            ("paused", SystemColumnType.Boolean, "paused"), ("backfill", Text, "backfill_id"),
        ]),
        View(database, "job_runs", "job_runs ORDER BY run_id, ordinal",
        [
            ("run_id", Text, "run_id"), ("job_id", Text, "job_id"), ("name", Text, "name"), ("kind", Text, "kind"), ("state", Text, "state"),
            ("attempt", Number, "attempt"), ("rows_read", Number, "rows_read"), ("rows_loaded", Number, "rows_loaded"), ("rows_rejected", Number, "rows_rejected"),
            ("rows_deduplicated", Number, "rows_deduplicated"), ("rows_filtered", Number, "rows_filtered"), ("bytes", Number, "bytes"),
            ("started_at", Time, "started_at"), ("finished_at", Time, "finished_at"), ("seconds", SystemColumnType.Double, Seconds),
            ("table_name", Text, "table_name"), ("table_version", Number, "table_version"), ("error_code", Text, "error_code"),
            ("error_message", Text, "error_message"),
        ]),
        View(database, "files", "files_seen ORDER BY id",
        [
            ("table_name", Text, "table_name"), ("path", Text, "path"), ("size", Number, "size"), ("etag", Text, "nullif(etag, '')"),
            ("modified_at", Time, "nullif(modified, 0)"), ("sha256", Text, "sha256"), ("rows", Number, "row_count"), ("run_id", Text, "run_id"),
            ("seen_at", Time, "seen_at"), ("duplicate_of", Text, "duplicate_of"),
        ]),
        View(database, "watermarks", "watermarks ORDER BY table_name, pipeline, job_id",
        [
            ("table_name", Text, "table_name"), ("pipeline", Text, "pipeline"), ("job_id", Text, "job_id"), ("column_name", Text, "column_name"),
            ("value", Text, "value"), ("run_id", Text, "run_id"), ("recorded_at", Time, "recorded_at"),
        ]),
        View(database, "schema_history", "schema_history ORDER BY table_name, table_version",
        [
            ("table_name", Text, "table_name"), ("table_version", Number, "table_version"), ("run_id", Text, "run_id"), ("recorded_at", Time, "recorded_at"),
            ("change", Text, "change"), ("columns", Text, "columns"),
        ]),
        View(database, "checks", "check_results ORDER BY recorded_at, run_id, job_id, check_title",
        [
            ("run_id", Text, "run_id"), ("job_id", Text, "job_id"), ("table_name", Text, "table_name"), ("check", Text, "check_title"),
            ("on_fail", Text, "on_fail"), ("passed", SystemColumnType.Boolean, "passed"), ("failing_rows", Number, "failing_rows"), ("message", Text, "message"),
            ("recorded_at", Time, "recorded_at"), ("value", SystemColumnType.Double, "value"),
        ]),
        View(database, "schema_holds", "schema_holds ORDER BY held_at, hold_id",
        [
            ("hold_id", Text, "hold_id"), ("table_name", Text, "table_name"), ("pipeline", Text, "pipeline"), ("job_id", Text, "job_id"), ("run_id", Text, "run_id"), ("state", Text, "state"),
            ("held_at", Time, "held_at"), ("changes", Text, "changes"), ("rows_read", Number, "rows_read"), ("bytes", Number, "bytes"), ("decision", Text, "decision"), ("decided_at", Time, "decided_at"),
            ("done_run", Text, "done_run"), ("done_version", Number, "done_version"),
        ]),
        View(database, "audit", "audit ORDER BY id",
        [
            ("done_at", Time, "done_at"), ("done_by", Text, "done_by"), ("action", Text, "action"), ("subject", Text, "subject"), ("detail", Text, "detail"),
        ]),
    ];

    private static SystemView View(CatalogDatabase database, string name, string from, (string Name, SystemColumnType Type, string Sql)[] columns)
    {
        var sql = $"SELECT {string.Join(", ", columns.Select(c => c.Sql))} FROM {from}";
        return new SystemView(
            name, [.. columns.Select(c => new SystemColumn(c.Name, c.Type))],
            database.ReadStream(s => s.Stream(sql, row => Array.ConvertAll([.. Enumerable.Range(0, columns.Length)], i => Convert(row.Value(i), columns[i].Type)))));
    }

    private static object? Convert(object? value, SystemColumnType type) => (value, type) switch
    {
        (long number, SystemColumnType.Boolean) => number != 0,
        (long number, SystemColumnType.TimestampTz) => CatalogTime.Read(number),
        (long number, SystemColumnType.Double) => (double)number,
        _ => value,
    };
}
