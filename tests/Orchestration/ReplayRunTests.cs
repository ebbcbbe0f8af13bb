using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Orchestration.Tests;

/// <summary>Rejects that are read again by a run of their own.</summary>
public sealed class ReplayRunTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static string Pipeline(string type) =>
        $$"""
        pipeline: shop
        ingest:
          orders:
            source_type: file_local
            format: csv
            error_handling: quarantine
            quarantine_path: quarantine/orders
            schema_mode: user
            user_schema: { id: int, amount: {{type}} }
            config: { path: orders.csv }
        gold:
          totals: { sql: "SELECT count(*) AS n FROM bronze.orders" }
        """;

    [Fact]
    public async Task StartAsync_Replay_RunsTheJobAloneUnderTheNewDefinition()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("orders.csv", "id,amount\n1,5\n2,7.5\n3,x\n");
        runtime.Put(Pipeline("int"));
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None))).State);
        runtime.Put(Pipeline("double"));

        var id = await runtime.Runs.StartAsync(new StartRun("shop", ["ingest.orders"], "replay", new Dictionary<string, string>()) { Replay = new RejectChoice(["WRONG_TYPE"], [], []) }, None);
        var run = await runtime.EndOfAsync(id);

        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        Assert.Equal("replay", run.Trigger);
        var job = Assert.Single(runtime.Catalog.Runs.Jobs(id));
        Assert.Equal(("ingest.orders", new RowCounts(2, 1, 1), "1 of 2 rejects replayed"), (job.JobId, job.Counts, job.Note));
        Assert.Equal(2, runtime.Lake.Table(TableName.Parse("bronze.orders")).Latest()!.Rows);
        Assert.Equal(1, runtime.Catalog.Rejects.OfTable("bronze.orders").Sum(r => r.Open));
    }

    [Fact]
    public async Task StartAsync_ReplayWhileTheWorkerRestarts_LoadsOnce()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("orders.csv", "id,amount\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},{i}.5\n")));
        runtime.Put(Pipeline("int"));
        await runtime.EndOfAsync(await runtime.Runs.StartAsync(new StartRun("shop", ["ingest.orders"], "manual", new Dictionary<string, string>()), None));
        runtime.Put(Pipeline("double"));
        var id = await runtime.Runs.StartAsync(new StartRun("shop", ["ingest.orders"], "replay", new Dictionary<string, string>()) { Replay = RejectChoice.All }, None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Jobs(id)[0].State != RunState.Queued, "the job's start");
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();
        var run = await runtime.EndOfAsync(id);
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        Assert.Equal(20_000, runtime.Lake.Table(TableName.Parse("bronze.orders")).Latest()!.Rows);
        Assert.Equal(new RowCounts(20_000, 20_000), runtime.Catalog.Runs.Jobs(id)[0].Counts);
    }
}
