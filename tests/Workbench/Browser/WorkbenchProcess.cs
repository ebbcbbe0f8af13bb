using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowForge.Workbench.Tests.Browser;

/// <summary>The real workbench program, as the AppHost starts it. It leaves when this process does.</summary>
public sealed class WorkbenchProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    private WorkbenchProcess(Process process, Uri url) => (this.process, Url) = (process, url);

    public Uri Url { get; }

    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public long WorkingSet
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <param name="port">A free one when null.</param>
    public static async Task<WorkbenchProcess> StartAsync(Uri runtime, string tokenFile, int? port = null)
    {
        var url = new Uri($"http://127.0.0.1:{port ?? FreePort.Take()}");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var argument in (string[])[Program(), "--urls", url.ToString(), "--parent-pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        start.Environment["FlowForge__TokenFile"] = tokenFile;
        start.Environment["Runtime__Url"] = runtime.ToString();
        var started = new WorkbenchProcess(Process.Start(start)!, url);
        started.process.OutputDataReceived += (_, e) => started.Keep(e.Data);
        started.process.ErrorDataReceived += (_, e) => started.Keep(e.Data);
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        await started.WaitAsync();
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (output)
            output.AppendLine(line);
    }

    private async Task WaitAsync()
    {
        using var http = new HttpClient();
        for (var until = DateTime.UtcNow.AddSeconds(30); ;)
        {
            if (process.HasExited || DateTime.UtcNow > until)
                throw new InvalidOperationException($"The workbench did not start:\n{Output}");
            try
            {
                if ((await http.GetAsync(new Uri(Url, "/health"))).StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50);
            }
        }
    }

    internal static string Program(string room = "Workbench")
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "FlowForge.sln")))
                continue;
            // artifacts/bin/Workbench.Tests/<configuration>/ lies beside artifacts/bin/Workbench/<configuration>/.
            var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
            return Path.Combine(folder.FullName, "artifacts", "bin", room, configuration, $"FlowForge.{room}.dll");
        }
        throw new DirectoryNotFoundException("FlowForge.sln was not found above " + AppContext.BaseDirectory);
    }
}
