using Npgsql;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// A message written into the WAL at the start of a read: it ends the read where the source stood then, and lets the slot move on
/// when the table itself is quiet.
/// </summary>
internal static class Marker
{
    public const string Prefix = "flowforge";

    public static async Task<string> WriteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var marker = Guid.NewGuid().ToString("n");
        await connection.ScalarAsync<object>("SELECT pg_logical_emit_message(false, $1, $2)::text", cancellationToken, Prefix, marker).ConfigureAwait(false);
        return marker;
    }
}
