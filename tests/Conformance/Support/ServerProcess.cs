using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FlowForge.Conformance.Tests.Support;

/// <summary>The server as its own process, to be killed.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly ChildProcess _process;

    private ServerProcess(ChildProcess process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    public ChildProcess Process => _process;

    public static async Task<ServerProcess> StartAsync(int port, string database, params string[] more)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = Start(port, database, line =>
        {
            if (line.StartsWith("Temporal dev server:", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        }, more);
        var ended = process.WaitAsync(CancellationToken.None);
        if (await Task.WhenAny(ready.Task, ended, Task.Delay(TimeSpan.FromSeconds(60))) != ready.Task)
        {
            var errors = process.Errors;
            process.Dispose();
            throw new InvalidOperationException($"The server did not start: {errors}");
        }
        return new ServerProcess(process, port);
    }

    /// <summary>Starts the executable without waiting for it to listen.</summary>
    public static ChildProcess Start(int port, string database, Action<string> line, params string[] more) => new(
        "dotnet",
        [
            TestFiles.ServerAssembly, "--port", port.ToString(CultureInfo.InvariantCulture), "--db-filename", database,
            "--parent-pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), .. more,
        ],
        TestFiles.Repository,
        line);

    public void Dispose() => _process.Dispose();
}
