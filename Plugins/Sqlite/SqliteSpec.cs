namespace FlowForge.Plugins.Sqlite;

/// <summary>What the sqlite connector is told.</summary>
public sealed record SqliteSpec
{
    [Setting("The database file, relative to the pipeline's folder", Scope = SettingScope.Connection, Example = "data/shop.db")]
    public required string File { get; init; }

    [Setting("Table or view to read")]
    public string? TableName { get; init; }

    [Setting("A SELECT to read instead of a table")]
    public string? Query { get; init; }

    [Setting("Longest wait while another program writes the file", Scope = SettingScope.Connection)]
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
