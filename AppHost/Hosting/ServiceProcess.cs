using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace FlowForge.AppHost.Hosting;

/// <summary>
/// One living process of a service. Its standard input is a lifeline: nothing is ever written there, and when it closes, because we want
/// it to or because we died, the service leaves (see ServiceDefaults' ParentWatch). Disposing kills what is still there.
/// </summary>
internal sealed class ServiceProcess : IDisposable
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(2);

    private readonly Process process;
    private readonly TaskCompletionSource<int> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task output;

    private ServiceProcess(Process process, Action<string> onLine)
    {
        this.process = process;
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => exited.TrySetResult(process.ExitCode);
        Id = process.Id;
        output = Task.WhenAll(Pump(process.StandardOutput, onLine), Pump(process.StandardError, onLine));
        if (process.HasExited)
            exited.TrySetResult(process.ExitCode);
    }

    public int Id { get; }

    /// <summary>Ends with the exit code, after the last lines were handed over.</summary>
    public async Task<int> WaitAsync()
    {
        var code = await exited.Task;
        await Task.WhenAny(output, Task.Delay(DrainTime));
        return code;
    }

    public static ServiceProcess Start(ProjectResource resource, Action<string> onLine)
    {
        var start = new ProcessStartInfo(DotnetHost)
        {
            WorkingDirectory = Path.GetDirectoryName(resource.Assembly),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(resource.Assembly);
        foreach (var argument in resource.Arguments)
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add("--parent-pid");
        start.ArgumentList.Add(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        foreach (var (variable, value) in resource.Environment)
            start.Environment[variable] = value;
        start.Environment["FLOWFORGE_LIFELINE"] = "stdin";
        return new ServiceProcess(Process.Start(start)!, onLine);
    }

    /// <summary>Asks it to leave and waits; after <paramref name="grace"/> it is killed. True when it left by itself.</summary>
    public async Task<bool> StopAsync(TimeSpan grace, CancellationToken hurry)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone already.
        }
        try
        {
            await exited.Task.WaitAsync(grace, hurry);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Kill();
            return false;
        }
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }

    private void Kill()
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It left in this moment.
        }
    }

    private static async Task Pump(StreamReader reader, Action<string> onLine)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } line)
                Tell(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process is gone; so is what it wanted to say.
        }

        // Whoever listens may fail; the pipe must be emptied all the same, or the service stands still when it is full.
        void Tell(string line)
        {
            try
            {
                onLine(line);
            }
            catch (IOException)
            {
                // The line is lost.
            }
        }
    }

    /// <summary>The dotnet program of the runtime we run on ourselves: it need not be on the PATH.</summary>
    private static string DotnetHost { get; } = FindDotnet();

    private static string FindDotnet()
    {
        var program = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        // ROOT/shared/Microsoft.NETCore.App/VERSION/
        var host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", program));
        return File.Exists(host) ? host : program;
    }
}
