using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>Sends batches as one binary COPY.</summary>
/// <param name="where">The table, for messages.</param>
internal sealed class RowEncoder(IReadOnlyList<Field> fields, IReadOnlyList<FieldEncoder> encoders, string where) : IDisposable
{
    private readonly CopyRows _rows = new();

    /// <summary>Rows that were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Copies all batches into a table and disposes them.</summary>
    public async Task CopyAsync(NpgsqlConnection connection, string table, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var copy = await connection.BeginRawBinaryCopyAsync($"COPY {table} ({string.Join(", ", fields.Select(f => Sql.Name(f.Name)))}) FROM STDIN (FORMAT binary)", cancellationToken).ConfigureAwait(false);
        try
        {
            _rows.Header();
            await foreach (var batch in batches.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                using var owned = batch;
                for (var at = 0; at < batch.Length;)
                {
                    at = Encode(batch, at);
                    if (!_rows.IsFull) continue;
                    await copy.WriteAsync(_rows.Bytes, cancellationToken).ConfigureAwait(false);
                    _rows.Clear();
                }
            }
            _rows.Trailer();
            await copy.WriteAsync(_rows.Bytes, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            try { await copy.CancelAsync().ConfigureAwait(false); }
            catch (Exception e) when (e is NpgsqlException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // The connection goes with the transaction in any case; what made it fail is what counts.
            }
            throw;
        }
        // The server has taken all of it when this returns.
        await copy.DisposeAsync().ConfigureAwait(false);
    }

    /// <returns>The first row that is not in the buffer.</returns>
    private int Encode(RecordBatch batch, int from)
    {
        for (var i = 0; i < encoders.Count; i++) encoders[i].Bind(batch.Column(i));
        var row = from;
        for (; row < batch.Length && !_rows.IsFull; row++)
        {
            _rows.BeginRow(encoders.Count);
            for (var i = 0; i < encoders.Count; i++)
            {
                try { encoders[i].Write(_rows, row); }
                catch (UnfitValueException e) { throw new TerminalException($"{where}: row {Sent + 1}, column {fields[i].Name} holds {e.Message}.", e.Suggestion, e); }
            }
            Sent++;
        }
        return row;
    }

    public void Dispose()
    {
        foreach (var encoder in encoders.OfType<IDisposable>()) encoder.Dispose();
    }
}
