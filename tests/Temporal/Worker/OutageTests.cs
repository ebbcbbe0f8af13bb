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
    private readonly int _port = FreePort.Take();

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

    private static bool Long => Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1";

    [Fact]
    public async Task Kill9_WorkflowsInFlight_AllEndCorrectlyAndReplay()
    {
        var (count, kills) = Long ? (200, 10) : (20, 1);
        var process = StartProcess();
        try
        {
            await using var client = await TemporalClient.ConnectAsync(Options);
            await using var worker = new TestWorker(client).Decider("wf", ThreeSteps).Activity("step", async c =>
            {
                await Task.Delay(20);
                return c.Input<int>() + 1;
            }).Run();
            var handles = new System.Collections.Concurrent.ConcurrentBag<WorkflowHandle>();
            var starting = Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => handles.Add(await worker.StartAsync("wf")));

            for (var i = 0; i < kills; i++)
            {
                var before = handles.Count;
                await Wait.UntilAsync("some more are started", () => handles.Count >= Math.Min(count, before + 10));
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
                process = StartProcess();
            }

            await starting.WaitAsync(TestWorker.Patience * 2);
            var results = await Task.WhenAll(handles.Select(h => h.ResultAsync<int>())).WaitAsync(TestWorker.Patience * 2);
            Assert.All(results, r => Assert.Equal(6, r));
            foreach (var handle in handles)
            {
                // What the server wrote down must be what the decider decided, each command once.
                Assert.Equal("", Replayer.Replay(new LambdaDecider(ThreeSteps), (await handle.FoldAsync()).Events).ToString());
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static void ThreeSteps(WorkflowHistory history, WorkflowTask task, DecisionBuilder decision)
    {
        for (var i = 0; i < 3; i++)
        {
            if (!history.Activities.TryGetValue($"a{i}", out var activity))
            {
                decision.ScheduleActivity($"a{i}", "step", i, new ActivityOptions { StartToClose = TimeSpan.FromSeconds(5), Retry = new RetryOptions { InitialInterval = TimeSpan.FromMilliseconds(100) } });
                return;
            }
            if (!activity.IsClosed)
            {
                return;
            }
        }
        decision.CompleteWorkflow(history.Activities.Values.Sum(a => a.Result<int>()));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private TemporalOptions Options => new() { Address = $"127.0.0.1:{_port}", ConnectTimeout = TestWorker.Patience };

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
}
