
namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A PostgreSQL server of its own on a free loopback port, ready for logical replication; one a test program.</summary>
public sealed class PostgresServer : IDisposable
{
    public const string User = "flowforge", Password = "s3cret-of-the-tests";
    private readonly Lazy<string?> _bin = new(() => Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => d + "/bin").FirstOrDefault(d => File.Exists(d + "/initdb")) : null);
    private readonly Lock _gate = new();
    private string? _folder;

    public static string Host => "127.0.0.1";
    public int Port { get; private set; }
    public string Folder => _folder!;

    public bool IsInstalled => _bin.Value is not null;

    /// <summary>Starts it at the first call.</summary>
    /// <param name="settings">Further settings, as <c>ssl=on</c>.</param>
    public PostgresServer Start(params string[] settings)
    {
        lock (_gate)
        {
            if (_folder is not null) return this;
            var folder = ServerProcess.Folder("postgres", "postgres");
            File.WriteAllText(folder + "/password", Password);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder + "/password", UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            ServerProcess.Run(_bin.Value + "/initdb", ["-D", folder + "/data", "-N", "-U", User, "-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", folder + "/password"], "postgres");
            Port = FreePort.Take();
            ServerProcess.Run(_bin.Value + "/pg_ctl", ["-D", folder + "/data", "-w", "-l", folder + "/log", "-o",
                $"-c listen_addresses=127.0.0.1 -p {Port} -c unix_socket_directories={folder} -c wal_level=logical -c max_wal_senders=20 -c max_replication_slots=20 -c fsync=off -c full_page_writes=off {string.Join(' ', settings.Select(s => "-c " + s))}", "start"], "postgres");
            _folder = folder;
        }
        return this;
    }

    /// <summary>Where the server's own programs are.</summary>
    public string Bin => _bin.Value!;

    /// <summary>Runs SQL with psql and gives the unaligned result.</summary>
    public string Sql(string sql, string database = "postgres") =>
        ServerProcess.Run(_bin.Value + "/psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", Folder, "-p", $"{Port}", "-U", User, "-d", database, "-f", "-"], "postgres", sql).TrimEnd('\n');

    /// <summary>A new empty database.</summary>
    public string NewDatabase()
    {
        var name = "t" + Guid.NewGuid().ToString("n")[..12];
        Sql($"CREATE DATABASE {name}");
        return name;
    }

    public void Dispose()
    {
        if (_folder is null) return;
        ServerProcess.Run(_bin.Value + "/pg_ctl", ["-D", _folder + "/data", "-m", "immediate", "-w", "stop"], "postgres");
        Directory.Delete(_folder, recursive: true);
    }
}
