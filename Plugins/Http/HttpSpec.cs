namespace FlowForge.Plugins.Http;

/// <summary>What the http connector is told.</summary>
public sealed record HttpSpec
{
    [Setting("Where relative urls begin; credentials go to this host alone, and need it", Scope = SettingScope.Connection, Example = "https://data.example.com/exports/")]
    public Uri? BaseUrl { get; init; }

    [Setting("Name for basic authentication", Scope = SettingScope.Connection)]
    public string User { get; init; } = "";

    [Setting("Password for basic authentication", Scope = SettingScope.Connection)]
    public Secret Password { get; init; }

    [Setting("Token that is sent as a bearer", Scope = SettingScope.Connection)]
    public Secret Token { get; init; }

    [Setting("Headers sent with each request to the host of the credentials, such as an API key", Scope = SettingScope.Connection)]
    public IReadOnlyDictionary<string, Secret> Headers { get; init; } = new Dictionary<string, Secret>();

    [Setting("How long an answer, or the next bytes of a file, may take", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    [Setting("How many redirects are followed for one file. They never lead from https to http", Scope = SettingScope.Connection, Minimum = 0, Maximum = 20)]
    public int MaxRedirects { get; init; } = 5;

    [Setting("Files to read: addresses, absolute or below base_url", Example = "https://data.example.com/orders.csv.gz", Minimum = 1)]
    public required IReadOnlyList<string> Url { get; init; }

    [Setting("Where the checksum of a file is: {url} stands for its address. The first word of what is there is taken, as MD5, SHA-1, SHA-256 or SHA-512 by its length", Example = "{url}.sha256")]
    public string? Checksum { get; init; }

    [Setting("Megabytes that a file may have", Minimum = 1)]
    public long MaxMegabytes { get; init; } = 100_000;

    [Setting("Whether a file that is not there (404, 410) is passed over instead of being an error")]
    public bool MayBeMissing { get; init; }
}
