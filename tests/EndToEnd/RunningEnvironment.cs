using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FlowForge.Browsing;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace FlowForge.EndToEnd.Tests;

/// <summary>What a person gets from <c>dotnet run --project AppHost</c>, on a fresh data folder and free ports. It ends with the tests.</summary>
public sealed partial class RunningEnvironment : IAsyncLifetime
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-e2e-").FullName;
    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource<Uri> login = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? process;

    /// <summary>The login link as the terminal prints it.</summary>
    public Uri LoginLink { get; private set; } = default!;

    public Uri Workbench => new(LoginLink.GetLeftPart(UriPartial.Authority) + "/");

    /// <summary>Where new pipelines' relative paths start.</summary>
    public string Workspace => Path.Combine(folder, "workspace");

    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public static string Root { get; } = FindRoot();

    public async ValueTask InitializeAsync()
    {
        if (Chromium.Path is null)
            return;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        var program = Path.Combine(Root, "artifacts", "bin", "AppHost", new DirectoryInfo(AppContext.BaseDirectory).Name, "FlowForge.AppHost.dll");
        foreach (var argument in (string[])[program, "--data", folder, "--port-offset", FreePort.TakeOffset().ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Hear(e.Data);
        process.ErrorDataReceived += (_, e) => Hear(e.Data);
        process.Exited += (_, _) => login.TrySetException(new InvalidOperationException($"The AppHost ended with {process.ExitCode}:\n{Output}"));
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            LoginLink = await login.Task.WaitAsync(StartTime);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"The AppHost printed no login link within {StartTime.TotalSeconds:0} s:\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            // As Ctrl+C does; the services leave by themselves when the AppHost is gone, however it goes.
            using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(20)))
                process.Kill(entireProcessTree: true);
        }
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.AppendLine(line);
        if (Link().Match(line) is { Success: true } match)
            login.TrySetResult(new Uri(match.Value));
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "FlowForge.sln")))
                return at.FullName;
        throw new DirectoryNotFoundException("FlowForge.sln was not found above " + AppContext.BaseDirectory);
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/login\?token=\S+")]
    private static partial Regex Link();
}
