namespace FlowForge.Plugins.DynamoDb;

/// <summary>What kind of value the watermark's attribute holds.</summary>
public enum WatermarkKind
{
    /// <summary>A number or a text when the value reads as a number, else a text.</summary>
    Auto,
    Number,
    Text,
}

/// <summary>What the dynamodb connector is told.</summary>
public sealed record DynamoDbSpec
{
    [Setting("Address of the service; without it Amazon's of the region", Scope = SettingScope.Connection, Example = "http://127.0.0.1:8000")]
    public Uri? Endpoint { get; init; }

    [Setting("Region of the tables", Scope = SettingScope.Connection)]
    public string Region { get; init; } = "us-east-1";

    [Setting("Access key", Scope = SettingScope.Connection)]
    public required Secret AccessKey { get; init; }

    [Setting("Secret key", Scope = SettingScope.Connection)]
    public required Secret SecretKey { get; init; }

    [Setting("Token of temporary credentials", Scope = SettingScope.Connection)]
    public Secret SessionToken { get; init; }

    [Setting("Table to read", Example = "orders")]
    public string? TableName { get; init; }

    [Setting("Secondary index to read instead of the table itself")]
    public string? IndexName { get; init; }

    [Setting("Segments that are scanned side by side", Minimum = 1, Maximum = 64)]
    public int Segments { get; init; } = 4;

    [Setting("Whether reads see every write that was confirmed before; costs twice, and an index cannot")]
    public bool ConsistentRead { get; init; }

    [Setting("Most items of one answer; the service ends an answer at 1 MB in any case", Minimum = 1, Maximum = 100_000)]
    public int? PageSize { get; init; }

    [Setting("What the attribute of watermark_column holds: auto (a number or a text of digits when the value reads as a number, else a text), number, text")]
    public WatermarkKind WatermarkKind { get; init; }
}
