namespace FlowForge.Pipelines;

/// <summary>What the place where a pipeline will run has to offer. Without it, connectors are taken on trust.</summary>
public sealed record PipelineEnvironment
{
    /// <summary>Names of the installed connectors; null when they are not known here.</summary>
    public IReadOnlyCollection<string>? Connectors { get; init; }

    /// <summary>Formats that reader plugins add to <c>csv json ndjson parquet</c>.</summary>
    public IReadOnlyCollection<string> Formats { get; init; } = [];

    /// <summary>Their names by the endings of files that mean them, without the dot: <c>xlsx</c> → <c>excel</c>. A format's own name is always one.</summary>
    public IReadOnlyDictionary<string, string> FormatEndings { get; init; } = new Dictionary<string, string>();

    /// <summary>Connector by name of connection; null when the connections are not known here.</summary>
    public IReadOnlyDictionary<string, string>? Connections { get; init; }

    /// <summary>What the job's connector has to say of its settings, those of the connection included; null when nobody can be asked.</summary>
    public Func<IngestDefinition, IReadOnlyList<SettingFinding>>? CheckSettings { get; init; }

    /// <summary>The connectors that can write, and what each takes (null: both); null altogether when that is not known here.</summary>
    public IReadOnlyDictionary<string, SinkKind?>? Sinks { get; init; }

    /// <summary>What a delivery's connector has to say of its settings; null when nobody can be asked.</summary>
    public Func<DeliveryDefinition, IReadOnlyList<SettingFinding>>? CheckSink { get; init; }

    /// <summary>The pipelines after which a saved pipeline runs; null for a name that no pipeline has. Null altogether when pipelines are not known here.</summary>
    public Func<string, IReadOnlyList<string>?>? RunsAfter { get; init; }

    /// <summary>The moment from which schedules are judged; null for the clock.</summary>
    public DateTimeOffset? Now { get; init; }
}

/// <summary>Something wrong with a connector's settings.</summary>
/// <param name="Setting">Its name, dotted for groups.</param>
public sealed record SettingFinding(string Setting, string Message, string? Suggestion);
