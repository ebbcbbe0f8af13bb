using FlowForge.Conformance.Tests.Support;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Sdk.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>Corners of calls that SDKs seldom reach by themselves.</summary>
public sealed class MoreCallsTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task SignalWithStart_WithAStartDelay_WaitsForIt_AndTheNextOneEndsIt()
    {
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0 }, Ct);
        using var client = new ServiceClient(server.Address);
        var first = await client.CallAsync<SignalWithStartWorkflowExecutionResponse>("SignalWithStartWorkflowExecution", SignalWithStart("delayed", "r1", delay: TimeSpan.FromHours(1)));
        Assert.True(first.Started);
        Assert.Equal([EventType.WorkflowExecutionStarted, EventType.WorkflowExecutionSignaled], (await client.HistoryAsync("delayed")).Select(e => e.EventType));
        var second = await client.CallAsync<SignalWithStartWorkflowExecutionResponse>("SignalWithStartWorkflowExecution", SignalWithStart("delayed", "r2", delay: TimeSpan.FromHours(1)));
        Assert.Equal((false, first.RunId), (second.Started, second.RunId));
        Assert.Equal([EventType.WorkflowExecutionStarted, EventType.WorkflowExecutionSignaled, EventType.WorkflowExecutionSignaled, EventType.WorkflowTaskScheduled],
            (await client.HistoryAsync("delayed")).Select(e => e.EventType));
    }

    [Fact]
    public async Task SignalWithStart_RepeatedAfterItsRunClosed_LeavesTheHistoryAsItIs()
    {
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0 }, Ct);
        using var client = new ServiceClient(server.Address);
        var first = await client.CallAsync<SignalWithStartWorkflowExecutionResponse>("SignalWithStartWorkflowExecution", SignalWithStart("again", "r1"));
        await client.CallAsync<TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", new TerminateWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "again" } });
        var events = (await client.HistoryAsync("again")).Select(e => e.EventType).ToArray();
        var repeated = await client.CallAsync<SignalWithStartWorkflowExecutionResponse>("SignalWithStartWorkflowExecution", SignalWithStart("again", "r1"));
        Assert.Equal(first.RunId, repeated.RunId);
        Assert.Equal(events, (await client.HistoryAsync("again")).Select(e => e.EventType));
        Assert.Equal(EventType.WorkflowExecutionTerminated, events[^1]);
    }

    [Fact]
    public async Task SignalWithStart_TerminateIfRunning_EndsTheOpenRunAndStartsAnother()
    {
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0 }, Ct);
        using var client = new ServiceClient(server.Address);
        var first = await client.StartAsync("anew", "q");
        var request = SignalWithStart("anew", "r1");
#pragma warning disable CS0612 // older clients still send it
        request.WorkflowIdReusePolicy = WorkflowIdReusePolicy.TerminateIfRunning;
