using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Tests;

/// <summary>What a worker does when a server answers oddly.</summary>
public sealed class OddServerTests
{
    private static readonly GrpcException Refused = new(GrpcCode.InvalidArgument, "bad request");

    [Theory]
    [InlineData(GrpcCode.Unavailable, 4)]
    [InlineData(GrpcCode.ResourceExhausted, 2)]
    [InlineData(GrpcCode.Internal, 3)]
    public async Task CallAsync_FailsSomeTimes_IsRepeatedUntilItWorks(GrpcCode code, int failures)
    {
        await using var server = await ScriptedTemporal.StartAsync();
        var left = failures;
        server.On<CountWorkflowExecutionsRequest>((_, _) => Interlocked.Decrement(ref left) >= 0
            ? throw new GrpcException(code, "not now")
            : Task.FromResult<IMessage>(new CountWorkflowExecutionsResponse { Count = 5 }));

        Assert.Equal(5, await server.Client.CountAsync());
        Assert.Equal(failures + 1, server.Calls("CountWorkflowExecutions"));
    }

    [Theory]
    [InlineData(GrpcCode.InvalidArgument, "bad query", 1)]
    [InlineData(GrpcCode.Internal, "a bug", 4)]
    [InlineData(GrpcCode.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)", 1)]
    public async Task CallAsync_FailsAlways_GivesUpWithTheStatus(GrpcCode code, string message, int calls)
    {
        await using var server = await ScriptedTemporal.StartAsync();
        server.On<CountWorkflowExecutionsRequest>((_, _) => throw new GrpcException(code, message));

        var error = await Assert.ThrowsAsync<GrpcException>(() => server.Client.CountAsync());

        Assert.Equal((code, message, calls), (error.Code, error.Message, server.Calls("CountWorkflowExecutions")));
    }

    [Fact]
    public async Task CallAsync_UnavailableTooLong_GivesUpAfterRetryFor()
    {
        await using var server = await ScriptedTemporal.StartAsync(o => o with { RetryFor = TimeSpan.FromSeconds(3) });
        server.On<CountWorkflowExecutionsRequest>((_, _) => throw new GrpcException(GrpcCode.Unavailable, "starting"));

        Assert.Equal(GrpcCode.Unavailable, (await Assert.ThrowsAsync<GrpcException>(() => server.Client.CountAsync())).Code);
        Assert.InRange(server.Calls("CountWorkflowExecutions"), 2, 40);
    }

    [Fact]
    public async Task CallAsync_WrongResponseType_SaysWhichOneItIs()
    {
        await using var server = await ScriptedTemporal.StartAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => server.Client.Service.CallAsync<GetSystemInfoResponse>(new CountWorkflowExecutionsRequest(), CancellationToken.None));

        Assert.Equal("CountWorkflowExecutionsRequest is answered by CountWorkflowExecutionsResponse, not by GetSystemInfoResponse. (Parameter 'request')", error.Message);
    }

    [Fact]
    public async Task Poll_EmptyAtOnce_IsNotAStorm()
    {
        await using var server = await ScriptedTemporal.StartAsync();
        server.On<PollWorkflowTaskQueueRequest>((_, _) => Task.FromResult<IMessage>(new PollWorkflowTaskQueueResponse()));
        await using var worker = new TestWorker(server.Client, o => o with { Pollers = 1 }).Decider("wf", (_, _, _) => { }).Run();

        await Wait.UntilAsync("four polls", () => server.Calls("PollWorkflowTaskQueue") >= 4);
        var before = server.Calls("PollWorkflowTaskQueue");
        await Task.Delay(500);

        Assert.InRange(server.Calls("PollWorkflowTaskQueue") - before, 0, 2);
    }

    [Fact]
    public async Task Poll_ServerAwayAndBack_IsLoggedOnceEach()
    {
        await using var server = await ScriptedTemporal.StartAsync();
        using var log = new ListLogger();
        var away = true;
        server.On<PollWorkflowTaskQueueRequest>((_, aborted) => Volatile.Read(ref away) ? throw new GrpcException(GrpcCode.Unavailable, "restarting") : Task.FromResult<IMessage>(new PollWorkflowTaskQueueResponse()));
        await using var worker = new TestWorker(server.Client, o => o with { Pollers = 2, LoggerFactory = log }).Decider("wf", (_, _, _) => { }).Run();
        await Wait.UntilAsync("some polls failed", () => server.Calls("PollWorkflowTaskQueue") >= 5);

        Volatile.Write(ref away, false);
        await Wait.UntilAsync("it is back", () => log.Lines.Any(l => l.Text == $"Polling {worker.Queue} for workflow tasks works again"));

        var warning = Assert.Single(log.Lines, l => l.Level == LogLevel.Warning);
        Assert.Equal($"Polling {worker.Queue} for workflow tasks failed (Unavailable: restarting); trying again until it works", warning.Text);
    }

