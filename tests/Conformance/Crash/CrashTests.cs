using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FlowForge.Conformance.Tests.Support;

namespace FlowForge.Conformance.Tests.Crash;

/// <summary>kill -9 at random moments loses nothing that was acknowledged.</summary>
public sealed class CrashTests
{
    private static bool Long => Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1";

    [Fact]
    public async Task Server_KilledAtRandomMoments_EveryWorkflowEndsRightWithAValidHistory()
    {
        var workflows = Long ? 1000 : 60;
        var kills = Long ? 20 : 4;
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        var port = FreePort.Take();
        var server = await ServerProcess.StartAsync(port, folder.File("temporal.db"));
        try
        {
            var lines = new List<JsonElement>();
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var node = new ChildProcess("node", ["crash.js", server.Address, workflows.ToString(CultureInfo.InvariantCulture)], TestFiles.TypeScript, line =>
            {
                if (line.StartsWith('{'))
                {
                    lines.Add(JsonDocument.Parse(line).RootElement);
                    started.TrySetResult();
                }
            });
            var ended = node.WaitAsync(cancellation);
            await Task.WhenAny(started.Task, ended);
            var random = new Random(20260101);
            var killed = 0;
            for (; killed < kills && !ended.IsCompleted; killed++)
            {
                // The moment of the kill is the test's input: a random time, not a wait for a condition.
                await Task.WhenAny(ended, Task.Delay(random.Next(150, 1500), cancellation));
                if (ended.IsCompleted)
                {
                    break;
                }
                server.Process.Kill();
                server.Dispose();
                server = await ServerProcess.StartAsync(port, folder.File("temporal.db"));
            }
            await ended.WaitAsync(TimeSpan.FromMinutes(Long ? 10 : 3), cancellation);

            Assert.True(node.ExitCode == 0, node.Errors);
            Assert.True(killed >= kills / 2, $"only {killed} kills before the end: let the workflows run longer");
            Assert.Equal("[]", lines[^1].GetProperty("wrong").GetRawText());
            Assert.Equal(workflows, lines[^1].GetProperty("finished").GetInt32());
            await AssertHistoriesAsync(server.Address, workflows);
        }
        finally
        {
            server.Dispose();
        }
    }

    [Fact]
    public async Task Server_Terminated_StopsGracefullyAndStartsAgainWithItsRuns()
    {
        using var folder = new TemporaryFolder();
        var port = FreePort.Take();
        using (var server = await ServerProcess.StartAsync(port, folder.File("temporal.db")))
        {
            using var client = new ServiceClient(server.Address);
            await client.StartAsync("kept", "q");
            var poll = client.PollAsync("other");
            server.Process.Terminate();
            await server.Process.WaitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, server.Process.ExitCode);
            await Record.ExceptionAsync(() => poll);
        }
        using (var server = await ServerProcess.StartAsync(port, folder.File("temporal.db")))
        {
            using var client = new ServiceClient(server.Address);
            var task = await client.PollAsync("q");
            Assert.Equal("kept", task.WorkflowExecution.WorkflowId);
        }
    }

    [Fact]
    public async Task Server_PortTaken_SaysSoAndExitsWith2()
    {
        using var folder = new TemporaryFolder();
        using var first = await ServerProcess.StartAsync(FreePort.Take(), folder.File("a.db"));
        using var second = ServerProcess.Start(first.Port, folder.File("b.db"), _ => { });
        await second.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, second.ExitCode);
        Assert.Equal(
            $"Port {first.Port} on 127.0.0.1 is taken by another process. Stop that process, or choose another with --port.",
            second.Errors.Trim());
    }

    [Fact]
    public async Task Server_BeyondLoopbackWithoutTls_Refuses()
    {
        using var folder = new TemporaryFolder();
        using var server = ServerProcess.Start(0, folder.File("a.db"), _ => { }, "--ip", "0.0.0.0");
        await server.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, server.ExitCode);
        Assert.Equal(
            "Refusing to listen on 0.0.0.0: others could reach it. Beyond loopback the server needs --tls-cert, --tls-key and --api-key-file.",
            server.Errors.Trim());
    }

    private static async Task AssertHistoriesAsync(string address, int workflows)
    {
        using var client = new ServiceClient(address);
        var runs = await client.ListAsync("WorkflowType = 'mixed'");
        Assert.Equal(workflows, runs.Count);
        foreach (var run in runs)
        {
            Assert.Equal(WorkflowExecutionStatus.Completed, run.Status);
            var history = await client.HistoryAsync(run.Execution.WorkflowId, run.Execution.RunId);
            Assert.Equal([], HistoryCheck.Faults(history));
            // Each of the workflow's activities took place once: a repeated command would show as another.
            Assert.Equal(2 + (int.Parse(run.Execution.WorkflowId[6..], CultureInfo.InvariantCulture) % 3), history.Count(e => e.EventType == EventType.ActivityTaskScheduled));
        }
    }
}
