namespace FlowForge.Catalog;

/// <summary>Cursors of incremental jobs: a copy for display; the truth is in the table's commit. Thread-safe.</summary>
public sealed class WatermarkStore
{
    private readonly CatalogDatabase _database;

    internal WatermarkStore(CatalogDatabase database) => _database = database;

    /// <summary>Replaces what is known of the job's cursor.</summary>
    public void Record(Watermark watermark) => _database.WriteQuick(
        s => s.Execute(
            """
            INSERT INTO watermarks (table_name, pipeline, job_id, column_name, value, run_id, recorded_at)
            VALUES (@table, @pipeline, @job, @column, @value, @run, @at)
            ON CONFLICT (table_name, pipeline, job_id) DO UPDATE SET column_name = excluded.column_name, value = excluded.value,
              run_id = excluded.run_id, recorded_at = excluded.recorded_at
            """,
            ("table", watermark.Table), ("pipeline", watermark.Pipeline), ("job", watermark.JobId), ("column", watermark.Column),
            ("value", watermark.Value), ("run", watermark.RunId), ("at", CatalogTime.Write(watermark.At))),
        new CatalogChange(CatalogChangeKind.Table, watermark.Table));

    /// <summary>Of one table.</summary>
    public IReadOnlyList<Watermark> OfTable(string table) => _database.Read(s => s.Rows(
        "SELECT * FROM watermarks WHERE table_name = @table ORDER BY pipeline, job_id", Map, ("table", table)));

    /// <summary>Of all tables, by their names.</summary>
    /// <param name="text">Part of the table's, pipeline's or job's name; upper and lower case are the same.</param>
    public Page<Watermark> List(int page = 1, int size = 50, string? text = null)
    {
        var where = text is null ? "" : "WHERE lower(table_name || ' ' || pipeline || ' ' || job_id) LIKE @text ESCAPE '\\'";
        (string, object?)[] args = [("text", Paging.Contains(text))];
        return _database.Read(s => Paging.Page(page, size, s.Number($"SELECT count(*) FROM watermarks {where}", args), (limit, offset) => s.Rows(
            $"SELECT * FROM watermarks {where} ORDER BY table_name, pipeline, job_id LIMIT @limit OFFSET @offset", Map, [.. args, ("limit", limit), ("offset", offset)])));
    }

    private static Watermark Map(SqlRow row) => new(
        row.Text("table_name"), row.Text("pipeline"), row.Text("job_id"), row.Text("column_name"), row.TextOrNull("value"), row.Text("run_id"), row.Time("recorded_at"));
}
