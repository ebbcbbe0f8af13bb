using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using FlowForge.Orchestration.Schedules;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Tests;

/// <summary>A pipeline's schedule is a Temporal Schedule, and what it starts is an ordinary run.</summary>
public sealed class ScheduleTests
{
    private const string Nightly =
        """
        pipeline: nightly
        schedule: { cron: "0 2 * * *", timezone: Europe/Berlin }
        ingest:
          a: { source_type: file_local, format: csv, config: { path: a.csv } }
        """;

    [Fact]
    public async Task Put_PipelineWithASchedule_IsDueAtTheNextCronTime_AndATriggerStartsARun()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("a.csv", "id\n1\n");
        runtime.Put(Nightly);
        var client = await runtime.TemporalAsync();
        var schedule = await ScheduleAsync(client, s => s is not null);
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        Assert.All(schedule!.NextTimes, t => Assert.Equal((2, 0), (TimeZoneInfo.ConvertTime(t, berlin).Hour, TimeZoneInfo.ConvertTime(t, berlin).Minute)));
        Assert.NotEmpty(schedule.NextTimes);
        Assert.InRange(schedule.Raw.Schedule.Policies.CatchupWindow.ToTimeSpan(), TimeSpan.FromHours(46), TimeSpan.FromHours(50)); // two days, when clocks change two hours more or less

