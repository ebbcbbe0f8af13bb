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
