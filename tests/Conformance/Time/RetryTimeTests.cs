using FlowForge.Conformance.Tests.Support;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Failure.V1;

namespace FlowForge.Conformance.Tests.Time;

/// <summary>Time-outs and back-offs, with a clock that the test moves.</summary>
public sealed class RetryTimeTests
{
    private static Command Activity(Action<ScheduleActivityTaskCommandAttributes>? change = null)
    {
        var attributes = new ScheduleActivityTaskCommandAttributes
        {
            ActivityId = "a",
            ActivityType = new() { Name = "a" },
            TaskQueue = new() { Name = "q" },
            StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
        };
        change?.Invoke(attributes);
        return new Command { CommandType = CommandType.ScheduleActivityTask, ScheduleActivityTaskCommandAttributes = attributes };
    }

    private static async Task<PollActivityTaskQueueResponse> StartActivityAsync(ClockedServer server, Action<ScheduleActivityTaskCommandAttributes>? change = null)
    {
        await server.Client.StartAsync("w", "q");
        await server.Client.CompleteAsync(await server.Client.PollAsync("q"), Activity(change));
        return await server.Client.PollActivityAsync("q");
    }

    private static Task<RespondActivityTaskFailedResponse> FailAsync(ClockedServer server, PollActivityTaskQueueResponse task) =>
        server.Client.CallAsync<RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", new RespondActivityTaskFailedRequest
        {
            Namespace = "default",
            TaskToken = task.TaskToken,
            Failure = new Failure { Message = "no", ApplicationFailureInfo = new() { Type = "No" } },
        });

    [Fact]
    public async Task Activity_FailsAgainAndAgain_WaitsTwiceAsLongEachTimeUpToTheMaximum()
    {
        await using var server = await ClockedServer.StartAsync();
        var task = await StartActivityAsync(server, a => a.RetryPolicy = new() { InitialInterval = Duration.FromTimeSpan(TimeSpan.FromMinutes(1)), MaximumInterval = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)) });
        foreach (var minutes in new[] { 1, 2, 4, 5, 5 })
        {
            await FailAsync(server, task);
            var pending = (await server.Client.DescribeAsync("w")).PendingActivities[0];
            Assert.Equal(TimeSpan.FromMinutes(minutes), pending.CurrentRetryInterval.ToTimeSpan());
            await server.AdvanceAsync(TimeSpan.FromMinutes(minutes) + TimeSpan.FromSeconds(1));
            task = await server.Client.PollActivityAsync("q");
            Assert.Equal(pending.Attempt, task.Attempt);
        }
        Assert.Equal(6, task.Attempt);
    }

    [Fact]
    public async Task Activity_BackOffOverRestart_GoesOnWhereItWas()
    {
        await using var server = await ClockedServer.StartAsync();
        var task = await StartActivityAsync(server, a => a.RetryPolicy = new() { InitialInterval = Duration.FromTimeSpan(TimeSpan.FromHours(2)) });
        await FailAsync(server, task);
        await server.RestartAfterAsync(TimeSpan.FromHours(1));
        var pending = (await server.Client.DescribeAsync("w")).PendingActivities[0];
        Assert.Equal((2, "no"), (pending.Attempt, pending.LastFailure.Message));
        Assert.Equal(new DateTime(2024, 1, 1, 2, 0, 0, DateTimeKind.Utc), pending.NextAttemptScheduleTime.ToDateTime(), TimeSpan.FromSeconds(1));
        await server.AdvanceAsync(TimeSpan.FromHours(1.01));
        Assert.Equal(2, (await server.Client.PollActivityAsync("q")).Attempt);
    }

    [Fact]
    public async Task Activity_TokenFromBeforeTheRestart_StillCompletes()
    {
        await using var server = await ClockedServer.StartAsync();
        var task = await StartActivityAsync(server);
        await server.RestartAfterAsync(TimeSpan.FromMinutes(30));
        await server.Client.CallAsync<RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted",
            new RespondActivityTaskCompletedRequest { Namespace = "default", TaskToken = task.TaskToken });
        var next = await server.Client.PollAsync("q");
        Assert.Equal(EventType.ActivityTaskCompleted, next.History.Events[^3].EventType);
    }

    [Fact]
    public async Task Activity_NoTimeForAnotherAttempt_EndsAsScheduleToClose()
    {
        await using var server = await ClockedServer.StartAsync();
        await StartActivityAsync(server, a =>
        {
            a.StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(8));
            a.ScheduleToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(9));
            a.RetryPolicy = new() { InitialInterval = Duration.FromTimeSpan(TimeSpan.FromMinutes(5)) };
        });
        await server.AdvanceAsync(TimeSpan.FromMinutes(8.1));
        var failure = (await server.Client.HistoryAsync("w")).Single(e => e.EventType == EventType.ActivityTaskTimedOut).ActivityTaskTimedOutEventAttributes;
        Assert.Equal(RetryState.Timeout, failure.RetryState);
        Assert.Equal(TimeoutType.ScheduleToClose, failure.Failure.TimeoutFailureInfo.TimeoutType);
        Assert.Equal(TimeoutType.StartToClose, failure.Failure.Cause.TimeoutFailureInfo.TimeoutType);
    }

    [Fact]
    public async Task Timers_SameMoment_ScheduleToStartComesBeforeScheduleToClose()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.StartAsync("w", "q");
        await server.Client.CompleteAsync(await server.Client.PollAsync("q"), Activity(a =>
        {
            a.TaskQueue.Name = "nobody";
            a.StartToCloseTimeout = null;
            a.ScheduleToStartTimeout = a.ScheduleToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(1));
        }));
        await server.AdvanceAsync(TimeSpan.FromMinutes(1.1));
        var ended = (await server.Client.HistoryAsync("w")).Single(e => e.EventType == EventType.ActivityTaskTimedOut);
        Assert.Equal(TimeoutType.ScheduleToStart, ended.ActivityTaskTimedOutEventAttributes.Failure.TimeoutFailureInfo.TimeoutType);
    }

    [Fact]
    public async Task WorkflowTask_NotAnswered_LaterAttemptsLeaveNoEvents()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.StartAsync("w", "q");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            Assert.Equal(attempt, (await server.Client.PollAsync("q")).Attempt);
            await server.AdvanceAsync(TimeSpan.FromSeconds(10.1));
        }
        var types = (await server.Client.HistoryAsync("w")).Select(e => e.EventType);
        Assert.Equal([EventType.WorkflowExecutionStarted, EventType.WorkflowTaskScheduled, EventType.WorkflowTaskStarted, EventType.WorkflowTaskTimedOut], types);
        var task = await server.Client.PollAsync("q");
        // The poll shows what is not in history.
        Assert.Equal(6, task.History.Events.Count);
        await server.Client.CompleteAsync(task);
        var history = await server.Client.HistoryAsync("w");
        Assert.Equal([], HistoryCheck.Faults(history));
        Assert.Equal(EventType.WorkflowTaskCompleted, history[^1].EventType);
        Assert.Equal(4, history[4].WorkflowTaskScheduledEventAttributes.Attempt);
    }

    [Fact]
    public async Task WorkflowTask_SignalAfterAFailedAttempt_BecomesAnOrdinaryTaskAgain()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.StartAsync("w", "q");
        await server.Client.PollAsync("q");
        await server.AdvanceAsync(TimeSpan.FromSeconds(10.1));
        await server.Client.CallAsync<SignalWorkflowExecutionResponse>("SignalWorkflowExecution",
            new SignalWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "w" }, SignalName = "s" });
        var task = await server.Client.PollAsync("q");
        Assert.Equal(1, task.Attempt);
        Assert.Equal([EventType.WorkflowTaskTimedOut, EventType.WorkflowExecutionSignaled, EventType.WorkflowTaskScheduled, EventType.WorkflowTaskStarted],
            task.History.Events.Skip(3).Select(e => e.EventType));
    }

    [Fact]
    public async Task Workflow_RunTimeoutOverRestart_StillComes()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.StartAsync("w", "q", r => r.WorkflowRunTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)));
        await server.RestartAfterAsync(TimeSpan.FromMinutes(50));
        await server.AdvanceAsync(TimeSpan.FromMinutes(11));
        Assert.Equal(WorkflowExecutionStatus.TimedOut, (await server.Client.DescribeAsync("w")).WorkflowExecutionInfo.Status);
    }

    [Fact]
    public async Task Workflow_Cron_SecondRunComesAtItsTime()
    {
        await using var server = await ClockedServer.StartAsync();
        var first = await server.Client.StartAsync("w", "q", r => r.CronSchedule = "30 * * * *");
        await server.AdvanceAsync(TimeSpan.FromMinutes(30.1));
        await server.Client.CompleteAsync(await server.Client.PollAsync("q"), new Command
        {
            CommandType = CommandType.CompleteWorkflowExecution,
            CompleteWorkflowExecutionCommandAttributes = new() { Result = new Payloads { Payloads_ = { new Payload { Data = ByteString.CopyFromUtf8("1") } } } },
        });
        await server.AdvanceAsync(TimeSpan.FromMinutes(60));
        var second = await server.Client.PollAsync("q");
        Assert.NotEqual(first.RunId, second.WorkflowExecution.RunId);
        var started = second.History.Events[0].WorkflowExecutionStartedEventAttributes;
        Assert.Equal(ContinueAsNewInitiator.CronSchedule, started.Initiator);
        Assert.Equal("1", started.LastCompletionResult.Payloads_[0].Data.ToStringUtf8());
        Assert.Equal(first.RunId, started.FirstExecutionRunId);
    }

    [Fact]
    public async Task ClosedRuns_PastRetention_AreDeleted()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.StartAsync("w", "q");
        await server.Client.CallAsync<TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution",
            new TerminateWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "w" } });
        await server.AdvanceAsync(TimeSpan.FromDays(2));
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await server.Client.DescribeAsync("w")).WorkflowExecutionInfo.Status);
        await server.AdvanceAsync(TimeSpan.FromDays(1.1));
        Assert.Empty(await server.Client.ListAsync(""));
    }
}
