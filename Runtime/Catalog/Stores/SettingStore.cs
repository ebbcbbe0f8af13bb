namespace FlowForge.Catalog;

/// <summary>Small named texts: settings of the environment. No secrets. Thread-safe.</summary>
public sealed class SettingStore
{
    private readonly CatalogDatabase _database;

    internal SettingStore(CatalogDatabase database) => _database = database;

    /// <summary>Null when it was never set.</summary>
    public string? Get(string name) => _database.Read(s => s.First("SELECT value FROM settings WHERE name = @name", r => r.Text("value"), ("name", name)));

    /// <summary>Sets a value; null takes the setting away.</summary>
    public void Set(string name, string? value) => _database.Write(s => value is null
        ? s.Execute("DELETE FROM settings WHERE name = @name", ("name", name))
        : s.Execute(
            """
            INSERT INTO settings (name, value, updated_at) VALUES (@name, @value, @at)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
            """,
            ("name", name), ("value", value), ("at", CatalogTime.Write(DateTimeOffset.UtcNow))));

    /// <summary>All of them.</summary>
    public IReadOnlyDictionary<string, string> All() => _database.Read(s =>
        s.Rows("SELECT name, value FROM settings", r => (Name: r.Text("name"), Value: r.Text("value"))).ToDictionary(r => r.Name, r => r.Value));
}
