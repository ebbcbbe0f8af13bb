namespace FlowForge.Plugins.S3;

/// <summary>What becomes of files that are loaded.</summary>
public enum AfterLoad { Keep, Delete, Move }

/// <summary>Which keys an incremental run asks the service for.</summary>
public enum Listing
{
    /// <summary>All that match: nothing is missed.</summary>
    All,

    /// <summary>Those behind what was loaded, less <see cref="S3Spec.LookBack"/>: for names that only grow.</summary>
    AfterLast,
}

/// <summary>What the s3 connector is told.</summary>
public sealed record S3Spec
{
    [Setting("Address of the service; without it Amazon's of the region", Scope = SettingScope.Connection, Example = "https://minio.example.com:9000")]
    public Uri? Endpoint { get; init; }

    [Setting("Region of the bucket", Scope = SettingScope.Connection)]
    public string Region { get; init; } = "us-east-1";

    [Setting("Name of the bucket", Scope = SettingScope.Connection)]
    public required string Bucket { get; init; }

    [Setting("Access key; without it requests are not signed (public buckets)", Scope = SettingScope.Connection)]
    public Secret AccessKey { get; init; }

    [Setting("Secret key", Scope = SettingScope.Connection)]
    public Secret SecretKey { get; init; }

    [Setting("Token of temporary credentials", Scope = SettingScope.Connection)]
    public Secret SessionToken { get; init; }

    [Setting("Whether the bucket stands in the path instead of the host's name; unless given, whenever endpoint is", Scope = SettingScope.Connection)]
    public bool? PathStyle { get; init; }

    [Setting("Objects to read: keys or patterns. * and ? match inside a name, ** any folders, {a,b} alternatives, [a-z] characters", Example = "orders/2024/**/*.csv.gz", Minimum = 1)]
    public required IReadOnlyList<string> Path { get; init; }

    [Setting("Objects to leave out, as patterns against the whole key")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    [Setting("Which keys a run that appends or merges lists: all; or after_last, only those behind what it has loaded, for names that grow with time. A key that appears or changes further before than look_back is then not seen")]
    public Listing Listing { get; init; }

    [Setting("With listing after_last: how many of the loaded keys, from the last one back, are listed again, so that a key among them that came late or was replaced is found", Minimum = 0, When = "listing=after_last")]
    public int LookBack { get; init; } = 1000;

    [Setting("Parts of 8 MB of one object that are read at once, and so kept in memory", Minimum = 1, Maximum = 16)]
    public int Parallel { get; init; } = 4;

    [Setting("How long an answer may bring nothing while objects are read, before it counts as broken")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    [Setting("What becomes of loaded objects once they are committed: keep, delete, move")]
    public AfterLoad AfterLoad { get; init; }

    [Setting("Prefix that moved objects get before their key", Example = "done/", When = "after_load=move")]
    public string? MoveTo { get; init; }
}
