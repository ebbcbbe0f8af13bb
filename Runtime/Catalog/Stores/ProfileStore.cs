namespace FlowForge.Catalog;

/// <summary>Profiles of table versions. Thread-safe.</summary>
public sealed class ProfileStore
{
    private readonly CatalogDatabase _database;

    internal ProfileStore(CatalogDatabase database) => _database = database;

    /// <summary>Adds a profile, or replaces that of the same version.</summary>
    public void Record(TableProfile profile) => _database.WriteQuick(
        s => s.Execute(
            """
            INSERT INTO profiles (table_name, table_version, recorded_at, profile) VALUES (@table, @version, @at, @profile)
            ON CONFLICT (table_name, table_version) DO UPDATE SET recorded_at = excluded.recorded_at, profile = excluded.profile
            """,
            ("table", profile.Table), ("version", profile.TableVersion), ("at", CatalogTime.Write(profile.At)), ("profile", profile.Json)),
        new CatalogChange(CatalogChangeKind.Table, profile.Table));

    /// <summary>The profile of a version, or the newest one; null when there is none.</summary>
    public TableProfile? Get(string table, long? version = null) => _database.Read(s => s.First(
        $"SELECT * FROM profiles WHERE table_name = @table {(version is null ? "" : "AND table_version = @version")} ORDER BY table_version DESC LIMIT 1",
        row => new TableProfile(row.Text("table_name"), row.Long("table_version"), row.Time("recorded_at"), row.Text("profile")),
        ("table", table), ("version", version)));
}
