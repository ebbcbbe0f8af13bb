namespace FlowForge.Plugins.Kafka;

/// <summary>How a client says who it is.</summary>
public enum SaslUse { None, Plain, ScramSha256, ScramSha512 }

/// <summary>What the value of a message is.</summary>
public enum ValueFormat
{
    /// <summary>A JSON object, whose fields become columns; any other JSON value goes to the column <c>value</c>.</summary>
    Json,
    /// <summary>UTF-8 text, in the column <c>value</c>.</summary>
    Text,
    /// <summary>Bytes, in the column <c>value</c> as base64.</summary>
    Base64,
    /// <summary>Avro in binary form: of the schema <see cref="KafkaSpec.AvroSchema"/>, the five bytes that registries put in front being passed over, or of the one that these five bytes name.</summary>
    Avro,
}

/// <summary>What the key of a message is.</summary>
public enum KeyFormat { Text, Json, Base64 }

/// <summary>What a message without a value is.</summary>
public enum Tombstones
{
    /// <summary>A row like others.</summary>
    Keep,
    /// <summary>A delete: rows carry <c>_ff_op</c>, for <c>write_mode: merge</c>.</summary>
    Delete,
}

/// <summary>What happens when messages are gone before they were read.</summary>
public enum OnLost { Fail, Earliest }

/// <summary>What the kafka connector is told.</summary>
public sealed record KafkaSpec
{
    [Setting("Brokers to begin with: host:port each; the others are learned from them", Scope = SettingScope.Connection, Example = "kafka.example.com:9092", Minimum = 1)]
    public required IReadOnlyList<string> Brokers { get; init; }

    [Setting("Whether the brokers are spoken to over TLS", Scope = SettingScope.Connection)]
    public bool Tls { get; init; }

    [Setting("File with the certificate authority's certificate (PEM); without it the machine's authorities count", Scope = SettingScope.Connection, When = "tls=true")]
    public string? CaCertificate { get; init; }

    [Setting("File with the client's certificate and key (PEM), where brokers ask for one", Scope = SettingScope.Connection, When = "tls=true")]
    public string? ClientCertificate { get; init; }

    [Setting("How the client says who it is: none, plain, scram_sha256, scram_sha512", Scope = SettingScope.Connection)]
    public SaslUse Sasl { get; init; }

    [Setting("Name of the login", Scope = SettingScope.Connection, When = "sasl=plain,scram_sha256,scram_sha512")]
    public string? User { get; init; }

    [Setting("Password of the login", Scope = SettingScope.Connection, When = "sasl=plain,scram_sha256,scram_sha512")]
    public Secret Password { get; init; }

    [Setting("Consumer group whose offsets are set after each commit, so that lag tools see how far the table has got; what is read does not depend on it", Scope = SettingScope.Connection)]
    public string? GroupId { get; init; }

    [Setting("Schema registry (Confluent's interface) with the schemas that values name by number", Scope = SettingScope.Connection, Example = "https://registry.example.com:8081")]
    public string? SchemaRegistry { get; init; }

    [Setting("Login at the schema registry", Scope = SettingScope.Connection)]
    public string? RegistryUser { get; init; }

    [Setting("Password at the schema registry", Scope = SettingScope.Connection)]
    public Secret RegistryPassword { get; init; }

    [Setting("Longest wait for an answer of a broker or of the registry", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    [Setting("Topic to read", Example = "orders")]
    public string? Topic { get; init; }

    [Setting("Partitions to read; all unless given")]
    public IReadOnlyList<int> Partitions { get; init; } = [];

    [Setting("What the value of a message is: json, text, base64, avro")]
    public ValueFormat ValueFormat { get; init; }

    [Setting("Schema of avro values, as JSON; without it the connection's schema_registry is asked", When = "value_format=avro")]
    public string? AvroSchema { get; init; }

    [Setting("What the key of a message is: text, json (a tombstone then has the key's fields as columns), base64")]
    public KeyFormat KeyFormat { get; init; }

    [Setting("What a message without a value is: keep (a row with key and offset), or delete (with write_mode: merge)")]
    public Tombstones Tombstones { get; init; }

    [Setting("The first run reads messages from this time on; all unless given", Example = "2026-01-01T00:00:00Z")]
    public DateTimeOffset? StartTime { get; init; }

    [Setting("What happens when the topic no longer has what comes next (retention, or the topic was made anew): fail, or earliest (go on at the oldest message there is)")]
    public OnLost OnLost { get; init; }

    [Setting("Whether messages of transactions are read only once these are committed")]
    public bool ReadCommitted { get; init; } = true;

    [Setting("Most bytes that one answer of a broker should have, in KiB", Minimum = 64, Maximum = 65536)]
    public int FetchKib { get; init; } = 8192;
}
