using System.Runtime.CompilerServices;
using System.Threading.Channels;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;

namespace FlowForge.Notebooks.Sessions.Live;

/// <summary>
/// A notebook that somebody looks at or that runs: its kernel, what its cells did, and who wants to know. It lives in the host, so a viewer may come and go.
/// Outputs are written into the file when cells have run. Thread-safe.
/// </summary>
public sealed partial class LiveNotebook : IAsyncDisposable
{
    private readonly NotebookHost _host;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _file = new(1, 1);
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly Dictionary<string, LiveCell> _cells = new(StringComparer.Ordinal);
    private readonly List<Viewer> _viewers = [];
    private NotebookSession? _session;
    private DateTimeOffset? _startedAt;
    private DateTimeOffset _usedAt = DateTimeOffset.UtcNow;
    private string? _lastEnd;
    private string? _revision;
    private DateTimeOffset _fileTime;
    private LiveKernel? _told;
    private int _stops;
    private bool _disposed;

    internal LiveNotebook(NotebookHost host, NotebookPath path) => (_host, Path) = (host, path);

    public NotebookPath Path { get; private set; }

    public bool HasKernel
    {
        get { lock (_gate) return _session is not null; }
    }

    /// <summary>The kernel as it is now.</summary>
    public LiveKernel Kernel
    {
        get { lock (_gate) return KernelNow(); }
    }

    /// <summary>The session; started when there is none.</summary>
    /// <exception cref="KernelException">It cannot be started, or there are too many.</exception>
    public async Task<NotebookSession> StartAsync(CancellationToken ct = default)
    {
        await _starting.WaitAsync(ct);
        try
        {
            int stops;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                _usedAt = DateTimeOffset.UtcNow;
                if (_session is { } running) return running;
                stops = _stops;
            }
            _host.CheckRoom(this);
            var session = await NotebookSession.OpenAsync(_host.Pool, ct);
            session.StateChanged += _ => TellKernel();
            session.KernelDied += end => Died(session, end.Message);
            bool wanted;
            lock (_gate)
            {
                if (wanted = stops == _stops) (_session, _startedAt, _lastEnd) = (session, DateTimeOffset.UtcNow, null);
            }
            if (!wanted)
            {
                // Nobody knows of it, so nobody else would ever end it.
                await session.DisposeAsync();
                throw new KernelException("The kernel was stopped while it started.");
            }
            TellKernel();
            return session;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>The session of a kernel that is there; for questions that make no sense to a new one.</summary>
    /// <exception cref="KernelException">There is none.</exception>
    public NotebookSession Running
    {
        get { lock (_gate) return _session ?? throw new KernelException("The notebook has no kernel, so there are no results: run a cell."); }
    }

    /// <summary>Interrupts what runs and drops what waits.</summary>
    public async Task InterruptAsync()
    {
        DropQueue("interrupted before it began");
        if (Session() is { } session) await session.InterruptAsync();
    }

    /// <summary>A fresh kernel: variables and results are gone, outputs stay.</summary>
    public async Task RestartAsync(CancellationToken ct = default)
    {
        DropQueue("the kernel was restarted");
        var session = await StartAsync(ct);
        await session.RestartAsync(ct);
        lock (_gate) (_startedAt, _lastEnd) = (DateTimeOffset.UtcNow, null);
        Forget();
    }

    /// <summary>Ends the kernel and gives its memory back.</summary>
    public async Task StopAsync(string? why = null)
    {
        DropQueue("the kernel was stopped");
        NotebookSession? session;
        long lastOfIt;
        lock (_gate)
        {
            _stops++;
            lastOfIt = _lastRun;
            (session, _session) = (_session, null);
            (_startedAt, _lastEnd) = (null, why);
        }
        if (session is null) return;
        await session.DisposeAsync();
        // Ending takes seconds: cells may have run in another kernel since.
        Forget(lastOfIt);
        TellKernel();
    }

    /// <summary>What there is now and then everything that happens, until cancelled or until the notebook is gone.</summary>
    public async IAsyncEnumerable<LiveEvent> WatchAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        var viewer = new Viewer();
        LiveEvent first;
        lock (_gate)
        {
            _viewers.Add(viewer);
            first = Snapshot();
        }
        TellKernel();
        try
        {
            yield return first;
            await foreach (var word in viewer.Words.Reader.ReadAllAsync(ct))
            {
                if (!viewer.MissedSome)
                {
                    yield return word;
                    continue;
                }
                LiveEvent again;
                lock (_gate)
                {
                    while (viewer.Words.Reader.TryRead(out _)) { }
                    viewer.MissedSome = false;
                    again = Snapshot();
                }
                yield return again;
            }
        }
        finally
        {
            lock (_gate)
            {
                _viewers.Remove(viewer);
                _usedAt = DateTimeOffset.UtcNow;
            }
            TellKernel();
        }
    }

