using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

public sealed class SystemTableTests : IDisposable
{
    private readonly DatasetFixture fixture = new();

    public SystemTableTests()
    {
        for (var i = 0; i < 5000; i++)
            fixture.Catalog.Files.Record([new FileSeen("bronze.a", $"f{i}.csv", i, null, null, null, i, "run1", new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero))]);
        fixture.Catalog.Runs.Create(new RunRecord { RunId = "run0", Pipeline = "p", PipelineVersion = 1, QueuedAt = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero) });
    }

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void Run_DatasetOverSystemTables_ReadsTheCatalog()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        fixture.Run(DatasetFixture.Dataset("SELECT f.table_name, count(*) AS files, sum(f.rows)::BIGINT AS n, max(f.seen_at) AS t, (SELECT count(*) FROM system.runs) AS runs FROM system.files f, bronze.a GROUP BY ALL"));
        Assert.Equal("bronze.a|5000|12497500|1", fixture.Rows("silver.t", "table_name, files, n, runs"));
        Assert.Equal("TIMESTAMPTZ", fixture.Table("silver.t").Latest()!.Schema.Find("t")!.DuckType);
        Assert.Equal(["bronze.a"], fixture.Catalog.Lineage.Inputs("silver.t").Select(e => e.Input));
    }

    [Fact]
    public void Run_UnknownSystemTable_NamesTheKnownOnes()
    {
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset("SELECT * FROM system.nope")));
        Assert.Equal(("FF3209", "There is no table system.nope."), (error.Code, error.Message));
        Assert.StartsWith("There are: system.runs, system.job_runs, system.files", error.Suggestion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_LakeAndSystem_CutsAndRefusesTheMachine()
    {
        fixture.Put("gold.a", "SELECT i AS id FROM range(10) t(i)");
        var query = new LakeQuery(fixture.Lake, fixture.Catalog, new DatasetOptions { MemoryLimitBytes = 256L << 20, Threads = 1 });
        var ct = TestContext.Current.CancellationToken;
        var found = await query.RunAsync("SELECT a.id, r.run_id FROM gold.a a, system.runs r ORDER BY id", 3, DateTimeOffset.UtcNow, ct);
        Assert.Equal((true, "id BIGINT, run_id VARCHAR", "0 run0|1 run0|2 run0"), (found.IsCut, string.Join(", ", found.Columns.Select(c => $"{c.Name} {c.Type}")), string.Join("|", found.Rows.Select(r => $"{r[0]} {r[1]}"))));
        Assert.False((await query.RunAsync("SELECT 1", 1, DateTimeOffset.UtcNow, ct)).IsCut);
        foreach (var sql in (string[])["SELECT * FROM read_csv('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/x.csv'", "SELECT 1; SELECT 2", "SELEC 1"])
            Assert.Contains("FF320", (await Assert.ThrowsAsync<JobFailedException>(() => query.RunAsync(sql, 1, DateTimeOffset.UtcNow, ct))).Code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_LargeValues_AreCutByTheirColumnsSize()
    {
        var query = new LakeQuery(fixture.Lake, fixture.Catalog, new DatasetOptions { MemoryLimitBytes = 512L << 20, Threads = 1 });
        foreach (var large in (string[])["list(i)", "list({'a': i})", "repeat('x', 40_000_000)"])
        {
            var cut = await query.RunAsync($"SELECT {large} AS x FROM range(3_000_000) t(i){(large[0] == 'r' ? " LIMIT 1" : "")}", 9, DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
            Assert.Equal((0, true, true), (cut.Rows.Count, cut.IsCut, cut.IsCutBySize));
        }
        var small = await query.RunAsync("SELECT [1, NULL, 3] AS l, {'a': 'x'} AS s, MAP {'k': 2} AS m, '\\x01'::BLOB AS b, NULL AS n", 9, DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
        Assert.False(small.IsCut);
        Assert.Equal([1L, null, 3L], (List<object?>)small.Rows[0][0]!);
    }
}
