namespace FlowForge.Plugins.AzureBlob;

/// <summary>What becomes of files that are loaded.</summary>
public enum AfterLoad { Keep, Delete, Move }

/// <summary>What the azure_blob connector is told.</summary>
public sealed record AzureBlobSpec
{
    [Setting("Name of the storage account", Scope = SettingScope.Connection, Pattern = "[a-z0-9]{3,24}")]
    public required string Account { get; init; }

    [Setting("Address of the service; without it https://ACCOUNT.blob.core.windows.net", Scope = SettingScope.Connection, Example = "http://127.0.0.1:10000/devstoreaccount1")]
    public Uri? Endpoint { get; init; }

    [Setting("Name of the container", Scope = SettingScope.Connection, Pattern = "[$a-z0-9][a-z0-9-]{2,62}")]
    public required string Container { get; init; }

    [Setting("Key of the account (base64)", Scope = SettingScope.Connection)]
    public Secret AccountKey { get; init; }

    [Setting("Shared access signature instead of the account's key: sv=…&sig=…; with neither only public containers are read", Scope = SettingScope.Connection)]
    public Secret SasToken { get; init; }

    [Setting("How long an answer may take", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    [Setting("Blobs to read: names or patterns. * and ? match inside a name, ** any folders, {a,b} alternatives, [a-z] characters", Example = "orders/2024/**/*.csv.gz", Minimum = 1)]
    public required IReadOnlyList<string> Path { get; init; }

    [Setting("Blobs to leave out, as patterns against the whole name")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    [Setting("Parts of 8 MB of one blob that are read at once, and so kept in memory", Minimum = 1, Maximum = 16)]
    public int Parallel { get; init; } = 4;

    [Setting("Names that are asked for at once while listing", Minimum = 1, Maximum = 5000)]
    public int ListPage { get; init; } = 5000;

    [Setting("What becomes of loaded blobs once they are committed: keep, delete, move")]
    public AfterLoad AfterLoad { get; init; }

    [Setting("Prefix that moved blobs get before their name", Example = "done/", When = "after_load=move")]
    public string? MoveTo { get; init; }
}
