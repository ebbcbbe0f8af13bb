using Npgsql;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// Whose a slot is: a note on the publication of its name, for slots take none. A first snapshot makes the slot anew, and would take the changes of another job away with it. Where the job brings
/// its own publication, nothing is noted.
/// </summary>
internal static class SlotOwner
{
    private const string Mark = "FlowForge: ";

    /// <exception cref="TerminalException">The slot is there, and was made by another job.</exception>
    public static async Task CheckAsync(NpgsqlConnection connection, string slot, string? job, CancellationToken cancellationToken)
    {
        var noted = await connection.ScalarAsync<string>("""
            SELECT obj_description(p.oid, 'pg_publication') FROM pg_publication p JOIN pg_replication_slots s ON s.slot_name = p.pubname AND s.database = current_database() WHERE p.pubname = $1
            """, cancellationToken, slot).ConfigureAwait(false);
        if (job is null || noted is null || !noted.StartsWith(Mark, StringComparison.Ordinal) || noted == Mark + job) return;
        throw new TerminalException($"The replication slot {slot} is kept by another job, {noted[Mark.Length..]}: a snapshot for this one would make it anew, and the changes that it keeps would be gone.",
            $"Give this job a slot of its own (slot: …). If the other job is gone, or is this one under its former name, remove the slot: SELECT pg_drop_replication_slot({Sql.Text(slot)})");
    }

    /// <summary>Notes it where the login may.</summary>
    public static async Task NoteAsync(NpgsqlConnection connection, string slot, string? job, CancellationToken cancellationToken)
    {
        if (job is not null && await connection.ScalarAsync<bool>("SELECT pg_has_role(pubowner, 'USAGE') FROM pg_publication WHERE pubname = $1", cancellationToken, slot).ConfigureAwait(false))
            await connection.ExecuteAsync($"COMMENT ON PUBLICATION {Sql.Name(slot)} IS {Sql.Text(Mark + job)}", cancellationToken).ConfigureAwait(false);
    }
}
