using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;

namespace FlowForge.Orchestration.Tests;

/// <summary>A held run starts nothing new, also over a restart, and goes on when it is let go.</summary>
public sealed class PauseTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const string Chain =
        """
        pipeline: chain
        ingest:
          orders: { source_type: file_local, format: csv, config: { path: orders.csv } }
        silver:
          clean: { sql: SELECT id FROM bronze.orders }
        """;

    [Fact]
    public async Task PauseAsync_WhileTheFirstJobRuns_HoldsTheRest_OverARestart_AndResumeEndsTheRun()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("orders.csv", "id,name\n" + string.Concat(Enumerable.Range(0, 150_000).Select(i => $"{i},name {i}\n")));
        runtime.Put(Chain);
        var id = await runtime.Runs.StartAsync(StartRun.All("chain"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "ingest.orders")?.State == RunState.Running, "the ingest to run");
        await runtime.Runs.PauseAsync(id, None);
        Assert.True(runtime.Catalog.Runs.Get(id)!.Paused);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(id, "ingest.orders")?.State == RunState.Succeeded, "the running job to end in spite of the pause");

        await runtime.StopRuntimeAsync();
        // What a crash between the signal and the record leaves behind: the history knows better.
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile)) catalog.Runs.SetPaused(id, false);
        await runtime.StartRuntimeAsync();
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Get(id)!.Paused, "the restarted runtime to know of the pause");
        var state = await (await runtime.TemporalAsync()).GetHandle(RunNames.WorkflowId(id)).QueryAsync<RunStateAnswer>(RunNames.StateQuery, null, None);
        Assert.Equal((true, "succeeded", "queued"), (state!.Paused, state.Jobs["ingest.orders"], state.Jobs["silver.clean"]));
        Assert.Equal((RunState.Running, RunState.Queued, 0), (runtime.Catalog.Runs.Get(id)!.State, runtime.Catalog.Runs.Job(id, "silver.clean")!.State, runtime.Catalog.Runs.Attempts(id, "silver.clean").Count));

        await runtime.Runs.ResumeAsync(id, None);
        var run = await runtime.EndOfAsync(id);
        Assert.Equal((RunState.Succeeded, false), (run.State, run.Paused));
        Assert.Equal(150_000, runtime.Lake.Table(Lake.TableName.Parse("silver.clean")).Latest()!.Rows);
        var refused = await Assert.ThrowsAsync<RunRefusedException>(() => runtime.Runs.PauseAsync(id, None));
        Assert.Equal($"{id} has ended already (succeeded).", refused.Message);
    }
}
