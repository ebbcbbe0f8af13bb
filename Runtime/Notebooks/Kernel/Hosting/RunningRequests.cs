using System.Collections.Concurrent;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>The requests that wait or run, so that they can be interrupted.</summary>
internal sealed class RunningRequests
{
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _sources = new();

    public CancellationToken Begin(long request) => _sources.GetOrAdd(request, _ => new CancellationTokenSource()).Token;

    /// <summary>Cancels at once; what is registered on the token runs on another thread and does not hold up the commands. Unknown requests have ended.</summary>
    public void Interrupt(long request)
    {
        if (_sources.TryGetValue(request, out var source)) _ = source.CancelAsync();
    }

    public void End(long request) => _sources.TryRemove(request, out _);
}
