using System.Collections.Concurrent;

namespace FlowForge.Orchestration.Activities;

/// <summary>
/// One attempt of a job at a time in this process. The server starts a new attempt when heartbeats stop arriving, also when the old
/// attempt still works (a stalled machine): the new one stops the old one and waits until it has let go of its files. Thread-safe.
/// </summary>
public sealed class RunningJobs
{
    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Waits for the job's place; dispose the lease to free it. <see cref="Lease.Token"/> is cancelled when a newer attempt arrives.</summary>
    public async Task<Lease> EnterAsync(string runId, string jobId, CancellationToken cancel)
    {
        var key = runId + "/" + jobId;
        var slot = _slots.GetOrAdd(key, _ => new Slot());
        slot.StopCurrent();
        await slot.Gate.WaitAsync(cancel);
        return slot.Open(cancel);
    }

    private sealed class Slot
    {
        private CancellationTokenSource? _current;

        public SemaphoreSlim Gate { get; } = new(1, 1);

        public void StopCurrent()
        {
            lock (Gate) _current?.Cancel();
        }

        public Lease Open(CancellationToken cancel)
        {
            lock (Gate)
            {
                _current = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                return new Lease(_current, Close);
            }
        }

        private void Close(CancellationTokenSource ended)
        {
            lock (Gate)
            {
                if (_current == ended) _current = null;
                ended.Dispose();
            }
            Gate.Release();
        }
    }

    /// <summary>The right to work on the job.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly CancellationTokenSource _source;
        private readonly Action<CancellationTokenSource> _close;

        internal Lease(CancellationTokenSource source, Action<CancellationTokenSource> close)
        {
            _source = source;
            _close = close;
            Token = source.Token;
        }

        public CancellationToken Token { get; }

        public void Dispose() => _close(_source);
    }
}
