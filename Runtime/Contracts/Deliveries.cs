namespace FlowForge.Contracts;

/// <summary>What a delivery does to what is there.</summary>
public enum DeliveryKind { Replace, Append, Merge }

/// <summary>A delivery of a pipeline, and what it wrote last.</summary>
public sealed record DeliveryEntry
{
    public required string Pipeline { get; init; }
    public required string Name { get; init; }
    /// <summary>The table with its layer.</summary>
    public required string Table { get; init; }
    /// <summary>Where to, as the pipeline says it: the connection or connector, and the path or table there.</summary>
    public required string Target { get; init; }
    /// <summary>The connector that writes.</summary>
    public string? Connector { get; init; }
    /// <summary>The saved connection, when it uses one.</summary>
    public string? Connection { get; init; }
    public DeliveryKind Mode { get; init; }
    /// <summary>The job's id in runs: <c>delivery.crm</c>.</summary>
    public required string Job { get; init; }

    /// <summary>The version that is there; null until something was delivered.</summary>
    public long? Version { get; init; }
    public DateTimeOffset? DeliveredAt { get; init; }
    /// <summary>Rows that are there.</summary>
    public long? Rows { get; init; }
    /// <summary>Bytes that are there; 0 where the connector does not say.</summary>
    public long? Bytes { get; init; }
    /// <summary>The run that delivered it.</summary>
    public string? Run { get; init; }

    /// <summary>The newest version of the table; null when there is none yet.</summary>
    public long? LatestVersion { get; init; }
    /// <summary>Versions that came since the one that is there; all of them when none is, or one of a table that was dropped and made again.</summary>
    public long Pending { get; init; }
}
