using System.Diagnostics;
using System.Net.Sockets;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A RabbitMQ server of its own on free loopback ports, with an epmd of its own; one a test program.</summary>
public sealed class RabbitMqServer : IDisposable
{
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private readonly Lock _gate = new();
    private string? _folder;
    private Process? _names, _process;

    public static bool IsInstalled => File.Exists(Program) && File.Exists("/usr/bin/epmd");

    public int Port { get; private set; }

    /// <summary>The same server over TLS, as <c>localhost</c>.</summary>
    public int TlsPort { get; private set; }

    /// <summary>Certificate of the authority that vouches for it, as PEM.</summary>
    public string AuthorityPem { get; private set; } = "";

    /// <summary>Starts it at the first call, which takes some seconds.</summary>
    public RabbitMqServer Start()
    {
        lock (_gate)
        {
            if (_process is not null) return this;
            _folder = Path.Combine(Path.GetTempPath(), $"flowforge-rabbitmq-{Guid.NewGuid():n}");
            Directory.CreateDirectory(_folder);
            using var authority = new TestAuthority();
            AuthorityPem = authority.Pem;
            var (certificate, key) = authority.Write(_folder, "localhost");
            TlsPort = FreePort.Take();
            File.WriteAllText(Path.Combine(_folder, "rabbit.conf"), $"disk_free_limit.absolute = 1MB\nvm_memory_high_watermark.absolute = 512MB\nlog.console = false\nlisteners.ssl.1 = 127.0.0.1:{TlsPort}\nssl_options.certfile = {certificate}\nssl_options.keyfile = {key}\nssl_options.verify = verify_none\n");
            File.WriteAllText(Path.Combine(_folder, "plugins"), "[].\n");
            var (names, distribution) = (FreePort.Take(), FreePort.Take());
            Port = FreePort.Take();
            _names = Run("/usr/bin/epmd", ["-address", "127.0.0.1", "-port", $"{names}"], []);
            _process = Run(Program, [], new()
            {
                ["HOME"] = _folder, ["RABBITMQ_NODENAME"] = "test@localhost", ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1", ["RABBITMQ_NODE_PORT"] = $"{Port}", ["RABBITMQ_DIST_PORT"] = $"{distribution}", ["ERL_EPMD_PORT"] = $"{names}", ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_MNESIA_BASE"] = _folder + "/data", ["RABBITMQ_LOG_BASE"] = _folder + "/log", ["RABBITMQ_ENABLED_PLUGINS_FILE"] = _folder + "/plugins", ["RABBITMQ_CONFIG_FILE"] = _folder + "/rabbit.conf", ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
                ["RABBITMQ_PID_FILE"] = _folder + "/pid", ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none -start_epmd false",
            });
            var output = _process.StandardError.ReadToEndAsync();
            for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(100))
            {
                if (_process.HasExited || clock.Elapsed > TimeSpan.FromSeconds(120)) throw new InvalidOperationException("RabbitMQ did not start. " + (_process.HasExited ? output.Result : ""));
                try
                {
                    using var probe = new TcpClient("127.0.0.1", Port);
                    return this;
                }
                catch (SocketException) { /* Not up yet. */ }
            }
        }
    }

    private static Process Run(string program, string[] arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    public void Dispose()
    {
        foreach (var process in new[] { _process, _names })
        {
            if (process is null) continue;
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}
