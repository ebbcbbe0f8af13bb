using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FlowForge.Plugins;

/// <summary>What the runtime gives a connector beside its settings. Lives as long as the connector's instance.</summary>
public abstract class ConnectorContext
{
    /// <summary>Relative paths in settings start here: the folder of the pipeline file.</summary>
    public required string BaseDirectory { get; init; }
    /// <summary>Absolute folders that local paths may lead into. Nothing outside them is read or written.</summary>
    public required IReadOnlyList<string> AllowedRoots { get; init; }
    /// <summary>Lines for the people who read the run's log. Secrets handed to this connector are masked in it.</summary>
    public required IConnectorLog Log { get; init; }
    /// <summary>Spans started here hang under the job's span.</summary>
    public required ActivitySource Activities { get; init; }
    /// <summary>Wait here before each request to the system: keeps the connection's rate limit over all jobs that use it.</summary>
    public IPace Pace { get; init; } = NoPace.Instance;
    /// <summary>Tell it what was got in exchange for the settings' secrets (an access token, a session's key): from then on it is masked in logs and errors as they are.</summary>
    public Action<Secret> Conceal { get; init; } = static _ => { };
    /// <summary>For secrets that the system replaces when they are used (rotating refresh tokens): the runtime keeps the newest.</summary>
    public IRenewals Renewals { get; init; } = NoRenewals.Instance;
    /// <summary>The job that it is opened for: one text in all of its runs, and of no other job of the installation. For marks in the source that say whose something is. Null without a job.</summary>
    public string? Job { get; init; }
    /// <summary>Instruments made here carry the connector's name.</summary>
    public required Meter Meter { get; init; }
}

/// <inheritdoc/>
/// <typeparam name="TSpec">The record that holds the settings; see <see cref="SettingAttribute"/>.</typeparam>
public sealed class ConnectorContext<TSpec> : ConnectorContext where TSpec : class
{
    /// <summary>Validated: required ones are there, numbers in range, secrets resolved.</summary>
    public required TSpec Settings { get; init; }
}

/// <summary>The run's log. Any thread may write.</summary>
public interface IConnectorLog
{
    void Debug(string message);
    void Information(string message);
    void Warning(string message);
}
