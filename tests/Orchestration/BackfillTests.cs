using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Backfills;
using FlowForge.Orchestration.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace FlowForge.Orchestration.Tests;

/// <summary>Backfills against the embedded server: one child run for each interval, chosen by what the catalog records.</summary>
public sealed class BackfillTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly DateTimeOffset First = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    private const string Days =
        """
        pipeline: days
        parameters: { day: "99" }
        ingest:
          sales: { source_type: file_local, format: csv, config: { path: sales.csv } }
        gold:
          of_day: { mode: merge, keys: [day], sql: "SELECT CAST(placed AS DATE) AS day, sum(amount) AS amount FROM bronze.sales WHERE placed >= ${interval.start} AND placed < ${interval.end} GROUP BY 1" }
        """;

    [Fact]
    public async Task StartAsync_FourDays_MakesARunForEach_AndASecondOneOnlyWhatIsMissing()
    {
        await using var runtime = await DaysAsync();
        var service = runtime.Services.GetRequiredService<BackfillService>();
        var first = await service.StartAsync(Request(2, BackfillOnly.All, parallel: 2), None);
        var ended = await EndOfAsync(runtime, first);
        Assert.True(ended.State == RunState.Succeeded, ended.Error?.Message);
        Assert.Equal(new Dictionary<RunState, int> { [RunState.Succeeded] = 2 }, runtime.Catalog.Backfills.Progress(first));
        Assert.Equal(2, runtime.Lake.Table(TableName.Parse("gold.of_day")).Latest()!.Rows);

        var plan = service.Plan(Request(4, BackfillOnly.Missing));
        Assert.Equal([false, false, true, true], plan.Intervals.Select(i => i.Runs));
        Assert.Equal("no run yet", plan.Intervals[2].Reason);
        Assert.StartsWith("succeeded in run_", plan.Intervals[0].Reason, StringComparison.Ordinal);
        var second = await EndOfAsync(runtime, await service.StartAsync(Request(4, BackfillOnly.NotSucceeded, parallel: 3), None));
        Assert.Equal((RunState.Succeeded, 2), (second.State, second.Intervals.Count));
        Assert.Equal(4, runtime.Lake.Table(TableName.Parse("gold.of_day")).Latest()!.Rows);
        Assert.Equal(4, runtime.Catalog.Runs.List(new RunFilter { Pipeline = "days" }).Total);
        Assert.All(runtime.Catalog.Runs.List(new RunFilter { Backfill = second.BackfillId }).Items, r => Assert.Equal(("backfill", second.BackfillId), (r.Trigger, r.BackfillId)));

        var none = await Assert.ThrowsAsync<RunRefusedException>(() => service.StartAsync(Request(4, BackfillOnly.NotSucceeded), None));
        Assert.Equal(("FF3403", "There is nothing to run: every interval of the range is left out."), (none.Code, none.Message));
    }

    [Fact]
    public async Task StartAsync_OneRunFails_TheOthersRun_AndOnlyFailedTakesThatOne()
    {
        await using var runtime = await DaysAsync();
        runtime.Put(Days.Replace("sum(amount) AS amount", "sum(CASE WHEN CAST(placed AS DATE) = DATE '2026-05-02' THEN CAST('no number' AS INTEGER) ELSE amount END) AS amount", StringComparison.Ordinal));
        var service = runtime.Services.GetRequiredService<BackfillService>();
        var failed = await EndOfAsync(runtime, await service.StartAsync(Request(3, BackfillOnly.All), None));
        Assert.Equal((RunState.Failed, "1 of 3 runs failed."), (failed.State, failed.Error?.Message));
        Assert.Equal(new Dictionary<RunState, int> { [RunState.Succeeded] = 2, [RunState.Failed] = 1 }, runtime.Catalog.Backfills.Progress(failed.BackfillId).OrderBy(p => p.Key).ToDictionary());

        runtime.Put(Days);
        var mended = await EndOfAsync(runtime, await service.StartAsync(Request(3, BackfillOnly.Failed), None));
        Assert.Equal((RunState.Succeeded, First.AddDays(1)), (mended.State, Assert.Single(mended.Intervals).Start));
    }

    [Fact]
    public async Task CancelAsync_InTheMiddle_StopsWhatRuns_AndStartsNoMore()
    {
        await using var runtime = await DaysAsync();
        runtime.Put(Days.Replace("sum(amount) AS amount", "(SELECT sum(hash(x.range, y.range)) FROM range(3000000) x, range(3000000) y) + sum(amount) AS amount", StringComparison.Ordinal));
        var service = runtime.Services.GetRequiredService<BackfillService>();
        var id = await service.StartAsync(Request(4, BackfillOnly.All), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.List(new RunFilter { Backfill = id }).Items.Any(r => runtime.Catalog.Runs.Job(r.RunId, "gold.of_day")?.State == RunState.Running), "the first run's long job");
        await service.CancelAsync(id, None);
        var ended = await EndOfAsync(runtime, id);
        Assert.Equal(RunState.Cancelled, ended.State);
        Assert.Equal(new Dictionary<RunState, int> { [RunState.Cancelled] = 1 }, runtime.Catalog.Backfills.Progress(id));
        Assert.Null(runtime.Lake.Table(TableName.Parse("gold.of_day")).Latest());
    }

    [Fact]
    public async Task Restart_InTheMiddle_TheBackfillGoesOn_EachIntervalOnce_AndScheduledRunsNeedNotWait()
    {
        await using var runtime = await DaysAsync();
        var service = runtime.Services.GetRequiredService<BackfillService>();
        var id = await service.StartAsync(Request(8, BackfillOnly.All, parallel: 2), None);
        await runtime.UntilAsync(() => runtime.Catalog.Backfills.Progress(id).GetValueOrDefault(RunState.Succeeded) >= 2, "two finished runs");
        // on_overlap: skip refuses a run beside another one, but not beside a backfill.
        var beside = await runtime.Runs.StartAsync(StartRun.All("days") with { Interval = new(First.AddDays(20), First.AddDays(21)) }, None);
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();
        var ended = await EndOfAsync(runtime, id);
        Assert.True(ended.State == RunState.Succeeded, ended.Error?.Message);
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(beside)).State);
        var intervals = runtime.Catalog.Runs.List(new RunFilter { Backfill = id }).Items.Select(r => r.Interval!.Value.Start).ToArray();
        Assert.Equal(8, intervals.Length);
        Assert.Equal(8, intervals.Distinct().Count());
        Assert.Equal(8, runtime.Lake.Table(TableName.Parse("gold.of_day")).Latest()!.Rows);
    }

    [Fact]
    public async Task Backfill_OfAnIncrementalJob_LoadsItsInterval_AndDoesNotMoveTheCursor()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(
            """
            pipeline: late
            ingest:
              sales:
                source_type: file_local
                format: csv
                incremental_mode: incremental
                watermark_column: placed
                dedupe_keys: [id]
                config: { path: sales-*.csv }
            """);
        runtime.WriteFile("sales-1.csv", "id,placed\n1,2026-05-02 08:00:00\n2,2026-05-05 08:00:00\n");
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("late"), None))).State);
        var cursor = Cursor(runtime);
        Assert.StartsWith("2026-05-05 08:00:00", cursor, StringComparison.Ordinal);

        // What came late, and something newer than the cursor that a backfill of old days must leave alone.
        runtime.WriteFile("sales-2.csv", "id,placed\n3,2026-05-01 09:00:00\n4,2026-05-09 09:00:00\n");
        var service = runtime.Services.GetRequiredService<BackfillService>();
        var ended = await EndOfAsync(runtime, await service.StartAsync(new("late", new(First, First.AddDays(1)), "1d", BackfillOnly.All, 1, [], new Dictionary<string, string>()), None));
        Assert.True(ended.State == RunState.Succeeded, ended.Error?.Message);
        Assert.Equal(3, runtime.Lake.Table(TableName.Parse("bronze.sales")).Latest()!.Rows);
        Assert.Equal(cursor, Cursor(runtime));
        Assert.Equal((0L, 1L, 1L), Counts(runtime, ended.BackfillId));
        Assert.Equal(cursor, Assert.Single(runtime.Catalog.Watermarks.OfTable("bronze.sales")).Value);

        // The newer row of the late file is not lost: the next run in the ordinary order takes it.
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("late"), None))).State);
        Assert.Equal(4, runtime.Lake.Table(TableName.Parse("bronze.sales")).Latest()!.Rows);
        Assert.StartsWith("2026-05-09 09:00:00", Cursor(runtime), StringComparison.Ordinal);

        static (long Rejected, long Loaded, long LeftOut) Counts(RuntimeFixture runtime, string backfill)
        {
            var counts = runtime.Catalog.Runs.Job(Assert.Single(runtime.Catalog.Runs.List(new RunFilter { Backfill = backfill }).Items).RunId, "ingest.sales")!.Counts;
            return (counts.Rejected, counts.Loaded, counts.Read - counts.Loaded);
        }

        static string? Cursor(RuntimeFixture runtime) => runtime.Lake.Table(TableName.Parse("bronze.sales")).Latest()!.StateOf("late/ingest.sales")!.Cursor;
    }

    [Fact]
    public async Task Plan_OverARetriedRetry_KnowsItsSuccess()
    {
        await using var runtime = await DaysAsync();
        var runs = runtime.Catalog.Runs;
        var day = new DataInterval(First, First.AddDays(1));
        string[] chain = ["run_1", "run_2", "run_3"];
        for (var i = 0; i < chain.Length; i++)
        {
            runs.Create(new RunRecord
            {
                RunId = chain[i], Pipeline = "days", PipelineVersion = 1, QueuedAt = First.AddDays(30).AddHours(i), Interval = day, RetryOf = i == 0 ? null : chain[i - 1], JobIds = i == 0 ? [] : ["gold.of_day"],
            });
            runs.SetState(chain[i], i < 2 ? RunState.Failed : RunState.Succeeded, null, First.AddDays(31));
        }
        var plan = runtime.Services.GetRequiredService<BackfillService>().Plan(Request(1, BackfillOnly.NotSucceeded));
        Assert.Equal((false, "succeeded in run_3"), (Assert.Single(plan.Intervals).Runs, plan.Intervals[0].Reason));
    }

    [Fact]
    public async Task Plan_OverlapsAnOpenBackfillInOtherPieces_IsRefused_AndTheSamePiecesAreShared()
    {
        await using var runtime = await DaysAsync();
        var service = runtime.Services.GetRequiredService<BackfillService>();
        // Once a run has ended, the comparison with Temporal after the start is over: it would close a backfill that Temporal does not know.
        await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("days") with { Interval = new(First.AddDays(5), First.AddDays(6)) }, None));
        runtime.Catalog.Backfills.Create(new BackfillRecord
        {
            BackfillId = "bf_open", Pipeline = "days", PipelineVersion = 1, State = RunState.Running, Range = new(First, First.AddDays(2)), Step = "1d", Only = BackfillOnly.All, MaxParallel = 1,
            JobIds = ["gold.of_day"], Parameters = new Dictionary<string, string>(), Intervals = [new(First, First.AddDays(1)), new(First.AddDays(1), First.AddDays(2))], CreatedAt = DateTimeOffset.UtcNow,
        });
        var half = Assert.Throws<RunRefusedException>(() => service.Plan(Request(3, BackfillOnly.All) with { Step = "12h", JobIds = ["gold.of_day"] }));
        Assert.Equal((RunRefusal.Conflict, "FF3405", "Backfill bf_open of days works on 2026-05-01 00:00:00Z to 2026-05-03 00:00:00Z in steps of 1d (gold.of_day), which overlaps with this one in other pieces.",
            "Wait for its end, cancel it, or take its step (1d): then what it does is left out here."), (half.Reason, half.Code, half.Message, half.Suggestion));
        Assert.Equal("FF3405", (await Assert.ThrowsAsync<RunRefusedException>(() => service.StartAsync(Request(3, BackfillOnly.All) with { Step = "12h", JobIds = ["gold.of_day"] }, None))).Code);
        var all = Assert.Throws<RunRefusedException>(() => service.Plan(Request(3, BackfillOnly.All)));
        Assert.Equal("Wait for its end or cancel it; or leave its jobs out.", all.Suggestion);
        Assert.Equal([false, false, true], service.Plan(Request(3, BackfillOnly.All) with { JobIds = ["gold.of_day"] }).Intervals.Select(i => i.Runs));
        Assert.Equal([true, true, true], service.Plan(Request(3, BackfillOnly.All) with { JobIds = ["ingest.sales"], Step = "1d" }).Intervals.Select(i => i.Runs));
        Assert.Equal([true], service.Plan(Request(1, BackfillOnly.All) with { Range = new(First.AddDays(2), First.AddDays(2).AddHours(12)), Step = "12h" }).Intervals.Select(i => i.Runs));
    }

    [Fact]
    public async Task Plan_YearsThatNoCalendarHas_IsRefused()
    {
        await using var runtime = await DaysAsync();
        var service = runtime.Services.GetRequiredService<BackfillService>();
        foreach (var range in new DataInterval[] { new(DateTimeOffset.MinValue, First), new(First, DateTimeOffset.MaxValue) })
        {
            var refused = Assert.Throws<RunRefusedException>(() => service.Plan(Request(1, BackfillOnly.All) with { Range = range }));
            Assert.Equal("FF3404", refused.Code);
        }
    }

    private static BackfillRequest Request(int days, BackfillOnly only, int parallel = 1) => new("days", new(First, First.AddDays(days)), null, only, parallel, [], new Dictionary<string, string>());

    private static async Task<RuntimeFixture> DaysAsync()
    {
        var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("sales.csv", "placed,amount\n" + string.Concat(Enumerable.Range(0, 10).Select(d => $"{First.AddDays(d).AddHours(7):yyyy-MM-dd HH:mm:ss},{d + 1}\n")));
        runtime.Put(Days);
        return runtime;
    }

    private static async Task<BackfillRecord> EndOfAsync(RuntimeFixture runtime, string id)
    {
        await runtime.UntilAsync(() => runtime.Catalog.Backfills.Get(id)!.State.IsFinal(), $"the end of {id}");
        return runtime.Catalog.Backfills.Get(id)!;
    }
}
