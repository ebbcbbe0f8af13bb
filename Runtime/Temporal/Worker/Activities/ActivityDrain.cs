using System.Collections.Concurrent;

namespace FlowForge.Temporal.Worker;

/// <summary>The activities that run now, so that a stopping worker can let them finish, then cancel them, then give up on them.</summary>
internal sealed class ActivityDrain
{
    private readonly ConcurrentDictionary<ActivityContext, byte> _running = new();

    public int Count => _running.Count;

    public IDisposable Enter(ActivityContext context)
    {
        _running[context] = 0;
        return new Exit(this, context);
    }

    public void CancelAll()
    {
        foreach (var context in _running.Keys)
        {
            context.Cancel(ActivityCancelReason.WorkerShutdown);
        }
    }

    /// <summary>Reports the rest as failed on behalf of functions that do not stop.</summary>
    public void AbandonAll()
    {
        foreach (var context in _running.Keys)
        {
            context.Abandon();
        }
    }

    private sealed class Exit(ActivityDrain drain, ActivityContext context) : IDisposable
    {
        public void Dispose() => drain._running.TryRemove(context, out _);
    }
}
