using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.State;

namespace FlowForge.Api.Tests;

/// <summary>The real runtime process on a data folder of its own, filled before it starts. Temporal is not there: these tests start no runs.</summary>
public class TestRuntime : IAsyncLifetime
{
    private Process? process;

    public string Folder { get; } = Directory.CreateTempSubdirectory("flowforge-api-").FullName;

    public string Workspace => Path.Combine(Folder, "workspace");

    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort.Take()}");

    public string Token { get; private set; } = "";

    public FlowForgeClient Client { get; private set; } = null!;

    /// <summary>Nothing listens there.</summary>
    protected virtual string TemporalAddress => "127.0.0.1:1";

    public virtual async ValueTask InitializeAsync()
    {
        SampleCatalog.Fill(Path.Combine(Folder, "catalog", "catalog.db"));
        SampleLake.Fill(Path.Combine(Folder, "lake"));
        SamplePlugins.Make(Path.Combine(Folder, "plugins"));
        await StartAsync();
    }

    /// <summary>Kills the runtime and starts another one on the same folder.</summary>
    internal async Task RestartAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        await StartAsync();
    }

    private async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "FlowForge.Api.dll"));
        start.Environment["FlowForge__DataFolder"] = Folder;
        start.Environment["ASPNETCORE_URLS"] = Address.GetLeftPart(UriPartial.Authority);
        start.Environment["Temporal__Address"] = TemporalAddress;
        start.Environment["Plugins__Folder"] = Path.Combine(Folder, "plugins");
        // The runtime leaves when this process does.
        start.Environment["FLOWFORGE_LIFELINE"] = "stdin";
        process = Process.Start(start)!;
        var output = new List<string>();
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        using var http = new HttpClient();
        var limit = Stopwatch.StartNew();
        while (!await AnswersAsync(http))
        {
            if (process.HasExited || limit.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException("The runtime did not start: " + string.Join('\n', output));
            await Task.Delay(50);
        }
        Token = await File.ReadAllTextAsync(Path.Combine(Folder, "token"));
        Client = FlowForgeClient.Connect(Address, Token);

        void Keep(string? line)
        {
            lock (output)
                output.Add(line ?? "");
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (process is not null)
        {
            process.StandardInput.Close();
            if (!process.WaitForExit(10_000))
                process.Kill();
            process.Dispose();
        }
        await Task.Yield();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task<bool> AnswersAsync(HttpClient http)
    {
        try
        {
            return (await http.GetAsync(new Uri(Address, "/health"))).StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

/// <summary>One runtime for all tests that only read or use names of their own.</summary>
[CollectionDefinition(Name)]
public sealed class RuntimeCollection : ICollectionFixture<TestRuntime>
{
    public const string Name = "runtime";
}
