using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Tests;

public sealed class DeciderTests(DevServerFixture server)
{
    [Fact]
    public async Task Decide_SignalsAndTimer_AreSeenInOrder()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            if (!h.Timers.TryGetValue("t", out var timer))
            {
                d.StartTimer("t", TimeSpan.FromMilliseconds(300));
            }
            else if (timer.HasFired && h.Signals.Count == 2)
            {
                d.CompleteWorkflow(string.Join(",", h.Signals.Select(s => s.Name + s.Input<int>())));
            }
        }).Run();

        var handle = await worker.StartAsync("wf");
        await handle.SignalAsync("a", 1);
        await handle.SignalAsync("b", 2);

        Assert.Equal("a1,b2", await handle.ResultAsync<string>());
    }

    [Fact]
    public async Task Query_OpenAndClosedRun_IsAnsweredFromHistory()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            foreach (var q in t.Queries)
            {
                d.Answer(q, h.Signals.Count + q.Input<int>());
            }
            if (!t.IsQueryOnly && h.Signals.Count == 2)
            {
                d.CompleteWorkflow();
            }
        }).Run();
        var handle = await worker.StartAsync("wf");
        await handle.SignalAsync("s");

        Assert.Equal(101, await handle.QueryAsync<int>("count", 100));
        await handle.SignalAsync("s");
        await handle.WaitAsync();
        Assert.Equal(2, await handle.QueryAsync<int>("count"));
    }

    [Fact]
    public async Task Query_Unanswered_FailsWithTheTypeAndTheQuery()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (_, _, _) => { }).Run();
        var handle = await worker.StartAsync("wf");

        var error = await Assert.ThrowsAsync<WorkflowQueryFailedException>(() => handle.QueryAsync<int>("state"));

        Assert.Equal($"Query 'state' to workflow '{handle.Id}': Workflow type 'wf' does not answer the query 'state'.", error.Message);
    }

    [Fact]
    public async Task Update_AcceptedNowCompletedByALaterDecision_ReturnsItsResult()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            foreach (var u in t.Updates)
            {
                if (u.Input<int>() < 0)
                {
                    d.RejectUpdate(u, new ApplicationFailure("must not be negative", "BadInput"));
                }
                else
                {
                    d.AcceptUpdate(u).StartTimer(u.Id, TimeSpan.FromMilliseconds(50));
                }
            }
            foreach (var u in h.Updates.Values.Where(u => u.Status == UpdateStatus.Accepted && h.Timers[u.Id].HasFired))
            {
                d.CompleteUpdate(u.Id, u.Input<int>() * 2);
            }
        }).Run();
        var handle = await worker.StartAsync("wf");

        Assert.Equal(42, await handle.UpdateAsync<int>("double", 21));
        var error = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() => handle.UpdateAsync<int>("double", -1));
        Assert.Equal(("must not be negative", "BadInput"), (error.InnerException!.Message, ((ApplicationFailure)error.InnerException).Type));
        Assert.Single((await handle.FoldAsync()).Updates);
    }

    [Fact]
    public async Task Update_NotTaken_IsRejectedForTheDecider()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (_, _, _) => { }).Run();
        var handle = await worker.StartAsync("wf");

        var error = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() => handle.UpdateAsync<int>("double", 1));

        Assert.Equal($"Update 'double' of workflow '{handle.Id}': Workflow type 'wf' does not take the update 'double'.", error.Message);
    }

    [Fact]
    public async Task StartChild_CompletesFailsAndIsCancelled_ParentSeesEach()
    {
        await using var worker = new TestWorker(server.Client)
            .Decider("parent", (h, t, d) =>
            {
                foreach (var kind in new[] { "good", "bad", "endless" })
                {
                    if (!h.Children.ContainsKey(t.WorkflowId + kind))
                    {
                        d.StartChild(t.WorkflowId + kind, "child", kind);
                    }
                }
                if (h.Children.Values.FirstOrDefault(c => c.Id.EndsWith("endless", StringComparison.Ordinal)) is { Status: ChildStatus.Started } endless)
                {
                    d.CancelChild(endless.Id);
                }
                if (h.Children.Count == 3 && h.Children.Values.All(c => c.IsClosed))
                {
                    d.CompleteWorkflow(string.Join(" ", h.Children.Values.Select(c => $"{c.Status}:{c.Result<string>()}{c.Error?.Message}")));
                }
            })
            .Decider("child", (h, t, d) =>
            {
                switch (h.Started.Input<string>())
                {
                    case "good":
                        d.CompleteWorkflow("fine");
                        break;
                    case "bad":
                        d.FailWorkflow(new ApplicationFailure("broken"));
                        break;
                    case var _ when h.CancelRequested:
                        d.CancelWorkflow();
                        break;
                }
            }).Run();

        Assert.Equal("Completed:fine Failed:broken Cancelled:", await (await worker.StartAsync("parent")).ResultAsync<string>());
    }

    [Fact]
    public async Task ContinueAsNew_ResultIsThatOfTheLastRun()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            var n = h.Started.Input<int>();
            _ = n < 3 ? d.ContinueAsNew(n + 1) : d.CompleteWorkflow(n);
        }).Run();

        Assert.Equal(3, await (await worker.StartAsync("wf", 1)).ResultAsync<int>());
    }

    [Fact]
    public async Task SignalExternal_DeliveredAndNotFound_ShowInExternals()
    {
        await using var worker = new TestWorker(server.Client)
            .Decider("target", (h, t, d) =>
            {
                if (h.Signals.Count > 0)
                {
                    d.CompleteWorkflow(h.Signals[0].Input<string>());
                }
            })
            .Decider("sender", (h, t, d) =>
            {
                if (h.Externals.Count == 0)
                {
                    d.SignalExternal(h.Started.Input<string>()!, "hello", "world").SignalExternal("nobody-" + t.WorkflowId, "hello");
                }
                else if (h.Externals.All(e => e.Status != ExternalStatus.Requested))
                {
                    d.CompleteWorkflow(string.Join(" ", h.Externals.Select(e => e.Status + ":" + e.FailedCause)));
                }
            }).Run();
        var target = await worker.StartAsync("target");
        var sender = await worker.StartAsync("sender", target.Id);

        Assert.Equal("Delivered: Failed:ExternalWorkflowExecutionNotFound", await sender.ResultAsync<string>());
        Assert.Equal("world", await target.ResultAsync<string>());
    }

    [Fact]
    public async Task MarkersMemoAndCancelledTimer_AreInTheNextHistory()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            if (h.Markers.Count == 0)
            {
                d.RecordMarker("version", new Dictionary<string, object?> { ["number"] = 7 }).StartTimer("t", TimeSpan.FromHours(1))
                    .UpsertMemo(new Dictionary<string, object?> { ["phase"] = "two" });
            }
            else if (h.Signals.Count > 0 && h.Timers["t"].Status == TimerStatus.Started)
            {
                d.CancelTimer("t").CompleteWorkflow(h.Markers[0].Detail<int>("number") + h.Converter.FromPayload<string>(h.Memo["phase"]));
            }
        }).Run();
        var handle = await worker.StartAsync("wf");
        await Wait.UntilAsync("the marker is written", async () => (await handle.FoldAsync()).Markers.Count == 1);
        await handle.SignalAsync("go");

        Assert.Equal("7two", await handle.ResultAsync<string>());
        Assert.Equal(TimerStatus.Cancelled, (await handle.FoldAsync()).Timers["t"].Status);
        Assert.Equal("two", (await handle.DescribeAsync()).Summary.Memo<string>("phase"));
    }

    [Fact]
    public async Task Decide_ThrowsOnce_TaskFailsWithItsMessageAndIsRepeated()
    {
        var calls = 0;
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                throw new InvalidOperationException("a bug");
            }
            d.CompleteWorkflow(t.Attempt);
        }).Run();

        var handle = await worker.StartAsync("wf");

        Assert.Equal(2, await handle.ResultAsync<int>());
        var failed = (await handle.FoldAsync()).Events.Single(e => e.EventType == EventType.WorkflowTaskFailed).WorkflowTaskFailedEventAttributes;
        Assert.Equal((WorkflowTaskFailedCause.WorkflowWorkerUnhandledFailure, "a bug"), (failed.Cause, failed.Failure.Message));
    }

    [Fact]
    public async Task Decide_ThrowsAlways_OnlyAttemptOneIsReported()
    {
        var attempts = new List<int>();
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            lock (attempts)
            {
                attempts.Add(t.Attempt);
            }
            throw new InvalidOperationException("a bug");
        }).Run();
        var handle = await worker.StartAsync("wf", null, o => o with { TaskTimeout = TimeSpan.FromSeconds(1) });

        await Wait.UntilAsync("the third attempt", () =>
        {
            lock (attempts)
            {
                return attempts.Count >= 3;
            }
        });

        Assert.Equal([1, 2, 3], attempts.Take(3));
        Assert.Single((await handle.FoldAsync()).Events, e => e.EventType == EventType.WorkflowTaskFailed);
        await handle.TerminateAsync();
    }

    [Fact]
    public async Task Decide_UnknownWorkflowType_FailureListsTheRegisteredOnes()
    {
        await using var worker = new TestWorker(server.Client).Decider("one", (_, _, d) => d.CompleteWorkflow()).Decider("two", (_, _, d) => d.CompleteWorkflow()).Run();
        var handle = await worker.StartAsync("three");

        await Wait.UntilAsync("the task failed", async () => (await handle.FoldAsync()).Events.Any(e => e.EventType == EventType.WorkflowTaskFailed));

        var failed = (await handle.FoldAsync()).Events.First(e => e.EventType == EventType.WorkflowTaskFailed).WorkflowTaskFailedEventAttributes;
        Assert.Equal($"Workflow type 'three' is not registered on task queue '{worker.Queue}'. Registered there: one, two.", failed.Failure.Message);
        await handle.TerminateAsync();
    }

    [Fact]
    public async Task Decide_SignalComesWhileClosing_IsDecidedAgain()
    {
        WorkflowHandle? handle = null;
        var calls = 0;
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                // Inside the task: the server has to buffer it, and to refuse the close.
                server.Client.GetHandle(t.WorkflowId).SignalAsync("late").GetAwaiter().GetResult();
            }
            d.CompleteWorkflow(h.Signals.Count);
        }).Run();

        handle = await worker.StartAsync("wf");

        Assert.Equal(1, await handle.ResultAsync<int>());
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Decide_HistoryOfManyPages_IsComplete()
    {
        var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            if (h.Signals.Count == 700)
            {
                d.CompleteWorkflow(h.Signals.Sum(s => s.Input<int>()));
            }
        });
        var handle = await worker.StartAsync("wf");
        await Parallel.ForEachAsync(Enumerable.Range(1, 700), async (i, ct) => await handle.SignalAsync("n", i, ct));

        await using (worker.Run())
        {
            Assert.Equal(700 * 701 / 2, await handle.ResultAsync<int>());
        }
    }

    [Fact]
    public async Task Replay_HistoryOfTheServer_MatchesItsDecider()
    {
        Action<WorkflowHistory, WorkflowTask, DecisionBuilder> decide = (h, t, d) =>
        {
            if (!h.Activities.ContainsKey("a"))
            {
                d.ScheduleActivity("a", "step", "in", new ActivityOptions { StartToClose = TimeSpan.FromSeconds(10) }).StartTimer("t", TimeSpan.FromHours(1));
            }
            else if (h.Activities["a"].IsCompleted && h.Signals.Count > 0)
            {
                d.CancelTimer("t").CompleteWorkflow("out");
            }
        };
        await using var worker = new TestWorker(server.Client).Decider("wf", decide).Activity("step", _ => Task.FromResult<object?>(1)).Run();
        var handle = await worker.StartAsync("wf");
        await handle.SignalAsync("go");
        await handle.WaitAsync();
        var events = (await handle.FoldAsync()).Events;

        var result = Replayer.Replay(new LambdaDecider(decide), HistoryJson.Write(events));

        Assert.Equal("", result.ToString());
        Assert.True(result.Tasks >= 2);
    }
}
