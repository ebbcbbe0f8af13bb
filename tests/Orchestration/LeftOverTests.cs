using FlowForge.Catalog;
using FlowForge.Orchestration.Backfills;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace FlowForge.Orchestration.Tests;

/// <summary>What is recorded but has no workflow, and what a job leaves behind that failed for good.</summary>
public sealed class LeftOverTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly DateTimeOffset First = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task RecordedWhileTemporalWasAway_IsStartedWithoutARestart_AndNoOtherBackfillPlansTheSame()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put("pipeline: small\non_overlap: allow\ngold:\n  a: { sql: SELECT 1 AS n }\n");
        var asked = DateTimeOffset.UtcNow.AddMinutes(-1);
        DataInterval[] days = [new(First, First.AddDays(1)), new(First.AddDays(1), First.AddDays(2))];
        runtime.Catalog.Runs.Create(new RunRecord { RunId = "run_left", Pipeline = "small", PipelineVersion = 1, QueuedAt = asked });
        runtime.Catalog.Backfills.Create(new BackfillRecord
        {
            BackfillId = "bf_left", Pipeline = "small", PipelineVersion = 1, Range = new(First, First.AddDays(2)), Step = "1d", Only = BackfillOnly.All, MaxParallel = 1,
            JobIds = [], Parameters = new Dictionary<string, string>(), Intervals = days, CreatedAt = asked,
        });
        var plan = runtime.Services.GetRequiredService<BackfillService>().Plan(new("small", new(First, First.AddDays(3)), "1d", BackfillOnly.Missing, 1, [], new Dictionary<string, string>()));
        Assert.Equal([false, false, true], plan.Intervals.Select(i => i.Runs));
        Assert.Equal("bf_left will work on it", plan.Intervals[1].Reason);

        var run = await runtime.EndOfAsync("run_left");
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        Assert.Equal(RunState.Succeeded, Assert.Single(runtime.Catalog.Runs.Jobs("run_left")).State);
        await runtime.UntilAsync(() => runtime.Catalog.Backfills.Get("bf_left")!.State == RunState.Succeeded, "the backfill's end");
    }

    [Fact]
    public async Task RunsThatRetentionRemoved_AreNotMissing()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put("pipeline: small\ngold:\n  a: { sql: SELECT 1 AS n }\n");
        foreach (var (id, day, state) in ((string, int, RunState)[])[("run_a", 0, RunState.Succeeded), ("run_b", 1, RunState.Failed)])
        {
            runtime.Catalog.Runs.Create(new RunRecord { RunId = id, Pipeline = "small", PipelineVersion = 1, QueuedAt = First, Interval = new(First.AddDays(day), First.AddDays(day + 1)) });
            runtime.Catalog.Runs.SetState(id, state, null, First);
        }
        Assert.Equal(2, runtime.Catalog.Prune(new RetentionOptions { Runs = TimeSpan.FromDays(1), KeepRunsPerPipeline = 0 }, First.AddDays(9)).Runs);
        BackfillPlan Plan(BackfillOnly only) => runtime.Services.GetRequiredService<BackfillService>().Plan(new("small", new(First, First.AddDays(3)), "1d", only, 1, [], new Dictionary<string, string>()));

        Assert.Equal(
            [(false, "succeeded in run_a (removed since)", null), (false, "run_b (removed since) failed", null), (true, "no run yet", null)],
            Plan(BackfillOnly.Missing).Intervals.Select(i => (i.Runs, i.Reason, i.RunId)));
        Assert.Equal([false, true, false], Plan(BackfillOnly.Failed).Intervals.Select(i => i.Runs));
        Assert.Equal((true, "succeeded in run_a (removed since), runs again"), Plan(BackfillOnly.All).Intervals.Select(i => (i.Runs, i.Reason)).First());
    }

    [Fact]
    public async Task BackfillThatCannotBeStarted_AfterARestart_IsClosedWithTheReason_AndTheRuntimeWorks()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put("pipeline: small\ngold:\n  a: { sql: SELECT 1 AS n }\n");
        runtime.Catalog.Backfills.Create(new BackfillRecord
        {
            BackfillId = "bf_lost", Pipeline = "small", PipelineVersion = 7, Range = new(First, First.AddDays(1)), Step = "1d", Only = BackfillOnly.All, MaxParallel = 1,
            JobIds = [], Parameters = new Dictionary<string, string>(), Intervals = [new(First, First.AddDays(1))], CreatedAt = DateTimeOffset.UtcNow,
        });
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("small"), None))).State);
        var closed = runtime.Catalog.Backfills.Get("bf_lost")!;
        Assert.Equal((RunState.Failed, "There is no pipeline small version 7."), (closed.State, closed.Error?.Message));
    }

    [Fact]
    public async Task StartAsync_OfARunThatWasCancelledBefore_StartsNothing()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put("pipeline: small\ngold:\n  a: { sql: SELECT 1 AS n }\n");
        // Once a run has ended, the comparison after the start is over: it would start the one below before it is cancelled.
        await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("small"), None));
        runtime.Catalog.Runs.Create(new RunRecord { RunId = "run_off", Pipeline = "small", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow });
        await runtime.Runs.CancelAsync("run_off", None);
        Assert.Equal("run_off", await runtime.Runs.StartAsync(StartRun.All("small") with { RunId = "run_off" }, None));
        await Assert.ThrowsAsync<WorkflowNotFoundException>(async () => await (await runtime.TemporalAsync()).GetHandle(RunNames.WorkflowId("run_off")).DescribeAsync(None));
    }

    [Fact]
    public async Task JobFailedForGood_ItsTableIsFreeWhileTheRunGoesOn()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put("pipeline: half\nretry: { max_attempts: 1 }\ngold:\n  bad: { sql: \"SELECT CAST('x' AS INTEGER) AS n\" }\n  endless: { sql: \"SELECT sum(hash(x.range, y.range)) AS h FROM range(3000000) x, range(3000000) y\" }\n");
        var id = await runtime.Runs.StartAsync(StartRun.All("half"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "gold.bad")?.State == RunState.Failed && runtime.Catalog.Runs.Job(id, "gold.endless")?.State == RunState.Running, "one to fail and one to run");
        await runtime.UntilAsync(() => runtime.Catalog.Claims.Holder("gold.bad") is null, "the failed job's table to be free");
        Assert.Equal((null, id), (runtime.Catalog.Claims.Holder("gold.bad"), runtime.Catalog.Claims.Holder("gold.endless")));
        await runtime.Runs.CancelAsync(id, None);
        await runtime.EndOfAsync(id);
    }
}
