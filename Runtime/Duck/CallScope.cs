namespace FlowForge.Duck;

/// <summary>
/// One statement's run: carries its cancellation to DuckDB and to managed sources. An interrupt that arrives before DuckDB has
/// begun is forgotten by it, so it is repeated until the call returns.
/// </summary>
internal sealed class CallScope : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(20);
    private readonly DuckSession _session;
    private readonly CancellationToken _ct;
    private readonly CancellationTokenSource _sources = new();
    private readonly Lock _gate = new();
    private CancellationTokenRegistration _registration;
    private Timer? _timer;
    private bool _active = true;
    private bool _disposed;

    public CallScope(DuckSession session, CancellationToken ct)
    {
        _session = session;
        _ct = ct;
        session.Begin(this);
        if (ct.CanBeCanceled) _registration = ct.UnsafeRegister(static s => ((CallScope)s!).Cancel(), this);
    }

    /// <summary>Cancelled with the statement: for managed sources that wait.</summary>
    public CancellationToken SourceToken => _sources.Token;

    /// <summary>Turns an interrupt that the token asked for into <see cref="OperationCanceledException"/>.</summary>
    public T Guard<T>(Func<T> body)
    {
        try
        {
            return body();
        }
        catch (Exception e) when (_ct.IsCancellationRequested && IsInterrupt(e))
        {
            throw new OperationCanceledException("The statement was cancelled.", e, _ct);
        }
    }

    public void CancelSources()
    {
        try
        {
            _sources.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The statement ended meanwhile.
        }
    }

    /// <summary>Between two fetches nothing runs that could be interrupted.</summary>
    public void Pause()
    {
        lock (_gate) _active = false;
    }

    public void Resume()
    {
        _ct.ThrowIfCancellationRequested();
        lock (_gate) _active = true;
        if (_ct.IsCancellationRequested) Cancel();
    }

    private static bool IsInterrupt(Exception e) => e switch
    {
        DuckException { Kind: DuckErrorKind.Interrupt } => true,
        DuckException { InnerException: { } inner } => inner is OperationCanceledException,
        _ => false,
    };

    private void Cancel()
    {
        lock (_gate)
        {
            if (_disposed) return;
            if (_active) _session.InterruptNative();
            _timer ??= new Timer(static s => ((CallScope)s!).Repeat(), this, Again, Again);
        }
        CancelSources();
    }

    private void Repeat()
    {
        lock (_gate)
        {
            if (!_disposed && _active) _session.InterruptNative();
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            _timer?.Dispose();
        }
        _session.End(this);
        _sources.Dispose();
    }
}
