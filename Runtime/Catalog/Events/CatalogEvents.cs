using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FlowForge.Catalog;

/// <summary>Hands changes to the subscribers. Each has a set of changes not taken yet, so equal ones merge and memory stays small.</summary>
internal sealed class CatalogEvents : ICatalogEvents
{
    private readonly Lock _gate = new();
    private Subscriber[] _subscribers = [];

    public IAsyncEnumerable<CatalogChange> Watch(Func<CatalogChange, bool>? filter = null, CancellationToken ct = default)
    {
        var subscriber = new Subscriber(filter);
        lock (_gate)
        {
            _subscribers = [.. _subscribers, subscriber];
        }
        // The registration also ends a subscription whose sequence is never enumerated.
        var registration = ct.UnsafeRegister(_ => Remove(subscriber), null);
        return Read(subscriber, registration, ct);
    }

    internal void Tell(ReadOnlySpan<CatalogChange> changes)
    {
        foreach (var subscriber in Volatile.Read(ref _subscribers))
        {
            foreach (var change in changes)
            {
                subscriber.Offer(change);
            }
        }
    }

    private async IAsyncEnumerable<CatalogChange> Read(
        Subscriber subscriber, CancellationTokenRegistration registration, [EnumeratorCancellation] CancellationToken ct)
    {
        try
        {
            while (await subscriber.Wait(ct))
            {
                foreach (var change in subscriber.Take())
                {
                    yield return change;
                }
            }
        }
        finally
        {
            registration.Dispose();
            Remove(subscriber);
        }
    }

    private void Remove(Subscriber subscriber)
    {
        lock (_gate)
        {
            _subscribers = [.. _subscribers.Where(s => s != subscriber)];
        }
        subscriber.End();
    }

    private sealed class Subscriber(Func<CatalogChange, bool>? filter)
    {
        private readonly Lock _gate = new();
        private readonly HashSet<CatalogChange> _known = [];
        private readonly List<CatalogChange> _order = [];
        private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public void Offer(CatalogChange change)
        {
            if (filter is not null && !filter(change))
            {
                return;
            }
            lock (_gate)
            {
                if (_known.Add(change))
                {
                    _order.Add(change);
                }
            }
            _signal.Writer.TryWrite(true);
        }

        public async ValueTask<bool> Wait(CancellationToken ct)
        {
            try
            {
                return await _signal.Reader.WaitToReadAsync(ct) && _signal.Reader.TryRead(out _);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return false;
            }
        }

        public CatalogChange[] Take()
        {
            lock (_gate)
            {
                CatalogChange[] taken = [.. _order];
                _order.Clear();
                _known.Clear();
                return taken;
            }
        }

        public void End() => _signal.Writer.TryComplete();
    }
}
