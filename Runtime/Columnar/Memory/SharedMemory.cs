namespace FlowForge.Columnar;

/// <summary>
/// Memory outside the garbage collector, counted by the arrays that point into it: every array (also a slice) holds one
/// reference from its making to its <c>Dispose</c>; the last one frees. A forgotten array is freed by the finalizer.
/// Thread-safe.
/// </summary>
public abstract class SharedMemory
{
    private int _references = 1;

    /// <summary>Takes one more reference.</summary>
    /// <exception cref="ObjectDisposedException">The memory is already freed.</exception>
    internal void Retain()
    {
        while (true)
        {
            var now = Volatile.Read(ref _references);
            ObjectDisposedException.ThrowIf(now <= 0, this);
            if (Interlocked.CompareExchange(ref _references, now + 1, now) == now) return;
        }
    }

    /// <summary>Gives one reference back and frees at the last.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0) return;
#pragma warning disable CA1816 // this is the dispose pattern, by count
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
        Free();
    }

    /// <summary>Frees the memory; called exactly once.</summary>
    protected abstract void Free();

    ~SharedMemory()
    {
        if (_references > 0) Free();
    }
}
