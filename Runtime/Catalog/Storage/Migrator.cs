using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace FlowForge.Catalog;

/// <summary>Brings a database to the newest form: each embedded <c>Migrations/NNNN_*.sql</c> once, in order, in a transaction of its own.</summary>
internal static class Migrator
{
    /// <returns>The version that the database has now.</returns>
    /// <exception cref="CatalogException">The file is newer than this program.</exception>
    public static int Migrate(SqliteConnection connection, string path)
    {
        var migrations = Load();
        var session = new SqlSession(connection);
        session.Execute("CREATE TABLE IF NOT EXISTS catalog_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT");
        var current = session.Number("SELECT coalesce(max(version), 0) FROM catalog_version");
        if (current > migrations[^1].Version)
        {
            throw new CatalogException(
                $"The catalog {path} has version {current}, and this FlowForge knows versions up to {migrations[^1].Version}. Start the newer FlowForge that wrote it, or use another data folder.");
        }
        foreach (var (version, name, sql) in migrations)
        {
            if (version > current)
            {
                session.InTransaction(s =>
                {
                    // Another process may have brought it there meanwhile.
                    if (s.Number("SELECT coalesce(max(version), 0) FROM catalog_version") >= version) return 0;
                    s.Execute(sql);
                    return s.Execute(
                        "INSERT INTO catalog_version (version, name, applied_at) VALUES (@version, @name, @at)",
                        ("version", version), ("name", name), ("at", CatalogTime.Write(DateTimeOffset.UtcNow)));
                });
            }
        }
        return migrations[^1].Version;
    }

    private static List<(int Version, string Name, string Sql)> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string Prefix = "Migrations/";
        return [.. assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(n =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(n)!);
                return (int.Parse(n.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), n[Prefix.Length..], reader.ReadToEnd());
            })];
    }
}
