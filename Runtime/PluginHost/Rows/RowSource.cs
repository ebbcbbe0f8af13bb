using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Rows;

/// <summary>Reads rows from a connector as batches, in whichever of the three ways it hands them over: records, an ADO.NET reader, or batches.</summary>
public static class RowSource
{
    /// <summary>Whether the connector hands over rows.</summary>
    public static bool Gives(IConnector connector) => connector is IBatchSource or IReaderSource || RecordReader.RecordType(connector) is not null;

    /// <summary>Starts a read. No more than <see cref="ReadRequest.Limit"/> rows come, whatever the connector makes of it.</summary>
    /// <exception cref="PluginException">The connector hands over no rows, or records of a type that cannot be columns.</exception>
    public static async ValueTask<RowRead> OpenAsync(IConnector connector, ReadRequest request, CancellationToken ct)
    {
        if (connector is IBatchSource batches)
        {
            var schema = await batches.SchemaAsync(request, ct).ConfigureAwait(false);
            return new RowRead(schema, Limited(batches.ReadAsync(request, ct), request.Limit, ct));
        }
        if (connector is IReaderSource readers)
        {
            var reader = await readers.ReadAsync(request, ct).ConfigureAwait(false);
            var rows = new ReaderRows(reader);
            return new RowRead(rows.Schema, Limited(rows.ReadAsync(ct), request.Limit, ct), reader.DisposeAsync);
        }
        if (RecordReader.RecordType(connector) is { } record)
        {
            var rows = RecordReader.Create(record, connector, request);
            return new RowRead(rows.Schema, Limited(rows.ReadAsync(ct), request.Limit, ct));
        }
        throw new PluginException($"{connector.GetType().Name} hands over no rows: it is neither {nameof(IBatchSource)} nor {nameof(IReaderSource)} nor IRecordSource<T>.");
    }

    private static IAsyncEnumerable<SourceBatch> Limited(IAsyncEnumerable<SourceBatch> batches, long? limit, CancellationToken ct) =>
        limit is { } most ? Cut(batches, most, ct) : batches;

    private static async IAsyncEnumerable<SourceBatch> Cut(IAsyncEnumerable<SourceBatch> batches, long left, [EnumeratorCancellation] CancellationToken ct)
    {
        if (left <= 0) yield break;
        await foreach (var batch in batches.WithCancellation(ct).ConfigureAwait(false))
        {
            if (batch.Rows.Length <= left)
            {
                left -= batch.Rows.Length;
                yield return batch;
            }
            else
            {
                var part = batch.Rows.Slice(0, (int)left);
                batch.Rows.Dispose();
                left = 0;
                yield return new SourceBatch(part);
            }
            if (left == 0) yield break;
        }
    }
}
