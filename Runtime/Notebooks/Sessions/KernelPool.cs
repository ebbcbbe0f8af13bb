namespace FlowForge.Notebooks.Sessions;

/// <summary>
/// Kernels for sessions, with one started ahead, so that a notebook opens and restarts without waiting for a process to come up. Thread-safe; one for
/// the host. Disposing it ends the spare; kernels handed out belong to who took them.
/// </summary>
public sealed class KernelPool(KernelOptions options) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<KernelProcess>? _spare;
    private bool _disposed;

    public KernelOptions Options => options;

    /// <summary>A spare is ready, or on its way.</summary>
    public bool HasSpare
    {
        get { lock (_gate) return _spare is not null; }
    }

    /// <summary>Starts the spare, when there is none.</summary>
    public void Prepare()
    {
        lock (_gate)
        {
            if (!_disposed) _spare ??= KernelProcess.StartAsync(options);
        }
    }

    /// <summary>A running kernel that belongs to the caller; the next spare is started a little later.</summary>
    /// <exception cref="KernelException">It could not be started.</exception>
    public async Task<KernelProcess> TakeAsync(CancellationToken ct = default)
    {
        Task<KernelProcess>? spare;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            (spare, _spare) = (_spare, null);
        }
        if (spare is not null && await Living(spare) is { } ready)
        {
            _ = PrepareAfterAsync(ready);
            return ready;
        }
        var started = await KernelProcess.StartAsync(options, ct);
        _ = PrepareAfterAsync(started);
        return started;
    }

    /// <summary>A process that comes up takes a processor for a second: not the one in which the page of the kernel just taken opens and its first cell runs.</summary>
    private async Task PrepareAfterAsync(KernelProcess taken)
    {
        await Task.WhenAny(taken.FirstCell, taken.Ended, Task.Delay(options.SpareDelay));
        Prepare();
    }

    private static async Task<KernelProcess?> Living(Task<KernelProcess> spare)
    {
        try
        {
            var kernel = await spare;
            if (!kernel.Ended.IsCompleted) return kernel;
            await kernel.DisposeAsync();
        }
        catch (KernelException)
        {
            // The caller's own start will say what is wrong.
        }
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        Task<KernelProcess>? spare;
        lock (_gate)
        {
            _disposed = true;
            (spare, _spare) = (_spare, null);
        }
        if (spare is not null && await Living(spare) is { } kernel) await kernel.DisposeAsync();
    }
}
