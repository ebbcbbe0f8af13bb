using System.Diagnostics;
using FlowForge.Temporal.Worker;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Tests;

public sealed class ClientTests(DevServerFixture server)
{
    [Fact]
    public async Task StartWorkflowAsync_IdTaken_ThrowsWithTheRunThatHasIt()
    {
        var worker = new TestWorker(server.Client).Decider("wf", (_, _, _) => { });
        var first = await worker.StartAsync("wf");

        var error = await Assert.ThrowsAsync<WorkflowAlreadyStartedException>(() => worker.StartAsync("wf", null, o => o with { Id = first.Id }));
        var same = await worker.StartAsync("wf", null, o => o with { Id = first.Id, IdConflictPolicy = WorkflowIdConflictPolicy.UseExisting });

        Assert.Equal($"Workflow '{first.Id}' is already started, as run {first.RunId}.", error.Message);
        Assert.Equal((first.RunId, first.RunId), (error.RunId, same.RunId));
        await first.TerminateAsync();
    }

    [Fact]
    public async Task StartWorkflowAsync_SameRequestId_GivesTheSameRun()
    {
        var worker = new TestWorker(server.Client).Decider("wf", (_, _, _) => { });
        var first = await worker.StartAsync("wf", null, o => o with { RequestId = "r-" + o.Id });

        var again = await worker.StartAsync("wf", null, o => o with { Id = first.Id, RequestId = "r-" + first.Id });

        Assert.Equal(first.RunId, again.RunId);
        await first.TerminateAsync();
    }

