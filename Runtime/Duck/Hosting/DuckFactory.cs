namespace FlowForge.Duck;

/// <summary>
/// The one place that opens DuckDB for the runtime's work: every job gets an instance of its own with its share of the host's
/// budget. Thread-safe; one for a host.
/// </summary>
public sealed class DuckFactory(DuckBudget budget) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(budget.ParallelJobs, budget.ParallelJobs);

    public DuckBudget Budget => budget;

    /// <summary>Memory of one job: its share of the budget, at least 128 MiB.</summary>
    public long JobMemoryBytes => Math.Max(128L << 20, budget.MemoryBytes / budget.ParallelJobs);

    /// <summary>Threads of one job. Each job may use all: DuckDB's threads sleep when there is nothing to do, and jobs seldom peak together.</summary>
    public int JobThreads => Math.Max(1, budget.Threads);

    /// <summary>
    /// Waits until one of the host's <see cref="DuckBudget.ParallelJobs"/> shares is free and opens a database in memory with it. Dispose the lease:
    /// it closes the database, removes its spill folder and gives the share back.
    /// </summary>
    /// <param name="name">Who asks, for the spill folder's name.</param>
    /// <param name="change">Changes to the options, for example the order of rows.</param>
    /// <param name="ct">Gives up waiting.</param>
    public async Task<DuckLease> LeaseAsync(string name, Func<DuckOptions, DuckOptions>? change = null, CancellationToken ct = default)
    {
        await _slots.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return Open(name, change, _slots);
        }
        catch
        {
            _slots.Release();
            throw;
        }
    }

    /// <summary>Opens at once, outside the shares: for short reads of the API and the like. Small memory, one thread.</summary>
    public DuckLease OpenSmall(string name) =>
        Open(name, o => o with { MemoryLimitBytes = Math.Min(JobMemoryBytes, 256L << 20), Threads = Math.Min(2, JobThreads) }, null);

    private DuckLease Open(string name, Func<DuckOptions, DuckOptions>? change, SemaphoreSlim? slot)
    {
        var options = new DuckOptions { MemoryLimitBytes = JobMemoryBytes, Threads = JobThreads, TempDirectory = budget.SpillDirectory, SpillLimitBytes = budget.SpillBytes, Spiller = name };
        return new DuckLease(DuckDatabase.Open(change is null ? options : change(options)), slot, JobMemoryBytes) { Limit = budget.ParallelJobs };
    }

    /// <summary>Removes spill folders that processes left which are gone. Call at start.</summary>
    /// <returns>Number of folders removed.</returns>
    public int RemoveLeftovers() => SpillFolder.RemoveLeftovers(budget.SpillDirectory);

    public void Dispose() => _slots.Dispose();
}

/// <summary>A database with its share of the budget. Dispose it once its sessions are closed.</summary>
public sealed class DuckLease : IDisposable
{
    private readonly long _share;
    private SemaphoreSlim? _slot;
    private int _shares = 1;
    private bool _disposed;

    internal DuckLease(DuckDatabase database, SemaphoreSlim? slot, long share)
    {
        Database = database;
        (_slot, _share) = (slot, share);
    }

    public DuckDatabase Database { get; }

    /// <summary>
    /// For a job that cannot do with its share: takes as many more as it needs and no other job has, and raises the database's memory limit. Not thread-safe.
    /// </summary>
    /// <param name="bytes">What it needs in all.</param>
    /// <param name="patience">How long to wait for each share that is taken. Two jobs that wait for one another give up after it.</param>
    /// <param name="ct">Gives up waiting.</param>
    /// <returns>What it has now; less than asked for when the budget is smaller or other jobs kept theirs.</returns>
    public long Grow(long bytes, TimeSpan patience, CancellationToken ct)
    {
        var before = _shares;
        var most = (bytes + _share - 1) / _share;
        while (_slot is not null && _shares < most && _shares < Limit && _slot.Wait(patience, ct)) _shares++;
        if (_shares > before)
        {
            using var session = Database.Connect();
            session.Execute(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"SET memory_limit = '{_shares * _share}B'"));
        }
        return _shares * _share;
    }

    /// <summary>Shares of the host.</summary>
    internal int Limit { get; init; } = 1;

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Database.Dispose();
        Interlocked.Exchange(ref _slot, null)?.Release(_shares);
    }
}
