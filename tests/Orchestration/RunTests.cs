using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Orchestration.Tests;

/// <summary>Runs against the embedded server, with real files, plugins, DuckDB and Delta tables.</summary>
public sealed class RunTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const string Shop =
        """
        pipeline: shop
        ingest:
          customers: { source_type: file_local, format: csv, is_reference: true, config: { path: customers.csv } }
          orders: { source_type: file_local, format: csv, config: { path: orders-*.csv } }
        silver:
          clean:
            sql: SELECT o.id, c.country, o.amount FROM bronze.orders o JOIN bronze.customers c ON c.id = o.customer
            checks: [ { not_null: [country] } ]
        gold:
          totals: { sql: "SELECT country, sum(amount) AS amount FROM silver.clean GROUP BY country" }
        """;

    [Fact]
    public async Task StartAsync_FullPipeline_SucceedsWithBalancedRows_AndASecondRunAddsNothing()
    {
        await using var runtime = await ShopAsync();
        var first = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));
        Assert.True(first.State == RunState.Succeeded, first.Error?.Message);
        Assert.Equal(
            ["ingest.customers Succeeded 2 read = 2 loaded + 0 rejected + 0 deduplicated + 0 filtered", "ingest.orders Succeeded 3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered",
             "silver.clean Succeeded 3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered", "gold.totals Succeeded 2 read = 2 loaded + 0 rejected + 0 deduplicated + 0 filtered"],
            runtime.Catalog.Runs.Jobs(first.RunId).Select(j => $"{j.JobId} {j.State} {j.Counts}"));

        var second = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));
        Assert.Equal(RunState.Succeeded, second.State);
        Assert.Equal(3, runtime.Lake.Table(TableName.Parse("bronze.orders")).Latest()!.Rows);
        Assert.Equal(2, runtime.Lake.Table(TableName.Parse("gold.totals")).Latest()!.Rows);
    }

    [Fact]
    public async Task StartAsync_OneInputIsMissing_DependantsAreSkipped_OthersFinish_AndRetryGoesOnWithTheRest()
    {
        await using var runtime = await ShopAsync();
        File.Delete(Path.Combine(runtime.Base, "customers.csv"));
        var failed = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));

        Assert.Equal(RunState.Failed, failed.State);
        var states = runtime.Catalog.Runs.Jobs(failed.RunId).ToDictionary(j => j.JobId, j => j.State);
        Assert.Equal((RunState.Failed, RunState.Succeeded, RunState.Skipped, RunState.Skipped),
            (states["ingest.customers"], states["ingest.orders"], states["silver.clean"], states["gold.totals"]));
        Assert.StartsWith("ingest.customers failed: ", failed.Error!.Message, StringComparison.Ordinal);

        // The same run goes on: what succeeded stays, and the attempt that failed remains to be seen.
        runtime.WriteFile("customers.csv", "id,country\n1,AT\n2,JP\n");
        Assert.Equal(failed.RunId, await runtime.Runs.RetryAsync(failed.RunId, None));
        var retried = await runtime.EndOfAsync(failed.RunId);
        Assert.True(retried.State == RunState.Succeeded, retried.Error?.Message);
        Assert.Equal((failed.StartedAt, null, failed.QueuedAt), (retried.StartedAt, retried.Error, retried.QueuedAt));
        Assert.Equal(["ingest.orders 1 Succeeded", "ingest.customers 1 Failed", "ingest.customers 2 Succeeded", "silver.clean 1 Succeeded", "gold.totals 1 Succeeded"],
            runtime.Catalog.Runs.Attempts(failed.RunId).OrderBy(a => a.StartedAt).Select(a => $"{a.JobId} {a.Attempt} {a.State}").OrderBy(a => a.StartsWith("ingest.customers", StringComparison.Ordinal) ? 1 : a[0] == 'i' ? 0 : a[0] == 's' ? 2 : 3));
        Assert.Equal(1, runtime.Catalog.Runs.List(new RunFilter()).Total);
        Assert.Equal(3, runtime.Lake.Table(TableName.Parse("bronze.orders")).Latest()!.Rows);
        var nothing = await Assert.ThrowsAsync<RunRefusedException>(() => runtime.Runs.RetryAsync(failed.RunId, None));
        Assert.Equal($"Every job of {failed.RunId} succeeded: there is nothing to retry.", nothing.Message);
    }

    [Fact]
    public async Task RunJob_IsRecordedAsSucceededAndStillHoldsItsTable_LetsGoOfItBeforeTheRunEnds()
    {
        await using var runtime = await ShopAsync();
        File.Delete(Path.Combine(runtime.Base, "customers.csv"));
        var failed = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));
        Assert.Equal(RunState.Succeeded, runtime.Catalog.Runs.Job(failed.RunId, "ingest.orders")!.State);
        // As if the worker had died between the record and the release.
        runtime.Catalog.Claims.TryClaim("bronze.orders", failed.RunId, "ingest.orders", () => 1);
        // What keeps the run from ending meanwhile.
        runtime.Catalog.Runs.Create(new RunRecord { RunId = "run_other", Pipeline = "other", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow });
        runtime.Catalog.Runs.SetState("run_other", RunState.Running, null, DateTimeOffset.UtcNow);
        runtime.Catalog.Claims.TryClaim("bronze.customers", "run_other", "ingest.x", () => 0);

        runtime.WriteFile("customers.csv", "id,country\n1,AT\n2,JP\n");
        Assert.Equal(failed.RunId, await runtime.Runs.RetryAsync(failed.RunId, None));
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(failed.RunId, "ingest.customers")?.Phase == "waiting for run_other", "customers to wait");
        for (var i = 0; i < 1200 && runtime.Catalog.Claims.Holder("bronze.orders") is not null; i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal((null, RunState.Running), (runtime.Catalog.Claims.Holder("bronze.orders"), runtime.Catalog.Runs.Get(failed.RunId)!.State));
        runtime.Catalog.Claims.Release("run_other");
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(failed.RunId)).State);
    }

    [Fact]
    public async Task RetryAsync_PipelineWasMended_IsANewRunOfTheRestAndOfTheNewText()
    {
        await using var runtime = await ShopAsync();
        runtime.Put(Shop.Replace("sum(amount)", "sum(CAST(country AS INTEGER))", StringComparison.Ordinal));
        var failed = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));
        Assert.Equal(RunState.Failed, failed.State);
        runtime.Put(Shop);
        var twice = await Task.WhenAll(TryAsync(), TryAsync());
        Assert.Equal("FF3104", Assert.Single(twice.OfType<RunRefusedException>()).Code);
        var retried = await runtime.EndOfAsync(Assert.Single(twice.OfType<string>()));
        Assert.True(retried.State == RunState.Succeeded, retried.Error?.Message);
        Assert.Equal((failed.RunId, 3), (retried.RetryOf, retried.PipelineVersion));
        Assert.Equal(["gold.totals"], runtime.Catalog.Runs.Jobs(retried.RunId).Select(j => j.JobId));
        Assert.Equal(RunState.Failed, runtime.Catalog.Runs.Get(failed.RunId)!.State);

        async Task<object> TryAsync()
        {
            try
            {
                return await runtime.Runs.RetryAsync(failed.RunId, None);
            }
            catch (RunRefusedException refused)
            {
                return refused;
            }
        }
    }

    [Fact]
    public async Task RetryAsync_ASecondTimeOfTheSameRun_LeavesOutWhatTheFirstRetryDid()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        const string Two = "pipeline: two\nretry: { max_attempts: 1 }\ngold:\n  a: { sql: \"SELECT CAST('A' AS INTEGER) AS n\" }\n  b: { sql: \"SELECT CAST('B' AS INTEGER) AS n\" }\n";
        runtime.Put(Two);
        var failed = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("two"), None));
        runtime.Put(Two.Replace("'A'", "'1'", StringComparison.Ordinal));
        var first = await runtime.EndOfAsync(await runtime.Runs.RetryAsync(failed.RunId, None));
        Assert.Equal((RunState.Failed, RunState.Succeeded), (first.State, runtime.Catalog.Runs.Job(first.RunId, "gold.a")!.State));
        runtime.Put(Two.Replace("'A'", "'1'", StringComparison.Ordinal).Replace("'B'", "'2'", StringComparison.Ordinal));
        var second = await runtime.EndOfAsync(await runtime.Runs.RetryAsync(failed.RunId, None));
        Assert.Equal((RunState.Succeeded, failed.RunId), (second.State, second.RetryOf));
        Assert.Equal(["gold.b"], runtime.Catalog.Runs.Jobs(second.RunId).Select(j => j.JobId));
        var nothing = await Assert.ThrowsAsync<RunRefusedException>(() => runtime.Runs.RetryAsync(failed.RunId, None));
        Assert.Equal(("FF3105", $"Every job of {failed.RunId} succeeded, here or in a retry: there is nothing to retry."), (nothing.Code, nothing.Message));
    }

    [Fact]
    public async Task StartAsync_RepeatedAfterAnEditOfThePipeline_RunsTheRecordedVersion()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put("pipeline: two\ngold:\n  a: { sql: SELECT 1 AS n }\n");
        await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("two"), None)); // the comparison after the start is over
        var request = StartRun.All("two", "after") with { RunId = "run_decided" };
        runtime.Catalog.Runs.Create(new RunRecord { RunId = "run_decided", Pipeline = "two", PipelineVersion = 1, Trigger = "after", QueuedAt = DateTimeOffset.UtcNow });
        runtime.Put("pipeline: two\ngold:\n  b: { sql: SELECT 2 AS n }\n");
        await runtime.Runs.StartAsync(request, None);
        var run = await runtime.EndOfAsync("run_decided");
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        Assert.Equal((1, "gold.a"), (run.PipelineVersion, Assert.Single(runtime.Catalog.Runs.Jobs("run_decided")).JobId));
        Assert.Null(runtime.Lake.Table(TableName.Parse("gold.b")).Latest());
    }

    [Fact]
    public async Task RetryAsync_OfACancelledAndPausedRun_GoesOn()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("a.csv", "id\n" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i}\n")));
        runtime.Put("pipeline: two\ningest:\n  a: { source_type: file_local, format: csv, config: { path: a.csv } }\ngold:\n  b: { sql: SELECT count(*) AS n FROM bronze.a }\n");
        var id = await runtime.Runs.StartAsync(StartRun.All("two"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "ingest.a")?.State == RunState.Running, "the ingest");
        await runtime.Runs.PauseAsync(id, None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "ingest.a")?.State == RunState.Succeeded, "the ingest's end");
        await runtime.Runs.CancelAsync(id, None);
        Assert.Equal(RunState.Cancelled, (await runtime.EndOfAsync(id)).State);
        Assert.Equal(id, await runtime.Runs.RetryAsync(id, None));
        var run = await runtime.EndOfAsync(id);
        Assert.Equal((RunState.Succeeded, false), (run.State, run.Paused));
        Assert.Equal(["ingest.a 1 Succeeded", "gold.b 1 Succeeded"], runtime.Catalog.Runs.Attempts(id).Select(a => $"{a.JobId} {a.Attempt} {a.State}"));
    }

    [Fact]
    public async Task CancelAsync_WhileAJobRuns_EndsCancelled_AndPublishesNothing()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("a.csv", "id\n1\n");
        runtime.Put(
            """
            pipeline: slow
            ingest:
              a: { source_type: file_local, format: csv, config: { path: a.csv } }
            gold:
              endless: { sql: "SELECT sum(hash(x.range, y.range, a.id)) AS h FROM bronze.a a, range(3000000) x, range(3000000) y" }
            """);
        var id = await runtime.Runs.StartAsync(StartRun.All("slow"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "gold.endless")?.State == RunState.Running, "the endless job to run");
        await runtime.Runs.CancelAsync(id, None);
        var run = await runtime.EndOfAsync(id);

        Assert.Equal(RunState.Cancelled, run.State);
        Assert.Equal(RunState.Cancelled, runtime.Catalog.Runs.Job(id, "gold.endless")!.State);
        Assert.Null(runtime.Lake.Table(TableName.Parse("gold.endless")).Latest());
        Assert.NotNull(runtime.Lake.Table(TableName.Parse("bronze.a")).Latest());
    }

    [Fact]
    public async Task StopRuntime_InTheMiddleOfAJob_TheNextRuntimeEndsTheRun()
    {
        await using var runtime = await ShopAsync();
        runtime.WriteFile("orders-2.csv", "id,customer,amount\n" + string.Concat(Enumerable.Range(10, 200_000).Select(i => $"{i},{1 + i % 2},1.5\n")));
        var id = await runtime.Runs.StartAsync(StartRun.All("shop"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "ingest.orders")?.State == RunState.Running, "the ingest to run");
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();

        var run = await runtime.EndOfAsync(id);
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        Assert.Equal(200_003, runtime.Lake.Table(TableName.Parse("silver.clean")).Latest()!.Rows);
    }

    [Fact]
    public async Task StartAsync_PipelineWithErrors_IsRefusedWithItsDiagnostics()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Catalog.Pipelines.Put("bad", "pipeline: bad\ngold:\n  x: { sql: SELECT * FROM bronze.nowhere }\n", Pipelines.PipelineFormat.Yaml, runtime.Base);
        var refused = await Assert.ThrowsAsync<RunRefusedException>(() => runtime.Runs.StartAsync(StartRun.All("bad"), None));
        Assert.Equal((RunRefusal.Invalid, "Pipeline bad version 1 has errors."), (refused.Reason, refused.Message));
        Assert.Contains(refused.Diagnostics, d => d.Message.Contains("bronze.nowhere", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nothing", null, "There is no pipeline nothing.")]
    [InlineData("shop", "gold.nothing", "Pipeline shop has no job gold.nothing.")]
    public async Task StartAsync_Unknown_IsRefused(string pipeline, string? job, string message)
    {
        await using var runtime = await ShopAsync();
        var refused = await Assert.ThrowsAsync<RunRefusedException>(() => runtime.Runs.StartAsync(StartRun.All(pipeline) with { JobIds = job is null ? [] : [job] }, None));
        Assert.Equal((RunRefusal.NotFound, message), (refused.Reason, refused.Message));
        Assert.Equal(0, runtime.Catalog.Runs.List(new RunFilter()).Total);
    }

    [Fact]
    public async Task RecordedButNotStarted_AfterARestart_IsStarted()
    {
        await using var runtime = await ShopAsync();
        await runtime.StopRuntimeAsync();
        // what a crash between the record and the start of the workflow leaves behind
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile))
        {
            catalog.Runs.Create(new RunRecord { RunId = "run_left", Pipeline = "shop", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow });
            catalog.Runs.UpsertJobs([.. new[] { ("ingest.customers", "customers") }.Select(j => new JobRunRecord { RunId = "run_left", JobId = j.Item1, Name = j.Item2, Kind = Pipelines.JobKind.Ingest })]);
        }
        await runtime.StartRuntimeAsync();
        var run = await runtime.EndOfAsync("run_left");
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
    }

    [Fact]
    public async Task JobThatTookItsWorkerDownAHundredTimes_IsGivenUp()
    {
        await using var runtime = await ShopAsync();
        await runtime.StopRuntimeAsync();
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile))
        {
            catalog.Runs.Create(new RunRecord { RunId = "run_deadly", Pipeline = "shop", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow, JobIds = ["ingest.orders"] });
            for (var attempt = 1; attempt <= 100; attempt++)
                catalog.Runs.AddAttempt(new("run_deadly", "ingest.orders", attempt, RunState.Running, DateTimeOffset.UtcNow, null, null));
        }
        await runtime.StartRuntimeAsync();
        var run = await runtime.EndOfAsync("run_deadly");
        Assert.Equal((RunState.Failed, "ingest.orders failed: ingest.orders was interrupted in 100 attempts."), (run.State, run.Error?.Message));
        Assert.Null(runtime.Lake.Table(TableName.Parse("bronze.orders")).Latest());
    }

    private static async Task<RuntimeFixture> ShopAsync()
    {
        var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("customers.csv", "id,country\n1,AT\n2,JP\n");
        runtime.WriteFile("orders-1.csv", "id,customer,amount\n1,1,10.5\n2,2,20\n3,1,0.25\n");
        runtime.Put(Shop);
        return runtime;
    }
}
