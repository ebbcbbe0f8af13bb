using System.Diagnostics;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A Redis server of its own on a free loopback port; one a test program.</summary>
public sealed class RedisServer : IDisposable
{
    public const string Password = "s3cret-of-the-tests";
    private readonly Lock _gate = new();
    private string? _folder;
    private Process? _process;

    public static bool IsInstalled => File.Exists("/usr/bin/redis-server");

    public int Port { get; private set; }

    /// <summary>Starts it at the first call.</summary>
    public RedisServer Start()
    {
        lock (_gate)
        {
            if (_process is not null) return this;
            _folder = ServerProcess.Folder("redis", "nobody");
            var clock = Stopwatch.StartNew();
            while (true)
            {
                Port = FreePort.Take();
                _process = ServerProcess.Start("/usr/bin/redis-server", ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder, "--save", "", "--requirepass", Password]);
                while (!_process.HasExited && clock.Elapsed < TimeSpan.FromSeconds(60))
                {
                    try
                    {
                        if (Call("PING").Trim() == "PONG") return this;
                    }
                    catch (InvalidOperationException) { /* Not up yet. */ }
                    Thread.Sleep(20);
                }
                // Somebody else took the port.
                if (clock.Elapsed > TimeSpan.FromSeconds(60)) throw new InvalidOperationException("Redis did not start.");
            }
        }
    }

    /// <summary>Runs one command with redis-cli.</summary>
    public string Call(params string[] words) => ServerProcess.Run("redis-cli", ["--no-auth-warning", "-a", Password, "-p", $"{Port}", "-e", .. words]);

    /// <summary>Runs one command a line.</summary>
    public string CallAll(IEnumerable<string> lines) => ServerProcess.Run("redis-cli", ["--no-auth-warning", "-a", Password, "-p", $"{Port}"], null, string.Join('\n', lines) + "\n");

    public void Dispose()
    {
        if (_process is null) return;
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder!, recursive: true);
    }
}
