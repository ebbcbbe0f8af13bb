using System.Diagnostics;
using System.Text;

namespace FlowForge.Acceptance.Tests;

/// <summary>The AppHost as a process of its own, as <c>dotnet run --project AppHost</c> starts it after the build. Disposing stops it and waits.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();

    private AppHostProcess(Process process)
    {
        Process = process;
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Process Process { get; }

    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    public static string Root { get; } = FindRoot();

    private static string Executable => Path.Combine(Root, "artifacts", "bin", "AppHost", "debug", "FlowForge.AppHost.dll");

    public static AppHostProcess Start(params string[] arguments) => Start(arguments, null);

    /// <param name="settings">Environment variables, beside this process's own.</param>
    public static AppHostProcess Start(string[] arguments, IReadOnlyDictionary<string, string>? settings)
    {
        var info = Info(arguments);
        foreach (var (name, value) in settings ?? new Dictionary<string, string>()) info.Environment[name] = value;
        return new(Process.Start(info)!);
    }

    /// <summary>Runs to the end and returns exit code, standard output and standard error.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        using var process = Process.Start(Info(arguments))!;
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Processes of this data folder: the AppHost's children carry it in their command line or environment.</summary>
    /// <param name="service">Only those whose command line names this, e.g. <c>FlowForge.Api</c>.</param>
    public static IReadOnlyList<int> ProcessesOf(string dataFolder, string service = "")
    {
        var found = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
        {
            try
            {
                var command = File.ReadAllText(Path.Combine(folder, "cmdline"));
                var all = command + File.ReadAllText(Path.Combine(folder, "environ"));
                if (command.Contains(service, StringComparison.Ordinal) && all.Contains(dataFolder, StringComparison.Ordinal) && !IsZombie(folder))
                    found.Add(int.Parse(Path.GetFileName(folder)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // the process ended while we looked
            }
        }
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            using (Process.Start("kill", ["-TERM", Process.Id.ToString()])) { }
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                await Process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                Process.Kill(entireProcessTree: true);
                throw new TimeoutException("The AppHost did not stop within 30 s of SIGTERM. Its output:\n" + Output);
            }
        }
        Process.Dispose();
    }

    private static bool IsZombie(string procFolder) => File.ReadAllText(Path.Combine(procFolder, "stat")) is var stat && stat[(stat.LastIndexOf(')') + 2)..].StartsWith('Z');

    private static ProcessStartInfo Info(string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Root };
        info.ArgumentList.Add(Executable);
        foreach (var argument in arguments) info.ArgumentList.Add(argument);
        return info;
    }

    private void Add(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "FlowForge.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("FlowForge.sln was not found above " + AppContext.BaseDirectory);
    }
}
