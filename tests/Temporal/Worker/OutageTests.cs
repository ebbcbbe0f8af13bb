using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FlowForge.Temporal.DevServer;
using FlowForge.Temporal.Worker;
using Server = FlowForge.Temporal.DevServer.DevServer;

namespace FlowForge.Temporal.Tests;

/// <summary>The server goes away and comes back under clients and workers that stay.</summary>
public sealed class OutageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flowforge-outage-").FullName;
    private readonly int _port = FreePort();

    [Fact]
    public async Task ConnectAsync_ServerComesLater_Waits()
    {
        var connecting = TemporalClient.ConnectAsync(Options);
        Assert.False(connecting.IsCompleted);

        await using var server = await StartAsync();
        await using var client = await connecting.WaitAsync(TestWorker.Patience);

        Assert.NotEmpty(client.ServerInfo.ServerVersion);
    }

    [Fact]
    public async Task ConnectAsync_NoServer_SaysWhereAndWhatToDo()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(() => TemporalClient.ConnectAsync(Options with { ConnectTimeout = TimeSpan.FromMilliseconds(300) }));

        Assert.StartsWith($"No Temporal server answered at 127.0.0.1:{_port} within 0.3 s. Start it, or set Temporal:Address. Last error: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_DuringActivity_WorkerReconnectsAndTheResultArrives()
    {
        var server = await StartAsync();
        await using var client = await TemporalClient.ConnectAsync(Options);
        var running = new TaskCompletionSource();
        var finish = new TaskCompletionSource();
        await using var worker = new TestWorker(client)
            .OneActivity("wf", "step", new ActivityOptions { StartToClose = TimeSpan.FromMinutes(5), Heartbeat = TimeSpan.FromSeconds(60) })
            .Activity("step", async c =>
            {
                running.TrySetResult();
                await finish.Task;
                return $"attempt {c.Attempt}";
            }).Run();
        var handle = await worker.StartAsync("wf");
        var result = handle.ResultAsync<string>();
        await running.Task.WaitAsync(TestWorker.Patience);

        await server.DisposeAsync();
        // The function ends while nobody listens: its result must wait for the server.
        finish.SetResult();
        await using var again = await StartAsync();

        Assert.Equal("attempt 1", await result.WaitAsync(TestWorker.Patience));
        Assert.Equal("attempt 1", await (await worker.StartAsync("wf")).ResultAsync<string>().WaitAsync(TestWorker.Patience));
    }

    [Fact]
    public async Task Kill9_TwentyWorkflowsInFlight_AllEndCorrectly()
    {
        using var first = StartProcess();
        await using var client = await TemporalClient.ConnectAsync(Options);
        await using var worker = new TestWorker(client).Decider("wf", (h, t, d) =>
        {
            var step = new ActivityOptions { StartToClose = TimeSpan.FromSeconds(5), Retry = new RetryOptions { InitialInterval = TimeSpan.FromMilliseconds(100) } };
            for (var i = 0; i < 3; i++)
            {
                if (!h.Activities.TryGetValue($"a{i}", out var a))
                {
                    d.ScheduleActivity($"a{i}", "step", i, step);
                    return;
                }
                if (!a.IsClosed)
                {
                    return;
                }
            }
            d.CompleteWorkflow(h.Activities.Values.Sum(a => a.Result<int>()));
        }).Activity("step", async c =>
        {
            await Task.Delay(20);
            return c.Input<int>() + 1;
        }).Run();
        var handles = new List<WorkflowHandle>();
        for (var i = 0; i < 20; i++)
        {
            handles.Add(await worker.StartAsync("wf"));
        }

        first.Kill();
        await first.WaitForExitAsync();
        using var second = StartProcess();

        try
        {
            var results = await Task.WhenAll(handles.Select(h => h.ResultAsync<int>())).WaitAsync(TestWorker.Patience);
            Assert.All(results, r => Assert.Equal(6, r));
        }
        finally
        {
            await worker.StopAsync();
            second.Kill();
            await second.WaitForExitAsync();
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private TemporalOptions Options => new() { Address = $"127.0.0.1:{_port}" };

    private Task<Server> StartAsync() => Server.StartAsync(new DevServerOptions { Port = _port, DbFile = Path.Combine(_folder, "temporal.db") });

    private Process StartProcess()
    {
        var executable = Path.Combine(AppContext.BaseDirectory, "FlowForge.Temporal.DevServer.dll");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in (string[])[executable, "--port", $"{_port}", "--db-filename", Path.Combine(_folder, "kill.db"), "--headless"])
        {
            start.ArgumentList.Add(argument);
        }
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
