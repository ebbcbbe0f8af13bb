using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>Starts the system's server programs for tests: as a user of their own where we are root, since database servers refuse to be.</summary>
internal static class ServerProcess
{
    /// <summary>An empty folder that the user may write.</summary>
    public static string Folder(string name, string user)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"flowforge-{name}-{Guid.NewGuid():n}");
        Directory.CreateDirectory(folder);
        if (Environment.UserName == "root") Run("chown", ["-R", user, folder]);
        return folder;
    }

    /// <summary>Runs a program to its end and gives what it printed; a failure throws with all of it.</summary>
    public static string Run(string program, IEnumerable<string> arguments, string? user = null, string? input = null)
    {
        using var process = Start(program, arguments, user);
        if (input is not null) process.StandardInput.Write(input);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromSeconds(120)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end within two minutes.");
        }
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {output}{errors.Result}");
    }

    public static Process Start(string program, IEnumerable<string> arguments, string? user = null)
    {
        var asOther = user is not null && Environment.UserName == "root";
        var start = new ProcessStartInfo(asOther ? "runuser" : program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var argument in asOther ? ["-u", user!, "--", program, .. arguments] : arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
