namespace FlowForge.Temporal.DevServer.Matching;

/// <summary>Brings waiting work and waiting pollers together, oldest first within a priority. Touched by the executor only.</summary>
internal sealed class TaskQueue(ServerState server, string name, TaskQueueType type)
{
    public static readonly TimeSpan StickyPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long a poller that has gone is still shown.</summary>
    public static readonly TimeSpan PollerMemory = TimeSpan.FromMinutes(5);

    private const int RateSeconds = 30;

    private readonly SortedDictionary<int, LinkedList<QueuedTask>> _backlog = [];
    private readonly LinkedList<Poller> _pollers = [];
    private readonly Dictionary<string, DateTime> _seen = new(StringComparer.Ordinal);
    private readonly (long Second, int Added, int Dispatched)[] _rates = new (long, int, int)[RateSeconds];
    private DateTime _stickyClosed;

    public string Name => name;

    public TaskQueueType Type => type;

    public bool IsSticky { get; set; }

    /// <summary>The queue of ordinary tasks behind a sticky one.</summary>
    public string NormalName { get; set; } = "";

    public DateTime LastUsed { get; private set; } = server.Executor.Now;

    public DateTime LastPoll { get; private set; } = server.Executor.Now;

    public int PollerCount => _pollers.Count;

    public bool IsIdle => _pollers.Count == 0 && _backlog.Count == 0;

    /// <summary>Whether a sticky task put here has a chance: someone polls, or did within the last ten seconds.</summary>
    public bool HasRecentPoller => _pollers.Count > 0 || (LastPoll > _stickyClosed && server.Executor.Now - LastPoll < StickyPatience);

    public IReadOnlyDictionary<string, DateTime> Pollers => _seen;

    public IEnumerable<QueuedTask> Backlog => _backlog.Values.SelectMany(t => t).Where(t => t.IsValid);

    public void Add(QueuedTask task)
    {
        LastUsed = task.Added = server.Executor.Now;
        Rate(added: true);
        if (_pollers.First is { } first)
        {
            Remove(first.Value);
            Hand(task, first.Value);
            return;
        }
        if (!_backlog.TryGetValue(task.Priority, out var line))
        {
            _backlog.Add(task.Priority, line = []);
        }
        line.AddLast(task);
    }

    public void Poll(Poller poller, TimeSpan patience)
    {
        LastUsed = LastPoll = server.Executor.Now;
        if (poller.Identity.Length > 0)
        {
            _seen[poller.Identity] = LastPoll;
        }
        if (Next() is { } task)
        {
            Hand(task, poller);
            return;
        }
        _pollers.AddLast(poller);
        poller.Timeout = server.Executor.Timers.At(server.Executor.Now + patience, () =>
        {
            if (Remove(poller))
            {
                poller.AnswerEmpty();
            }
        });
    }

    /// <summary>The caller has gone: the poll ends without a task.</summary>
    public void Abandon(Poller poller)
    {
        if (Remove(poller))
        {
            poller.AnswerEmpty();
        }
    }

    public void Release(Func<Poller, bool> which)
    {
        foreach (var poller in _pollers.Where(which).ToArray())
        {
            Abandon(poller);
        }
    }

    /// <summary>The worker of a sticky queue has left: what waits goes back to where it came from.</summary>
    public IReadOnlyList<QueuedTask> Close()
    {
        _stickyClosed = server.Executor.Now;
        var left = Backlog.ToArray();
        _backlog.Clear();
        return left;
    }

    /// <summary>Tasks per second added and dispatched over the last half minute.</summary>
    public (float Added, float Dispatched) Rates()
    {
        var since = (server.Executor.Now.Ticks / TimeSpan.TicksPerSecond) - RateSeconds;
        var recent = _rates.Where(r => r.Second > since).ToArray();
        return (recent.Sum(r => r.Added) / (float)RateSeconds, recent.Sum(r => r.Dispatched) / (float)RateSeconds);
    }

    public void ForgetOldPollers(DateTime before)
    {
        foreach (var (identity, at) in _seen.ToArray())
        {
            if (at < before)
            {
                _seen.Remove(identity);
            }
        }
    }

    private void Hand(QueuedTask task, Poller poller)
    {
        Rate(added: false);
        poller.Done = true;
        task.Deliver(poller);
    }

    private bool Remove(Poller poller)
    {
        if (poller.Done || !_pollers.Remove(poller))
        {
            return false;
        }
        poller.Done = true;
        poller.Timeout?.Dispose();
        return true;
    }

    private QueuedTask? Next()
    {
        while (_backlog.Count > 0)
        {
            var (priority, line) = _backlog.First();
            while (line.First is { } node)
            {
                line.RemoveFirst();
                if (node.Value.IsValid)
                {
                    if (line.Count == 0)
                    {
                        _backlog.Remove(priority);
                    }
                    return node.Value;
                }
            }
            _backlog.Remove(priority);
        }
        return null;
    }

    private void Rate(bool added)
    {
        var second = server.Executor.Now.Ticks / TimeSpan.TicksPerSecond;
        ref var slot = ref _rates[second % RateSeconds];
        if (slot.Second != second)
        {
            slot = (second, 0, 0);
        }
        if (added)
        {
            slot.Added++;
        }
        else
        {
            slot.Dispatched++;
        }
    }
}
