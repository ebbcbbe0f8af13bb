using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Orchestration.Tests;

/// <summary>A run whose source has changed waits for a person, and goes on with what it had landed.</summary>
public sealed class HeldRunTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const string Pipeline =
        """
        pipeline: shop
        retry: { max_attempts: 3 }
        ingest:
          orders: { source_type: file_local, format: csv, drift: hold, config: { path: "orders*.csv" } }
        gold:
          totals: { sql: "SELECT count(*) AS n FROM bronze.orders" }
        """;

    [Fact]
    public async Task Held_ThenApprovedAndRetried_TheSameRunSucceeds()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("orders1.csv", "id\n1\n");
        runtime.Put(Pipeline);
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None))).State);

        runtime.WriteFile("orders2.csv", "id,note\n2,x\n");
        var id = await runtime.Runs.StartAsync(StartRun.All("shop"), None);
        var run = await runtime.EndOfAsync(id);
        Assert.Equal((RunState.Held, "FF2053"), (run.State, run.Error!.Code));
        Assert.StartsWith("ingest.orders is held: The source of bronze.orders has changed, and its job asks a person first: new column note VARCHAR.", run.Error.Message, StringComparison.Ordinal);
        Assert.Equal([(RunState.Held, null), (RunState.Skipped, "Skipped, because ingest.orders, on which it depends, is held.")],
            runtime.Catalog.Runs.Jobs(id).Select(j => (j.State, j.State == RunState.Skipped ? j.Error?.Message : null)));
        Assert.Equal(RunState.Held, Assert.Single(runtime.Catalog.Runs.Attempts(id, "ingest.orders")).State);

        var hold = Assert.Single(runtime.Catalog.Holds.List(HoldState.Pending));
        Assert.True(runtime.Catalog.Holds.Decide(hold, true, new HoldDecision("a test", new Dictionary<string, string>(), [], null), DateTimeOffset.UtcNow));
        Assert.Equal(id, await runtime.Runs.RetryAsync(id, None));
        run = await runtime.EndOfAsync(id);
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        Assert.Equal(2, runtime.Lake.Table(TableName.Parse("bronze.orders")).Latest()!.Rows);
        Assert.Equal(HoldState.Loaded, runtime.Catalog.Holds.Get(hold.HoldId)!.State);
    }
}
