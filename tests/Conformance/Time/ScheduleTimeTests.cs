using Temporalio.Api.Schedule.V1;
using Temporalio.Api.Workflow.V1;

namespace FlowForge.Conformance.Tests.Time;

/// <summary>Schedules over time, with a clock that the test moves.</summary>
public sealed class ScheduleTimeTests
{
    private static CreateScheduleRequest Request(string id, Action<Schedule>? change = null)
    {
        var schedule = new Schedule
        {
            Spec = new() { Interval = { new IntervalSpec { Interval = Duration.FromTimeSpan(TimeSpan.FromHours(1)) } } },
            Action = new()
            {
                StartWorkflow = new NewWorkflowExecutionInfo { WorkflowId = id, WorkflowType = new() { Name = "x" }, TaskQueue = new() { Name = "q" } },
            },
            Policies = new() { OverlapPolicy = ScheduleOverlapPolicy.AllowAll },
        };
        change?.Invoke(schedule);
        return new CreateScheduleRequest { Namespace = "default", ScheduleId = id, RequestId = id, Schedule = schedule };
    }

    private static Task<DescribeScheduleResponse> DescribeAsync(ClockedServer server, string id) =>
        server.Client.CallAsync<DescribeScheduleResponse>("DescribeSchedule", new DescribeScheduleRequest { Namespace = "default", ScheduleId = id });

    [Fact]
    public async Task Schedule_HoursPass_ActsOncePerHour()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.CallAsync<CreateScheduleResponse>("CreateSchedule", Request("s"));
        await server.AdvanceAsync(TimeSpan.FromHours(3.5));
        var info = (await DescribeAsync(server, "s")).Info;
        Assert.Equal(3, info.ActionCount);
        Assert.Equal("s-2024-01-01T03:00:00Z", info.RecentActions[^1].StartWorkflowResult.WorkflowId);
        Assert.Equal(new DateTime(2024, 1, 1, 4, 0, 0, DateTimeKind.Utc), info.FutureActionTimes[0].ToDateTime());
    }

    [Fact]
    public async Task Schedule_ServerWasAway_CatchesUpWithinTheWindowOnly()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.CallAsync<CreateScheduleResponse>("CreateSchedule", Request("s", s => s.Policies.CatchupWindow = Duration.FromTimeSpan(TimeSpan.FromHours(2.5))));
        await server.RestartAfterAsync(TimeSpan.FromHours(10.25));
        var info = (await DescribeAsync(server, "s")).Info;
        Assert.Equal(3, info.ActionCount);
        Assert.Equal(7, info.MissedCatchupWindow);
        Assert.Equal(["s-2024-01-01T08:00:00Z", "s-2024-01-01T09:00:00Z", "s-2024-01-01T10:00:00Z"], info.RecentActions.Select(a => a.StartWorkflowResult.WorkflowId));
    }

    [Fact]
    public async Task Schedule_ServerWasAway_DefaultWindowMissesNothing()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.CallAsync<CreateScheduleResponse>("CreateSchedule", Request("s"));
        await server.RestartAfterAsync(TimeSpan.FromDays(3));
        var info = (await DescribeAsync(server, "s")).Info;
        Assert.Equal(72, info.ActionCount);
        Assert.Equal(0, info.MissedCatchupWindow);
    }

    [Fact]
    public async Task Schedule_Paused_TimesPassUnused()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.CallAsync<CreateScheduleResponse>("CreateSchedule", Request("s", s => s.State = new() { Paused = true }));
        await server.AdvanceAsync(TimeSpan.FromHours(5));
        await server.Client.CallAsync<PatchScheduleResponse>("PatchSchedule",
            new PatchScheduleRequest { Namespace = "default", ScheduleId = "s", Patch = new() { Unpause = "go" } });
        await server.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, (await DescribeAsync(server, "s")).Info.ActionCount);
    }

    [Fact]
    public async Task Schedule_LimitedActions_StopsAndStaysStoppedOverRestart()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.CallAsync<CreateScheduleResponse>("CreateSchedule", Request("s", s => s.State = new() { LimitedActions = true, RemainingActions = 2 }));
        await server.AdvanceAsync(TimeSpan.FromHours(2.5));
        await server.RestartAfterAsync(TimeSpan.FromHours(5));
        var described = await DescribeAsync(server, "s");
        Assert.Equal(2, described.Info.ActionCount);
        Assert.Equal(0, described.Schedule.State.RemainingActions);
        Assert.Empty(described.Info.FutureActionTimes);
    }

    [Fact]
    public async Task Schedule_BufferAll_StartsOneAfterTheOther()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.CallAsync<CreateScheduleResponse>("CreateSchedule", Request("s", s => s.Policies.OverlapPolicy = ScheduleOverlapPolicy.BufferAll));
        await server.AdvanceAsync(TimeSpan.FromHours(3.5));
        var info = (await DescribeAsync(server, "s")).Info;
        Assert.Equal((1, 2), (info.ActionCount, info.BufferSize));
        for (var run = 1; run <= 3; run++)
        {
            await server.Client.CallAsync<TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", new TerminateWorkflowExecutionRequest
            {
                Namespace = "default",
                WorkflowExecution = new() { WorkflowId = $"s-2024-01-01T0{run}:00:00Z" },
            });
        }
        info = (await DescribeAsync(server, "s")).Info;
        Assert.Equal((3, 0), (info.ActionCount, info.BufferSize));
        Assert.Empty(info.RunningWorkflows);
    }

    [Fact]
    public async Task Schedule_MatchingTimes_AreListed()
    {
        await using var server = await ClockedServer.StartAsync();
        await server.Client.CallAsync<CreateScheduleResponse>("CreateSchedule", Request("s"));
        var times = await server.Client.CallAsync<ListScheduleMatchingTimesResponse>("ListScheduleMatchingTimes", new ListScheduleMatchingTimesRequest
        {
            Namespace = "default",
            ScheduleId = "s",
            StartTime = Timestamp.FromDateTime(new DateTime(2030, 5, 1, 10, 0, 0, DateTimeKind.Utc)),
            EndTime = Timestamp.FromDateTime(new DateTime(2030, 5, 1, 12, 0, 0, DateTimeKind.Utc)),
        });
        Assert.Equal([10, 11, 12], times.StartTime.Select(t => t.ToDateTime().Hour));
    }
}
