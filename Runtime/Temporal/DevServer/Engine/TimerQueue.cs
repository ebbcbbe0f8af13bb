namespace FlowForge.Temporal.DevServer.Engine;

/// <summary>A due moment in the one ordered queue of the server. Dispose it to forget it.</summary>
internal sealed class Timer : IDisposable
{
    private readonly TimerQueue _queue;

    internal Timer(TimerQueue queue, DateTime due, int rank, long sequence, Action fire)
    {
        _queue = queue;
        Due = due;
        Rank = rank;
        Sequence = sequence;
        Fire = fire;
    }

    public DateTime Due { get; }

    internal int Rank { get; }

    internal long Sequence { get; }

    internal Action Fire { get; }

    public void Dispose() => _queue.Remove(this);
}

/// <summary>
/// All timers of the server, ordered by due time, then rank (schedule-to-start before schedule-to-close), then age.
/// Touched by the executor only; the clock's callback merely posts.
/// </summary>
internal sealed class TimerQueue(TimeProvider clock, Action<Action> post) : IDisposable
{
    private readonly SortedSet<Timer> _timers = new(Comparer<Timer>.Create(static (a, b) =>
    {
        var byDue = a.Due.CompareTo(b.Due);
        var byRank = byDue != 0 ? byDue : a.Rank.CompareTo(b.Rank);
        return byRank != 0 ? byRank : a.Sequence.CompareTo(b.Sequence);
    }));

    private ITimer? _wake;
    private DateTime _wakeAt = DateTime.MaxValue;
    private long _sequence;
    private bool _stopped;

    public int Count => _timers.Count;

    public DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>When the earliest timer is due; null when none waits.</summary>
    public DateTime? NextDue => _timers.Min?.Due;

    public Timer At(DateTime due, Action fire, int rank = 0)
    {
        var timer = new Timer(this, due, rank, ++_sequence, fire);
        _timers.Add(timer);
        Arm();
        return timer;
    }

    internal void Remove(Timer timer) => _timers.Remove(timer);

    /// <summary>Fires what is due, each through <paramref name="run"/>, until nothing is.</summary>
    public void FireDue(Action<Action> run)
    {
        _wakeAt = DateTime.MaxValue;
        while (_timers.Min is { } first && first.Due <= Now)
        {
            _timers.Remove(first);
            run(first.Fire);
        }
        Arm();
    }

    private void Arm()
    {
        if (_stopped || _timers.Min is not { } first || first.Due >= _wakeAt)
        {
            return;
        }
        _wakeAt = first.Due;
        // A one-shot timer takes at most 49 days; a far due time is simply looked at again.
        var wait = first.Due - Now;
        wait = wait < TimeSpan.Zero ? TimeSpan.Zero : wait > TimeSpan.FromDays(40) ? TimeSpan.FromDays(40) : wait + TimeSpan.FromMilliseconds(1);
        _wake ??= clock.CreateTimer(static state => ((TimerQueue)state!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _wake.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void Wake() => post(() => Fired?.Invoke());

    /// <summary>Set by the executor: what to do when the earliest timer is due.</summary>
    public Action? Fired { get; set; }

    public void Dispose()
    {
        _stopped = true;
        _wake?.Dispose();
    }
}
