using FlowForge.Columnar;

namespace FlowForge.Plugins;

/// <summary>
/// Makes rows from rows: a dataset with <c>transform: name</c> hands the rows of its SQL over and stores what comes back. Runs in the runtime's own process. It must give the same
/// rows for the same input: a dataset whose input has not changed is not built again.
/// </summary>
public interface ITransform : IConnector
{
    /// <summary>The schema of all batches that <see cref="TransformAsync"/> gives for input of this schema; asked for before a row is read.</summary>
    ValueTask<Schema> SchemaAsync(Schema input, CancellationToken cancellationToken);
    /// <summary>Reads batches and gives batches, any number and size of them. Those that are read belong to the transform, which disposes them; those that it gives pass into the runtime's ownership.</summary>
    IAsyncEnumerable<RecordBatch> TransformAsync(IAsyncEnumerable<RecordBatch> input, CancellationToken cancellationToken);
}
