using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>The one way from a job to its connector: the connection's settings and the job's, secrets resolved. Thread-safe.</summary>
public sealed class ConnectorOpener(PluginRegistry plugins, IngestOptions options)
{
    /// <summary>Names under a job's <c>config</c> that ingest reads itself and no connector sees, unless it has a setting of that name.</summary>
    public static IReadOnlySet<string> OwnSettings { get; } = FormatSettings.Names.Concat(["connection_id", "table_name"]).ToHashSet();

    /// <summary>Opens the connector of a job. The caller disposes the lease.</summary>
    /// <exception cref="JobFailedException">The job's connection is not there, belongs to another connector, or the job would change its settings.</exception>
    /// <exception cref="SettingsException">The settings are not valid; all errors at once.</exception>
    /// <exception cref="PluginException">Unknown connector, or its constructor failed.</exception>
    public ConnectorLease Open(IngestDefinition job, JobRequest request, IJobLog log)
    {
        var connection = job.Connection is { } name ? options.Connections(name) ?? throw Unknown(name) : null;
        if (connection is not null && plugins.Find(connection.Connector) is { } descriptor && Overridden(descriptor, connection, job.Config) is [var first, ..])
            throw new JobFailedException("FF5004", first.Message, first.Suggestion);
        return plugins.Open(ConnectorOf(job, connection), new OpenRequest
        {
            Pace = connection is null ? null : options.Guards.Of(connection.Name).Pace,
            Settings = Merge(connection, job.Config),
            OtherSettings = Others(job),
            BaseDirectory = request.BaseDirectory,
            AllowedRoots = [request.BaseDirectory, .. options.AllowedRoots],
            Job = $"{request.ApplicationId} in {request.BaseDirectory}",
            Log = new ConnectorLog(log),
            Secrets = options.Secrets,
            Renewals = options.Renewals,
            OutOfProcess = connection?.Isolation == Isolation.Process,
        });
    }

    /// <summary>Opens the reader of the job's format; null when no plugin brings it. The caller disposes it.</summary>
    /// <exception cref="SettingsException">The settings are not valid; all errors at once.</exception>
    internal PluginFormat? OpenFormat(IngestDefinition job, JobRequest request, FileSettings settings, IJobLog log)
    {
        if (Format(job) is not { } format) return null;
        var connector = job.Connection is { } name && options.Connections(name) is { } connection ? connection.Connector : job.Connector ?? job.SourceType;
        return new PluginFormat(plugins.Open(format.Name, new OpenRequest
        {
            Settings = job.Config,
            OtherSettings = plugins.Find(connector) is { } source ? OwnSettings.Concat(source.Spec.Settings.Select(s => s.Name)).ToHashSet() : OwnSettings,
            BaseDirectory = request.BaseDirectory,
            AllowedRoots = [request.BaseDirectory, .. options.AllowedRoots],
            Log = new ConnectorLog(log),
            Secrets = options.Secrets,
        }), settings, options.TemporaryFolder);
    }

    /// <summary>Opens the connector of a delivery: the connection's settings and the delivery's; what only reading needs may be missing. The caller disposes the lease.</summary>
    /// <exception cref="JobFailedException">The connection is not there, belongs to another connector, or the delivery would change its settings.</exception>
    /// <exception cref="SettingsException">The settings are not valid; all errors at once.</exception>
    public ConnectorLease OpenSink(DeliveryDefinition delivery, JobRequest request, IJobLog log)
    {
        var connection = delivery.Connection is { } name ? options.Connections(name) ?? throw Unknown(name) : null;
        if (connection is not null && plugins.Find(connection.Connector) is { } descriptor && Overridden(descriptor, connection, delivery.Config) is [var first, ..])
            throw new JobFailedException("FF5004", first.Message, first.Suggestion);
        return plugins.Open(ConnectorOf(delivery.To ?? connection!.Connector, delivery.Connector ?? delivery.To, connection), new OpenRequest
        {
            Pace = connection is null ? null : options.Guards.Of(connection.Name).Pace,
            Settings = Merge(connection, delivery.Config),
            BaseDirectory = request.BaseDirectory,
            AllowedRoots = [request.BaseDirectory, .. options.AllowedRoots],
            Log = new ConnectorLog(log),
            Secrets = options.Secrets,
            Renewals = options.Renewals,
            OutOfProcess = connection?.Isolation == Isolation.Process,
            WithoutJob = true,
        });
    }

    /// <summary>What opening would say of a delivery's settings; empty when nothing, or when its connection or connector is not there (which others say).</summary>
    public IReadOnlyList<SettingFinding> CheckSink(DeliveryDefinition delivery)
    {
        var connection = delivery.Connection is { } name ? options.Connections(name) : null;
        if (delivery.Connection is not null && connection is null || (connection?.Connector ?? delivery.Connector ?? delivery.To) is not { } asked || plugins.Find(asked) is not { } connector) return [];
        return [.. Overridden(connector, connection, delivery.Config), .. connector.Spec.Check(Merge(connection, delivery.Config), new HashSet<string>(), options.Secrets, connectionOnly: true).Select(e => new SettingFinding(e.Path, e.Message, e.Suggestion))];
    }

