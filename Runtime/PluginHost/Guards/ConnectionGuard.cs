using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FlowForge.PluginHost;

/// <summary>A connection that failed several times in a row is left alone for a while.</summary>
public sealed class CircuitOpenException(string message, TimeSpan retryAfter) : Exception(message)
{
    /// <summary>When the next use will be let through.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>Uses of a connection since the process started.</summary>
public sealed record ConnectionTraffic(long Uses, long Failures, TimeSpan Waited, DateTimeOffset? OpenUntil, string? LastError);

/// <summary>
/// What the runtime keeps for one connection over all its uses: the pace of requests, the circuit breaker, the figures. After five passing failures in a
/// row (time-outs, refused connections, crashes) uses are refused for 30 s, then one is let through as a trial; each failed trial doubles the
/// time, up to 10 minutes. Wrong settings or rights do not count: waiting does not mend them. Thread-safe.
/// </summary>
public sealed class ConnectionGuard
{
    private const int FailuresInARow = 5;
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(30), LongestRest = TimeSpan.FromMinutes(10);
    private static readonly ActivitySource Activities = new("FlowForge.Connections");
    private static readonly Meter Meter = new("FlowForge.Connections");
    private static readonly Counter<long> UseCount = Meter.CreateCounter<long>("flowforge.connection.uses", description: "Uses of connections: job attempts, tests, discoveries, previews.");
    private static readonly Counter<long> FailureCount = Meter.CreateCounter<long>("flowforge.connection.failures", description: "Uses that failed.");
    private static readonly Histogram<double> UseTime = Meter.CreateHistogram<double>("flowforge.connection.duration", "s", "How long uses took.");

    private readonly Lock _gate = new();
    private readonly string _name;
    private readonly TimeProvider _clock;
    private long _uses, _failures;
    private int _inARow;
    private TimeSpan _rest;
    private DateTimeOffset? _openUntil;
    private bool _trial;
    private string? _lastError;

    internal ConnectionGuard(string name, TimeProvider clock) => (_name, _clock, Pace) = (name, clock, new RatePace(clock));

    /// <summary>Given to connectors; spaces their requests.</summary>
    public RatePace Pace { get; }

    public ConnectionTraffic Traffic
    {
        get { lock (_gate) return new ConnectionTraffic(_uses, _failures, Pace.Waited, _openUntil > _clock.GetUtcNow() ? _openUntil : null, _lastError); }
    }

    /// <summary>Begins a use; end it by <see cref="Use.Succeeded"/> or <see cref="Use.Failed"/>, and dispose it.</summary>
    /// <param name="connector">For spans and metrics.</param>
    /// <param name="what"><c>job test discover preview</c>: what asks the system something.</param>
    /// <param name="byPerson">A person who tries is always let through.</param>
    /// <exception cref="CircuitOpenException">The connection is being left alone.</exception>
    public Use Begin(string connector, string what, bool byPerson)
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            if (!byPerson && _openUntil is { } until && (until > now || _trial))
            {
                var wait = until > now ? until - now : FirstRest;
                throw new CircuitOpenException($"The connection '{_name}' failed {_inARow} times in a row and is left alone for another {Math.Ceiling(wait.TotalSeconds):0} s. The last failure: {_lastError}", wait);
            }
            _trial = _openUntil is not null;
            _uses++;
        }
        return new Use(this, connector, what);
    }

    private void End(bool passingFailure, string? error)
    {
        lock (_gate)
        {
            _trial = false;
            if (error is not null)
            {
                _failures++;
                _lastError = error;
            }
            if (!passingFailure)
            {
                // The system answered, even if it said no.
                (_inARow, _rest, _openUntil) = (0, TimeSpan.Zero, null);
                return;
            }
            if (++_inARow < FailuresInARow) return;
            _rest = _rest == TimeSpan.Zero ? FirstRest : _rest * 2 > LongestRest ? LongestRest : _rest * 2;
            _openUntil = _clock.GetUtcNow() + _rest;
        }
    }

    /// <summary>One use, from its opening to its end.</summary>
    public sealed class Use : IDisposable
    {
        private readonly ConnectionGuard _guard;
        private readonly Activity? _span;
        private readonly TagList _tags;
        private readonly long _started = Stopwatch.GetTimestamp();
        private int _ended;

        internal Use(ConnectionGuard guard, string connector, string what)
        {
            _guard = guard;
            _tags = new TagList { { "connector", connector }, { "connection", guard._name }, { "use", what } };
            _span = Activities.StartActivity($"{connector} {what}", ActivityKind.Client);
            foreach (var (key, value) in _tags) _span?.SetTag(key, value);
            UseCount.Add(1, _tags);
        }

        public void Succeeded() => End(false, null);

        /// <param name="failure">What went wrong.</param>
        /// <param name="passing">It may pass: counts for the circuit breaker.</param>
        public void Failed(Exception failure, bool passing) => End(passing, SecretMask.Hide(failure.Message));

        /// <summary>Without a result (cancelled), nothing is learned about the connection.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                lock (_guard._gate) _guard._trial = false;
            }
            _span?.Dispose();
        }

        private void End(bool passing, string? error)
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0) return;
            UseTime.Record(Stopwatch.GetElapsedTime(_started).TotalSeconds, _tags);
            if (error is not null)
            {
                FailureCount.Add(1, _tags);
                _span?.SetStatus(ActivityStatusCode.Error, error);
            }
            _guard.End(passing, error);
        }
    }
}
