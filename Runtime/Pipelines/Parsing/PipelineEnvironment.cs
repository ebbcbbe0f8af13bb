namespace FlowForge.Pipelines;

/// <summary>What the place where a pipeline will run has to offer. Without it, connectors are taken on trust.</summary>
public sealed record PipelineEnvironment
{
    /// <summary>Names of the installed connectors; null when they are not known here.</summary>
    public IReadOnlyCollection<string>? Connectors { get; init; }

    /// <summary>Formats that reader plugins add to <c>csv json ndjson parquet</c>.</summary>
    public IReadOnlyCollection<string> Formats { get; init; } = [];

    /// <summary>The moment from which schedules are judged; null for the clock.</summary>
    public DateTimeOffset? Now { get; init; }
}
