using System.Text.Json;

namespace FlowForge.Catalog;

/// <summary>The schemas that tables had. Thread-safe.</summary>
public sealed class SchemaHistoryStore
{
    private readonly CatalogDatabase _database;

    internal SchemaHistoryStore(CatalogDatabase database) => _database = database;

    /// <summary>
    /// Adds the schema of a table version, unless it equals the latest known one. The change text is made here when it is not given.
    /// </summary>
    /// <returns>True when it is a new schema.</returns>
    public bool Record(SchemaHistoryEntry entry) => _database.WriteQuick(
        s =>
        {
            var before = s.First(
                "SELECT * FROM schema_history WHERE table_name = @table AND table_version < @version ORDER BY table_version DESC LIMIT 1",
                Map, ("table", entry.Table), ("version", entry.TableVersion));
            if (before is not null && before.Columns.SequenceEqual(entry.Columns))
            {
                return false;
            }
            return s.Execute(
                """
                INSERT INTO schema_history (table_name, table_version, run_id, recorded_at, columns, change)
                VALUES (@table, @version, @run, @at, @columns, @change) ON CONFLICT DO NOTHING
                """,
                ("table", entry.Table), ("version", entry.TableVersion), ("run", entry.RunId), ("at", CatalogTime.Write(entry.At)),
                ("columns", JsonSerializer.Serialize(entry.Columns)),
                ("change", entry.Change ?? (before is null ? null : SchemaChange.Describe(before.Columns, entry.Columns)))) > 0;
        },
        new CatalogChange(CatalogChangeKind.Table, entry.Table));

    /// <summary>Newest first.</summary>
    public IReadOnlyList<SchemaHistoryEntry> List(string table, int limit = 100) => _database.Read(s => s.Rows(
        "SELECT * FROM schema_history WHERE table_name = @table ORDER BY table_version DESC LIMIT @limit", Map, ("table", table), ("limit", limit)));

    /// <summary>Columns of the newest schemas whose name holds the text, as table and column.</summary>
    public IReadOnlyList<(string Table, string Column, string Type)> Find(string text, int limit) => _database.Read(s => s.Rows(
        """
        SELECT h.table_name, json_extract(c.value, '$.Name') AS name, json_extract(c.value, '$.Type') AS type
        FROM (SELECT table_name, columns, max(table_version) FROM schema_history GROUP BY table_name) h, json_each(h.columns) c
        WHERE lower(h.columns) LIKE @text ESCAPE '\' AND lower(json_extract(c.value, '$.Name')) LIKE @text ESCAPE '\' ORDER BY length(name), h.table_name LIMIT @limit
        """,
        row => (row.Text("table_name"), row.Text("name"), row.Text("type")), ("text", Paging.Contains(text)), ("limit", limit)));

    private static SchemaHistoryEntry Map(SqlRow row) => new(
        row.Text("table_name"), row.Long("table_version"), row.Text("run_id"), row.Time("recorded_at"),
        JsonSerializer.Deserialize<SchemaColumn[]>(row.Text("columns")) ?? [], row.TextOrNull("change"));
}
