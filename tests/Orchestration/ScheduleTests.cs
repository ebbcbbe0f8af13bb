using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Schedules;
using FlowForge.Temporal.Worker;

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
        await ScheduleAsync(client, s => s?.Note == "0 2 * * * Europe/Berlin");
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
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
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
