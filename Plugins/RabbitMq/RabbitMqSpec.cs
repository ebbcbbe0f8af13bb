namespace FlowForge.Plugins.RabbitMq;

/// <summary>What the body of a message is.</summary>
public enum BodyFormat { Json, Text, Base64 }

/// <summary>What happens when messages are gone before they were read.</summary>
public enum OnLost { Fail, Continue }

/// <summary>What the rabbitmq connector is told.</summary>
public sealed record RabbitMqSpec
{
    [Setting("Name or address of the server", Scope = SettingScope.Connection, Example = "rabbit.example.com")]
    public required string Host { get; init; }

    [Setting("Port of the server (AMQP)", Scope = SettingScope.Connection, Minimum = 1, Maximum = 65535)]
    public int Port { get; init; } = 5672;

    [Setting("Virtual host", Scope = SettingScope.Connection)]
    public string VirtualHost { get; init; } = "/";

    [Setting("Name of the login", Scope = SettingScope.Connection)]
    public required string User { get; init; }

    [Setting("Password of the login", Scope = SettingScope.Connection)]
    public required Secret Password { get; init; }

    [Setting("Whether the server is spoken to over TLS", Scope = SettingScope.Connection)]
    public bool Tls { get; init; }

    [Setting("File with the certificate authority's certificate (PEM); without it the machine's authorities count, as they do for management_url", Scope = SettingScope.Connection, When = "tls=true")]
    public string? CaCertificate { get; init; }

    [Setting("Address of the server's management plugin, asked for nothing but the list of streams, with the same login", Scope = SettingScope.Connection, Example = "http://rabbit.example.com:15672/")]
    public Uri? ManagementUrl { get; init; }

    [Setting("Longest wait for an answer", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    [Setting("Stream to read: a queue of the type stream", Example = "orders")]
    public string? Stream { get; init; }

    [Setting("What the body of a message is: json, text, base64")]
    public BodyFormat BodyFormat { get; init; }

    [Setting("Messages that the server sends ahead", Minimum = 1, Maximum = 65535)]
    public int Prefetch { get; init; } = 2000;

    [Setting("What happens when the stream no longer has what comes next: fail, or continue (with a warning)")]
    public OnLost OnLost { get; init; }
}