    /// <summary>The connectors that deliveries can name, and what each takes.</summary>
    public IReadOnlyDictionary<string, SinkKind?> Sinks() =>
plugins.Connectors.Where(c => c.Abilities.Contains("file_sink") || c.Abilities.Contains("sink")).DistinctBy(c => c.Name)
            .ToDictionary(c => c.Name, c => c.Abilities.Contains("file_sink") ? c.Abilities.Contains("sink") ? null : SinkKind.Files : (SinkKind?)SinkKind.Rows, StringComparer.Ordinal);

    private ConnectorDescriptor? Format(IngestDefinition job) => job.Format is { } format && plugins.Find(format) is { IsFormat: true } reader ? reader : null;

    private IReadOnlySet<string> Others(IngestDefinition job) => Format(job) is { } format ? OwnSettings.Concat(format.Spec.Settings.Select(s => s.Name)).ToHashSet() : OwnSettings;

    /// <summary>Begins a use of the job's connection; null when it has none.</summary>
    /// <exception cref="CircuitOpenException">The connection failed several times in a row and is left alone.</exception>
    public ConnectionGuard.Use? Begin(IngestDefinition job) => Begin(job.Connection);

    /// <summary>Begins a use of a connection; null when there is none.</summary>
    /// <exception cref="CircuitOpenException">The connection failed several times in a row and is left alone.</exception>
    public ConnectionGuard.Use? Begin(string? named)
    {
        if (named is not { } name || options.Connections(name) is not { } connection) return null;
        var guard = options.Guards.Of(name);
        guard.Pace.Limit(connection.RateLimit?.Count ?? 0, connection.RateLimit?.Per ?? default);
        return guard.Begin(connection.Connector, "job", byPerson: false);
    }

    /// <summary>What opening would say of the job's settings; empty when nothing, or when its connection or connector is not there (which others say).</summary>
    public IReadOnlyList<SettingFinding> Check(IngestDefinition job)
    {
        var connection = job.Connection is { } name ? options.Connections(name) : null;
        if (job.Connection is not null && connection is null || plugins.Find(connection?.Connector ?? job.Connector ?? job.SourceType) is not { } connector) return [];
        var format = Format(job) is { } reader ? reader.Spec.Check(job.Config, OwnSettings.Concat(connector.Spec.Settings.Select(s => s.Name)).ToHashSet(), options.Secrets, connectionOnly: false) : [];
        return [.. Overridden(connector, connection, job.Config), .. connector.Spec.Check(Merge(connection, job.Config), Others(job), options.Secrets, connectionOnly: false).Concat(format).Select(e => new SettingFinding(e.Path, e.Message, e.Suggestion))];
    }

    /// <summary>Where the system is and how to get in is the connection's alone: a job that could change the host would send the connection's password there.</summary>
    private static List<SettingFinding> Overridden(ConnectorDescriptor connector, ConnectionDefinition? connection, JsonObject config) => connection is null ? []
        : [.. connector.Spec.Settings.Where(s => s.Scope == SettingScope.Connection && config.ContainsKey(s.Name))
            .Select(s => new SettingFinding(s.Name, $"'{s.Name}' is a setting of the connection '{connection.Name}', and a job that uses it cannot change it.", "Remove it from the job, change the connection, or make another one."))];

    /// <summary>The connection's settings and those of the job.</summary>
    public static JsonObject Merge(ConnectionDefinition? connection, JsonObject config)
    {
        var settings = connection?.Settings.DeepClone().AsObject() ?? [];
        foreach (var (name, value) in config) settings[name] = value?.DeepClone();
        return settings;
    }

    /// <summary>The table to read, for connectors that are told by the request and not by a setting of their own.</summary>
    public static string? Table(ConnectorLease connector, IngestDefinition job) =>
        connector.Descriptor.Spec.Settings.Any(s => s.Name == "table_name") ? null : job.Config["table_name"]?.ToString();

    private string ConnectorOf(IngestDefinition job, ConnectionDefinition? connection) => ConnectorOf(job.SourceType, job.Connector ?? (job.SourceType == "db_query" ? null : job.SourceType), connection);

    private string ConnectorOf(string written, string? asked, ConnectionDefinition? connection)
    {
        if (connection is null) return asked ?? throw new JobFailedException("FF5003", $"{written} needs a connection.", "Write connection: with the name of a saved connection.");
        if (asked is not null && plugins.Connector(asked).Name != plugins.Connector(connection.Connector).Name)
            throw new JobFailedException("FF5002", $"The connection '{connection.Name}' is of the connector '{connection.Connector}', and the job asks for '{asked}'.", $"Write source_type: {connection.Connector}, or name another connection.");
        return connection.Connector;
    }

    private static JobFailedException Unknown(string name) =>
        new("FF5001", $"There is no connection '{name}'.", "Make it on the Sources page or in a file under connections/ of the workspace, or correct the job's connection.");
}

/// <summary>A connector's lines in the run's log.</summary>
internal sealed class ConnectorLog(IJobLog log) : IConnectorLog
{
    public void Debug(string message) => log.Debug(message);
    public void Information(string message) => log.Info(message);
    public void Warning(string message) => log.Warning(message);
}
