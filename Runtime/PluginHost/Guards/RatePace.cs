using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>No more than so many requests in so long a time, first come first served. Short bursts are allowed up to one second's worth. Thread-safe.</summary>
public sealed class RatePace(TimeProvider clock) : IPace
{
    private readonly Lock _gate = new();
    private TimeSpan _gap;
    private TimeSpan _burst;
    // Since the start, and not by the wall clock: that one is set back at times.
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _next = TimeSpan.MinValue;
    private TimeSpan _waited;

    /// <summary>Time that requests have waited, all together.</summary>
    public TimeSpan Waited
    {
        get { lock (_gate) return _waited; }
    }

    /// <summary>Sets the limit; a count of 0 takes it away.</summary>
    public void Limit(int count, TimeSpan per)
    {
        lock (_gate)
        {
            _gap = count <= 0 ? TimeSpan.Zero : per / count;
            _burst = _gap > TimeSpan.FromSeconds(1) ? TimeSpan.Zero : TimeSpan.FromSeconds(1) - _gap;
        }
    }

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan wait;
        lock (_gate)
        {
            if (_gap == TimeSpan.Zero) return;
            var now = clock.GetElapsedTime(_start);
            // A time in the past is room for a burst, but not for more than one.
            if (_next < now - _burst) _next = now - _burst;
            wait = _next - now;
            _next += _gap;
            if (wait > TimeSpan.Zero) _waited += wait;
        }
        if (wait > TimeSpan.Zero) await Task.Delay(wait, clock, cancellationToken).ConfigureAwait(false);
    }
}
