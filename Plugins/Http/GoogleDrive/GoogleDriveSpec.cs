namespace FlowForge.Plugins.Http.GoogleDrive;

/// <summary>What a Google sheet becomes.</summary>
public enum SheetForm
{
    /// <summary>Its first sheet as CSV.</summary>
    Csv,
    /// <summary>All its sheets as an Excel file.</summary>
    Xlsx,
}

/// <summary>What the google_drive connector is told.</summary>
public sealed record GoogleDriveSpec
{
    [Setting("Key file of a service account (JSON), to which the folder is shared", Scope = SettingScope.Connection)]
    public Secret ServiceAccountKey { get; init; }

    [Setting("Client id of an OAuth client, where a person's refresh token is used in place of a service account", Scope = SettingScope.Connection)]
    public string? ClientId { get; init; }

    [Setting("Client secret of the OAuth client", Scope = SettingScope.Connection)]
    public Secret ClientSecret { get; init; }

    [Setting("Refresh token of the person whose files are read, with the scope drive.readonly", Scope = SettingScope.Connection)]
    public Secret RefreshToken { get; init; }

    [Setting("Where tokens are given; never taken from the key file", Scope = SettingScope.Connection)]
    public Uri TokenUrl { get; init; } = new("https://oauth2.googleapis.com/token");

    [Setting("Where the API is", Scope = SettingScope.Connection)]
    public Uri ApiUrl { get; init; } = new("https://www.googleapis.com/");

    [Setting("Longest wait for an answer, or for the next bytes of a file", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(100);

    [Setting("Id of the folder to read: the last part of its address. root is the account's own drive", Scope = SettingScope.Connection, Example = "1AbCdEfGhIjKlMnOpQrStUvWxYz", Pattern = "[A-Za-z0-9_-]+")]
    public required string FolderId { get; init; }

    [Setting("Files to read, as patterns below the folder: *.csv are those in it, **/*.csv those in its folders too", Example = "**/*.csv", Minimum = 1)]
    public required IReadOnlyList<string> Path { get; init; }

    [Setting("Patterns of files to leave out")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    [Setting("What a Google sheet becomes: csv (its first sheet; named NAME.csv) or xlsx (NAME.xlsx). Other documents of Google's own are passed over")]
    public SheetForm SheetForm { get; init; }

    [Setting("Megabytes that a file may have", Minimum = 1)]
    public long MaxMegabytes { get; init; } = 100_000;
}
