using Npgsql;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>What the slots of a connection hold back: unread changes, and WAL that the server must keep for them.</summary>
internal static class SlotHealth
{
    public static async Task<IReadOnlyList<HealthFact>> ReadAsync(NpgsqlConnection connection, string prefix, CancellationToken cancellationToken)
    {
        var command = connection.Command("""
            SELECT slot_name::text, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::float8, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8, safe_wal_size::float8
            FROM pg_replication_slots WHERE database = current_database() AND plugin = 'pgoutput' AND NOT temporary AND starts_with(slot_name, $1 || '_') ORDER BY 1
            """, prefix);
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var facts = new List<HealthFact>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var slot = reader.GetString(0);
            if (!reader.IsDBNull(1)) facts.Add(new HealthFact($"{slot}: changes behind", reader.GetDouble(1), "bytes"));
            if (!reader.IsDBNull(2)) facts.Add(new HealthFact($"{slot}: WAL kept", reader.GetDouble(2), "bytes"));
            if (!reader.IsDBNull(3)) facts.Add(new HealthFact($"{slot}: WAL until the slot is lost", reader.GetDouble(3), "bytes"));
        }
        return facts;
    }
}
