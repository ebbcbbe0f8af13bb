using System.Diagnostics;
using System.Text;

namespace FlowForge.Acceptance.Tests;

/// <summary>A second runtime on the same data folder that serves a worker pool. Disposing kills it as kill -9 does.</summary>
internal sealed class PoolProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private PoolProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    public static PoolProcess Start(string data, string temporal, string pools)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppHostProcess.Root, "artifacts", "bin", "Api", "debug", "FlowForge.Api.dll"));
        start.Environment["FlowForge__DataFolder"] = data;
        start.Environment["Temporal__Address"] = temporal;
        start.Environment["Worker__Pools"] = pools;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["FLOWFORGE_LIFELINE"] = "stdin"; // it leaves when this process does
        return new(Process.Start(start)!);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Add(string? line)
    {
        lock (_output) _output.AppendLine(line);
    }
}
