namespace FlowForge.Plugins.Ftp;

/// <summary>What becomes of files that are loaded.</summary>
public enum AfterLoad { Keep, Delete, Move }

/// <summary>How the connection is protected.</summary>
public enum FtpTls
{
    /// <summary>Begins in plain and is protected before the login.</summary>
    Explicit,

    /// <summary>Protected from its first byte, on port 990.</summary>
    Implicit,

    /// <summary>Not at all: name, password and files can be read on the way.</summary>
    None,
}

/// <summary>What the ftp connector is told.</summary>
public sealed record FtpSpec
{
    [Setting("The server's name or address", Scope = SettingScope.Connection, Pattern = "[A-Za-z0-9_.:%][A-Za-z0-9_.:%-]*")]
    public required string Host { get; init; }

    [Setting("The server's port; 0: 21, or 990 with implicit TLS", Scope = SettingScope.Connection, Minimum = 0, Maximum = 65535)]
    public int Port { get; init; }

    [Setting("Name to log in with", Scope = SettingScope.Connection)]
    public string User { get; init; } = "anonymous";

    [Setting("Password", Scope = SettingScope.Connection)]
    public Secret Password { get; init; }

    [Setting("Protection: explicit (AUTH TLS), implicit, or none: then name, password and files can be read on the way", Scope = SettingScope.Connection)]
    public FtpTls Tls { get; init; }

    [Setting("SHA-256 fingerprints of the server's certificate, as 64 hexadecimal digits, where no known authority vouches for it. Several are allowed while it changes", Scope = SettingScope.Connection, When = "tls=explicit,implicit")]
    public IReadOnlyList<string> Certificate { get; init; } = [];

    [Setting("Certificate of the authority that vouches for the server, as PEM text, instead of those that this machine trusts", Scope = SettingScope.Connection, When = "tls=explicit,implicit")]
    public string? Ca { get; init; }

    [Setting("How long the server may be silent", Scope = SettingScope.Connection)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    [Setting("Files to read: paths or patterns, relative to the folder where a login begins. * and ? match inside a name, ** any folders, {a,b} alternatives, [a-z] characters", Example = "out/orders-*.csv", Minimum = 1)]
    public required IReadOnlyList<string> Path { get; init; }

    [Setting("Files to leave out, as patterns against the name or the whole path")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    [Setting("Files that were changed more recently than this are left for the next run: they may still be written. By the server's clock against ours")]
    public TimeSpan MinAge { get; init; }

    [Setting("What becomes of loaded files once they are committed: keep, delete, move")]
    public AfterLoad AfterLoad { get; init; }

    [Setting("Folder that loaded files are moved to; made when it is not there", Example = "done", When = "after_load=move")]
    public string? MoveTo { get; init; }
}
