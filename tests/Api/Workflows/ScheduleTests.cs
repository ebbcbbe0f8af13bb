using System.Net;
using FlowForge.Contracts;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Api.Tests.Workflows;

[Collection(TemporalCollection.Name)]
public sealed class ScheduleTests(TemporalRuntime runtime)
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task Get_Schedule_HasItsRulesInWordsAndNextTimes()
    {
        await CreateAsync("words", d => d with
        {
            Cron = ["30 2 * * MON-FRI", "*/15 8-18 * * *", "0 0 1 1,7 *"], Intervals = [new ScheduleInterval(TimeSpan.FromHours(6))], TimeZone = "Europe/Berlin", Overlap = ScheduleOverlapPolicy.BufferOne, Note = "nightly"
        });
        var schedule = await client.ScheduleAsync(new ScheduleKey("words"), Ct);
        Assert.Equal(
        [
            "At 02:30 on Monday to Friday (Europe/Berlin)", "Every 15 minutes of the hours 8 to 18 every day (Europe/Berlin)",
            "At 00:00 on day 1 of January and July (Europe/Berlin)", "Every 6 hours"
        ], schedule.Spec);
        Assert.Equal(("obedient", "words-run", TemporalRuntime.Queue, "buffer one", "nightly", false), (schedule.WorkflowType, schedule.WorkflowId, schedule.TaskQueue, schedule.Overlap, schedule.Note, schedule.Paused));
        Assert.Equal(10, schedule.NextTimes.Count);
        Assert.Equal(schedule.NextTimes.Order(), schedule.NextTimes);
        Assert.Equal("complete", schedule.Input.Single().GetString());
    }

    [Fact]
    public async Task PauseAndUnpause_AreSeenInTheList()
    {
        await CreateAsync("pausing");
        await client.PauseScheduleAsync(new PauseSchedule(new ScheduleKey("pausing"), "holiday"), Ct);
        var paused = await ListedAsync("pausing");
        Assert.Equal((true, "holiday", 0), (paused.Paused, paused.Note, paused.NextTimes.Count));
        await client.UnpauseScheduleAsync(new PauseSchedule(new ScheduleKey("pausing")), Ct);
        Assert.False((await ListedAsync("pausing")).Paused);
    }

    [Fact]
    public async Task TriggerAndBackfill_StartWorkflows()
    {
        await CreateAsync("starting", d => d with { Cron = ["0 3 * * *"], Paused = true });
        await client.TriggerScheduleAsync(new TriggerSchedule(new ScheduleKey("starting"), "allow_all"), Ct);
        var from = new DateTimeOffset(2024, 2, 28, 0, 0, 0, TimeSpan.Zero);
        await client.BackfillScheduleAsync(new BackfillSchedule(new ScheduleKey("starting"), from, from.AddDays(3), "allow all"), Ct);
        ScheduleDetail schedule;
        while ((schedule = await client.ScheduleAsync(new ScheduleKey("starting"), Ct)).Actions < 4)
            await Task.Delay(50, Ct);
        Assert.Equal([from.AddHours(3), from.AddDays(1).AddHours(3), from.AddDays(2).AddHours(3)], schedule.RecentActions.Select(a => a.ScheduledFor).Where(t => t.Year == 2024).Order());
        Assert.All(schedule.RecentActions, a => Assert.StartsWith("starting-run", a.WorkflowId, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refusals_SayWhatIsWrong()
    {
        var key = new ScheduleKey("nothing");
        var unknown = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ScheduleAsync(key, Ct));
        Assert.Equal((HttpStatusCode.NotFound, "There is no schedule 'nothing'."), (unknown.Status, unknown.Message));
        Assert.Equal("overlap is 'perhaps'; it must be one of skip, buffer_one, buffer_all, cancel_other, terminate_other, allow_all.",
            (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.TriggerScheduleAsync(new TriggerSchedule(key, "perhaps"), Ct))).Message);
        var now = DateTimeOffset.UtcNow;
        Assert.EndsWith("is empty.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.BackfillScheduleAsync(new BackfillSchedule(key, now, now), Ct))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_Schedule_IsGone()
    {
        await CreateAsync("leaving");
        await client.DeleteScheduleAsync(new ScheduleKey("leaving"), Ct);
        Assert.DoesNotContain((await client.SchedulesAsync(ct: Ct)).Items, s => s.Id == "leaving");
    }

    private Task CreateAsync(string id, Func<ScheduleDefinition, ScheduleDefinition>? more = null)
    {
        var schedule = new ScheduleDefinition
        {
            Workflow = new ScheduledWorkflow("obedient", "complete", new StartWorkflowOptions { Id = id + "-run", TaskQueue = TemporalRuntime.Queue }), Intervals = [new ScheduleInterval(TimeSpan.FromDays(1))]
        };
        return runtime.Temporal.CreateScheduleAsync(id, more is null ? schedule : more(schedule with { Intervals = [] }), cancellation: Ct);
    }

    private async Task<ScheduleEntry> ListedAsync(string id) => (await client.SchedulesAsync(ct: Ct)).Items.Single(s => s.Id == id);
}
