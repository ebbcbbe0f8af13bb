using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>The replication slot and the publication of one table.</summary>
internal static class Slot
{
    private const string Again = "Reset the job's watermark: the next run takes a new snapshot.";

    /// <summary>A name that servers take: lower case, digits and _, at most 63.</summary>
    public static string NameFor(ChangesSpec spec, Relation relation)
    {
        var name = new StringBuilder(spec.Slot).Append('_');
        foreach (var c in relation.ToString()) name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_');
        // Other names may have become the same, and another table may get this one's: the id tells them apart.
        var id = IdOf(relation);
        if (name.Length > 63 - id.Length) name.Length = 63 - id.Length;
        return name.Append(id).ToString();
    }

    private static string IdOf(Relation relation) => "_" + relation.Oid.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>Makes the publication where there is none, and refuses one that would leave changes out.</summary>
    /// <param name="cursor">Null before a snapshot. Behind a cursor it is too late to make or to mend a publication: what was changed without it never comes.</param>
    public static async Task<string> PublishAsync(NpgsqlConnection connection, ChangesSpec spec, Relation relation, string slot, ChangeCursor? cursor, CancellationToken cancellationToken)
    {
        var name = spec.Publication ?? slot;
        var command = connection.Command("""
            SELECT p.pubviaroot, p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate, EXISTS (SELECT FROM pg_publication_tables t WHERE t.pubname = p.pubname AND t.schemaname = $2 AND t.tablename = $3)
            FROM pg_publication p WHERE p.pubname = $1
            """, name, relation.Schema, relation.Name);
        bool found, root, all, contains;
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = reader.ConfigureAwait(false);
            found = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            (root, all, contains) = found ? (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2)) : default;
        }
        if (!found) await MendAsync($"There is no publication {name}", $"CREATE PUBLICATION {Sql.Name(name)} FOR TABLE {relation.Sql} WITH (publish_via_partition_root = true)", isOurs: spec.Publication is null).ConfigureAwait(false);
        else if (!all) await MendAsync($"Publication {name} leaves out inserts, updates, deletes or truncates", $"ALTER PUBLICATION {Sql.Name(name)} SET (publish = 'insert, update, delete, truncate')").ConfigureAwait(false);
        else if (!root && relation.Kind == 'p') await MendAsync($"Publication {name} tells the changes of {relation} under the names of its partitions", $"ALTER PUBLICATION {Sql.Name(name)} SET (publish_via_partition_root = true)").ConfigureAwait(false);
        else if (!contains) await MendAsync($"Publication {name} does not contain {relation}", $"ALTER PUBLICATION {Sql.Name(name)} ADD TABLE {relation.Sql}", isOurs: spec.Publication is null).ConfigureAwait(false);
        return name;

        Task MendAsync(string what, string statement, bool isOurs = false)
        {
            if (cursor is not null)
                throw new TerminalException($"{what}: changes since {cursor.Lsn} may never have been published.", isOurs ? Again : $"Run: {statement}; then reset the job's watermark, for what was changed until then does not come: the next run takes a new snapshot.");
            return isOurs ? connection.ExecuteAsync(statement, cancellationToken) : throw new TerminalException(what + ".", "Run: " + statement);
        }
    }

    /// <summary>Checks that the slot is the table's, and still keeps all changes after the cursor.</summary>
    public static async Task CheckAsync(NpgsqlConnection connection, Relation relation, ChangeCursor cursor, CancellationToken cancellationToken)
    {
        if (!cursor.Slot.EndsWith(IdOf(relation), StringComparison.Ordinal))
            throw new TerminalException($"{relation} is not the table that was read up to {cursor.Lsn}: that one was dropped, or another one has taken its name.", $"{Again} The slot of the old one keeps WAL until it is removed: SELECT pg_drop_replication_slot({Sql.Text(cursor.Slot)})");
        var command = connection.Command("SELECT confirmed_flush_lsn, coalesce(wal_status, '') FROM pg_replication_slots WHERE slot_name = $1", cursor.Slot);
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        if (!await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) throw new TerminalException($"The replication slot {cursor.Slot} is gone, and with it the changes since {cursor.Lsn}.", Again);
        if (reader.GetString(1) == "lost") throw new TerminalException($"The server has removed WAL that the replication slot {cursor.Slot} needed (max_slot_wal_keep_size): changes since {cursor.Lsn} are lost.", Again);
        if (reader.GetFieldValue<NpgsqlLogSequenceNumber>(0) is var confirmed && confirmed > cursor.Lsn)
            throw new TerminalException($"The replication slot {cursor.Slot} stands at {confirmed} already, and the table at {cursor.Lsn}: the changes between are gone from the server.", Again);
    }

    /// <summary>Removes a slot of that name; there may be none.</summary>
    public static Task DropAsync(NpgsqlConnection connection, string slot, CancellationToken cancellationToken) =>
        connection.ScalarAsync<object>("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", cancellationToken, slot);

    /// <summary>Tells the server that nothing up to the cursor is needed any more. A repetition does nothing.</summary>
    public static Task AdvanceAsync(NpgsqlConnection connection, ChangeCursor cursor, CancellationToken cancellationToken) =>
        connection.ScalarAsync<object>("SELECT end_lsn::text FROM pg_replication_slots s, pg_replication_slot_advance(s.slot_name, $2::text::pg_lsn) WHERE s.slot_name = $1 AND s.confirmed_flush_lsn < $2::text::pg_lsn", cancellationToken, cursor.Slot, cursor.Lsn.ToString());
}
