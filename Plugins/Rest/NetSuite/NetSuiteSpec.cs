namespace FlowForge.Plugins.Rest.NetSuite;

/// <summary>How a watermark is compared.</summary>
public enum WatermarkKind
{
    /// <summary>A number as a number, what looks like a time as a time, all else as text.</summary>
    Auto,
    Number,
    Time,
    Text,
}

/// <summary>What the netsuite connector is told.</summary>
public sealed record NetSuiteSpec
{
    [Setting("Account id, as it stands in the address of the account; of a sandbox with its ending, like 1234567_SB1", Scope = SettingScope.Connection, Example = "1234567", Pattern = "[A-Za-z0-9_-]+")]
    public required string Account { get; init; }

    [Setting("Consumer key of the integration record", Scope = SettingScope.Connection)]
    public required Secret ConsumerKey { get; init; }

    [Setting("Consumer secret of the integration record", Scope = SettingScope.Connection)]
    public required Secret ConsumerSecret { get; init; }

    [Setting("Id of the access token", Scope = SettingScope.Connection)]
    public required Secret TokenId { get; init; }

    [Setting("Secret of the access token", Scope = SettingScope.Connection)]
    public required Secret TokenSecret { get; init; }

    [Setting("Address of the service, where it is not the account's own at suitetalk.api.netsuite.com", Scope = SettingScope.Connection)]
    public Uri? BaseUrl { get; init; }

    [Setting("Most requests at once to the account, over all jobs of this runtime: leave some of the account's limit to others", Scope = SettingScope.Connection, Minimum = 1, Maximum = 50)]
    public int Concurrency { get; init; } = 4;

    [Setting("Longest wait for one answer", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(3);

    [Setting("Longest wait that is taken when the service asks for a pause; beyond it the run tries again later", Scope = SettingScope.Connection)]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(2);

    [Setting("Table of SuiteQL to read, when there is no query", Example = "transaction")]
    public string? TableName { get; init; }

    [Setting("A SELECT of SuiteQL in place of a table", Example = "SELECT id, tranid, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lastmodifieddate FROM transaction")]
    public string? Query { get; init; }

    [Setting("Column by whose value the read goes from page to page: unique, never NULL. Empty: by row numbers, which end at the 100,000 that the service gives of one query")]
    public string Key { get; init; } = "id";

    [Setting("Rows asked for a page", Minimum = 1, Maximum = 1000)]
    public int PageSize { get; init; } = 1000;

    [Setting("Columns whose texts are numbers, for the service gives numbers as texts: a watermark's column of numbers must be among them")]
    public IReadOnlyList<string> NumberColumns { get; init; } = [];

    [Setting("How the watermark is compared: auto, number, time, text")]
    public WatermarkKind WatermarkKind { get; init; }
}