    [Fact]
    public async Task Decision_TooLarge_FailsTheTaskWithThatCause()
    {
        await using var server = await OneTaskAsync(new HistoryScript().Started().TaskStarted());
        server.On<RespondWorkflowTaskCompletedRequest>((_, _) => throw new GrpcException(GrpcCode.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)"));
        var failed = new TaskCompletionSource<RespondWorkflowTaskFailedRequest>();
        server.On<RespondWorkflowTaskFailedRequest>((r, _) =>
        {
            failed.TrySetResult(r);
            return Task.FromResult<IMessage>(new RespondWorkflowTaskFailedResponse());
        });
        await using var worker = new TestWorker(server.Client).Decider("test", (_, _, d) => d.CompleteWorkflow()).Run();

        Assert.Equal(WorkflowTaskFailedCause.GrpcMessageTooLarge, (await failed.Task.WaitAsync(TestWorker.Patience)).Cause);
    }

    [Fact]
    public async Task History_Incomplete_FailsTheTaskInsteadOfDecidingOnIt()
    {
        await using var server = await OneTaskAsync(new HistoryScript().Started().TaskStarted(), startedEventId: 9);
        var failed = new TaskCompletionSource<RespondWorkflowTaskFailedRequest>();
        server.On<RespondWorkflowTaskFailedRequest>((r, _) =>
        {
            failed.TrySetResult(r);
            return Task.FromResult<IMessage>(new RespondWorkflowTaskFailedResponse());
        });
        var decided = 0;
        await using var worker = new TestWorker(server.Client).Decider("test", (_, _, _) => decided++).Run();

        Assert.Equal("The server sent 3 events of workflow 'w1', but the task began with event 9: history is incomplete.", (await failed.Task.WaitAsync(TestWorker.Patience)).Failure.Message);
        Assert.Equal(0, decided);
    }

    [Fact]
    public async Task Decision_RefusedByTheServer_IsLoggedAsAnErrorUnlessItIsUnhandledCommand()
    {
        using var log = new ListLogger();
        await using var server = await OneTaskAsync(new HistoryScript().Started().TaskStarted());
        server.On<RespondWorkflowTaskCompletedRequest>((_, _) => throw Refused);
        await using var worker = new TestWorker(server.Client, o => o with { LoggerFactory = log }).Decider("test", (_, _, d) => d.CompleteWorkflow()).Run();

        await Wait.UntilAsync("it is logged", () => log.Lines.Any(l => l.Level == LogLevel.Error));

        Assert.Equal("The server refused the decision for workflow w1: bad request", log.Lines.First(l => l.Level == LogLevel.Error).Text);
    }

    [Fact]
    public async Task Activity_GivenUpByTheServer_FreesItsSlot()
    {
        await using var server = await ScriptedTemporal.StartAsync();
        var polls = 0;
        server.On<PollActivityTaskQueueRequest>((_, aborted) => Interlocked.Increment(ref polls) <= 3
            ? Task.FromResult<IMessage>(new PollActivityTaskQueueResponse { TaskToken = ByteString.CopyFromUtf8("t"), ActivityId = "a", ActivityType = new() { Name = "step" }, Attempt = 1 })
            : ScriptedTemporal.Nothing(aborted));
        server.On<RespondActivityTaskCompletedRequest>((_, _) => throw new GrpcException(GrpcCode.NotFound, "activity already timed out"));
        var runs = 0;
        await using var worker = new TestWorker(server.Client, o => o with { MaxConcurrentActivities = 1 })
            .Activity("step", _ => Task.FromResult<object?>(Interlocked.Increment(ref runs))).Run();

        await Wait.UntilAsync("the one slot was used three times", () => server.Calls("RespondActivityTaskCompleted") == 3 && polls == 4);
        Assert.Equal(3, runs);
    }

    private static async Task<ScriptedTemporal> OneTaskAsync(HistoryScript script, long? startedEventId = null)
    {
        var server = await ScriptedTemporal.StartAsync();
        var polls = 0;
        var task = new PollWorkflowTaskQueueResponse
        {
            TaskToken = ByteString.CopyFromUtf8("t"),
            WorkflowExecution = new() { WorkflowId = "w1", RunId = "r1" },
            WorkflowType = new() { Name = "test" },
            Attempt = 1,
            StartedEventId = startedEventId ?? script.Events.Count,
            History = new(),
        };
        task.History.Events.AddRange(script.Events);
        return server.On<PollWorkflowTaskQueueRequest>((_, aborted) => Interlocked.Increment(ref polls) == 1 ? Task.FromResult<IMessage>(task) : ScriptedTemporal.Nothing(aborted));
    }
}
