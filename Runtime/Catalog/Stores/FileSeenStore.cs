namespace FlowForge.Catalog;

/// <summary>
/// Source files that tables have read: a copy for display and speed, rebuilt from the state file of the table's commit, which is the
/// truth. Thread-safe.
/// </summary>
public sealed class FileSeenStore
{
    private const string Columns = "table_name, path, size, etag, modified, sha256, row_count, run_id, seen_at, duplicate_of";
    private readonly CatalogDatabase _database;

    internal FileSeenStore(CatalogDatabase database) => _database = database;

    /// <summary>The file with this path, size and etag or modification time; null when the table has not seen it.</summary>
    public FileSeen? Find(string table, string path, long size, string? etag, DateTimeOffset? modified) => _database.Read(s => s.First(
        $"SELECT {Columns} FROM files_seen WHERE table_name = @table AND path = @path AND size = @size AND etag = @etag AND modified = @modified",
        Map, ("table", table), ("path", path), ("size", size), ("etag", etag ?? ""), ("modified", Modified(modified))));

    /// <summary>The first loaded file with this content.</summary>
    /// <param name="sha256">Lower-case hex.</param>
    public FileSeen? FindHash(string table, string sha256) => _database.Read(s => s.First(
        $"SELECT {Columns} FROM files_seen WHERE table_name = @table AND sha256 = @hash AND duplicate_of IS NULL ORDER BY id LIMIT 1",
        Map, ("table", table), ("hash", sha256)));

    /// <summary>Adds files; one that is there already stays as it is.</summary>
    public void Record(IReadOnlyCollection<FileSeen> files)
    {
        if (files.Count > 0)
        {
            _database.WriteQuick(s => Insert(s, files));
        }
    }

    /// <summary>Replaces all that is known of a table, after reading its log.</summary>
    public void Rebuild(string table, IReadOnlyCollection<FileSeen> files) => _database.WriteQuick(s =>
    {
        s.Execute("DELETE FROM files_seen WHERE table_name = @table", ("table", table));
        return Insert(s, files);
    });

    /// <summary>Newest first.</summary>
    public Page<FileSeen> List(string table, int page = 1, int size = 50) => _database.Read(s => Paging.Page(
        page, size,
        s.Number("SELECT count(*) FROM files_seen WHERE table_name = @table", ("table", table)),
        (limit, offset) => s.Rows(
            $"SELECT {Columns} FROM files_seen WHERE table_name = @table ORDER BY seen_at DESC, id DESC LIMIT @limit OFFSET @offset",
            Map, ("table", table), ("limit", limit), ("offset", offset))));

    /// <summary>Path, size and time of change (UTC ticks as text, empty when unknown) of every file that a table has read.</summary>
    public IReadOnlySet<(string Path, long Size, string Modified)> Seen(string table) => _database.Read(s => s.Rows(
        "SELECT path, size, modified FROM files_seen WHERE table_name = @table",
        row => (row.Text("path"), row.Long("size"), row.Long("modified") is not 0 and var modified ? CatalogTime.Read(modified).UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture) : ""), ("table", table))).ToHashSet();

    private static int Insert(SqlSession s, IReadOnlyCollection<FileSeen> files)
    {
        foreach (var f in files)
        {
            s.Execute(
                $"""
                INSERT INTO files_seen ({Columns})
                VALUES (@table, @path, @size, @etag, @modified, @hash, @rows, @run, @at, @duplicate) ON CONFLICT DO NOTHING
                """,
                ("table", f.Table), ("path", f.Path), ("size", f.Size), ("etag", f.ETag ?? ""), ("modified", Modified(f.Modified)), ("hash", f.Sha256),
                ("rows", f.Rows), ("run", f.RunId), ("at", CatalogTime.Write(f.SeenAt)), ("duplicate", f.DuplicateOf));
        }
        return files.Count;
    }

    // Not null in the table, since NULLs would make its UNIQUE rule void.
    private static long Modified(DateTimeOffset? modified) => modified is { } m ? CatalogTime.Write(m) : 0;

    private static FileSeen Map(SqlRow row) => new(
        row.Text("table_name"), row.Text("path"), row.Long("size"), row.Text("etag") is { Length: > 0 } etag ? etag : null,
        row.Long("modified") is not 0 and var modified ? CatalogTime.Read(modified) : null, row.TextOrNull("sha256"), row.Long("row_count"),
        row.Text("run_id"), row.Time("seen_at"), row.TextOrNull("duplicate_of"));
}
