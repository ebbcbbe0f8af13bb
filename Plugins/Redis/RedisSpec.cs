namespace FlowForge.Plugins.Redis;

/// <summary>What happens when entries are gone before they were read.</summary>
public enum OnLost { Fail, Continue }

/// <summary>What the redis connector is told.</summary>
public sealed record RedisSpec
{
    [Setting("Name or address of the server", Scope = SettingScope.Connection, Example = "redis.example.com")]
    public required string Host { get; init; }

    [Setting("Port of the server", Scope = SettingScope.Connection, Minimum = 1, Maximum = 65535)]
    public int Port { get; init; } = 6379;

    [Setting("Number of the database", Scope = SettingScope.Connection, Minimum = 0)]
    public int Database { get; init; }

    [Setting("Name of the login; without it the password is that of the default user", Scope = SettingScope.Connection)]
    public string? User { get; init; }

    [Setting("Password of the login", Scope = SettingScope.Connection)]
    public Secret Password { get; init; }

    [Setting("Whether the server is spoken to over TLS", Scope = SettingScope.Connection)]
    public bool Tls { get; init; }

    [Setting("File with the certificate authority's certificate (PEM); without it the machine's authorities count", Scope = SettingScope.Connection, When = "tls=true")]
    public string? CaCertificate { get; init; }

    [Setting("Longest wait for an answer", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    [Setting("Key of the stream to read", Example = "orders")]
    public string? Stream { get; init; }

    [Setting("Field that holds a JSON object, whose fields become columns too")]
    public string? JsonField { get; init; }

    [Setting("Entries asked for at once", Minimum = 1, Maximum = 100_000)]
    public int BatchSize { get; init; } = 1000;

    [Setting("What happens when entries were trimmed away before they were read: fail, or continue (with a warning)")]
    public OnLost OnLost { get; init; }
}
