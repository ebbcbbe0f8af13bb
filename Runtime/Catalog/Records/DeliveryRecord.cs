namespace FlowForge.Catalog;

/// <summary>What a delivery has written to one target.</summary>
/// <param name="Target">Where, without secrets: connector, connection and path.</param>
/// <param name="Table">With layer.</param>
public sealed record DeliveryRecord(string Pipeline, string Name, string Target, string Table)
{
    /// <summary>The table's identity; a table that was dropped and made again has another one. Null until the first delivery is whole.</summary>
    public string? TableId { get; init; }

    /// <summary>The version that is there; null until the first delivery is whole.</summary>
    public long? Version { get; init; }

    /// <summary>How it was written: with other settings the same version is written anew.</summary>
    public string? Settings { get; init; }

    /// <summary>Rows that are there.</summary>
    public long Rows { get; init; }

    /// <summary>Bytes that are there.</summary>
    public long Bytes { get; init; }

    /// <summary>The run that delivered it.</summary>
    public string? RunId { get; init; }

    public DateTimeOffset? DeliveredAt { get; init; }
}
