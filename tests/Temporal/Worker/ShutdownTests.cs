using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Tests;

public sealed class ShutdownTests(DevServerFixture server)
{
    // Long enough that a lost activity would show as a test that hangs, not as one that is slow.
    private static readonly ActivityOptions Hour = new() { StartToClose = TimeSpan.FromHours(1), Heartbeat = TimeSpan.FromMinutes(30), Retry = new RetryOptions { InitialInterval = TimeSpan.FromMilliseconds(20) } };

    [Fact]
    public async Task Stop_ActivityFinishesWithinTheGrace_ItsResultIsReported()
    {
        var running = new TaskCompletionSource();
        await using var worker = new TestWorker(server.Client, o => o with { GracefulShutdown = TimeSpan.FromSeconds(20) })
            .OneActivity("wf", "step", Hour).Activity("step", async c =>
            {
                running.SetResult();
                await Task.Delay(Timeout.Infinite, c.WorkerShutdownToken).ContinueWith(_ => { }, TaskScheduler.Default);
                return c.CancellationToken.IsCancellationRequested ? "cancelled" : "finished";
            }).Run();
        var handle = await worker.StartAsync("wf");
        await running.Task.WaitAsync(TestWorker.Patience);

        await worker.StopAsync();

        Assert.Equal("finished", (await handle.FoldAsync()).Activities["a"].Result<string>() ?? await FinishElsewhere(handle, worker.Queue));
    }

    [Fact]
    public async Task Stop_ActivityHeedsItsToken_AnotherWorkerGetsItAtOnceWithItsProgress()
    {
        var running = new TaskCompletionSource();
        var reason = ActivityCancelReason.None;
        await using var first = new TestWorker(server.Client).OneActivity("wf", "step", Hour).Activity("step", async c =>
        {
            c.Heartbeat(77);
            running.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, c.CancellationToken);
            }
            finally
            {
                reason = c.CancelReason;
            }
            return null;
        }).Run();
        var handle = await first.StartAsync("wf");
        await running.Task.WaitAsync(TestWorker.Patience);

        await first.StopAsync();
        await using var second = new TestWorker(server.Client, queue: first.Queue).OneActivity("wf", "step", Hour)
            .Activity("step", c => Task.FromResult<object?>($"attempt {c.Attempt} from {c.LastHeartbeat<int>()}")).Run();

        Assert.Equal("attempt 2 from 77", await handle.ResultAsync<string>().WaitAsync(TestWorker.Patience));
        Assert.Equal(ActivityCancelReason.WorkerShutdown, reason);
        Assert.DoesNotContain((await handle.FoldAsync()).Events, e => e.EventType is EventType.ActivityTaskTimedOut or EventType.WorkflowTaskTimedOut);
    }

    [Fact]
    public async Task Stop_ActivityIgnoresItsToken_IsReportedWithoutIt()
    {
        var running = new TaskCompletionSource();
        using var never = new SemaphoreSlim(0);
        await using var first = new TestWorker(server.Client, o => o with { CancelGrace = TimeSpan.FromMilliseconds(300) })
            .OneActivity("wf", "step", Hour).Activity("step", async c =>
            {
                running.SetResult();
                await never.WaitAsync(CancellationToken.None);
                return "too late";
            }).Run();
        var handle = await first.StartAsync("wf");
        await running.Task.WaitAsync(TestWorker.Patience);

        await first.StopAsync();
        await using var second = new TestWorker(server.Client, queue: first.Queue).OneActivity("wf", "step", Hour)
            .Activity("step", c => Task.FromResult<object?>($"attempt {c.Attempt}")).Run();

        Assert.Equal("attempt 2", await handle.ResultAsync<string>().WaitAsync(TestWorker.Patience));
        never.Release();
    }

    [Fact]
    public async Task Stop_ManyWorkersTakeTurns_NoTaskIsLost()
    {
        // Each stop ends polls that the server may be answering: what is lost then shows as a time-out in some history.
        var queue = "queue-" + Guid.NewGuid().ToString("N");
        var done = new List<Task<int>>();
        for (var turn = 0; turn < 8; turn++)
        {
            await using var worker = new TestWorker(server.Client, queue: queue).OneActivity("wf", "step", Hour)
                .Activity("step", c => Task.FromResult<object?>(c.Input<int>() * 2)).Run();
            for (var i = 0; i < 5; i++)
            {
                var handle = await worker.StartAsync("wf", i);
                done.Add(handle.ResultAsync<int>());
            }
        }
        await using var last = new TestWorker(server.Client, queue: queue).OneActivity("wf", "step", Hour)
            .Activity("step", c => Task.FromResult<object?>(c.Input<int>() * 2)).Run();

        var results = await Task.WhenAll(done).WaitAsync(TestWorker.Patience);

        Assert.Equal(8 * (0 + 2 + 4 + 6 + 8), results.Sum());
    }

    [Fact]
    public async Task RunAsync_NothingAdded_SaysSo()
    {
        var worker = new WorkflowWorker(server.Client, new WorkerOptions { TaskQueue = "q" });

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => worker.RunAsync(CancellationToken.None));

        Assert.Equal("The worker of task queue 'q' has neither deciders nor activities; add some before it runs.", error.Message);
    }

    [Fact]
    public async Task RunAsync_Twice_SaysSo()
    {
        var worker = new TestWorker(server.Client).Decider("wf", (_, _, _) => { });
        using var stop = new CancellationTokenSource();
        var first = worker.Worker.RunAsync(stop.Token);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => worker.Worker.RunAsync(CancellationToken.None));
        await stop.CancelAsync();
        await first.WaitAsync(TestWorker.Patience);

        Assert.Equal($"The worker of task queue '{worker.Queue}' runs or ran already; make a new one.", error.Message);
    }

    private async Task<string?> FinishElsewhere(WorkflowHandle handle, string queue)
    {
        await using var worker = new TestWorker(server.Client, queue: queue).OneActivity("wf", "step", Hour).Activity("step", _ => Task.FromResult<object?>("by another")).Run();
        return await handle.ResultAsync<string>();
    }
}