        await client.TriggerScheduleAsync(schedule.Id, cancellation: TestContext.Current.CancellationToken);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.List(new RunFilter { Pipeline = "nightly" }).Total == 1, "the scheduled run");
        var run = await runtime.EndOfAsync(runtime.Catalog.Runs.List(new RunFilter { Pipeline = "nightly" }).Items[0].RunId);
        Assert.Equal((RunState.Succeeded, "schedule"), (run.State, run.Trigger));
        // Triggered by hand it is about the time since the last two o'clock.
        var start = TimeZoneInfo.ConvertTime(run.Interval!.Value.Start, berlin);
        Assert.Equal((2, 0, 0), (start.Hour, start.Minute, start.Second));
        Assert.InRange(run.Interval.Value.End, run.QueuedAt.AddMinutes(-1), run.QueuedAt.AddSeconds(1));
    }

    [Fact]
    public async Task Put_ScheduleChangedRemovedAndPipelineDeleted_TheTemporalScheduleFollows()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(Nightly);
        var client = await runtime.TemporalAsync();
        await ScheduleAsync(client, s => s?.Note.StartsWith("0 2 * * * Europe/Berlin, as clocks change at 20", StringComparison.Ordinal) == true);
        runtime.Put(Nightly.Replace("0 2 * * *", "30 4 * * 1", StringComparison.Ordinal));
        await ScheduleAsync(client, s => s?.Note == "30 4 * * 1 Europe/Berlin");
        runtime.Put(Nightly.Replace("schedule: { cron: \"0 2 * * *\", timezone: Europe/Berlin }\n", "", StringComparison.Ordinal));
        await ScheduleAsync(client, s => s is null);
        runtime.Put(Nightly);
        await ScheduleAsync(client, s => s is not null);
        runtime.Catalog.Pipelines.Delete("nightly");
        await ScheduleAsync(client, s => s is null);
    }

    [Fact]
    public async Task Restart_ScheduleIsAsThePipelineSays_ItIsNotWrittenAgain()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(Nightly);
        var before = await ScheduleAsync(await runtime.TemporalAsync(), s => s is not null);
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();
        runtime.Put(Nightly.Replace("nightly", "other", StringComparison.Ordinal)); // handled after the start's own look at "nightly"
        var client = await runtime.TemporalAsync();
        await ScheduleAsync(client, s => s is not null, "other");
        var after = await ScheduleAsync(client, s => s is not null);
        Assert.Equal(before!.Raw.Info.UpdateTime, after!.Raw.Info.UpdateTime);
    }

    // Berlin: on 25 March 2035 the clock goes from 02:00 to 03:00 (01:00 UTC), on 28 October from 03:00 to 02:00 (01:00 UTC).
    [Theory]
    [InlineData("0 2 * * *", "2035-03-24T00:00:00Z", "2035-03-24 01:00 | 2035-03-25 01:00 | 2035-03-26 00:00")]
    [InlineData("0,30 2 * * *", "2035-03-25T00:00:00Z", "2035-03-25 01:00 | 2035-03-26 00:00 | 2035-03-26 00:30")]
    [InlineData("*/30 2 * * *", "2035-03-25T00:00:00Z", "2035-03-26 00:00 | 2035-03-26 00:30")]
    [InlineData("0 3 * * *", "2035-03-25T00:00:00Z", "2035-03-25 01:00 | 2035-03-26 01:00")]
    [InlineData("0 12 1 * MON", "2035-03-26T00:00:00Z", "2035-03-26 10:00 | 2035-04-01 10:00 | 2035-04-02 10:00")]
    [InlineData("@daily", "2035-03-24T12:00:00Z", "2035-03-24 23:00 | 2035-03-25 22:00")]
    public async Task Put_ClocksChange_TemporalIsDueWhenThePipelineIs(string cron, string start, string expected)
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(Nightly.Replace("cron: \"0 2 * * *\"", $"start: \"{start}\", cron: \"{cron}\"", StringComparison.Ordinal));
        var schedule = await ScheduleAsync(await runtime.TemporalAsync(), s => s is not null);
        var count = expected.Split('|').Length;
        var definition = new FlowForge.Pipelines.ScheduleDefinition { Cron = cron, Timezone = "Europe/Berlin", Start = DateTimeOffset.Parse(start, CultureInfo.InvariantCulture) };
        Assert.Equal(expected, Text(definition.Next(DateTimeOffset.UtcNow, count)));
        Assert.Equal(expected, Text(schedule!.NextTimes.Take(count)));

        static string Text(IEnumerable<DateTimeOffset> times) => string.Join(" | ", times.Select(t => t.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Backfill_TheHourThatComesTwice_StartsOneRunForIt()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("a.csv", "id\n1\n");
        runtime.Put("on_overlap: allow\n" + Nightly.Replace("0 2 * * *", "30 2 * * *", StringComparison.Ordinal));
        var client = await runtime.TemporalAsync();
        var schedule = await ScheduleAsync(client, s => s is not null);
        // 25 October 2026: 02:30 in Berlin is 00:30 and 01:30 in UTC.
        await client.BackfillScheduleAsync(schedule!.Id, new DateTimeOffset(2026, 10, 24, 12, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 10, 26, 12, 0, 0, TimeSpan.Zero), ScheduleOverlapPolicy.AllowAll, cancellation: TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await client.CountAsync("WorkflowId STARTS_WITH 'schedule/nightly' AND ExecutionStatus = 'Completed'", patience.Token) < 3) await tick.WaitForNextTickAsync(patience.Token);
        var runs = runtime.Catalog.Runs.List(new RunFilter { Pipeline = "nightly" }).Items;
        Assert.Equal(["2026-10-25T00:30", "2026-10-26T01:30"], runs.Select(r => r.Interval!.Value.End.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture)).Order());
        Assert.Equal(["2026-10-24T00:30", "2026-10-25T00:30"], runs.Select(r => r.Interval!.Value.Start.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture)).Order());
    }

    [Fact]
    public async Task StartAsync_SameRunIdTwice_IsOneRun()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("a.csv", "id\n1\n");
        runtime.Put(Nightly);
        var request = StartRun.All("nightly", "schedule") with { RunId = RunIds.From(DateTimeOffset.UtcNow, [1, 2, 3, 4]) };
        var first = await runtime.Runs.StartAsync(request, CancellationToken.None);
        var second = await runtime.Runs.StartAsync(request, CancellationToken.None);
        Assert.Equal(first, second);
        await runtime.EndOfAsync(first);
        Assert.Equal(1, runtime.Catalog.Runs.List(new RunFilter()).Total);
    }

    private static async Task<ScheduleDescription?> ScheduleAsync(TemporalClient client, Func<ScheduleDescription?, bool> condition, string pipeline = "nightly")
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            ScheduleDescription? found = null;
            try
            {
                found = await client.DescribeScheduleAsync(ScheduleKeeper.ScheduleId(pipeline), patience.Token);
            }
            catch (ScheduleNotFoundException)
            {
                // none (yet, or any more)
            }
            if (condition(found)) return found;
            await tick.WaitForNextTickAsync(patience.Token);
        }
    }
}
