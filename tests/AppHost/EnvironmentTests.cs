using System.Net;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Tests;

/// <summary>One environment that tests look at and talk to, without ending it.</summary>
public sealed class EnvironmentFixture : IAsyncLifetime
{
    public TemporaryFolder Folder { get; } = new();

    public string Data => Folder.At("data");

    internal AppHostProcess Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await AppHostProcess.ReadyAsync(Data, "--port-offset", AppHostProcess.PortOffset(), "--files-root", Folder.Path);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Folder.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class EnvironmentCollection : ICollectionFixture<EnvironmentFixture>
{
    public const string Name = "environment";
}

[Collection(EnvironmentCollection.Name)]
public sealed class EnvironmentTests(EnvironmentFixture environment)
{
    private readonly AppHostProcess host = environment.Host;
    private readonly string data = environment.Data;

    [Fact]
    public async Task Start_FreshFolder_PrintsOneBlockWithLinksThatWork()
    {
        var running = host.Running!;
        var token = await File.ReadAllTextAsync(Path.Combine(data, "token"));
        var link = $"{running.Workbench!.GetLeftPart(UriPartial.Authority)}/login?token={token}";
        Assert.Contains($"  Log in      {link}\n", host.Output, StringComparison.Ordinal);
        Assert.Contains($"  API         {running.Runtime.GetLeftPart(UriPartial.Authority)}/api/v1   (OpenAPI: /openapi/v1.json)\n", host.Output, StringComparison.Ordinal);
        Assert.Contains($"  Temporal    {running.Temporal} (embedded)\n", host.Output, StringComparison.Ordinal);
        Assert.Contains($"  Data        {data}\n", host.Output, StringComparison.Ordinal);

        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        Assert.Equal("""{"status":"healthy","service":"workbench"}""", await http.GetStringAsync(new Uri(running.Workbench, "/health")));
        Assert.Equal("""{"status":"healthy","service":"runtime"}""", await http.GetStringAsync(new Uri(running.Runtime, "/health")));
        Assert.Equal(HttpStatusCode.SeeOther, (await http.GetAsync(new Uri(link))).StatusCode);
        Assert.True((await running.Connect().SystemAsync()).Temporal.Embedded);
    }

    [Fact]
    public void Start_FreshFolder_TokenIsForItsOwnerAlone()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has no file modes; the folder's own rights hold there.");
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(data, "token")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(data));
        }
    }

    [Fact]
    public async Task Start_FreshFolder_HasTheDemo() =>
        Assert.Superset(new HashSet<string> { "flights", "movies" }, (await host.Running!.Connect().PipelinesAsync()).Items.Select(p => p.Name).ToHashSet());

    [Fact]
    public async Task Start_SameFolderTwice_SaysWhoHasIt()
    {
        var (code, _, errors) = await AppHostProcess.RunAsync(data);
        Assert.Equal(1, code);
        Assert.Equal($"""
            error: The data folder {data} is in use by another environment (process {host.Id}, {host.Running!.Workbench}).
              Use that one, stop it, or choose another folder with --data DIR (and --port-offset N, if it stays).
            """, errors);
    }

    [Fact]
    public async Task Start_TakenPorts_NamesThemAndAWayOut()
    {
        using var other = new TemporaryFolder();
        var offset = host.Running!.Runtime.Port - 5080;
        var (code, _, errors) = await AppHostProcess.RunAsync(other.At("data"), "--port-offset", offset.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(1, code);
        var lines = errors.Split('\n');
        Assert.Equal($"error: Port {7233 + offset}, which the Temporal server needs, is taken by another program.", lines[0]);
        Assert.Equal($"Port {5080 + offset}, which the runtime needs, is taken by another program.", lines[1]);
        Assert.Equal($"Port {5000 + offset}, which the workbench needs, is taken by another program.", lines[2]);
        Assert.StartsWith("  End that program, or move all ports: dotnet run --project AppHost -- --port-offset ", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhileAnEnvironmentRuns_UsesIt()
    {
        var file = environment.Folder.Pipeline("attached");
        var (code, output, errors) = await AppHostProcess.RunAsync(data, "run", file, "--json");
        Assert.True(code == 0, errors);
        Assert.StartsWith("{\"run\":\"", output, StringComparison.Ordinal);
        Assert.Equal(RunState.Succeeded, (await host.Running!.Connect().RunsAsync(new RunQuery { Pipeline = "attached" })).Items.Single().State);
    }

    [Fact]
    public async Task Service_Killed_IsStartedAgainWithAVisibleLine()
    {
        var before = host.Running!.Services;
        foreach (var name in new[] { "runtime", "temporal", "workbench" })
        {
            AppHostProcess.Signal("KILL", before[name]);
            await host.UntilAsync(() => host.Running!.Services.TryGetValue(name, out var pid) && pid != before[name], name + " started again");
            var line = $"{name} (process {before[name]}) ended unasked: killed by signal 9. Starting it again in 0.5 s.";
            await host.UntilAsync(() => host.Output.Contains(line, StringComparison.Ordinal), line);
        }
        using var http = new HttpClient();
        await host.UntilAsync(() => Healthy(host.Running!.Runtime) && Healthy(host.Running!.Workbench!), "health after the restart");
        var client = host.Running!.Connect();
        var again = await client.StartRunAsync(new StartRun("movies"));
        RunState? last = null;
        await foreach (var e in client.WatchRunAsync(again.Run, ct: TestContext.Current.CancellationToken))
            last = e.Run?.State ?? last;
        Assert.Equal(RunState.Succeeded, last);

        bool Healthy(Uri service)
        {
            try
            {
                return http.GetAsync(new Uri(service, "/health")).GetAwaiter().GetResult().IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
