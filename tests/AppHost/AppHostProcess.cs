using System.Diagnostics;
using System.Globalization;
using FlowForge.Contracts;
using FlowForge.ServiceDefaults;

namespace FlowForge.AppHost.Tests;

/// <summary>The real AppHost as a person starts it. Disposing kills what is left of it, services too.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(240);

    private readonly Process process;
    private readonly List<string> output = [];
    private readonly List<string> errors = [];
    private readonly HashSet<int> services = [];

    private AppHostProcess(Process process, string data)
    {
        (this.process, Data) = (process, data);
        process.OutputDataReceived += (_, e) => Keep(output, e.Data);
        process.ErrorDataReceived += (_, e) => Keep(errors, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Data { get; }

    public int Id => process.Id;

    public string Output => Text(output);

    public string Errors => Text(errors);

    public RunningEnvironment? Running
    {
        get
        {
            // Of this process: on a folder that is in use, the file speaks of another one, whose services are not ours to end.
            var running = RunningEnvironment.Read(Data) is { } found && found.ProcessId == Id ? found : null;
            lock (services)
                services.UnionWith(running?.Services.Values ?? []);
            return running;
        }
    }

    /// <summary>Every service process that was ever seen.</summary>
    public IReadOnlyCollection<int> Services
    {
        get
        {
            _ = Running;
            lock (services)
                return [.. services];
        }
    }

    public static AppHostProcess Start(string data, params string[] arguments) => Start(data, new Dictionary<string, string>(), arguments);

    public static AppHostProcess Start(string data, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "..", "..", "AppHost", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "FlowForge.AppHost.dll");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var argument in new[] { "exec", Path.GetFullPath(assembly) }.Concat(arguments).Append("--data").Append(data))
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new AppHostProcess(Process.Start(start)!, data);
    }

    /// <summary>The whole environment, ready.</summary>
    public static async Task<AppHostProcess> ReadyAsync(string data, params string[] arguments)
    {
        var host = Start(data, arguments);
        await host.UntilAsync(() => host.Output.Contains("Ctrl+C stops everything.", StringComparison.Ordinal), "ready");
        return host;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(string data, params string[] arguments)
    {
        await using var host = Start(data, arguments);
        var code = await host.ExitAsync();
        return (code, host.Output, host.Errors);
    }

    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public async Task UntilAsync(Func<bool> condition, string what)
    {
        var limit = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(limit.Elapsed < Patience, $"Waited {Patience.TotalSeconds:0} s in vain: {what}.\n{Output}\n{Errors}");
            Assert.False(process.HasExited && !condition(), $"The AppHost ended before: {what}.\n{Output}\n{Errors}");
            await Task.Delay(50);
        }
    }

    public static void Signal(string signal, int pid)
    {
        using var kill = Process.Start("/bin/kill", ["-" + signal, pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Signal(string signal) => Signal(signal, Id);

    /// <summary>Passes when no service process lives any more.</summary>
    public async Task NobodyLeftAsync()
    {
        var limit = Stopwatch.StartNew();
        while (Services.Where(ParentWatch.IsAlive).ToArray() is { Length: > 0 } left)
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(60), $"Orphans: {string.Join(", ", left)}.\n{Output}");
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _ = Services;
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        foreach (var left in Services.Where(ParentWatch.IsAlive))
            Signal("KILL", left);
        process.Dispose();
    }

    /// <summary>An offset at which all three ports are free.</summary>
    public static string PortOffset() => FreePort.TakeOffset().ToString(CultureInfo.InvariantCulture);

    private static void Keep(List<string> lines, string? line)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Add(line);
    }

    private static string Text(List<string> lines)
    {
        lock (lines)
            return string.Join('\n', lines);
    }
}
