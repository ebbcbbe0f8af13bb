namespace FlowForge.Plugins.Odbc;

/// <summary>What the odbc connector is told.</summary>
public sealed record OdbcSpec
{
    [Setting("The driver's name as odbcinst -q -d lists it", Scope = SettingScope.Connection, Example = "MariaDB Unicode")]
    public string? Driver { get; init; }

    [Setting("A data source of odbc.ini, instead of a driver", Scope = SettingScope.Connection)]
    public string? Dsn { get; init; }

    [Setting("Name or address of the server", Scope = SettingScope.Connection)]
    public string? Server { get; init; }

    [Setting("Port of the server", Scope = SettingScope.Connection, Minimum = 1, Maximum = 65535)]
    public int? Port { get; init; }

    [Setting("Name of the database", Scope = SettingScope.Connection)]
    public string? Database { get; init; }

    [Setting("Name of the login", Scope = SettingScope.Connection)]
    public string? User { get; init; }

    [Setting("Password of the login", Scope = SettingScope.Connection)]
    public Secret Password { get; init; }

    [Setting("Further attributes of the driver's connection string, as key and value", Scope = SettingScope.Connection)]
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    [Setting("Longest wait for a connection", Scope = SettingScope.Connection)]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    [Setting("Schema (or, where the driver has none, database) whose tables are listed; all when it is not given", Scope = SettingScope.Connection)]
    public string? Schema { get; init; }

    [Setting("Table to read: name, or schema.name")]
    public string? TableName { get; init; }

    [Setting("A SELECT to read instead of a table")]
    public string? Query { get; init; }
}
