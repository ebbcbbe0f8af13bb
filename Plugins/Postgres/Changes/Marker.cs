using Npgsql;
using NpgsqlTypes;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// A message written into the WAL at the start of a read: it ends the read where the source stood then, and lets the slot move on
/// when the table itself is quiet.
/// </summary>
/// <param name="End">Where it ends in the WAL.</param>
internal sealed record Marker(string Text, NpgsqlLogSequenceNumber End)
{
    public const string Prefix = "flowforge";

    /// <summary>For reads that end by themselves.</summary>
    public static readonly Marker None = new("", default);

    public static async Task<Marker> WriteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var text = Guid.NewGuid().ToString("n");
        // A message alone is not flushed; a transaction with a number is, by its commit, and only what is flushed can be read.
        await connection.ExecuteAsync("SET synchronous_commit = local", cancellationToken).ConfigureAwait(false);
        var end = await connection.ScalarAsync<string>("SELECT pg_logical_emit_message(false, $1, $2)::text, pg_current_xact_id()::text", cancellationToken, Prefix, text).ConfigureAwait(false);
        return new Marker(text, NpgsqlLogSequenceNumber.Parse(end!));
    }
}
