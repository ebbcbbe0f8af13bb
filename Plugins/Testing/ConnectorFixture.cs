using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FlowForge.Plugins.Testing;

/// <summary>
/// Gives a connector what the runtime would give it, without the runtime: a folder of its own as base directory and only allowed root, a log
/// whose lines can be read. Dispose it after the test; the folder goes with it.
/// </summary>
public sealed class ConnectorFixture : IConnectorLog, IPace, IRenewals, IDisposable
{
    private readonly List<string> _lines = [];
    private readonly List<string> _concealed = [];
    private readonly ActivitySource _activities = new("FlowForge.Plugins.Testing");
    private readonly Meter _meter = new("FlowForge.Plugins.Testing");
    private readonly SemaphoreSlim _renewing = new(1);
    private readonly Dictionary<string, string> _renewed = [];
    private long _waits;

    public ConnectorFixture()
    {
        Folder = Path.Combine(Path.GetTempPath(), "flowforge-connector-tests", Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(Folder);
    }

    /// <summary>The base directory.</summary>
    public string Folder { get; }

    /// <summary>What the connector logged, as <c>level: message</c>.</summary>
    public IReadOnlyList<string> Lines
    {
        get { lock (_lines) return [.. _lines]; }
    }

    /// <summary>What the connector got for its secrets and asked to be masked.</summary>
    public IReadOnlyList<string> Concealed
    {
        get { lock (_lines) return [.. _concealed]; }
    }

    /// <summary>How often the connector waited for its connection's rate limit.</summary>
    public long Waits => Interlocked.Read(ref _waits);

    /// <summary>What the connector kept in the place of secrets that the system replaces, by the secret that the settings gave. It lasts as long as the fixture: a new context finds it, as a new run does.</summary>
    public IReadOnlyDictionary<string, string> Renewed
    {
        get { lock (_lines) return new Dictionary<string, string>(_renewed); }
    }

    /// <summary>A context with these settings.</summary>
    public ConnectorContext<TSpec> Context<TSpec>(TSpec settings) where TSpec : class => new()
    {
        Settings = settings, BaseDirectory = Folder, AllowedRoots = [Folder], Log = this, Activities = _activities, Meter = _meter, Conceal = Keep, Pace = this, Renewals = this,
    };

    void IConnectorLog.Debug(string message) => Add("debug", message);
    void IConnectorLog.Information(string message) => Add("information", message);
    void IConnectorLog.Warning(string message) => Add("warning", message);

    ValueTask IPace.WaitAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waits);
        return default;
    }

    async ValueTask<IRenewal> IRenewals.HoldAsync(Secret given, CancellationToken cancellationToken)
    {
        await _renewing.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Renewal(this, given.Reveal());
    }

    private void Keep(Secret secret)
    {
        lock (_lines) _concealed.Add(secret.Reveal());
    }

    private void Add(string level, string message)
    {
        lock (_lines) _lines.Add($"{level}: {message}");
    }

    public void Dispose()
    {
        _activities.Dispose();
        _meter.Dispose();
        _renewing.Dispose();
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }

    private sealed class Renewal(ConnectorFixture fixture, string given) : IRenewal
    {
        private int _released;

        public Secret Current
        {
            get { lock (fixture._lines) return new Secret(fixture._renewed.GetValueOrDefault(given, given)); }
        }

        public ValueTask KeepAsync(Secret renewed, CancellationToken cancellationToken)
        {
            lock (fixture._lines) fixture._renewed[given] = renewed.Reveal();
            return default;
        }

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0) fixture._renewing.Release();
            return default;
        }
    }
}
