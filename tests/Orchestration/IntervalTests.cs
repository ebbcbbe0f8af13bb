using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Orchestration.Tests;

/// <summary>A run's data interval and parameters reach SQL and the source's settings.</summary>
public sealed class IntervalTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly DataInterval Second = new(new(2026, 5, 2, 0, 0, 0, TimeSpan.Zero), new(2026, 5, 3, 0, 0, 0, TimeSpan.Zero));

    private const string Daily =
        """
        pipeline: daily
        parameters: { country: AT, file: orders }
        ingest:
          orders: { source_type: file_local, format: csv, filter: "country = ${param.country}", config: { path: "${param.file}.csv" } }
        gold:
          of_day:
            sql: SELECT id, '${param.country}' AS country FROM bronze.orders WHERE placed >= ${interval.start} AND placed < ${interval.end}
        """;

    [Fact]
    public async Task StartAsync_WithAnInterval_SqlAndFilterSeeIt_AndTheRunRecordsIt()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("orders.csv", "id,country,placed\n1,AT,2026-05-01 10:00:00\n2,AT,2026-05-02 10:00:00\n3,JP,2026-05-02 11:00:00\n4,AT,2026-05-03 00:00:00\n");
        runtime.Put(Daily);
        var run = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("daily") with { Interval = Second }, None));
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        Assert.Equal(Second, run.Interval);
        Assert.Equal((4L, 3L, 1L), (runtime.Catalog.Runs.Job(run.RunId, "ingest.orders")!.Counts.Read, runtime.Catalog.Runs.Job(run.RunId, "ingest.orders")!.Counts.Loaded, runtime.Catalog.Runs.Job(run.RunId, "ingest.orders")!.Counts.Filtered));
        Assert.Equal(1, runtime.Catalog.Runs.Job(run.RunId, "gold.of_day")!.Counts.Loaded);
    }

    [Fact]
    public async Task StartAsync_NoIntervalAndNoSchedule_IsRefused_AndSoIsOneThatEndsBeforeItStarts()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(Daily);
        var none = await Assert.ThrowsAsync<RunRefusedException>(() => runtime.Runs.StartAsync(StartRun.All("daily"), None));
        Assert.Equal(("FF3110", "Pipeline daily reads its data interval, and this run has none."), (none.Code, none.Message));
        var backwards = await Assert.ThrowsAsync<RunRefusedException>(() => runtime.Runs.StartAsync(StartRun.All("daily") with { Interval = new(Second.End, Second.Start) }, None));
        Assert.Equal("FF3109", backwards.Code);
        Assert.Equal(0, runtime.Catalog.Runs.List(new RunFilter()).Total);
    }

    [Fact]
    public async Task StartAsync_ByHandWithASchedule_TakesItsLastWholeInterval()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(Daily.Replace("parameters:", "schedule: \"0 0 * * *\"\nparameters:", StringComparison.Ordinal));
        runtime.WriteFile("orders.csv", "id,country,placed\n1,AT,2026-05-01 10:00:00\n");
        var run = runtime.Catalog.Runs.Get(await runtime.Runs.StartAsync(StartRun.All("daily"), None))!;
        var midnight = new DateTimeOffset(run.QueuedAt.UtcDateTime.Date, TimeSpan.Zero);
        Assert.Equal(new DataInterval(midnight.AddDays(-1), midnight), run.Interval);
    }
}