#pragma warning restore CS0612
        var second = await client.CallAsync<SignalWithStartWorkflowExecutionResponse>("SignalWithStartWorkflowExecution", request);
        Assert.True(second.Started);
        Assert.NotEqual(first.RunId, second.RunId);
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await client.DescribeAsync("anew", first.RunId)).WorkflowExecutionInfo.Status);
        Assert.Contains(await client.HistoryAsync("anew", second.RunId), e => e.EventType == EventType.WorkflowExecutionSignaled);
    }

    [Fact]
    public async Task Update_ThatNobodyAnswers_ComesBackAsAdmittedBeforeTheCallsDeadline_AndIsPolledFor()
    {
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0 }, Ct);
        using var client = new ServiceClient(server.Address);
        await client.StartAsync("slow", "q");
        var sent = await client.CallAsync<UpdateWorkflowExecutionResponse>("UpdateWorkflowExecution", new UpdateWorkflowExecutionRequest
        {
            Namespace = "default", WorkflowExecution = new() { WorkflowId = "slow" }, WaitPolicy = new() { LifecycleStage = UpdateWorkflowExecutionLifecycleStage.Completed },
            Request = new() { Meta = new() { UpdateId = "u1" }, Input = new() { Name = "change" } },
        }, TimeSpan.FromSeconds(5));
        Assert.Equal((UpdateWorkflowExecutionLifecycleStage.Admitted, null), (sent.Stage, sent.Outcome));
        Assert.Equal(("u1", "slow"), (sent.UpdateRef.UpdateId, sent.UpdateRef.WorkflowExecution.WorkflowId));
        var polled = await client.CallAsync<PollWorkflowExecutionUpdateResponse>("PollWorkflowExecutionUpdate", new PollWorkflowExecutionUpdateRequest
        {
            Namespace = "default", UpdateRef = sent.UpdateRef, WaitPolicy = new() { LifecycleStage = UpdateWorkflowExecutionLifecycleStage.Accepted },
        }, TimeSpan.FromSeconds(5));
        Assert.Equal((UpdateWorkflowExecutionLifecycleStage.Admitted, null), (polled.Stage, polled.Outcome));
        var task = await client.PollAsync("q");
        Assert.Equal("u1", Assert.Single(task.Messages).ProtocolInstanceId);
        Assert.Equal("change", task.Messages[0].Body.Unpack<Request>().Input.Name);
    }

    [Fact]
    public async Task UserMetadata_OfTimersAndActivities_StandsInTheHistory_AndCountersAreVisible()
    {
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0 }, Ct);
        using var client = new ServiceClient(server.Address);
        await client.StartAsync("told", "q");
        var before = (await client.DescribeAsync("told")).WorkflowExecutionInfo.StateTransitionCount;
        var task = await client.PollAsync("q");
        await client.CompleteAsync(task,
            new Command { CommandType = CommandType.StartTimer, StartTimerCommandAttributes = new() { TimerId = "t", StartToFireTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)) }, UserMetadata = Says("until the shop opens") },
            new Command
            {
                CommandType = CommandType.ScheduleActivityTask, UserMetadata = Says("fetches the orders"),
                ScheduleActivityTaskCommandAttributes = new() { ActivityId = "a", ActivityType = new() { Name = "fetch" }, TaskQueue = new() { Name = "q" }, StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)) },
            });
        var history = await client.HistoryAsync("told");
        Assert.Equal("until the shop opens", history.Single(e => e.EventType == EventType.TimerStarted).UserMetadata.Summary.Data.ToStringUtf8());
        Assert.Equal("fetches the orders", history.Single(e => e.EventType == EventType.ActivityTaskScheduled).UserMetadata.Summary.Data.ToStringUtf8());
        var described = await client.DescribeAsync("told");
        Assert.Equal(("a", "fetch", PendingActivityState.Scheduled), (Assert.Single(described.PendingActivities).ActivityId, described.PendingActivities[0].ActivityType.Name, described.PendingActivities[0].State));
        Assert.True(described.WorkflowExecutionInfo.StateTransitionCount > before);
        Assert.Equal("told", Assert.Single(await client.ListAsync($"StateTransitionCount = {described.WorkflowExecutionInfo.StateTransitionCount} AND HistoryLength = {history.Count}")).Execution.WorkflowId);

        await client.CallAsync<TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", new TerminateWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "told" } });
        var closed = Assert.Single(await client.ListAsync("ExecutionDuration < '1h' AND CloseTime IS NOT NULL ORDER BY StartTime DESC"));
        Assert.Equal(closed.CloseTime - (closed.ExecutionTime ?? closed.StartTime), closed.ExecutionDuration);
    }

    [Fact]
    public async Task TaskQueue_WithoutAWorker_TellsItsBacklogAndHowOldItIs()
    {
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0 }, Ct);
        using var client = new ServiceClient(server.Address);
        for (var i = 0; i < 3; i++) await client.StartAsync($"w{i}", "waiting");
        var stats = (await DescribeAsync()).Stats;
        Assert.Equal(3, stats.ApproximateBacklogCount);
        Assert.True(stats.ApproximateBacklogAge.ToTimeSpan() > TimeSpan.Zero);
        await client.PollAsync("waiting");
        var described = await DescribeAsync();
        Assert.Equal((2, "test"), (described.Stats.ApproximateBacklogCount, Assert.Single(described.Pollers).Identity));

        Task<DescribeTaskQueueResponse> DescribeAsync() => client.CallAsync<DescribeTaskQueueResponse>("DescribeTaskQueue",
            new DescribeTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = "waiting" }, TaskQueueType = TaskQueueType.Workflow, ReportStats = true });
    }

    [Fact]
    public async Task Query_OfAClosedRun_IsAnsweredFromItsHistory_AlsoAfterARestart()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("t.db");
        await using (var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }, Ct))
        {
            using var client = new ServiceClient(server.Address);
            await client.StartAsync("closed", "q");
            await client.CompleteAsync(await client.PollAsync("q"), new Command { CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() });
        }
        await using (var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }, Ct))
        {
            using var client = new ServiceClient(server.Address);
            var asked = client.CallAsync<QueryWorkflowResponse>("QueryWorkflow",
                new QueryWorkflowRequest { Namespace = "default", Execution = new() { WorkflowId = "closed" }, Query = new() { QueryType = "state" } });
            var task = await client.PollAsync("q");
            Assert.Equal(("state", EventType.WorkflowExecutionCompleted), (task.Query.QueryType, task.History.Events[^1].EventType));
            await client.CallAsync<RespondQueryTaskCompletedResponse>("RespondQueryTaskCompleted", new RespondQueryTaskCompletedRequest
            {
                Namespace = "default", TaskToken = task.TaskToken, CompletedType = QueryResultType.Answered,
                QueryResult = new() { Payloads_ = { new Payload { Data = ByteString.CopyFromUtf8("done") } } },
            });
            Assert.Equal("done", (await asked).QueryResult.Payloads_[0].Data.ToStringUtf8());
        }
    }

    private static UserMetadata Says(string text) => new() { Summary = new Payload { Data = ByteString.CopyFromUtf8(text) } };

    private static SignalWithStartWorkflowExecutionRequest SignalWithStart(string id, string requestId, TimeSpan? delay = null) => new()
    {
        Namespace = "default", WorkflowId = id, WorkflowType = new() { Name = "test" }, TaskQueue = new() { Name = "q" }, RequestId = requestId, SignalName = "go",
        WorkflowStartDelay = delay is { } d ? Duration.FromTimeSpan(d) : null,
    };
}