    /// <summary>What cells did in this host's life, by id.</summary>
    public IReadOnlyDictionary<string, LiveCellView> Cells
    {
        get { lock (_gate) return _cells.ToDictionary(c => c.Key, c => c.Value.View(withOutputs: true), StringComparer.Ordinal); }
    }

    /// <summary>Called now and then: memory, changes of the file, idle kernels.</summary>
    internal void Beat()
    {
        bool watched, isIdle;
        lock (_gate)
        {
            watched = _viewers.Count > 0;
            isIdle = _session is { State: KernelState.Idle } && !watched && DateTimeOffset.UtcNow - _usedAt > _host.Limits.IdleTime;
        }
        if (isIdle) _ = StopAsync("The kernel was stopped because nobody used it.");
        if (!watched) return;
        TellKernel();
        try
        {
            LookAtFile();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Half written by somebody, or gone: the next beat looks again. It comes from a timer, where nothing may be thrown.
        }
    }

    internal void MoveTo(NotebookPath path)
    {
        lock (_gate) Path = path;
        Tell(new MovedEvent(path.Text));
    }

    internal void TellDeleted() => Tell(new MovedEvent(null));

    private NotebookSession? Session()
    {
        lock (_gate) return _session;
    }

    private void Died(NotebookSession session, string message)
    {
        lock (_gate)
        {
            if (_session != session) return;
            (_lastEnd, _startedAt) = (message, DateTimeOffset.UtcNow);
        }
        DropQueue("the kernel ended");
        Forget();
        TellKernel();
    }

    private void Forget(long upTo = long.MaxValue)
    {
        lock (_gate)
        {
            foreach (var cell in _cells.Values.Where(c => c.RunNumber <= upTo)) cell.Forget();
            TellLocked(Snapshot());
        }
    }

    private LiveKernel KernelNow() => new(_session?.State, _session?.KernelProcessId, _session?.KernelMemory ?? 0, _host.Pool.Options.MemoryLimitBytes, _startedAt, _lastEnd, _viewers.Count);

    private SnapshotEvent Snapshot() => new(KernelNow(), [.. _cells.Values.Select(c => c.View(withOutputs: true))], _graph, Stale(), _revision);

    private void TellKernel()
    {
        lock (_gate)
        {
            var now = KernelNow();
            // A working set that breathes is no news.
            if (_told is { } told && told with { Memory = 0 } == now with { Memory = 0 } && Math.Abs(told.Memory - now.Memory) < 2 << 20) return;
            _told = now;
            TellLocked(new KernelEvent(now));
        }
    }

    private void Tell(LiveEvent word)
    {
        lock (_gate) TellLocked(word);
    }

    private void TellLocked(LiveEvent word)
    {
        foreach (var viewer in _viewers)
            if (!viewer.Words.Writer.TryWrite(word)) viewer.MissedSome = true;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            foreach (var viewer in _viewers) viewer.Words.Writer.TryComplete();
        }
        await StopAsync();
    }

    private sealed class Viewer
    {
        public Channel<LiveEvent> Words { get; } = Channel.CreateBounded<LiveEvent>(new BoundedChannelOptions(2000) { SingleReader = true });

        public bool MissedSome { get; set; }
    }
}
