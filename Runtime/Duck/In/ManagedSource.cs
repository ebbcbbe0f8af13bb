using FlowForge.Columnar;

namespace FlowForge.Duck.In;

/// <summary>A registered source: how to open it, and who registered it.</summary>
internal sealed class ManagedSource(string name, Schema schema, Func<CancellationToken, IEnumerator<RecordBatch>> open, DuckSession session)
{
    public long Id { get; } = SourceRegistry.NextId();
    public string Name => name;
    public Schema Schema => schema;
    public DuckSession Session => session;
    public SourceRegistry Registry => session.Database.Sources;
    public IEnumerator<RecordBatch> Open() => open(session.RunningToken);
}

/// <summary>An asynchronous source pulled by a thread of DuckDB's, which waits.</summary>
internal sealed class BlockingEnumerator(IAsyncEnumerable<RecordBatch> source, CancellationToken ct) : IEnumerator<RecordBatch>
{
    private readonly IAsyncEnumerator<RecordBatch> _inner = source.GetAsyncEnumerator(ct);

    public RecordBatch Current => _inner.Current;
    object System.Collections.IEnumerator.Current => Current;

    public bool MoveNext()
    {
        var next = _inner.MoveNextAsync();
        return next.IsCompletedSuccessfully ? next.Result : next.AsTask().WaitAsync(ct).GetAwaiter().GetResult();
    }

    public void Reset() => throw new NotSupportedException();
    public void Dispose() => _inner.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
