namespace FlowForge.Plugins.Postgres;

/// <summary>How a connection is encrypted; libpq's words.</summary>
public enum SslUse { Disable, Prefer, Require, VerifyCa, VerifyFull }

/// <summary>What becomes of <c>numeric</c> columns that declare no precision, and of all numerics when a table holds NaN.</summary>
public enum NumericForm
{
    /// <summary>Declared precision and scale become decimals, the others exact text.</summary>
    Exact,
    /// <summary>All become text: nothing is lost, NaN and Infinity included.</summary>
    Text,
    /// <summary>Those without a declared precision become doubles: digits after the 15th may be lost.</summary>
    Double,
}

/// <summary>What arrays become.</summary>
public enum ArrayForm
{
    /// <summary>Lists; an array of several dimensions is refused.</summary>
    List,
    /// <summary>JSON text, any number of dimensions.</summary>
    Json,
}

/// <summary>How to reach a PostgreSQL server.</summary>
public record PostgresServerSpec
{
    [Setting("Name or address of the server, or the folder of its Unix socket", Scope = SettingScope.Connection, Example = "db.example.com")]
    public required string Host { get; init; }

    [Setting("Port of the server", Scope = SettingScope.Connection, Minimum = 1, Maximum = 65535)]
    public int Port { get; init; } = 5432;

    [Setting("Name of the database", Scope = SettingScope.Connection)]
    public required string Database { get; init; }

    [Setting("Name of the login", Scope = SettingScope.Connection)]
    public required string User { get; init; }

    [Setting("Password of the login", Scope = SettingScope.Connection)]
    public Secret Password { get; init; }

    [Setting("Encryption: disable, prefer (when the server can), require, verify_ca, verify_full (the certificate must name the host)", Scope = SettingScope.Connection)]
    public SslUse SslMode { get; init; } = SslUse.Prefer;

    [Setting("File with the certificate authority's certificate, for verify_ca and verify_full; below the pipeline's folder or an allowed root", Scope = SettingScope.Connection, When = "ssl_mode=verify_ca,verify_full")]
    public string? SslRootCertificate { get; init; }

    [Setting("Longest wait for a connection", Scope = SettingScope.Connection)]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    [Setting("Schemas whose tables are listed; a bare table name is looked for in them, in this order", Scope = SettingScope.Connection, Minimum = 1)]
    public IReadOnlyList<string> Schemas { get; init; } = ["public"];

    /// <summary>Each connection wants a processor of its own here, and so does what is made of its rows.</summary>
    internal static int ReadersOf(int? parallelism) => parallelism ?? Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
}

/// <summary>What the postgres connector is told.</summary>
public sealed record PostgresSpec : PostgresServerSpec
{
    [Setting("Table to read: name, or schema.name", Example = "sales.orders")]
    public string? TableName { get; init; }

    [Setting("A SELECT to read instead of a table", Example = "SELECT id, total FROM orders WHERE total > 0")]
    public string? Query { get; init; }

    [Setting("Connections that read one large table side by side, all on one snapshot; by default half as many as this machine has processors, at most 4", Minimum = 1, Maximum = 16)]
    public int? Parallelism { get; init; }

    internal int Readers => ReadersOf(Parallelism);

    [Setting("Numeric columns: exact (declared ones as decimals, others as text), text, or double (others as double)")]
    public NumericForm Numeric { get; init; } = NumericForm.Exact;

    [Setting("Array columns: list, or json text for arrays of several dimensions")]
    public ArrayForm Arrays { get; init; } = ArrayForm.List;
}
