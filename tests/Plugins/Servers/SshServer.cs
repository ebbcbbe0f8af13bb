using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A real OpenSSH server on a free loopback port, with a key of its own; one a test program. The user of the tests logs in with a key.</summary>
public sealed class SshServer : IDisposable
{
    private readonly Lock _gate = new();
    private Process? _process;

    public static bool IsInstalled => File.Exists("/usr/sbin/sshd");

    public int Port { get; private set; }
    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"flowforge-sshd-{Guid.NewGuid():n}");
    public string User => Environment.UserName;

    /// <summary>The private key that may log in.</summary>
    public string Key => File.ReadAllText(Path.Combine(Folder, "user"));
    public string LockedKey => File.ReadAllText(Path.Combine(Folder, "locked"));

    /// <summary>The server's key as a line, and its fingerprint as ssh-keygen tells it.</summary>
    public string HostKey => File.ReadAllText(Path.Combine(Folder, "host.pub"));
    public string Fingerprint => ServerProcess.Run("ssh-keygen", ["-lf", Path.Combine(Folder, "host.pub")]).Split(' ')[1];

    public SshServer Ready()
    {
        ReadyServers.Need(IsInstalled, "OpenSSH's server", "openssh-server");
        lock (_gate)
        {
            if (_process is null) Start();
            return this;
        }
    }

    private void Start()
    {
        Directory.CreateDirectory(Folder);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var (name, word) in new[] { ("host", ""), ("user", ""), ("locked", "word of the key") })
            ServerProcess.Run("ssh-keygen", ["-q", "-t", "ed25519", "-N", word, "-C", "test", "-f", Path.Combine(Folder, name)]);
        File.WriteAllText(Path.Combine(Folder, "authorized"), File.ReadAllText(Path.Combine(Folder, "user.pub")) + File.ReadAllText(Path.Combine(Folder, "locked.pub")));
        if (Environment.UserName == "root") Directory.CreateDirectory("/run/sshd");
        for (var attempt = 0; ; attempt++)
        {
            Port = FreePort.Take();
            File.WriteAllText(Path.Combine(Folder, "config"), string.Create(CultureInfo.InvariantCulture, $"""
                ListenAddress 127.0.0.1
                Port {Port}
                HostKey {Folder}/host
                PidFile {Folder}/pid
                AuthorizedKeysFile {Folder}/authorized
                StrictModes no
                UsePAM no
                PasswordAuthentication no
                PermitRootLogin yes
                Subsystem sftp internal-sftp
                MaxStartups 100
                """));
            _process = ServerProcess.Start("/usr/sbin/sshd", ["-D", "-e", "-f", Path.Combine(Folder, "config")]);
            _ = _process.StandardError.ReadToEndAsync();
            if (Answers()) return;
            _process.Kill(entireProcessTree: true);
            if (attempt == 3) throw new InvalidOperationException("sshd does not start.");
        }
    }

    private bool Answers()
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(60) && !_process!.HasExited)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", Port);
                return true;
            }
            catch (SocketException) { Thread.Sleep(50); }
        }
        return false;
    }

    /// <summary>Ends every login, as a cut line does; the server itself goes on.</summary>
    public void CutLogins()
    {
        foreach (var login in ServerProcess.Run("ps", ["-o", "pid=", "--ppid", _process!.Id.ToString(CultureInfo.InvariantCulture)]).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            try { Process.GetProcessById(int.Parse(login, CultureInfo.InvariantCulture)).Kill(entireProcessTree: true); }
            catch (ArgumentException) { /* It has ended meanwhile. */ }
        }
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(TimeSpan.FromSeconds(10));
        }
        _process?.Dispose();
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }
}
