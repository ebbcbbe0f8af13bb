using System.Globalization;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// Reads what a slot keeps, from a cursor to a marker, by the server's functions: a replication connection sends every change by itself and wakes both sides for it, a COPY of the function's rows
/// comes in blocks. The slot stays where it is, for a run that fails is repeated from what its table has, which a cursor inside of the run is ahead of: a temporary copy of it is used up, some hundred thousand changes at a time, so that the server keeps no more than these beside its WAL.
/// </summary>
/// <param name="atATime">Changes after which the server gives what it has; a transaction always comes whole.</param>
internal sealed class ChangeStream(Server server, string publication, ChangeDecoder decoder, ChangeCursor cursor, Marker marker, int atATime, IConnectorLog log)
{
    private const int MostRows = 65_536;
    private const long MostBytes = 2 << 20;
    private const string NoFreeSlot = "53400";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public IAsyncEnumerable<SourceBatch> ReadAsync(CancellationToken cancellationToken) => ReaderThreads.RunAsync(1, Work, cancellationToken);

    private void Work(Action<SourceBatch> put, CancellationToken stop)
    {
        try
        {
            var (opened, select, isCopy) = Open(stop);
            using var connection = opened;
            var stream = new CopyStream(1, "The changes");
            while (!decoder.ReachedMarker)
            {
                var seen = decoder.Messages;
                connection.CopyOut(select, copy =>
                {
                    stream.Begin(copy);
                    while (Decode(stream, put)) { }
                }, stop);
                // The marker is flushed, so that it comes with the last changes at the latest.
                if (!decoder.ReachedMarker && (decoder.Messages == seen || !isCopy)) throw new TransientException("The server has not given the changes up to the mark that this run has set.");
            }
            // The last one, with or without rows, says that the marker was reached.
            put(new SourceBatch(decoder.Build(), Cursor));
        }
        catch (Exception e)
        {
            throw Failures.From(e, "The changes", stop);
        }
    }

    private string Cursor => (cursor with { Lsn = decoder.Position }).ToString();

    /// <summary>A connection, and the statement that gives the next changes on it: those after the last ones where a copy is used up.</summary>
    private (NpgsqlConnection Connection, string Select, bool IsCopy) Open(CancellationToken stop)
    {
        var options = $"'proto_version', '1', 'publication_names', {Sql.Text(Sql.Name(publication))}, 'binary', 'true', 'messages', 'true'";
        var copy = $"{Marker.Prefix}_{Guid.NewGuid():n}";
        var connection = server.OpenAsync(stop).GetAwaiter().GetResult();
        try
        {
            WaitForMarker(connection, stop);
            connection.ScalarAsync<object>("SELECT slot_name::text FROM pg_copy_logical_replication_slot($1::name, $2::name, true)", stop, cursor.Slot, copy).GetAwaiter().GetResult();
            // What was read already need not be gathered again; the decoder passes over it where this cannot be.
            Slot.AdvanceAsync(connection, cursor with { Slot = copy }, stop).GetAwaiter().GetResult();
            return (connection, string.Create(CultureInfo.InvariantCulture, $"SELECT data FROM pg_logical_slot_get_binary_changes('{copy}', '{marker.End}', {atATime}, {options})"), true);
        }
        catch (Exception e)
        {
            connection.Dispose();
            if (e is not PostgresException { SqlState: NoFreeSlot }) throw;
            log.Warning("The server has no free replication slot for a temporary copy: it has to gather all changes before the first one comes. A larger max_replication_slots spares it that.");
            return (server.OpenAsync(stop).GetAwaiter().GetResult(), $"SELECT data FROM pg_logical_slot_peek_binary_changes({Sql.Text(cursor.Slot)}, '{marker.End}', NULL, {options})", false);
        }
    }

    /// <summary>What is not flushed cannot be read yet. It is when the marker's transaction has ended, unless the server is told otherwise.</summary>
    private void WaitForMarker(NpgsqlConnection connection, CancellationToken stop)
    {
        for (var waiting = System.Diagnostics.Stopwatch.StartNew(); !connection.ScalarAsync<bool>("SELECT pg_current_wal_flush_lsn() >= $1::text::pg_lsn", stop, marker.End.ToString()).GetAwaiter().GetResult(); stop.WaitHandle.WaitOne(100))
        {
            stop.ThrowIfCancellationRequested();
            if (waiting.Elapsed > Patience) throw new TransientException("The server does not write its WAL to disk.");
        }
    }

    private bool Decode(CopyStream stream, Action<SourceBatch> put)
    {
        var bytes = stream.Next(int.MaxValue);
        var places = stream.Block.Places;
        for (var i = 0; i < stream.Block.Count && !bytes.IsEmpty && !decoder.ReachedMarker; i++)
        {
            decoder.Decode(bytes.Slice(places[i].Start, places[i].Length));
            if (decoder.Rows >= MostRows || decoder.Bytes >= MostBytes) put(new SourceBatch(decoder.Build(), decoder.InTransaction ? null : Cursor));
        }
        return !bytes.IsEmpty;
    }
}
