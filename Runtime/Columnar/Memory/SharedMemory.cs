namespace FlowForge.Columnar;

/// <summary>
/// Memory that is given back at a known moment, counted by the arrays that point into it: every array (also a slice) holds one
/// reference from its making to its <c>Dispose</c>; the last one frees. Thread-safe.
/// </summary>
public abstract class SharedMemory
{
    private int _references = 1;

    /// <summary>Takes one more reference.</summary>
    /// <exception cref="ObjectDisposedException">The memory is already freed.</exception>
    public void Retain()
    {
        while (true)
        {
            var now = Volatile.Read(ref _references);
            ObjectDisposedException.ThrowIf(now <= 0, this);
            if (Interlocked.CompareExchange(ref _references, now + 1, now) == now) return;
        }
    }

    /// <summary>Gives one reference back and frees at the last.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0) Free();
    }

    /// <summary>Frees the memory; called exactly once.</summary>
    protected abstract void Free();
}