    [Fact]
    public async Task StartWorkflowAsync_WithSignal_StartsOnceAndDeliversEach()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            if (h.Signals.Count == 2)
            {
                d.CompleteWorkflow(string.Join("", h.Signals.Select(s => s.Input<string>())));
            }
        }).Run();
        var id = "wf-" + Guid.NewGuid().ToString("N");

        var first = await worker.StartAsync("wf", null, o => o with { Id = id, StartSignal = "add", StartSignalArgument = "a" });
        var second = await worker.StartAsync("wf", null, o => o with { Id = id, StartSignal = "add", StartSignalArgument = "b" });

        Assert.Equal(first.RunId, second.RunId);
        Assert.Equal("ab", await first.ResultAsync<string>());
    }

    [Fact]
    public async Task SignalAsync_NoSuchWorkflow_NamesIt()
    {
        var error = await Assert.ThrowsAsync<WorkflowNotFoundException>(() => server.Client.GetHandle("nobody").SignalAsync("x"));

        Assert.StartsWith("Workflow 'nobody': ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListAndCount_ByType_FindTheRunsWithMemoAndStatus()
    {
        var type = "type-" + Guid.NewGuid().ToString("N");
        await using var worker = new TestWorker(server.Client).Decider(type, (h, t, d) => d.CompleteWorkflow()).Run();
        for (var i = 0; i < 3; i++)
        {
            await (await worker.StartAsync(type, null, o => o with { Memo = new Dictionary<string, object?> { ["number"] = i } })).WaitAsync();
        }
        var query = $"WorkflowType = '{type}' AND ExecutionStatus = 'Completed'";
        await Wait.UntilAsync("all are visible", async () => await server.Client.CountAsync(query) == 3);

        var numbers = new List<int>();
        await foreach (var run in server.Client.ListAsync(query))
        {
            numbers.Add(run.Memo<int>("number"));
            Assert.Equal((type, worker.Queue, WorkflowExecutionStatus.Completed, false), (run.WorkflowType, run.TaskQueue, run.Status, run.IsOpen));
        }

        Assert.Equal([0, 1, 2], numbers.Order());
        var (page, token) = await server.Client.ListPageAsync(query, 2);
        Assert.Equal((2, 1), (page.Count, (await server.Client.ListPageAsync(query, 2, token)).Runs.Count));
    }

    [Fact]
    public async Task ResetAsync_FailedRun_GoesOnFromTheTaskAndKeepsWhatWasDone()
    {
        var repaired = false;
        var loads = 0;
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            var options = new ActivityOptions { StartToClose = TimeSpan.FromSeconds(10), Retry = RetryOptions.None };
            if (!h.Activities.TryGetValue("load", out var load))
            {
                d.ScheduleActivity("load", "load", null, options);
            }
            else if (load.IsCompleted && !h.Activities.TryGetValue("build", out _))
            {
                d.ScheduleActivity("build", "build", null, options);
            }
            else if (h.Activities.TryGetValue("build", out var build) && build.IsClosed)
            {
                _ = build.IsCompleted ? d.CompleteWorkflow(build.Result<string>()) : d.FailWorkflow(build.Error!);
            }
        })
        .Activity("load", _ => Task.FromResult<object?>(Interlocked.Increment(ref loads)))
        .Activity("build", _ => repaired ? Task.FromResult<object?>("built") : throw new ApplicationFailure("not yet")).Run();
        var handle = await worker.StartAsync("wf");
        await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.WaitAsync());
        var history = await handle.FoldAsync();
        var before = history.CompletedTasks.Last(e => e.EventId < history.Activities["build"].ScheduledEventId);

        repaired = true;
        var runId = await handle.ResetAsync(before.EventId, "retry from build");

        Assert.Equal("built", await server.Client.GetHandle(handle.Id, runId).ResultAsync<string>());
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task HistoryAsync_Follow_EndsWithTheRun()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            if (h.Signals.Count > 0)
            {
                d.CompleteWorkflow();
            }
        }).Run();
        var handle = await worker.StartAsync("wf");
        var seen = new List<EventType>();

        await foreach (var e in handle.HistoryAsync(follow: true))
        {
            seen.Add(e.EventType);
            if (e.EventType == EventType.WorkflowTaskCompleted && !seen.Contains(EventType.WorkflowExecutionSignaled))
            {
                await handle.SignalAsync("go");
            }
        }

        Assert.Equal(EventType.WorkflowExecutionStarted, seen[0]);
        Assert.Equal(EventType.WorkflowExecutionCompleted, seen[^1]);
        Assert.Contains(EventType.WorkflowExecutionSignaled, seen);
    }

    [Fact]
    public async Task ConnectAsync_UnknownNamespace_SaysWhatToDo()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TemporalClient.ConnectAsync(server.Options with { Namespace = "nowhere" }));

        Assert.Equal($"The Temporal server at {server.Options.Address} has no namespace 'nowhere'. Register it there, or set Temporal:Namespace.", error.Message);
    }

    private sealed class Secret : IPayloadCodec
    {
        public ValueTask<Payload> EncodeAsync(Payload payload, CancellationToken cancellation) => new(new Payload
        {
            Data = ByteString.CopyFrom([.. payload.ToByteArray().Select(b => (byte)(b ^ 0x5A))]),
            Metadata = { ["encoding"] = ByteString.CopyFromUtf8("binary/secret") },
        });

        public ValueTask<Payload> DecodeAsync(Payload payload, CancellationToken cancellation) => new(payload.Metadata["encoding"].ToStringUtf8() == "binary/secret"
            ? Payload.Parser.ParseFrom(payload.Data.Select(b => (byte)(b ^ 0x5A)).ToArray())
            : payload);
    }

    [Fact]
    public async Task Codec_WholeWorkflow_TheServerSeesNothingPlain()
    {
        await using var client = await TemporalClient.ConnectAsync(server.Options with { Codec = new Secret() });
        await using var worker = new TestWorker(client).Decider("wf", (h, t, d) =>
        {
            foreach (var u in t.Updates)
            {
                d.AcceptUpdate(u).CompleteUpdate(u.Id, "geheim-" + u.Input<string>());
            }
            foreach (var q in t.Queries)
            {
                d.Answer(q, "geheim-" + q.Input<string>());
            }
            if (!t.IsQueryOnly && !h.Activities.ContainsKey("a"))
            {
                d.ScheduleActivity("a", "step", h.Started.Input<string>(), new ActivityOptions { StartToClose = TimeSpan.FromSeconds(10), Heartbeat = TimeSpan.FromSeconds(5) });
            }
            else if (!t.IsQueryOnly && h.Signals.Count > 0 && h.Activities["a"].IsCompleted)
            {
                d.CompleteWorkflow(h.Signals[0].Input<string>() + h.Activities["a"].Result<string>());
            }
        }).Activity("step", c =>
        {
            c.Heartbeat("geheim-beat");
            return Task.FromResult<object?>(c.Input<string>() + "-geheim-result");
        }).Run();

        var handle = await worker.StartAsync("wf", "geheim-in", o => o with { Memo = new Dictionary<string, object?> { ["m"] = "geheim-memo" } });
        Assert.Equal("geheim-u", await handle.UpdateAsync<string>("up", "u"));
        Assert.Equal("geheim-q", await handle.QueryAsync<string>("ask", "q"));
        await handle.SignalAsync("go", "geheim-signal ");

        Assert.Equal("geheim-signal geheim-in-geheim-result", await handle.ResultAsync<string>());
        Assert.Equal("geheim-memo", (await handle.DescribeAsync()).Summary.Memo<string>("m"));
        await foreach (var e in server.Client.GetHandle(handle.Id, handle.RunId).HistoryAsync())
        {
            Assert.DoesNotContain("geheim", System.Text.Encoding.Latin1.GetString(e.ToByteArray()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tracing_ActivityJoinsTheCallersTrace()
    {
        var spans = new System.Collections.Concurrent.ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name is TemporalTracing.SourceName or "test",
            Sample = (ref ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test");
        await using var worker = new TestWorker(server.Client).OneActivity("wf", "step", new ActivityOptions { StartToClose = TimeSpan.FromSeconds(10) })
            .Activity("step", _ => Task.FromResult<object?>(Activity.Current?.TraceId.ToString())).Run();

        using var caller = source.StartActivity("caller");
        var handle = await worker.StartAsync("wf");

        Assert.Equal(caller!.TraceId.ToString(), await handle.ResultAsync<string>());
        await Wait.UntilAsync("the activity's span ended", () => spans.Any(s => s.OperationName == "RunActivity:step" && s.TraceId == caller.TraceId));
        var start = spans.Single(s => s.OperationName == "StartWorkflow:wf" && s.TraceId == caller.TraceId);
        Assert.Equal(start.SpanId, spans.Single(s => s.OperationName == "RunActivity:step" && s.TraceId == caller.TraceId).ParentSpanId);
    }
}
