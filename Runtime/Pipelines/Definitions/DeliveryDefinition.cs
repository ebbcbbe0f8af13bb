using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>A table of the lake that is written into another system after the job that makes it.</summary>
public sealed record DeliveryDefinition
{
    public required string Name { get; init; }

    /// <summary>The table, with layer.</summary>
    public required string From { get; init; }

    /// <summary>The connector as the file says it; null when only the connection says it.</summary>
    public string? To { get; init; }

    /// <summary>The connector; null when nobody knows the connection here.</summary>
    public string? Connector { get; init; }

    /// <summary>Name of a saved connection.</summary>
    public string? Connection { get; init; }

    /// <summary>For sinks of files: the file that is replaced, or the folder that files are added to. <c>${param.…}</c> and <c>${interval.…}</c> not filled in yet.</summary>
    public string? Path { get; init; }

    /// <summary>For sinks of rows: the table.</summary>
    public string? Table { get; init; }

    /// <summary><c>parquet csv ndjson</c>; null for sinks of rows.</summary>
    public string? Format { get; init; }

    public DeliveryMode Mode { get; init; }

    /// <summary>For <see cref="DeliveryMode.Merge"/>: the columns that tell rows apart.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    public string? Description { get; init; }

    /// <summary>Worker pool; null for the pipeline's.</summary>
    public string? Pool { get; init; }

    /// <summary>Further settings of the connector.</summary>
    public JsonObject Config { get; init; } = [];

    /// <summary>1-based line of its name in the file.</summary>
    public int Line { get; init; }

    /// <summary>1-based line and column of <see cref="From"/>.</summary>
    public (int Line, int Column) FromPlace { get; init; }

    /// <summary><c>delivery.partner_sales</c>.</summary>
    public string Id => $"delivery.{Name}";

    /// <summary>Where to, for people: <c>s3 exports/sales.parquet</c>.</summary>
    public string Target => $"{Connection ?? To ?? Connector} {Path ?? Table}";
}
