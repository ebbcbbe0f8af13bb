using FlowForge.Columnar;

namespace FlowForge.Duck.In;

/// <summary>Batches that DuckDB may scan: how to open them, and the session whose statements they serve.</summary>
/// <param name="kind">What a message calls it: Source or Function.</param>
/// <param name="name">As registered.</param>
/// <param name="schema">Columns.</param>
/// <param name="open">Called once for each scan.</param>
/// <param name="session">Its cancellation and its instance's faults are used.</param>
internal sealed class ManagedSource(string kind, string name, Schema schema, Func<CancellationToken, IEnumerator<RecordBatch>> open, DuckSession session)
{
    public string Kind => kind;
    public long Id { get; } = SourceRegistry.NextId();
    public string Name => name;
    public Schema Schema => schema;
    public DuckSession Session => session;
    public SourceRegistry Registry => session.Database.Sources;
    /// <summary>Whether small batches are put together before DuckDB sees them.</summary>
    public bool Gathers { get; init; }
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
