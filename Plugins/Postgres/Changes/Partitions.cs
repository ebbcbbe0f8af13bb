using Npgsql;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// What the partitions of a table tell of the old row in updates and deletes. The server takes that from each partition's own replica identity, which neither
/// follows the table's nor passes to new partitions; one without any makes the source's own updates and deletes fail as soon as the table is published.
/// </summary>
internal static class Partitions
{
    private const int Named = 5;

    /// <param name="Keys">The columns of its replica identity; of a full identity they do not count.</param>
    private sealed record Leaf(string Name, string Sql, bool IsFull, string[] Keys);

    /// <summary>Refuses partitions that tell less than the table's own identity promises: all of <paramref name="keys"/>, or the whole row where that is null.</summary>
    public static async Task CheckAsync(NpgsqlConnection connection, Relation table, IReadOnlyList<string>? keys, CancellationToken cancellationToken)
    {
        var weak = await WeakAsync(connection, table, keys, cancellationToken).ConfigureAwait(false);
        if (weak.Count == 0) return;
        var others = weak.Count == 1 ? "" : weak.Count == 2 ? ", and so does another one" : FormattableString.Invariant($", and so do {weak.Count - 1} others");
        if (weak.Find(l => l.Keys.Length == 0) is { } bare)
            throw new TerminalException($"{table}: partition {bare.Name} has no primary key and no other replica identity, which the server asks of each partition: its updates and deletes cannot be told.", "Run: " + Full(weak));
        throw new TerminalException($"{table}: of a changed row partition {weak[0].Name} tells {string.Join(", ", weak[0].Keys)}{others}, where the table tells {(keys is null ? "the whole row" : string.Join(", ", keys))}. The replica identity of each partition is its own.",
            $"Run: {Full(weak)}; then reset the job's watermark, for the changes until then lack the rest: the next run takes a new snapshot.");
    }

    /// <summary>The statements that let the table and its partitions tell whole rows.</summary>
    public static async Task<string> FullAsync(NpgsqlConnection connection, Relation table, CancellationToken cancellationToken)
    {
        var weak = table.Kind == 'p' ? await WeakAsync(connection, table, null, cancellationToken).ConfigureAwait(false) : [];
        return weak.Count == 0 ? Full(table.Sql) : $"{Full(table.Sql)}; {Full(weak)}";
    }

    private static string Full(string sql) => $"ALTER TABLE {sql} REPLICA IDENTITY FULL";

    private static string Full(List<Leaf> leaves) =>
        string.Join("; ", leaves.Take(Named).Select(l => Full(l.Sql))) + (leaves.Count > Named ? FormattableString.Invariant($"; and the same for {leaves.Count - Named} more partitions") : "");

    private static async Task<List<Leaf>> WeakAsync(NpgsqlConnection connection, Relation table, IReadOnlyList<string>? keys, CancellationToken cancellationToken)
    {
        // Foreign partitions write no WAL here, and are not asked. An index that is not immediate identifies nothing.
        var command = connection.Command("""
            SELECT n.nspname::text, c.relname::text, c.relreplident = 'f', ARRAY(SELECT a.attname::text
              FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1])
              WHERE i.indrelid = c.oid AND i.indimmediate AND CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary ELSE false END ORDER BY a.attnum)
            FROM pg_partition_tree($1::oid::regclass) t JOIN pg_class c ON c.oid = t.relid AND c.relkind = 'r' JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE t.isleaf ORDER BY 1, 2
            """, table.Oid);
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var weak = new List<Leaf>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var (schema, name) = (reader.GetString(0), reader.GetString(1));
            var leaf = new Leaf($"{schema}.{name}", $"{Sql.Name(schema)}.{Sql.Name(name)}", reader.GetBoolean(2), reader.GetFieldValue<string[]>(3));
            if (!leaf.IsFull && (keys is null || leaf.Keys.Length == 0 || keys.Except(leaf.Keys).Any())) weak.Add(leaf);
        }
        return weak;
    }
}
