namespace FlowForge.Plugins.Sftp;

/// <summary>What becomes of files that are loaded.</summary>
public enum AfterLoad { Keep, Delete, Move }

/// <summary>What the sftp connector is told.</summary>
public sealed record SftpSpec
{
    [Setting("The server's name or address", Scope = SettingScope.Connection, Pattern = "[A-Za-z0-9_.:%][A-Za-z0-9_.:%-]*")]
    public required string Host { get; init; }

    [Setting("The server's port", Scope = SettingScope.Connection, Minimum = 1, Maximum = 65535)]
    public int Port { get; init; } = 22;

    [Setting("Name to log in with", Scope = SettingScope.Connection, Pattern = "[^\\s-][^\\s]*")]
    public required string User { get; init; }

    [Setting("Password, when there is no private_key", Scope = SettingScope.Connection)]
    public Secret Password { get; init; }

    [Setting("Private key to log in with, as OpenSSH or PEM text", Scope = SettingScope.Connection)]
    public Secret PrivateKey { get; init; }

    [Setting("What the private key is locked with", Scope = SettingScope.Connection)]
    public Secret Passphrase { get; init; }

    [Setting("The server's own key, so that no other one can stand in for it: its fingerprint (SHA256:…) or its line (ssh-ed25519 AAAA…). Several are allowed while it changes", Scope = SettingScope.Connection, Example = "SHA256:n6Xo…", Minimum = 1)]
    public required IReadOnlyList<string> HostKey { get; init; }

    [Setting("How long a connection may take", Scope = SettingScope.Connection)]
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
