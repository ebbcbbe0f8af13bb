namespace FlowForge.Catalog;

/// <summary>What deliveries have written where. Thread-safe, durable.</summary>
public sealed class DeliveryStore
{
    private readonly CatalogDatabase _database;

    internal DeliveryStore(CatalogDatabase database) => _database = database;

    /// <summary>Null when the delivery has never begun to write there.</summary>
    public DeliveryRecord? Find(string pipeline, string name, string target) => _database.Read(s => s.First(
        "SELECT * FROM deliveries WHERE pipeline = @pipeline AND name = @name AND target = @target", Map, ("pipeline", pipeline), ("name", name), ("target", target)));

    /// <summary>All that ever wrote to a target, whichever pipeline they are of.</summary>
    public IReadOnlyList<DeliveryRecord> OfTarget(string target) => _database.Read(s => s.Rows("SELECT * FROM deliveries WHERE target = @target ORDER BY pipeline, name", Map, ("target", target)));

    /// <summary>All that ever began to deliver a table.</summary>
    public IReadOnlyList<DeliveryRecord> OfTable(string table) => _database.Read(s => s.Rows("SELECT * FROM deliveries WHERE table_name = @table ORDER BY pipeline, name", Map, ("table", table)));

    /// <summary>Of one pipeline; the newest first.</summary>
    public IReadOnlyList<DeliveryRecord> OfPipeline(string pipeline) => _database.Read(s => s.Rows(
        "SELECT * FROM deliveries WHERE pipeline = @pipeline AND version IS NOT NULL ORDER BY delivered_at DESC, name", Map, ("pipeline", pipeline)));

    /// <summary>Notes that the delivery is about to write there for the first time. May be repeated.</summary>
    public void Begin(string pipeline, string name, string target, string table, DateTimeOffset at) => _database.Write(s => s.Execute(
        "INSERT INTO deliveries (pipeline, name, target, table_name, begun_at) VALUES (@pipeline, @name, @target, @table, @at) ON CONFLICT (pipeline, name, target) DO NOTHING",
        ("pipeline", pipeline), ("name", name), ("target", target), ("table", table), ("at", CatalogTime.Write(at))));

    /// <summary>Notes what is there now; after the target has it.</summary>
    public void Record(DeliveryRecord delivery) => _database.Write(
        s => s.Execute(
            """
            UPDATE deliveries SET table_name = @table, table_id = @id, version = @version, settings = @settings, rows = @rows, bytes = @bytes, run_id = @run, delivered_at = @at
            WHERE pipeline = @pipeline AND name = @name AND target = @target
            """,
            ("pipeline", delivery.Pipeline), ("name", delivery.Name), ("target", delivery.Target), ("table", delivery.Table), ("id", delivery.TableId), ("version", delivery.Version),
            ("settings", delivery.Settings), ("rows", delivery.Rows), ("bytes", delivery.Bytes), ("run", delivery.RunId), ("at", delivery.DeliveredAt is { } at ? CatalogTime.Write(at) : null)),
        new CatalogChange(CatalogChangeKind.Table, delivery.Table));

    private static DeliveryRecord Map(SqlRow row) => new(row.Text("pipeline"), row.Text("name"), row.Text("target"), row.Text("table_name"))
    {
        TableId = row.TextOrNull("table_id"),
        Version = row.LongOrNull("version"),
        Settings = row.TextOrNull("settings"),
        Rows = row.Long("rows"),
        Bytes = row.Long("bytes"),
        RunId = row.TextOrNull("run_id"),
        DeliveredAt = row.TimeOrNull("delivered_at"),
    };
}
