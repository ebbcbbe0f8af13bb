using System.Runtime.CompilerServices;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.Internal;
using Npgsql.Replication.PgOutput;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>Reads a slot from a cursor to a marker. The server is told nothing meanwhile: what was read is confirmed after the commit.</summary>
internal sealed class ChangeStream(string connectionString, string publication, ChangeDecoder decoder, ChangeCursor cursor)
{
    private const int MostRows = 65_536;
    private const long MostBytes = 16 << 20;
    private byte[] _buffer = new byte[64 << 10];

    public async IAsyncEnumerable<SourceBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = new LogicalReplicationConnection(connectionString);
        await using var _ = connection.ConfigureAwait(false);
        await connection.Open(cancellationToken).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var options = new Dictionary<string, string> { ["proto_version"] = "1", ["publication_names"] = Sql.Name(publication), ["binary"] = "true", ["messages"] = "true" };
        var messages = connection.StartLogicalReplication(new PgOutputReplicationSlot(cursor.Slot), stop.Token, cursor.Lsn, options!).GetAsyncEnumerator(stop.Token);
        try
        {
            while (!decoder.ReachedMarker && await messages.MoveNextAsync().ConfigureAwait(false))
            {
                var length = await TakeAsync(messages.Current.Data, cancellationToken).ConfigureAwait(false);
                decoder.Decode(_buffer.AsSpan(0, length));
                if (decoder.Rows >= MostRows || decoder.Bytes >= MostBytes)
                    yield return new SourceBatch(decoder.Build(), decoder.InTransaction ? null : (cursor with { Lsn = decoder.Position }).ToString());
            }
            if (!decoder.ReachedMarker) throw new TransientException("The server ended the stream of changes.");
            // The last one, with or without rows, says that the marker was reached.
            yield return new SourceBatch(decoder.Build(), (cursor with { Lsn = decoder.Position }).ToString());
        }
        finally
        {
            // The driver ends a replication only by cancellation.
            await stop.CancelAsync().ConfigureAwait(false);
            try { await messages.DisposeAsync().ConfigureAwait(false); }
            catch (Exception e) when (e is OperationCanceledException or NpgsqlException or NotSupportedException or ObjectDisposedException) { /* It is over either way. */ }
        }
    }

    private async ValueTask<int> TakeAsync(Stream data, CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var got = await data.ReadAsync(_buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (got == 0) return length;
            length += got;
            if (length == _buffer.Length) Array.Resize(ref _buffer, checked(_buffer.Length * 2));
        }
    }
}
