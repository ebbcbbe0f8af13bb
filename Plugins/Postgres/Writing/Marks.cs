using Npgsql;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>
/// The table <c>flowforge_deliveries</c> beside the tables that are written: what each got last, changed in the transaction that brings the rows. It goes with them into backups and copies of the database.
/// </summary>
internal static class Marks
{
    public const string Name = "flowforge_deliveries";

    /// <summary>Makes it where it is not.</summary>
    public static async Task EnsureAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(connection, schema, cancellationToken).ConfigureAwait(false)) return;
        // Two that make it at once would meet in the server's catalog.
        await connection.ExecuteAsync($"""
            BEGIN; SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock(hashtextextended({Sql.Text($"flowforge {schema}.{Name}")}, 0));
            CREATE TABLE IF NOT EXISTS {Sql.Name(schema)}.{Name} (
              table_name text PRIMARY KEY, writer text NOT NULL, key text NOT NULL, written bigint NOT NULL, rows bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());
            COMMENT ON TABLE {Sql.Name(schema)}.{Name} IS 'What FlowForge delivered last into each table of this schema. It is changed in one transaction with the rows; without it all rows are delivered anew.';
            COMMIT
            """, cancellationToken).ConfigureAwait(false);
    }

    public static async Task<WriteMark?> ReadAsync(NpgsqlConnection connection, TargetTable table, CancellationToken cancellationToken)
    {
        if (table.Oid is null || !await IsThereAsync(connection, table.Schema, cancellationToken).ConfigureAwait(false)) return null;
        var command = connection.Command($"SELECT writer, key, written, rows FROM {Sql.Name(table.Schema)}.{Name} WHERE table_name = $1", table.Name);
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        return await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? new WriteMark(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)) : null;
    }

    public static async Task WriteAsync(NpgsqlConnection connection, TargetTable table, WriteMark mark, CancellationToken cancellationToken)
    {
        var command = connection.Command($"""
            INSERT INTO {Sql.Name(table.Schema)}.{Name} (table_name, writer, key, written, rows) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (table_name) DO UPDATE SET writer = excluded.writer, key = excluded.key, written = excluded.written, rows = excluded.rows, at = now()
            """, table.Name, mark.Writer, mark.Key, mark.Written, mark.Rows);
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static Task<bool> IsThereAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken) =>
        connection.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2)", cancellationToken, schema, Name);
}
