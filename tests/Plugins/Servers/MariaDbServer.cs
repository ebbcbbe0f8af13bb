using System.Diagnostics;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A MariaDB server of its own on a free loopback port; one a test program.</summary>
public sealed class MariaDbServer : IDisposable
{
    public const string User = "flowforge", Password = "s3cret-of-the-tests", Library = "/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so";
    private readonly Lock _gate = new();
    private string? _folder;
    private Process? _process;

    public static string Host => "127.0.0.1";
    public int Port { get; private set; }

    public static bool IsInstalled => File.Exists("/usr/sbin/mariadbd") && File.Exists(Library);

    /// <summary>Starts it at the first call.</summary>
    public MariaDbServer Start()
    {
        lock (_gate)
        {
            if (_process is not null) return this;
            _folder = ServerProcess.Folder("mariadb", "mysql");
            ServerProcess.Run("mariadb-install-db", ["--no-defaults", $"--datadir={_folder}/data", "--auth-root-authentication-method=normal", "--skip-test-db"], "mysql");
            Port = FreePort.Take();
            _process = ServerProcess.Start("/usr/sbin/mariadbd", ["--no-defaults", $"--datadir={_folder}/data", $"--socket={_folder}/s", $"--port={Port}", "--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", $"--log-error={_folder}/log"], "mysql");
            var clock = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    Sql($"CREATE USER '{User}'@'%' IDENTIFIED BY '{Password}'; GRANT ALL ON *.* TO '{User}'@'%'", "");
                    return this;
                }
                catch (InvalidOperationException e)
                {
                    if (_process.HasExited || clock.Elapsed > TimeSpan.FromSeconds(60)) throw new InvalidOperationException($"MariaDB did not start: {e.Message} {File.ReadAllText(_folder + "/log")}", e);
                    Thread.Sleep(50);
                }
            }
        }
    }

    public string Sql(string sql, string database) =>
        ServerProcess.Run("mariadb", ["--no-defaults", "-N", "-B", "--default-character-set=utf8mb4", "-u", "root", $"--socket={_folder}/s", .. database.Length > 0 ? new[] { database } : []], "mysql", sql).TrimEnd('\n');

    public string NewDatabase()
    {
        var name = "t" + Guid.NewGuid().ToString("n")[..12];
        Sql($"CREATE DATABASE {name} CHARACTER SET utf8mb4", "");
        return name;
    }

    public void Dispose()
    {
        if (_process is null) return;
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder!, recursive: true);
    }
}
