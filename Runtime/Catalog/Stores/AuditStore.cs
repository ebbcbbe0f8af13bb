namespace FlowForge.Catalog;

/// <summary>What was done by hand, or removed by rule, beside the tables' own histories. Only ever added to. Thread-safe.</summary>
public sealed class AuditStore
{
    private readonly CatalogDatabase _database;

    internal AuditStore(CatalogDatabase database) => _database = database;

    public void Add(string by, string action, string subject, string detail, DateTimeOffset at) => _database.Write(s => Insert(s, at, by, action, subject, detail));

    /// <summary>Newest first.</summary>
    /// <param name="subject">Null for all.</param>
    public IReadOnlyList<AuditEntry> List(string? subject = null, int limit = 100) => _database.Read(s => s.Rows(
        "SELECT * FROM audit WHERE @subject IS NULL OR subject = @subject ORDER BY id DESC LIMIT @limit",
        r => new AuditEntry(r.Long("id"), r.Time("done_at"), r.Text("done_by"), r.Text("action"), r.Text("subject"), r.Text("detail")), ("subject", subject), ("limit", limit)));

    internal static int Insert(SqlSession s, DateTimeOffset at, string by, string action, string subject, string detail) => s.Execute(
        "INSERT INTO audit (done_at, done_by, action, subject, detail) VALUES (@at, @by, @action, @subject, @detail)",
        ("at", CatalogTime.Write(at)), ("by", by), ("action", action), ("subject", subject), ("detail", detail));
}
