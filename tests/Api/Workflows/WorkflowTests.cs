using System.Net;
using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.Temporal.Worker;

namespace FlowForge.Api.Tests.Workflows;

[Collection(TemporalCollection.Name)]
public sealed class WorkflowTests(TemporalRuntime runtime)
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task WorkerPools_AreSeenByTemporal_WithWhatIsSentThere()
    {
        await client.PutPipelineAsync("pooled", new PutPipeline("pipeline: pooled\npool: heavy\ngold:\n  a: { sql: SELECT 1 AS n }\n  b: { sql: SELECT 2 AS n, pool: light }\n"), Ct);
        await client.PutPipelineAsync("plain", new PutPipeline("pipeline: plain\ngold:\n  plain_one: { sql: SELECT 1 AS n }\n"), Ct);
        IReadOnlyList<WorkerPool> pools = [];
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60)))
            while ((pools = await client.WorkerPoolsAsync(patience.Token))[0].Workers.Count == 0) await Task.Delay(50, patience.Token);
        Assert.Equal([(null, "flowforge"), ("heavy", "flowforge-heavy"), ("light", "flowforge-light")], pools.Select(p => (p.Name, p.TaskQueue)));
        Assert.EndsWith("@" + Environment.MachineName, Assert.Single(pools[0].Workers).Identity, StringComparison.Ordinal);
        Assert.Contains(pools[0].Routes, r => r.Pipeline == "plain" && r.Jobs.SequenceEqual(["gold.plain_one"]));
        Assert.DoesNotContain(pools[0].Routes, r => r.Pipeline == "pooled");
        Assert.Equal(["pooled: gold.a", "pooled: gold.b"], pools.Skip(1).Select(p => $"{Assert.Single(p.Routes).Pipeline}: {Assert.Single(p.Routes[0].Jobs)}"));

        // Somebody begins to work for one of them.
        await using var other = await TemporalClient.ConnectAsync(runtime.Temporal.Options with { Identity = "4711@elsewhere" });
        using var stop = new CancellationTokenSource();
        var working = new WorkflowWorker(other, new WorkerOptions { TaskQueue = "flowforge-heavy" }).AddActivity("none", _ => Task.FromResult<object?>(null)).RunAsync(stop.Token);
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60)))
            while ((pools = await client.WorkerPoolsAsync(patience.Token))[1].Workers.Count == 0) await Task.Delay(50, patience.Token);
        Assert.Equal("4711@elsewhere", Assert.Single(pools[1].Workers).Identity);
        Assert.Equal((0L, 0), (pools[2].Waiting, pools[2].Workers.Count));
        await stop.CancelAsync();
        await working;
        var status = await client.SystemAsync(Ct);
        Assert.Equal((1, true), (status.Worker.Workers, status.Temporal.Connected));
    }

    [Fact]
    public async Task List_QueryAndToken_PageNewestFirst()
    {
        for (var i = 0; i < 5; i++)
            await (await runtime.StartAsync($"list/{i}", i < 3 ? "complete" : "fail")).WaitClosedAsync();
        const string Query = "WorkflowId STARTS_WITH 'list/'";
        var first = await client.WorkflowsAsync(Query, 2, ct: Ct);
        var second = await client.WorkflowsAsync(Query, 2, first.Next, ct: Ct);
        var third = await client.WorkflowsAsync(Query, 2, second.Next, ct: Ct);
        Assert.Equal(["list/4", "list/3", "list/2", "list/1", "list/0"], first.Items.Concat(second.Items).Concat(third.Items).Select(w => w.Id));
        Assert.Null(third.Next);
        Assert.Equal([("list/4", WorkflowState.Failed)], (await client.WorkflowsAsync(Query + " AND ExecutionStatus = 'Failed'", 1, ct: Ct)).Items.Select(w => (w.Id, w.State)));
        Assert.Equal(["list/3", "list/4"], (await client.WorkflowsAsync("WorkflowId = 'list/3' OR WorkflowId = 'list/4' OR WorkflowId = 'list/0' ORDER BY WorkflowId", state: WorkflowState.Failed, ct: Ct)).Items.Select(w => w.Id));
        var ordered = await client.WorkflowsAsync(Query + " ORDER BY WorkflowId", ct: Ct);
        Assert.Equal("list/0", ordered.Items[0].Id);
        Assert.Equal(("obedient", TemporalRuntime.Queue, WorkflowState.Completed), (ordered.Items[0].Type, ordered.Items[0].TaskQueue, ordered.Items[0].State));
        Assert.True(ordered.Items[0] is { Events: > 4, Bytes: > 0, Seconds: >= 0, ClosedAt: not null });

        var counts = await client.CountWorkflowsAsync(Query + " ORDER BY WorkflowId DESC", ct: Ct);
        Assert.Equal(5, counts.Total);
        Assert.Equal([new WorkflowStateCount(WorkflowState.Completed, 3), new WorkflowStateCount(WorkflowState.Failed, 2)], counts.ByState);
    }

    [Theory]
    [InlineData("WorkflowType = 'run' AND Colour = 'red'", 26, "Invalid query: column name 'Colour' is not a valid search attribute at position 26.")]
    [InlineData("ExecutionStatus = 'Runing'", 19, "Invalid query: value 'Runing' of search attribute ExecutionStatus is not a workflow execution status at position 19.")]
    [InlineData("WorkflowType = 'run' AND", 25, "Invalid query: expected a search attribute at position 25, the end.")]
    [InlineData("WorkflowType ~ 'run'", 14, "Invalid query: unexpected character '~' at position 14.")]
    [InlineData("WorkflowType = 'run", 16, "Invalid query: the quote opened at position 16 is not closed.")]
    [InlineData("(WorkflowType = 'run'", 22, "Invalid query: expected \")\" at position 22.")]
    public async Task List_BadQuery_SaysWhatAndWhere(string query, int? column, string message)
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.WorkflowsAsync(query, ct: Ct));
        Assert.Equal((HttpStatusCode.BadRequest, "FF4100", message), (refused.Status, refused.Problem.Code, refused.Message));
        Assert.Equal((column, "query"), (Assert.Single(refused.Diagnostics).Column, refused.Diagnostics[0].Path));
        Assert.Equal(message, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.CountWorkflowsAsync(query, ct: Ct))).Message);
        Assert.Equal(message, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.WorkflowsAsync(query, state: WorkflowState.TimedOut, ct: Ct))).Message);
    }

    [Fact]
    public async Task Get_Completed_HasInputResultAndSummary()
    {
        var handle = await runtime.StartAsync("get/complete", "complete");
        await handle.WaitClosedAsync();
        var run = await client.WorkflowAsync(new WorkflowKey("get/complete"), Ct);
        Assert.Equal((WorkflowState.Completed, handle.RunId, "does as it is told", 1), (run.State, run.Run, run.Summary, run.Attempt));
        Assert.Equal("""["complete"]""", JsonSerializer.Serialize(run.Input));
        Assert.Equal("""[{"answer":42}]""", JsonSerializer.Serialize(run.Result));
        Assert.True(run is { Failure: null, PendingTask: null, NextRun: null, FirstRun: null });
    }

    [Fact]
    public async Task Get_Failed_SaysWhy()
    {
        await (await runtime.StartAsync("get/fail", "fail")).WaitClosedAsync();
        Assert.Equal("FF2001: no such file: ünïcode.csv", (await client.WorkflowAsync(new WorkflowKey("get/fail"), Ct)).Failure);
    }

    [Fact]
    public async Task Get_Unknown_Is404()
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.WorkflowAsync(new WorkflowKey("nobody/nowhere"), Ct));
        Assert.Equal((HttpStatusCode.NotFound, "FF4101", "There is no workflow 'nobody/nowhere'."), (refused.Status, refused.Problem.Code, refused.Message));
        Assert.Equal("No workflow is named.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.WorkflowAsync(new WorkflowKey(""), Ct))).Message);
    }

    [Fact]
    public async Task Get_RetriedActivity_ShowsAttemptFailureAndNextTry()
    {
        await runtime.StartAsync("pending/stumble", "stumble");
        var run = await UntilAsync("pending/stumble", w => w.PendingActivities is [{ NextAttemptAt: not null }]);
        var activity = run.PendingActivities.Single();
        Assert.Equal(("a1", "stumble", "scheduled", 2, 5), (activity.Id, activity.Type, activity.State, activity.Attempt, activity.MaximumAttempts));
        Assert.Contains("the disk is full", activity.LastFailure, StringComparison.Ordinal);
        Assert.InRange(activity.NextAttemptAt!.Value, DateTimeOffset.UtcNow.AddMinutes(8), DateTimeOffset.UtcNow.AddMinutes(12));
        Assert.Null(activity.StartedAt);
    }

    [Fact]
    public async Task Get_RunningActivity_ShowsItsHeartbeat()
    {
        await runtime.StartAsync("pending/beat", "beat");
        var activity = (await UntilAsync("pending/beat", w => w.PendingActivities is [{ Heartbeat.Count: 1 }])).PendingActivities.Single();
        Assert.Equal(("started", 1, """{"rows":42}"""), (activity.State, activity.Attempt, activity.Heartbeat[0].GetRawText()));
        Assert.NotNull(activity.HeartbeatAt);
        Assert.NotNull(activity.LastWorker);
    }

    [Fact]
    public async Task Timers_FiredOnesAreLeftOut()
    {
        await runtime.StartAsync("pending/timer", "timer");
        await EventAsync("pending/timer", "TimerFired");
        var timers = await client.TimersAsync(new WorkflowKey("pending/timer"), Ct);
        Assert.True(timers.Complete);
        Assert.Equal("tomorrow", Assert.Single(timers.Items).Id);
        Assert.Equal(TimeSpan.FromDays(1), timers.Items[0].FiresAt - timers.Items[0].StartedAt);
    }

    [Fact]
    public async Task Get_Parent_ShowsItsChildAndTheChildItsParent()
    {
        var parent = await runtime.StartAsync("pending/child", "child");
        var run = await UntilAsync("pending/child", w => w.PendingChildren is [{ Run: not null }]);
        Assert.Equal(("pending/child/child", "obedient", "terminate"), (run.PendingChildren[0].Id, run.PendingChildren[0].Type, run.PendingChildren[0].ParentClosePolicy));
        var child = await client.WorkflowAsync(new WorkflowKey("pending/child/child"), Ct);
        Assert.Equal(("pending/child", parent.RunId), (child.Parent, child.ParentRun));
    }

    [Fact]
    public async Task Get_NobodyWorks_ShowsThePendingTask()
    {
        await runtime.StartAsync("pending/task", "complete", queue: "nobody");
        var run = await client.WorkflowAsync(new WorkflowKey("pending/task"), Ct);
        Assert.Equal((WorkflowState.Running, 1), (run.State, run.PendingTask!.Attempt));
        Assert.NotNull(run.PendingTask.Scheduled);
        Assert.Null(run.PendingTask.Started);
    }

    [Fact]
    public async Task History_BothWays_HasWordsAndDecodedPayloads()
    {
        await (await runtime.StartAsync("history/1", "fail")).WaitClosedAsync();
        var key = new WorkflowKey("history/1");
        var page = await client.HistoryAsync(key, size: 3, ct: Ct);
        Assert.Equal(["WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowTaskStarted"], page.Items.Select(e => e.Type));
        Assert.Equal((1L, "obedient"), (page.Items[0].Id, page.Items[0].About));
        Assert.Equal("fail", page.Items[0].Details.GetProperty("input")[0].GetString());
        Assert.Equal("obedient", page.Items[0].Details.GetProperty("workflowType").GetString());
        var rest = await client.HistoryAsync(key, size: 3, token: page.Next, ct: Ct);
        Assert.Equal(["WorkflowTaskCompleted", "WorkflowExecutionFailed"], rest.Items.Select(e => e.Type));
        Assert.Null(rest.Next);
        Assert.Equal((true, false), (rest.Items[0].IsResetPoint, rest.Items[1].IsResetPoint));
        Assert.Equal("no such file: ünïcode.csv", rest.Items[1].About);
        var back = await client.HistoryAsync(key, newestFirst: true, size: 4, ct: Ct);
        Assert.Equal([5, 4, 3, 2], back.Items.Select(e => e.Id));
        Assert.Equal([1], (await client.HistoryAsync(key, newestFirst: true, size: 4, token: back.Next, ct: Ct)).Items.Select(e => e.Id));

        var file = HistoryJson.Read((await client.HistoryFileAsync(key, Ct)).GetRawText());
        Assert.Equal(5, file.Count);
    }

    [Fact]
    public async Task SignalAndQuery_Reach()
    {
        var handle = await runtime.StartAsync("act/signal", "wait");
        var key = new WorkflowKey("act/signal");
        Assert.Equal("wait", (await client.QueryWorkflowAsync(new CallWorkflow(key, "told"), Ct)).Result!.Value.GetString());
        var unknown = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.QueryWorkflowAsync(new CallWorkflow(key, "weather"), Ct));
        Assert.Equal((HttpStatusCode.Conflict, "FF4103"), (unknown.Status, unknown.Problem.Code));
        Assert.Contains("there is no query 'weather'", unknown.Message, StringComparison.Ordinal);
        await client.SignalWorkflowAsync(new CallWorkflow(key, "go", JsonSerializer.SerializeToElement(new { rows = 7 })), Ct);
        await handle.WaitClosedAsync();
        Assert.Equal("""{"rows":7}""", (await client.WorkflowAsync(key, Ct)).Result[0].GetRawText());
        var late = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SignalWorkflowAsync(new CallWorkflow(key, "go"), Ct));
        Assert.Equal((HttpStatusCode.Conflict, "FF4102", "Workflow 'act/signal' is closed already."), (late.Status, late.Problem.Code, late.Message));
    }

    [Fact]
    public async Task CancelAndTerminate_End()
    {
        var (polite, hard) = (await runtime.StartAsync("act/cancel", "wait"), await runtime.StartAsync("act/terminate", "wait"));
        await client.CancelWorkflowAsync(new EndWorkflow(new WorkflowKey("act/cancel", polite.RunId), "tired"), Ct);
        await polite.WaitClosedAsync();
        Assert.Equal(WorkflowState.Canceled, (await client.WorkflowAsync(new WorkflowKey("act/cancel"), Ct)).State);
        Assert.Equal("tired", (await client.HistoryAsync(new WorkflowKey("act/cancel"), ct: Ct)).Items.Single(e => e.Type == "WorkflowExecutionCancelRequested").About);
        await client.TerminateWorkflowAsync(new EndWorkflow(new WorkflowKey("act/terminate"), "no longer needed"), Ct);
        await hard.WaitClosedAsync();
        Assert.Equal((WorkflowState.Terminated, "no longer needed"), await StateAndFailure("act/terminate"));
    }

    [Fact]
    public async Task Reset_ToATask_MakesANewRun()
    {
        var handle = await runtime.StartAsync("act/reset", "complete");
        await handle.WaitClosedAsync();
        var key = new WorkflowKey("act/reset");
        var reset = await client.ResetWorkflowAsync(new ResetWorkflow(key, 4, "once more"), Ct);
        Assert.NotEqual(handle.RunId, reset.Run);
        await runtime.Temporal.GetHandle("act/reset", reset.Run).WaitClosedAsync();
        Assert.Equal((reset.Run, WorkflowState.Completed), ((await client.WorkflowAsync(key, Ct)).Run, (await client.WorkflowAsync(key, Ct)).State));
        var bad = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ResetWorkflowAsync(new ResetWorkflow(key, 1), Ct));
        Assert.Equal("eventId is 1; it must be that of a workflow task that ended.", bad.Message);
    }

    [Fact]
    public async Task Namespaces_AreListedAndKeptApart()
    {
        var all = await client.NamespacesAsync(Ct);
        Assert.Equal("default", all.Default);
        Assert.Contains("second", all.Names);
        await runtime.StartAsync("space/1", "complete");
        Assert.Empty((await client.WorkflowsAsync("WorkflowId = 'space/1'", ns: "second", ct: Ct)).Items);
        var unknown = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.WorkflowsAsync(ns: "third", ct: Ct));
        Assert.Equal((HttpStatusCode.NotFound, "FF4105"), (unknown.Status, unknown.Problem.Code));
        Assert.Contains("has no namespace 'third'", unknown.Message, StringComparison.Ordinal);
    }

    private async Task<(WorkflowState, string?)> StateAndFailure(string id)
    {
        var run = await client.WorkflowAsync(new WorkflowKey(id), Ct);
        return (run.State, run.Failure);
    }

    /// <summary>What is pending is told by no event, so it is asked for until it is there.</summary>
    private async Task<WorkflowDetail> UntilAsync(string id, Func<WorkflowDetail, bool> there)
    {
        while (true)
        {
            var run = await client.WorkflowAsync(new WorkflowKey(id), Ct);
            if (there(run))
                return run;
            await Task.Delay(50, Ct);
        }
    }

    private async Task EventAsync(string id, string type)
    {
        await foreach (var e in runtime.Temporal.GetHandle(id).HistoryAsync(follow: true, Ct))
            if (e.EventType.ToString() == type)
                return;
    }
}

internal static class Waiting
{
    /// <summary>Until the run is closed, however it ended.</summary>
    public static async Task WaitClosedAsync(this WorkflowHandle handle)
    {
        try
        {
            await handle.WaitAsync(TestContext.Current.CancellationToken);
        }
        catch (WorkflowFailedException)
        {
            // Closed all the same.
        }
    }
}
