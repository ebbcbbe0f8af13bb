using System.Text.Json;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Conformance.Tests;

/// <summary>Our client and worker with the official TypeScript SDK, in both directions, on the embedded server.</summary>
public sealed class InteropTests(InteropServer server) : IClassFixture<InteropServer>
{
    public sealed record Thing(string Name, int? Size, double Weight);

    public sealed record Described(string Name, int? Size, double Weight, int Length, int First, int Attempt);

    [Theory]
    [InlineData(InteropServer.Sticky)]
    [InlineData(InteropServer.Plain)]
    public async Task CSharpClient_TypeScriptWorkflow_SignalsQueriesUpdatesAndResult(string queue)
    {
        var handle = await server.StartAsync(queue, "counter", Arguments.Of(5, new Label("größer")));

        await handle.SignalAsync("add", 2);
        Assert.Equal(new Total(7, "größer"), await handle.QueryAsync<Total>("total"));
        Assert.Equal(17, await handle.UpdateAsync<int>("bump", 10));
        var rejected = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() => handle.UpdateAsync<int>("bump", -1));
        Assert.Equal(("must not be negative", "BadInput"), (rejected.InnerException!.Message, Assert.IsType<ApplicationFailure>(rejected.InnerException).Type));
        await handle.SignalAsync("finish");

