using FlowForge.Columnar;

namespace FlowForge.Duck.In;

/// <summary>One scan of a source: hands its batches to DuckDB's threads, one pull at a time.</summary>
internal sealed class SourceScan(ManagedSource source, int[] columns) : IDisposable
{
    private readonly Lock _gate = new();
    private IEnumerator<RecordBatch>? _batches;
    private Exception? _failed;
    private bool _done;

    public ManagedSource Source => source;

    /// <summary>Column of the schema for each output vector; -1 for one that carries nothing (count(*)).</summary>
    public int[] Columns => columns;

    /// <summary>The next batch that has rows, or null at the end. The caller disposes it.</summary>
    public RecordBatch? Next()
    {
        lock (_gate)
        {
            if (_failed is not null) throw _failed;
            if (_done) return null;
            try
            {
                _batches ??= source.Open();
                while (_batches.MoveNext())
                {
                    var batch = _batches.Current;
                    Check(batch);
                    if (batch.Length > 0) return batch;
                    batch.Dispose();
                }
                _done = true;
                return null;
            }
            catch (Exception e)
            {
                _failed = e;
                throw;
            }
        }
    }

    private void Check(RecordBatch batch)
    {
        var (wanted, given) = (source.Schema.FieldsList, batch.Schema.FieldsList);
        if (ReferenceEquals(batch.Schema, source.Schema)) return;
        if (given.Count != wanted.Count)
            throw new InvalidOperationException($"A batch has {given.Count} columns, the schema of the source {wanted.Count}.");
        for (var i = 0; i < wanted.Count; i++)
        {
            if (!SourceTypes.SameLayout(wanted[i].DataType, given[i].DataType))
                throw new InvalidOperationException($"Column '{wanted[i].Name}' of a batch is {given[i].DataType.Name}, the schema of the source says {wanted[i].DataType.Name}.");
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _done = true;
            _batches?.Dispose();
            _batches = null;
        }
    }
}

/// <summary>One DuckDB thread's place in a scan: the batch it is copying.</summary>
internal sealed class SourceCursor(SourceScan scan) : IDisposable
{
    private readonly VectorWriter?[] _writers = scan.Columns
        .Select(c => c < 0 ? null : VectorWriterFactory.Create(scan.Source.Schema.FieldsList[c].DataType)).ToArray();
    private RecordBatch? _batch;
    private int _at;

    /// <summary>Fills a chunk and returns its rows, 0 at the end.</summary>
    public int Fill(ReadOnlySpan<nint> vectors, int capacity)
    {
        var filled = 0;
        do
        {
            if (_batch is not null && _at >= _batch.Length)
            {
                _batch.Dispose();
                _batch = null;
            }
            if (_batch is null)
            {
                _batch = scan.Next();
                _at = 0;
                if (_batch is null) break;
            }
            var count = Math.Min(capacity - filled, _batch.Length - _at);
            Copy(_batch, _at, count, vectors, filled);
            _at += count;
            filled += count;
        }
        while (scan.Source.Gathers && filled < capacity);
        return filled;
    }

    private void Copy(RecordBatch batch, int start, int count, ReadOnlySpan<nint> vectors, int at)
    {
        for (var i = 0; i < vectors.Length && i < _writers.Length; i++)
        {
            if (_writers[i] is not { } writer) continue;
            var column = scan.Columns[i];
            try
            {
                writer.Write(batch.Column(column), start, count, vectors[i], at);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"Column '{scan.Source.Schema.FieldsList[column].Name}': {e.Message}", e);
            }
        }
    }

    public void Dispose()
    {
        _batch?.Dispose();
        _batch = null;
    }
}
