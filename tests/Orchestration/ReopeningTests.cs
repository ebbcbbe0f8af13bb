using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Tests;

/// <summary>A kill between the reopening of a run in the catalog and its reset in Temporal, or just after that, loses no retry.</summary>
public sealed class ReopeningTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>The first try finds no file; the second one never ends by itself.</summary>
    private const string Chain =
        """
        pipeline: chain
        retry: { max_attempts: 1 }
        ingest:
          a: { source_type: file_local, format: csv, config: { path: a.csv } }
        gold:
          endless: { sql: "SELECT sum(hash(x.range, y.range, a.id)) AS h FROM bronze.a a, range(3000000) x, range(3000000) y" }
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KilledInTheMiddleOfARetry_TheNextRuntimeCarriesItOut_Once(bool temporalKnows)
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(Chain);
        var failed = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("chain"), None));
        Assert.Equal(RunState.Failed, failed.State);
        var id = failed.RunId;
        await runtime.StopRuntimeAsync();
        runtime.WriteFile("a.csv", "id\n1\n");
        string reset;
        await using (var client = await TemporalClient.ConnectAsync(new TemporalOptions { Address = runtime.ServerAddress }))
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile))
        {
            var handle = client.GetHandle(RunNames.WorkflowId(id));
            var plan = new Reopening(failed.WorkflowRunId!, RunReset.Point(await handle.FoldAsync(None))!.Value, "request-1", Begun: true, Held: false, failed, catalog.Runs.Jobs(id));
            Assert.True(catalog.Runs.Reopen(id, plan, DateTimeOffset.UtcNow));
            reset = temporalKnows ? await handle.ResetAsync(plan.Point, "retried", [], plan.RequestId, None) : "";
        }

        await runtime.StartRuntimeAsync();
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "gold.endless")?.State == RunState.Running, "the job that failed and the next one to run");
        var run = runtime.Catalog.Runs.Get(id)!;
        Assert.Equal((RunState.Running, null), (run.State, run.Error));
        Assert.NotEqual(failed.WorkflowRunId, run.WorkflowRunId);
        if (temporalKnows) Assert.Equal(reset, run.WorkflowRunId);
        Assert.Empty(runtime.Catalog.Runs.Reopenings());
        await runtime.Runs.CancelAsync(id, None);
        Assert.Equal(RunState.Cancelled, (await runtime.EndOfAsync(id)).State);
        Assert.Equal(["ingest.a 1 Failed", "ingest.a 2 Succeeded", "gold.endless 1 Cancelled"], runtime.Catalog.Runs.Attempts(id).Select(a => $"{a.JobId} {a.Attempt} {a.State}"));
    }

    [Fact]
    public async Task KilledInTheMiddleOfARetryThatTemporalRefuses_TheRunIsAsItWas()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(Chain);
        var failed = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("chain"), None));
        var jobs = runtime.Catalog.Runs.Jobs(failed.RunId);
        await runtime.StopRuntimeAsync();
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile))
            Assert.True(catalog.Runs.Reopen(failed.RunId, new Reopening(failed.WorkflowRunId!, 9999, "request-1", Begun: true, Held: false, failed, jobs), DateTimeOffset.UtcNow));
        await runtime.StartRuntimeAsync();
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Reopenings().Count == 0, "the retry to be taken back");
        Assert.Equivalent(failed, runtime.Catalog.Runs.Get(failed.RunId), strict: true);
        Assert.Equivalent(jobs, runtime.Catalog.Runs.Jobs(failed.RunId), strict: true);
    }
}
