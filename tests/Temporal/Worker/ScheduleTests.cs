using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Tests;

public sealed class ScheduleTests(DevServerFixture server)
{
    [Fact]
    public async Task Schedule_CreateDescribeUpdatePauseTriggerDelete_DoesEach()
    {
        var client = server.Client;
        var id = "schedule-" + Guid.NewGuid().ToString("N");
        await using var worker = new TestWorker(client).Decider("wf", (h, t, d) => d.CompleteWorkflow(h.Started.Input<string>())).Run();
        var definition = new ScheduleDefinition
        {
            Workflow = new ScheduledWorkflow("wf", "in", new StartWorkflowOptions { Id = id + "-run", TaskQueue = worker.Queue }),
            Cron = ["30 2 * * *"],
            TimeZone = "Europe/Berlin",
            Overlap = ScheduleOverlapPolicy.BufferOne,
            Note = "nightly",
        };

        await client.CreateScheduleAsync(id, definition);
        await Assert.ThrowsAsync<ScheduleAlreadyExistsException>(() => client.CreateScheduleAsync(id, definition));
        var created = await client.DescribeScheduleAsync(id);
        Assert.Equal((false, "nightly"), (created.Paused, created.Note));
        var next = TimeZoneInfo.ConvertTime(created.NextTimes[0], TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        Assert.Equal((2, 30), (next.Hour, next.Minute));

        await client.PauseScheduleAsync(id, "holiday");
        Assert.Equal((true, "holiday"), ((await client.DescribeScheduleAsync(id)).Paused, (await client.DescribeScheduleAsync(id)).Note));
        await client.UnpauseScheduleAsync(id, "back");

        await client.PutScheduleAsync(id, definition with { Cron = [], Intervals = [new ScheduleInterval(TimeSpan.FromHours(6), TimeSpan.FromHours(1))] });
        Assert.Equal(1, (await client.DescribeScheduleAsync(id)).NextTimes[0].UtcDateTime.Hour % 6);

        await client.TriggerScheduleAsync(id);
        await Wait.UntilAsync("the trigger ran", async () => (await client.DescribeScheduleAsync(id)).ActionCount == 1);
        var run = (await client.DescribeScheduleAsync(id)).RecentActions.Single().StartWorkflowResult;
        Assert.StartsWith(id + "-run", run.WorkflowId, StringComparison.Ordinal);
        Assert.Equal("in", await client.GetHandle(run.WorkflowId, run.RunId).ResultAsync<string>());

        var listed = new List<string>();
        await foreach (var schedule in client.ListSchedulesAsync())
        {
            listed.Add(schedule.Id);
        }
        Assert.Contains(id, listed);

        await client.DeleteScheduleAsync(id);
        var gone = await Assert.ThrowsAsync<ScheduleNotFoundException>(() => client.DescribeScheduleAsync(id));
        Assert.Equal($"There is no schedule '{id}'.", gone.Message);
    }
}
