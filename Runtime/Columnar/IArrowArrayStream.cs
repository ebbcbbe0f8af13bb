namespace FlowForge.Columnar;

/// <summary>A schema and its batches, read once in order, by one reader at a time.</summary>
public interface IArrowArrayStream : IDisposable
{
    Schema Schema { get; }

    /// <summary>The next batch, which the caller owns, or null at the end.</summary>
    RecordBatch? ReadNextRecordBatch();
}

/// <summary>A stream over batches that are made elsewhere.</summary>
/// <param name="schema">Schema of all batches.</param>
/// <param name="batches">Each batch belongs to who reads it.</param>
public sealed class ArrowArrayStream(Schema schema, IEnumerable<RecordBatch> batches) : IArrowArrayStream
{
    private IEnumerator<RecordBatch>? _batches = batches.GetEnumerator();

    public Schema Schema => schema;

    public RecordBatch? ReadNextRecordBatch()
    {
        ObjectDisposedException.ThrowIf(_batches is null, this);
        return _batches.MoveNext() ? _batches.Current : null;
    }

    public void Dispose()
    {
        _batches?.Dispose();
        _batches = null;
    }
}
