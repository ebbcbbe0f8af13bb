using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace FlowForge.Conformance.Tests;

/// <summary>A script of <c>ts/interop</c> in Node. Its input stays open while the test runs: the script ends when it closes, also when the test dies.</summary>
public sealed class NodePeer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Task _readErrors;

    private NodePeer(Process process)
    {
        _process = process;
        _readErrors = Task.Run(async () => _errors.Append(await process.StandardError.ReadToEndAsync()));
    }

    public static NodePeer Start(string script, params string[] arguments) => Start(script, new Dictionary<string, string>(), arguments);

    public static NodePeer Start(string script, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("node")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(Path.GetDirectoryName(SourceFile())!, "..", "ts"),
        };
        start.ArgumentList.Add(Path.Combine("interop", script));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        return new NodePeer(Process.Start(start)!);
    }

    /// <summary>The next line of its output; fails with its errors when it ended instead.</summary>
    public async Task<string> LineAsync()
    {
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(90));
        if (line is null)
        {
            await _readErrors;
            Assert.Fail($"The script ended without an answer: {_errors}");
        }
        return line;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    private static string SourceFile([CallerFilePath] string path = "") => path;
}
