using FlowForge.Catalog;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Orchestration.Tests;

/// <summary>Caps on runs, runs that are tried again by themselves, and worker pools.</summary>
public sealed class LimitTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const string Endless = "gold:\n  b: { sql: \"SELECT sum(hash(x.range, y.range)) AS h FROM range(3000000) x, range(3000000) y\" }\n";

    [Fact]
    public async Task RunRetry_RunFailed_WaitsAndSucceedsAtTheNextTry_InTheSameRun()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("b.csv", "id\n1\n");
        runtime.Put(
            """
            pipeline: stubborn
            run_retry: { attempts: 3, delay: 1500ms }
            retry: { max_attempts: 1 }
            ingest:
              a: { source_type: file_local, format: csv, config: { path: a.csv } }
              b: { source_type: file_local, format: csv, config: { path: b.csv } }
            gold:
              c: { sql: SELECT count(*) AS n FROM bronze.a }
            """);
        var id = await runtime.Runs.StartAsync(StartRun.All("stubborn"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Get(id)!.Waiting?.StartsWith("try 1 of 3 failed; the next begins at ", StringComparison.Ordinal) == true, "the wait after the first try");
        Assert.Equal(RunState.Running, runtime.Catalog.Runs.Get(id)!.State);
        runtime.WriteFile("a.csv", "id\n1\n2\n");
        var run = await runtime.EndOfAsync(id);
        Assert.Equal((RunState.Succeeded, null), (run.State, run.Waiting));
        Assert.Equal(["ingest.a 1 Failed", "ingest.a 2 Succeeded", "ingest.b 1 Succeeded", "gold.c 1 Succeeded"],
            runtime.Catalog.Runs.Attempts(id).OrderBy(a => a.JobId[0] == 'g').ThenBy(a => a.JobId, StringComparer.Ordinal).ThenBy(a => a.Attempt).Select(a => $"{a.JobId} {a.Attempt} {a.State}"));
    }

    [Fact]
    public async Task MaxActiveRuns_TwoAtOnce_TheThirdWaitsWithTheReason_AndBeginsWhenOneEnds()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put("pipeline: capped\non_overlap: buffer\nmax_active_runs: 2\n" + Endless);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Add(await runtime.Runs.StartAsync(StartRun.All("capped"), None));
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Get(ids[2])!.Waiting is not null && ids.Take(2).All(i => runtime.Catalog.Runs.Get(i)!.State == RunState.Running), "two at work and one waiting");
        Assert.Equal((RunState.Queued, "waiting for one of 2 runs of the same pipeline to end"), (runtime.Catalog.Runs.Get(ids[2])!.State, runtime.Catalog.Runs.Get(ids[2])!.Waiting));
        await runtime.Runs.CancelAsync(ids[0], None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Get(ids[2]) is { State: RunState.Running, Waiting: null }, "the third to begin");
        foreach (var id in ids.Skip(1)) await runtime.Runs.CancelAsync(id, None);
        foreach (var id in ids) await runtime.EndOfAsync(id);
    }

    [Fact]
    public async Task MaxActive_OverAllPipelines_AQueuedRunSaysSo()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        await runtime.StopRuntimeAsync();
        runtime.Options = new() { ParallelJobs = 2, MaxActiveRuns = 1 };
        await runtime.StartRuntimeAsync();
        runtime.Put("pipeline: one\n" + Endless);
        runtime.Put("pipeline: two\ngold:\n  c: { sql: SELECT 1 AS a }\n");
        var first = await runtime.Runs.StartAsync(StartRun.All("one"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Get(first)!.State == RunState.Running, "the first to run");
        var second = await runtime.Runs.StartAsync(StartRun.All("two"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Get(second)!.Waiting == "waiting: 1 runs are at work, as many as may be at once", "the second to wait");
        await runtime.Runs.CancelAsync(first, None);
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(second)).State);
    }

    [Fact]
    public async Task Pool_WithoutAWorker_IsShownAsWaiting_AndAWorkerOfThatPoolAloneDoesTheJob()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("a.csv", "id\n1\n2\n");
        runtime.Put(
            """
            pipeline: split
            ingest:
              a: { source_type: file_local, format: csv, config: { path: a.csv } }
            gold:
              heavy_one: { pool: heavy, sql: SELECT count(*) AS n FROM bronze.a }
              light_one: { sql: SELECT max(id) AS m FROM bronze.a }
            """);
        var id = await runtime.Runs.StartAsync(StartRun.All("split"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "gold.heavy_one")?.Phase == "waiting for a worker of pool heavy" && runtime.Catalog.Runs.Job(id, "gold.light_one")?.State == RunState.Succeeded, "the wait for a worker");
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Get(id)!.Waiting is not null, "the run to say it");
        Assert.Equal("gold.heavy_one is waiting for a worker of pool heavy; none is there", runtime.Catalog.Runs.Get(id)!.Waiting);

        await using (await runtime.StartPoolAsync("other"))
        await using (await runtime.StartPoolAsync("heavy"))
        {
            var run = await runtime.EndOfAsync(id);
            Assert.Equal((RunState.Succeeded, null), (run.State, run.Waiting));
        }
        Assert.Equal(("heavy", null), (runtime.Catalog.Runs.Job(id, "gold.heavy_one")!.Pool, runtime.Catalog.Runs.Job(id, "gold.heavy_one")!.Phase));
        Assert.Equal(1, runtime.Lake.Table(Lake.TableName.Parse("gold.heavy_one")).Latest()!.Rows);
    }
}
