using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>A table, view or partitioned table in the server's catalog.</summary>
/// <param name="Kind">r table, p partitioned table, v view, m materialised view, f foreign table.</param>
/// <param name="Pages">Pages of its heap; 0 when it has none of its own.</param>
internal sealed record Relation(long Oid, string Schema, string Name, char Kind, long Pages, bool HasPolicies)
{
    public string Sql => Postgres.Sql.Name(Schema) + "." + Postgres.Sql.Name(Name);
    public override string ToString() => $"{Schema}.{Name}";

    private const string Columns = """
        c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text,
        CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) / current_setting('block_size')::int8 ELSE 0 END, c.relrowsecurity
        """;

    /// <summary>Finds <c>name</c> in the listed schemas, or <c>schema.name</c> in any.</summary>
    public static async Task<Relation> FindAsync(NpgsqlConnection connection, string name, IReadOnlyList<string> schemas, CancellationToken cancellationToken) =>
        await TryFindAsync(connection, name, schemas, cancellationToken).ConfigureAwait(false)
            ?? throw new TerminalException($"There is no table {name} in {connection.Database} (schemas {string.Join(", ", schemas)}) that the login can see.",
                "Correct the name; a table outside the listed schemas is written as schema.name.");

    /// <summary>As <see cref="FindAsync"/>; null when there is none.</summary>
    public static async Task<Relation?> TryFindAsync(NpgsqlConnection connection, string name, IReadOnlyList<string> schemas, CancellationToken cancellationToken)
    {
        var command = connection.Command($"""
            SELECT {Columns} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (n.nspname || '.' || c.relname = $1 OR (c.relname = $1 AND n.nspname = ANY($2::text[])))
            ORDER BY array_position($2::text[], n.nspname::text) NULLS LAST LIMIT 1
            """, name, schemas.ToArray());
        await using var _ = command.ConfigureAwait(false);
        return (await ReadAsync(command, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
    }

    /// <summary>The tables that hold a partitioned table's rows.</summary>
    public async Task<IReadOnlyList<Relation>> LeavesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = connection.Command($"""
            SELECT {Columns} FROM pg_partition_tree($1::oid::regclass) t JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE t.isleaf AND has_table_privilege(c.oid, 'SELECT') OR (t.isleaf AND c.relkind = 'f')
            """, Oid);
        await using var _ = command.ConfigureAwait(false);
        return await ReadAsync(command, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<List<Relation>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var found = new List<Relation>();
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            found.Add(new Relation(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)[0], reader.GetInt64(4), reader.GetBoolean(5)));
        return found;
    }
}
