using System.Runtime.CompilerServices;
using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>Lists tables with columns and keys from the server's own catalog: information_schema hides keys from users who do not own the table.</summary>
internal static class Discovery
{
    // Partitions are parts of their table, not tables. Keys: the primary key, else the smallest unique constraint without nullable columns.
    private const string Query = """
        SELECT n.nspname::text, c.relname::text,
          CASE WHEN c.relkind = 'p' THEN (SELECT nullif(sum(greatest(l.reltuples, 0)), 0)::int8 FROM pg_partition_tree(c.oid) t JOIN pg_class l ON l.oid = t.relid WHERE t.isleaf)
               WHEN c.relkind IN ('r', 'm') AND c.reltuples >= 0 THEN c.reltuples::int8 END,
          CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_table_size(t.relid))::int8 FROM pg_partition_tree(c.oid) t WHERE t.isleaf)
               WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) END,
          a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, coalesce(array_position(k.conkey, a.attnum), 0)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN LATERAL (
          SELECT x.conkey FROM pg_constraint x WHERE x.conrelid = c.oid AND (x.contype = 'p' OR (x.contype = 'u'
            AND NOT EXISTS (SELECT FROM pg_attribute u WHERE u.attrelid = c.oid AND u.attnum = ANY(x.conkey) AND NOT u.attnotnull)))
          ORDER BY x.contype, cardinality(x.conkey), x.oid LIMIT 1) k ON true
        WHERE c.relkind IN ({0}) AND NOT c.relispartition AND n.nspname = ANY($1::text[]) AND has_table_privilege(c.oid, 'SELECT')
        ORDER BY array_position($1::text[], n.nspname::text), c.relname, a.attnum
        """;

    /// <summary>Names are bare in the first schema and <c>schema.name</c> in the others.</summary>
    public static async IAsyncEnumerable<DiscoveredTable> ListAsync(NpgsqlConnection connection, IReadOnlyList<string> schemas, [EnumeratorCancellation] CancellationToken cancellationToken, string kinds = "'r', 'p', 'v', 'm', 'f'")
    {
        var command = connection.Command(Query.Replace("{0}", kinds, StringComparison.Ordinal), schemas.ToArray());
        await using var _ = command.ConfigureAwait(false);
        NpgsqlDataReader reader;
        try { reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false); }
        catch (Exception e) { throw Failures.From(e, $"The catalog of {connection.Database}", cancellationToken); }
        await using var __ = reader.ConfigureAwait(false);
        DiscoveredTable? table = null;
        var columns = new List<DiscoveredColumn>();
        var keys = new SortedList<int, string>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var name = reader.GetString(0) == schemas[0] ? reader.GetString(1) : $"{reader.GetString(0)}.{reader.GetString(1)}";
            if (table?.Name != name)
            {
                if (table is not null) yield return table with { Columns = [.. columns], Keys = [.. keys.Values] };
                columns.Clear();
                keys.Clear();
                table = new DiscoveredTable(name) { Rows = reader.IsDBNull(2) ? null : reader.GetInt64(2), Bytes = reader.IsDBNull(3) ? null : reader.GetInt64(3) };
            }
            columns.Add(new DiscoveredColumn(reader.GetString(4), reader.GetString(5), reader.GetBoolean(6)));
            if (reader.GetInt32(7) is > 0 and var position) keys.Add(position, reader.GetString(4));
        }
        if (table is not null) yield return table with { Columns = [.. columns], Keys = [.. keys.Values] };
    }
}
