using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Pipelines as text, every version kept. Thread-safe.</summary>
public sealed class PipelineStore
{
    private const string Columns = "v.name, v.version, v.text, v.format, v.base_directory, v.created_at, p.deleted";
    private readonly CatalogDatabase _database;

    internal PipelineStore(CatalogDatabase database) => _database = database;

    /// <summary>Saves a text. The same text, format and folder as the latest version give that version again; a deleted pipeline comes back.</summary>
    public PipelineVersion Put(string name, string text, PipelineFormat format, string baseDirectory) => Put(name, text, format, baseDirectory, null)!;

    /// <summary>As <see cref="Put(string, string, PipelineFormat, string)"/>, when the latest version is still the one that the text was made from.</summary>
    /// <param name="baseVersion">0: there must be no such pipeline. Null: whatever there is.</param>
    /// <returns>Null when somebody has stored another version meanwhile; nothing is stored then.</returns>
    public PipelineVersion? Put(string name, string text, PipelineFormat format, string baseDirectory, int? baseVersion)
    {
        var now = DateTimeOffset.UtcNow;
        return _database.Write(
            s =>
            {
                var latest = s.First($"SELECT {Columns} FROM pipelines p JOIN pipeline_versions v ON v.name = p.name AND v.version = p.latest_version WHERE p.name = @name",
                    Map, ("name", name));
                if (baseVersion is { } expected && expected != (latest is { Deleted: false } there ? there.Version : 0)) return null;
                if (latest is not null && latest.Text == text && latest.Format == format && latest.BaseDirectory == baseDirectory)
                {
                    if (latest.Deleted)
                    {
                        s.Execute("UPDATE pipelines SET deleted = 0, updated_at = @at WHERE name = @name", ("name", name), ("at", CatalogTime.Write(now)));
                    }
                    return latest with { Deleted = false };
                }
                var version = (latest?.Version ?? 0) + 1;
                s.Execute(
                    """
                    INSERT INTO pipeline_versions (name, version, text, format, base_directory, created_at)
                    VALUES (@name, @version, @text, @format, @base, @at)
                    """,
                    ("name", name), ("version", version), ("text", text), ("format", format.ToText()), ("base", baseDirectory), ("at", CatalogTime.Write(now)));
                s.Execute(
                    """
                    INSERT INTO pipelines (name, latest_version, deleted, updated_at) VALUES (@name, @version, 0, @at)
                    ON CONFLICT (name) DO UPDATE SET latest_version = excluded.latest_version, deleted = 0, updated_at = excluded.updated_at
                    """,
                    ("name", name), ("version", version), ("at", CatalogTime.Write(now)));
                return new PipelineVersion(name, version, text, format, baseDirectory, CatalogTime.Read(CatalogTime.Write(now)));
            },
            new CatalogChange(CatalogChangeKind.Pipeline, name));
    }

    /// <summary>
    /// A version, or the latest. Null when there is none. A deleted pipeline is only found by its version: its runs still need it.
    /// </summary>
    public PipelineVersion? Get(string name, int? version = null) => _database.Read(s => s.First(
        $"""
        SELECT {Columns} FROM pipelines p JOIN pipeline_versions v ON v.name = p.name
        WHERE p.name = @name AND {(version is null ? "v.version = p.latest_version AND p.deleted = 0" : "v.version = @version")}
        """,
        Map, ("name", name), ("version", version)));

    /// <summary>Latest versions by name.</summary>
    /// <param name="search">Part of the name; upper and lower case are the same.</param>
    public Page<PipelineVersion> List(int page = 1, int size = 50, string? search = null)
    {
        var where = "p.deleted = 0" + (search is null ? "" : " AND lower(p.name) LIKE @search ESCAPE '\\'");
        return _database.Read(s => Paging.Page(
            page, size,
            s.Number($"SELECT count(*) FROM pipelines p WHERE {where}", ("search", Paging.Contains(search))),
            (limit, offset) => s.Rows(
                $"""
                SELECT {Columns} FROM pipelines p JOIN pipeline_versions v ON v.name = p.name AND v.version = p.latest_version
                WHERE {where} ORDER BY p.name LIMIT @limit OFFSET @offset
                """,
                Map, ("search", Paging.Contains(search)), ("limit", limit), ("offset", offset))));
    }

    /// <summary>All names that are not deleted, in order.</summary>
    public IReadOnlyList<string> Names() => _database.Read(s => s.Rows("SELECT name FROM pipelines WHERE deleted = 0 ORDER BY name", r => r.Text("name")));

    /// <summary>All versions, newest first; empty for an unknown name.</summary>
    public IReadOnlyList<PipelineVersion> Versions(string name) => _database.Read(s => s.Rows(
        $"SELECT {Columns} FROM pipelines p JOIN pipeline_versions v ON v.name = p.name WHERE p.name = @name ORDER BY v.version DESC",
        Map, ("name", name)));

    /// <summary>Takes the pipeline off the list. Its versions, runs and tables stay.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(string name) => _database.Write(
        s => s.Execute(
            "UPDATE pipelines SET deleted = 1, updated_at = @at WHERE name = @name AND deleted = 0",
            ("name", name), ("at", CatalogTime.Write(DateTimeOffset.UtcNow))) > 0,
        new CatalogChange(CatalogChangeKind.Pipeline, name));

    private static PipelineVersion Map(SqlRow row) => new(
        row.Text("name"), row.Int("version"), row.Text("text"), row.Enum<PipelineFormat>("format"), row.Text("base_directory"),
        row.Time("created_at"), row.Flag("deleted"));
}
