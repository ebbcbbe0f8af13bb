using System.Diagnostics;
using System.Text;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Tests;

/// <summary>The tutorial of Plugins/README.md from its first line to rows in a table: outside of the repository, against the packed contract, by the tool and a real environment.</summary>
[Collection(EnvironmentCollection.Name)]
public sealed class PluginShippingTests(EnvironmentFixture environment) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flowforge-author-").FullName;

    private static string Repository { get; } = FindRepository();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Tutorial_OutsideTheRepository_EndsWithRowsInATable()
    {
        var readMe = await File.ReadAllTextAsync(Path.Combine(Repository, "Plugins", "README.md"), TestContext.Current.CancellationToken);
        var (project, code, pipeline) = (Block(readMe, "xml"), Block(readMe, "csharp"), Block(readMe, "yaml"));
        Assert.True(code.Split('\n').Length < 60, "The tutorial's connector has grown beyond 60 lines.");

        var feed = Path.Combine(_folder, "feed");
        foreach (var contract in new[] { "Plugins/Abstractions", "Runtime/Columnar" })
            await DotnetAsync(Repository, "pack", Path.Combine(Repository, contract), "-o", feed, "-c", Configuration, "--no-build", "-v", "q");
        await File.WriteAllTextAsync(Path.Combine(_folder, "nuget.config"), $"<configuration><packageSources><clear /><add key=\"feed\" value=\"{feed}\" /></packageSources></configuration>", TestContext.Current.CancellationToken);

        // The template, and then what the tutorial writes into it.
        await DotnetAsync(_folder, "new", "install", Path.Combine(Repository, "Plugins", "templates", "flowforge-connector"));
        await DotnetAsync(_folder, "new", "flowforge-connector", "-n", "Acme.Processes");
        var author = Path.Combine(_folder, "Acme.Processes");
        Assert.Equal(project.Trim(), (await File.ReadAllTextAsync(Path.Combine(author, "Acme.Processes.csproj"), TestContext.Current.CancellationToken)).Trim());
        Assert.Contains("[Connector(\"acme_processes\"", await File.ReadAllTextAsync(Path.Combine(author, "Connector.cs"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await DotnetAsync(author, "build", "-c", "Release", "-v", "q", "-o", Path.Combine(_folder, "template-built"));
        await File.WriteAllTextAsync(Path.Combine(author, "Connector.cs"), code, TestContext.Current.CancellationToken);
        await DotnetAsync(author, "build", "-c", "Release", "-v", "q");
        var built = Path.Combine(author, "bin", "Release", "net10.0");
        Assert.False(File.Exists(Path.Combine(built, "FlowForge.Plugins.Abstractions.dll")));

        var packed = await FlowForgeAsync("plugin", "pack", built, "--id", "processes", "--output", _folder);
        var package = Path.Combine(_folder, "processes.1.0.0.nupkg");
        var sha = packed.Split('\n')[1]["sha256 ".Length..];
        Assert.Equal($"{package}\nsha256 {sha}", packed);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => FlowForgeAsync("plugin", "install", package, "--sha256", new string('0', 64)));
        Assert.Contains($"The package has the checksum {sha}, not {new string('0', 64)}. Do not install it unless you know why.", refused.Message, StringComparison.Ordinal);
        Assert.Equal($"processes 1.0.0 is installed.\nsha256 {sha}", await FlowForgeAsync("plugin", "install", package, "--sha256", sha));

        var file = Path.Combine(_folder, "processes.yaml");
        await File.WriteAllTextAsync(file, pipeline, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(environment.Data, "workspace", "processes.yaml"), pipeline, TestContext.Current.CancellationToken);
        await FlowForgeAsync("pipelines", "put", Path.Combine(environment.Data, "workspace", "processes.yaml"));
        await FlowForgeAsync("runs", "start", "processes", "--watch");
        var rows = await FlowForgeAsync("tables", "rows", "bronze.processes");
        Assert.Contains("dotnet", rows, StringComparison.Ordinal);
        Assert.Contains("memorybytes", rows, StringComparison.Ordinal);

        // A second version beside the first; the highest is meant.
        await DotnetAsync(author, "build", "-c", "Release", "-v", "q", "-p:Version=1.1.0");
        await FlowForgeAsync("plugin", "pack", built, "--id", "processes", "--output", _folder);
        await FlowForgeAsync("plugin", "install", Path.Combine(_folder, "processes.1.1.0.nupkg"));
        Assert.Equal(["processes", "processes"], (await FlowForgeAsync("plugin", "list")).Split('\n').Skip(1).Select(l => l.Split(' ')[0]));
        Assert.Contains("1.1.0", (await FlowForgeAsync("connectors")).Split('\n').Single(l => l.StartsWith("processes ", StringComparison.Ordinal)), StringComparison.Ordinal);
        await FlowForgeAsync("plugin", "remove", "processes", "1.1.0");
        await FlowForgeAsync("plugin", "remove", "processes", "1.0.0");
        Assert.DoesNotContain("processes", await FlowForgeAsync("connectors"), StringComparison.Ordinal);
    }

    private static string Configuration => Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')) == "release" ? "Release" : "Debug";

    private static string Block(string markdown, string language) => markdown.Split($"```{language}\n")[1].Split("```")[0];

    private Task<string> FlowForgeAsync(params string[] arguments) =>
        RunAsync(_folder, ["exec", Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "FlowForge.Cli.dll")), .. arguments, "--data", environment.Data]);

    private Task<string> DotnetAsync(string folder, params string[] arguments) => RunAsync(folder, arguments);

    private async Task<string> RunAsync(string folder, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        // An author's machine: nothing of this one's package folder, templates or build settings.
        start.Environment["NUGET_PACKAGES"] = Path.Combine(_folder, "packages");
        start.Environment["DOTNET_CLI_HOME"] = Path.Combine(_folder, "home");
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try { await process.WaitForExitAsync(limit.Token); }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet {string.Join(' ', arguments)} did not end.");
        }
        return process.ExitCode == 0 ? (await output).TrimEnd() : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await errors}");
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "FlowForge.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("FlowForge.sln was not found above " + AppContext.BaseDirectory);
    }
}