        var result = await handle.ResultAsync<JsonElement>();
        Assert.Equal("""{"sum":17,"label":{"text":"größer"}}""", result.GetRawText());
        Assert.Equal(17, (await handle.QueryAsync<Total>("total"))!.Sum);
    }

    [Fact]
    public async Task CSharpClient_TypeScriptWorkflow_PayloadsComeBackAsTheyWent()
    {
        var handle = await server.StartAsync(InteropServer.Plain, "echo", Arguments.Of("ünïcode ✓", 9007199254740991, 1.5, true, null, new Thing("a", null, 2), new[] { 1, 2 }));

        Assert.Equal("""["ünïcode ✓",9007199254740991,1.5,true,null,{"name":"a","weight":2},[1,2]]""", (await handle.ResultAsync<JsonElement>()).GetRawText());
    }

    [Fact]
    public async Task CSharpClient_TypeScriptWorkflowFails_TypeDetailsAndCauseArrive()
    {
        var handle = await server.StartAsync(InteropServer.Plain, "failing");

        var error = await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.WaitAsync());

        var failure = Assert.IsType<ApplicationFailure>(error.InnerException);
        Assert.Equal(("broken", "Broken", true, "TypeScriptSDK"), (failure.Message, failure.Type, failure.NonRetryable, failure.FailureSource));
        Assert.Equal((3, "orders"), (failure.DetailsAs<Dictionary<string, int>>()!["rows"], failure.DetailsAs<string>(1)));
        Assert.Equal("the reason", failure.InnerException!.Message);
        Assert.Contains("workflows.js", failure.RemoteStackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CSharpClient_TypeScriptWorkflowCancelled_IsCancelled()
    {
        var handle = await server.StartAsync(InteropServer.Sticky, "waits");
        await handle.CancelAsync("enough");

        Assert.Equal(WorkflowExecutionStatus.Canceled, (await Assert.ThrowsAsync<WorkflowFailedException>(() => handle.WaitAsync())).Status);
    }

    [Fact]
    public Task CSharpDecider_TypeScriptActivities_ResultRetryHeartbeatAndFailure() => server.WithWorkerAsync(
        w => w.Add("wf", new LambdaDecider((h, t, d) =>
        {
            var options = new ActivityOptions { TaskQueue = InteropServer.Plain, StartToClose = TimeSpan.FromSeconds(20), Heartbeat = TimeSpan.FromSeconds(10), Retry = new RetryOptions { InitialInterval = TimeSpan.FromMilliseconds(20) } };
            if (h.Activities.Count == 0)
            {
                d.ScheduleActivity("describe", "describe", Arguments.Of(new Thing("a", 3, 0.5), new byte[] { 200, 1 }), options)
                    .ScheduleActivity("flaky", "flaky", null, options)
                    .ScheduleActivity("reject", "reject", null, options);
            }
            else if (h.Activities.Values.All(a => a.IsClosed))
            {
                d.CompleteWorkflow(new object?[]
                {
                    h.Activities["describe"].Result<Described>(), h.Activities["flaky"].Result<int>(), h.Activities["flaky"].Attempt,
                    h.Activities["reject"].Error!.Message, ((ApplicationFailure)h.Activities["reject"].Error!).DetailsAs<Dictionary<string, string>>(),
                });
            }
        })),
        async queue => Assert.Equal(
            """[{"name":"a","size":3,"weight":0.5,"length":2,"first":200,"attempt":1},2,3,"no such table",{"table":"orders"}]""",
            (await (await server.StartAsync(queue, "wf")).ResultAsync<JsonElement>()).GetRawText()));

    [Fact]
    public Task CSharpDecider_CancelsTypeScriptActivity_ItStops() => server.WithWorkerAsync(
        w => w.Add("wf", new LambdaDecider((h, t, d) =>
        {
            if (h.Activities.Count == 0)
            {
                d.ScheduleActivity("a", "endless", null, new ActivityOptions { TaskQueue = InteropServer.Plain, StartToClose = TimeSpan.FromMinutes(1), Heartbeat = TimeSpan.FromSeconds(1), Retry = RetryOptions.None });
            }
            else if (h.Activities["a"].IsClosed)
            {
                d.CompleteWorkflow(h.Activities["a"].Status.ToString());
            }
            else if (h.Signals.Count > 0)
            {
                d.CancelActivity("a");
            }
        })),
        async queue =>
        {
            var handle = await server.StartAsync(queue, "wf");
            await handle.SignalAsync("stop");
            Assert.Equal("Cancelled", await handle.ResultAsync<string>());
        });

    [Fact]
    public Task TypeScriptWorkflow_CSharpActivities_ResultAndFailure() => server.WithWorkerAsync(
        w => w.AddActivity("scale", c => Task.FromResult<object?>(c.Input<Dictionary<string, int>>()!.Values.Aggregate(1, (a, b) => a * b)))
            .AddActivity("refuse", c => throw new ApplicationFailure($"not {c.Input<int>()}", "Refused", nonRetryable: true, new IOException("closed")) { Details = new { Number = c.Input<int>() } }),
        async queue => Assert.Equal(
            """{"scaled":21,"type":"Refused","message":"not 7","details":[{"number":7}],"cause":"closed"}""",
            (await (await server.StartAsync(InteropServer.Sticky, "callsCSharpActivity", Arguments.Of(queue, 7))).ResultAsync<JsonElement>()).GetRawText()));

    [Fact]
    public Task TypeScriptWorkflow_CSharpChildren_ResultAndFailure() => server.WithWorkerAsync(
        w => w.Add("double", new DoubleDecider()),
        async queue => Assert.Equal(
            """{"good":42,"type":"Negative","message":"cannot double it"}""",
            (await (await server.StartAsync(InteropServer.Plain, "callsCSharpChild", Arguments.Of(queue, 21))).ResultAsync<JsonElement>()).GetRawText()));

    [Fact]
    public Task CSharpDecider_TypeScriptChild_ResultAndSignal() => server.WithWorkerAsync(
        w => w.Add("parent", new LambdaDecider((h, t, d) =>
        {
            var id = t.WorkflowId + "/child";
            if (!h.Children.TryGetValue(id, out var child))
            {
                d.StartChild(id, "counter", Arguments.Of(1, new Label("c")), new ChildOptions { TaskQueue = InteropServer.Sticky });
            }
            else if (child.Status == ChildStatus.Started && h.Externals.Count == 0)
            {
                d.SignalExternal(id, "add", 41, childOnly: true).SignalExternal(id, "finish", childOnly: true);
            }
            else if (child.IsClosed)
            {
                d.CompleteWorkflow(child.Result<JsonElement>().GetProperty("sum").GetInt32());
            }
        })),
        async queue => Assert.Equal(42, await (await server.StartAsync(queue, "parent")).ResultAsync<int>()));

    [Fact]
    public Task TypeScriptClient_CSharpDeciders_SeesWhatItWouldOfItsOwn() => server.WithWorkerAsync(
        w => w.Add("counter", new CounterDecider()).Add("failing", new FailingDecider()).Add("waits", new WaitingDecider()).Add("double", new DoubleDecider()),
        async queue =>
        {
            await using var node = NodePeer.Start("client.js", server.Address, queue);
            var seen = JsonDocument.Parse(await node.LineAsync()).RootElement;

            Assert.Equal("""{"sum":7,"label":"größer"}""", seen.GetProperty("query").GetRawText());
            Assert.Equal(17, seen.GetProperty("update").GetInt32());
            Assert.Equal("""{"error":"WorkflowUpdateFailedError","type":"BadInput","message":"must not be negative","details":[],"name":"ApplicationFailure"}""", seen.GetProperty("rejected").GetRawText());
            Assert.Contains("Workflow type 'counter' does not answer the query 'nothing'.", seen.GetProperty("badQuery").GetRawText(), StringComparison.Ordinal);
            Assert.Equal("""{"sum":17,"label":{"text":"größer"}}""", seen.GetProperty("result").GetRawText());
            Assert.Equal("""{"sum":17,"label":"größer"}""", seen.GetProperty("closedQuery").GetRawText());
            Assert.Equal("""{"from":"ts"}""", seen.GetProperty("memo").GetRawText());
            Assert.True(seen.GetProperty("events").GetInt32() >= 10);
            Assert.Equal("""{"error":"WorkflowFailedError","type":"Broken","message":"broken","details":[{"rows":3},"orders"],"inner":"the reason","name":"ApplicationFailure"}""", seen.GetProperty("failed").GetRawText());
            Assert.Equal("CancelledFailure", seen.GetProperty("cancelled").GetProperty("name").GetString());
            Assert.Equal(Enumerable.Range(0, 20).Select(i => i * 2), seen.GetProperty("doubled").EnumerateArray().Select(e => e.GetInt32()));
        });

    private sealed class LambdaDecider(Action<WorkflowHistory, WorkflowTask, DecisionBuilder> decide) : IDecider
    {
        public Decision Decide(WorkflowHistory history, WorkflowTask task)
        {
            var builder = Decision.For(history, task);
            decide(history, task, builder);
            return builder.Build();
        }
    }
}
