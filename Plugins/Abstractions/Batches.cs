using FlowForge.Columnar;

namespace FlowForge.Plugins;

/// <summary>Hands over Arrow batches: the fastest way.</summary>
public interface IBatchSource : IConnector
{
    /// <summary>The schema of all batches that <see cref="ReadAsync"/> will give for this request.</summary>
    ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken);
    /// <summary>Batches pass into the runtime's ownership when they are handed over.</summary>
    IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, CancellationToken cancellationToken);
}

/// <summary>Rows and, where reading can resume, how far the source has got after them.</summary>
public readonly record struct SourceBatch(RecordBatch Rows, string? Cursor = null);

/// <summary>Shows some rows more cheaply than a read with <see cref="ReadRequest.Limit"/> would.</summary>
public interface IPreview : IConnector
{
    IAsyncEnumerable<RecordBatch> PreviewAsync(ReadRequest request, CancellationToken cancellationToken);
}

/// <summary>Writes rows into the system: deliveries of tables. (Where files are put, see <see cref="IFileSink"/>.)</summary>
public interface ISink : IConnector
{
    /// <summary>
    /// Writes all batches as one step where the system can; a repeat with the same key must not write twice, and need not read the batches. Each batch is
    /// the sink's to dispose.
    /// </summary>
    /// <returns>Rows written; at a repeat those of the first time.</returns>
    Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken);
}

/// <param name="Table">Where to.</param>
/// <param name="Schema">The schema of every batch.</param>
/// <param name="Key">The same for every attempt of one write.</param>
/// <param name="Replace">Whether the rows replace what is there instead of being added.</param>
public sealed record WriteRequest(string Table, Schema Schema, string Key, bool Replace);
