using System.Diagnostics;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Tests;

public sealed class ActivityTests(DevServerFixture server)
{
    private static readonly ActivityOptions Plain = new() { StartToClose = TimeSpan.FromSeconds(30), Retry = new RetryOptions { InitialInterval = TimeSpan.FromMilliseconds(50), MaximumAttempts = 5 } };

    public sealed record Request(string Name, int[] Numbers);

    [Fact]
    public async Task RunAsync_ActivityReturns_ResultReachesTheWorkflowsCaller()
    {
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "sum", Plain)
            .Activity("sum", c => Task.FromResult<object?>(c.Input<Request>()!.Numbers.Sum())).Run();

        var handle = await worker.StartAsync("wf", new Request("x", [1, 2, 3]));

        Assert.Equal(6, await handle.ResultAsync<int>());
    }

    [Fact]
    public async Task RunAsync_ActivityFailsTwice_IsRetriedWithItsHeartbeatDetails()
    {
        var seen = new List<(int Attempt, int Last)>();
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "flaky", Plain with { Heartbeat = TimeSpan.FromSeconds(20) })
            .Activity("flaky", c =>
            {
                seen.Add((c.Attempt, c.LastHeartbeat<int>()));
                c.Heartbeat(c.Attempt * 10);
                return c.Attempt < 3 ? throw new IOException($"attempt {c.Attempt}") : Task.FromResult<object?>("done");
            }).Run();

        var handle = await worker.StartAsync("wf");

        Assert.Equal("done", await handle.ResultAsync<string>());
        Assert.Equal([(1, 0), (2, 10), (3, 20)], seen);
        Assert.Equal(3, (await handle.FoldAsync()).Activities["a"].Attempt);
    }

    [Fact]
    public async Task RunAsync_NonRetryableFailure_EndsAtOnceAndCarriesItsDetails()
    {
        var attempts = 0;
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "bad", Plain).Activity("bad", _ =>
        {
            Interlocked.Increment(ref attempts);
            throw new ApplicationFailure("no such file", "FileMissing", nonRetryable: true, new IOException("ENOENT")) { Details = new Request("x.csv", [7]) };
        }).Run();

        var error = await Assert.ThrowsAsync<WorkflowFailedException>(async () => await (await worker.StartAsync("wf")).WaitAsync());

        Assert.Equal(1, attempts);
        Assert.Equal(WorkflowExecutionStatus.Failed, error.Status);
        var failure = Assert.IsType<ApplicationFailure>(error.InnerException);
        Assert.Equal(("no such file", "FileMissing", "ENOENT"), (failure.Message, failure.Type, failure.InnerException!.Message));
        Assert.Equal("x.csv", failure.DetailsAs<Request>()!.Name);
    }

    [Fact]
    public async Task RunAsync_UnknownActivityType_FailureListsTheRegisteredOnes()
    {
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "load-tabel", Plain with { Retry = RetryOptions.None })
            .Activity("load-table", _ => Task.FromResult<object?>(null)).Activity("begin", _ => Task.FromResult<object?>(null)).Run();

        var error = await Assert.ThrowsAsync<WorkflowFailedException>(async () => await (await worker.StartAsync("wf")).WaitAsync());

        Assert.Equal($"Activity type 'load-tabel' is not registered on task queue '{worker.Queue}'. Registered there: begin, load-table.", error.InnerException!.Message);
    }

    [Fact]
    public async Task RunAsync_InputOfTheWrongShape_FailsWithTheReason()
    {
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "sum", Plain with { Retry = RetryOptions.None })
            .Activity("sum", c => Task.FromResult<object?>(c.Input<int>())).Run();

        var error = await Assert.ThrowsAsync<WorkflowFailedException>(async () => await (await worker.StartAsync("wf", "text")).WaitAsync());

        Assert.StartsWith("A payload of 6 bytes (json/plain) cannot be read as Int32: ", error.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ResultThatCannotBeWritten_FailsWithoutRetry()
    {
        var attempts = 0;
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "cycle", Plain).Activity("cycle", _ =>
        {
            attempts++;
            return Task.FromResult<object?>(new Func<int>(() => 1));
        }).Run();

        var error = await Assert.ThrowsAsync<WorkflowFailedException>(async () => await (await worker.StartAsync("wf")).WaitAsync());

        Assert.Equal(("ResultNotWritable", 1), (Assert.IsType<ApplicationFailure>(error.InnerException).Type, attempts));
    }

    [Fact]
    public async Task CancelAsync_RunningActivityWithHeartbeat_SeesItWithinTwoSeconds()
    {
        var running = new TaskCompletionSource();
        var stopped = new TaskCompletionSource<(ActivityCancelReason, TimeSpan)>();
        var asked = 0L;
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "slow", Plain with { Heartbeat = TimeSpan.FromSeconds(30) })
            .Activity("slow", async c =>
            {
                running.SetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, c.CancellationToken);
                }
                finally
                {
                    c.Heartbeat("half");
                    stopped.SetResult((c.CancelReason, Stopwatch.GetElapsedTime(Volatile.Read(ref asked))));
                }
                return null;
            }).Run();
        var handle = await worker.StartAsync("wf");
        await running.Task.WaitAsync(TestWorker.Patience);

        Volatile.Write(ref asked, Stopwatch.GetTimestamp());
        await handle.CancelAsync("enough");

        var (reason, latency) = await stopped.Task.WaitAsync(TestWorker.Patience);
        Assert.Equal(ActivityCancelReason.Requested, reason);
        Assert.True(latency < TimeSpan.FromSeconds(30), $"{latency}");
        var error = await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.WaitAsync());
        Assert.Equal(WorkflowExecutionStatus.Canceled, error.Status);
        var history = await handle.FoldAsync();
        Assert.Equal(("enough", "half"), (history.CancelReason, history.Activities["a"].CancelDetails<string>()));
    }

    [Fact]
    public async Task TerminateAsync_RunningActivity_IsToldThatItIsGone()
    {
        var running = new TaskCompletionSource();
        var reason = new TaskCompletionSource<ActivityCancelReason>();
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "slow", Plain with { Heartbeat = TimeSpan.FromSeconds(1) })
            .Activity("slow", async c =>
            {
                running.SetResult();
                await Task.Delay(Timeout.Infinite, c.CancellationToken).ContinueWith(_ => reason.SetResult(c.CancelReason), TaskScheduler.Default);
                return null;
            }).Run();
        var handle = await worker.StartAsync("wf");
        await running.Task.WaitAsync(TestWorker.Patience);

        await handle.TerminateAsync("away with it");

        Assert.Equal(ActivityCancelReason.Gone, await reason.Task.WaitAsync(TestWorker.Patience));
        var error = await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.WaitAsync());
        Assert.Equal((WorkflowExecutionStatus.Terminated, "away with it"), (error.Status, error.InnerException!.Message));
    }

    [Fact]
    public async Task RunAsync_StartToCloseRunsOut_TokenIsCancelledAndTheServerTimesItOut()
    {
        var reason = new TaskCompletionSource<ActivityCancelReason>();
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "slow", new ActivityOptions { StartToClose = TimeSpan.FromMilliseconds(400), Retry = RetryOptions.None })
            .Activity("slow", async c =>
            {
                await Task.Delay(Timeout.Infinite, c.CancellationToken).ContinueWith(_ => reason.SetResult(c.CancelReason), TaskScheduler.Default);
                throw new OperationCanceledException();
            }).Run();

        var error = await Assert.ThrowsAsync<WorkflowFailedException>(async () => await (await worker.StartAsync("wf")).WaitAsync());

        Assert.Equal(ActivityCancelReason.TimedOut, await reason.Task.WaitAsync(TestWorker.Patience));
        Assert.Equal(TimeoutType.StartToClose, Assert.IsType<TimeoutFailure>(error.InnerException).Type);
    }

    [Fact]
    public async Task RunAsync_SlowActivityWithShortHeartbeatTimeout_StaysAliveByItself()
    {
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "slow", Plain with { Heartbeat = TimeSpan.FromSeconds(2), Retry = RetryOptions.None })
            .Activity("slow", async c =>
            {
                await Task.Delay(5000, c.CancellationToken);
                return c.Attempt;
            }).Run();

        Assert.Equal(1, await (await worker.StartAsync("wf")).ResultAsync<int>());
    }

    [Fact]
    public async Task RunAsync_NoAutoHeartbeatAndSilence_TimesOut()
    {
        await using var worker = new TestWorker(server.Client, o => o with { AutoHeartbeat = false })
            .OneActivity("wf", "slow", Plain with { Heartbeat = TimeSpan.FromMilliseconds(400), Retry = RetryOptions.None })
            .Activity("slow", async c =>
            {
                await Task.Delay(5000, c.CancellationToken);
                return null;
            }).Run();

        var error = await Assert.ThrowsAsync<WorkflowFailedException>(async () => await (await worker.StartAsync("wf")).WaitAsync());

        Assert.Equal(TimeoutType.Heartbeat, Assert.IsType<TimeoutFailure>(error.InnerException).Type);
    }

    [Fact]
    public async Task Heartbeat_Progress_ShowsInTheDescription()
    {
        var go = new TaskCompletionSource();
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "load", Plain with { Heartbeat = TimeSpan.FromSeconds(10) })
            .Activity("load", async c =>
            {
                c.Heartbeat(new Request("rows", [42]));
                await go.Task;
                return null;
            }).Run();
        var handle = await worker.StartAsync("wf");

        await Wait.UntilAsync("the heartbeat is described", async () => (await handle.DescribeAsync()).Heartbeat<Request>("a")?.Numbers is [42]);

        go.SetResult();
        await handle.WaitAsync();
    }

    [Fact]
    public async Task Later_CompletedThroughItsToken_EndsTheActivity()
    {
        var token = new TaskCompletionSource<byte[]>();
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "approve", Plain).Activity("approve", c =>
        {
            token.SetResult(c.Task.TaskToken.ToArray());
            return Task.FromResult<object?>(ActivityResult.Later);
        }).Run();
        var handle = await worker.StartAsync("wf");

        await server.Client.GetActivity(await token.Task.WaitAsync(TestWorker.Patience)).CompleteAsync("yes");

        Assert.Equal("yes", await handle.ResultAsync<string>());
    }

    [Fact]
    public async Task RunAsync_TwoSlots_NeverRunsMoreAndFinishesAll()
    {
        int now = 0, most = 0;
        await using var worker = new TestWorker(server.Client, o => o with { MaxConcurrentActivities = 2 }).Decider("wf", (h, t, d) =>
        {
            for (var i = 0; i < 10 && h.Activities.Count == 0; i++)
            {
                d.ScheduleActivity($"a{i}", "step", null, Plain);
            }
            if (h.Activities.Count == 10 && h.Activities.Values.All(a => a.IsCompleted))
            {
                d.CompleteWorkflow();
            }
        }).Activity("step", async c =>
        {
            var n = Interlocked.Increment(ref now);
            lock (c.Task.WorkflowId)
            {
                most = Math.Max(most, n);
            }
            await Task.Delay(30);
            Interlocked.Decrement(ref now);
            return null;
        }).Run();

        await (await worker.StartAsync("wf")).WaitAsync();

        Assert.Equal(2, most);
    }
}
