using System.Diagnostics;
using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

public sealed class DatasetRunnerTests : IDisposable
{
    private readonly DatasetFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void Run_Full_BuildsTheTableAndItsNotes()
    {
        fixture.Put("bronze.a", "SELECT i AS id, i % 3 AS g FROM range(10) t(i)");
        fixture.Put("bronze.b", "SELECT 0 AS g, 'zero' AS name UNION ALL SELECT 1, 'one'");

        var outcome = fixture.Run(DatasetFixture.Dataset("WITH x AS (SELECT * FROM bronze.a) SELECT name, count(*) AS n FROM x JOIN bronze.b USING (g) GROUP BY ALL; -- the end"));

        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(("silver.t", 0L, false), (outcome.Table, outcome.TableVersion!.Value, outcome.AlreadyDone));
        Assert.True(outcome.Bytes > 0);
        Assert.Equal("one|3\nzero|4", fixture.Rows("silver.t"));
        Assert.Equal(["bronze.a", "bronze.b"], fixture.Catalog.Lineage.Inputs("silver.t").Select(e => e.Input));
        Assert.Equal("name VARCHAR, n BIGINT", string.Join(", ", fixture.Catalog.Schemas.List("silver.t")[0].Columns.Select(c => $"{c.Name} {c.Type}")));
        Assert.Equal(0, fixture.SpillFolders());
        Assert.Contains("Info: Reads bronze.a version 0 (10 rows).", fixture.Log);
    }

    [Fact]
    public void Run_FullTwice_ReplacesTheRows()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        fixture.Run(DatasetFixture.Dataset("SELECT * FROM bronze.a"));
        fixture.Put("bronze.a", "SELECT 'two' AS other");
        var outcome = fixture.Run(DatasetFixture.Dataset("SELECT * FROM bronze.a"));
        Assert.Equal(1, outcome.TableVersion);
        Assert.Equal("two", fixture.Rows("silver.t"));
        Assert.Equal("1", fixture.Rows("silver.t", version: 0));
    }

    [Fact]
    public void Run_Append_AddsToTheRows()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var dataset = DatasetFixture.Dataset("SELECT id, id * 10 AS x FROM bronze.a", DatasetMode.Append);
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT 2 AS id");
        fixture.Run(dataset);
        Assert.Equal("1|10\n2|20", fixture.Rows("silver.t"));
    }

    [Fact]
    public void Run_PinnedInput_ReadsThatVersion()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        fixture.Put("bronze.a", "SELECT 2 AS id");
        fixture.Run(DatasetFixture.Dataset("SELECT * FROM bronze.a"), fixture.Request(inputs: new Dictionary<string, long> { ["bronze.a"] = 0 }));
        Assert.Equal("1", fixture.Rows("silver.t"));
    }

    [Fact]
    public void Run_SameRequestAgain_ReturnsTheRecordedOutcome()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var dataset = DatasetFixture.Dataset("SELECT * FROM bronze.a", DatasetMode.Append) with { Rebuild = RebuildPolicy.Always };
        var first = fixture.Run(dataset, fixture.Request(txn: 7));
        fixture.Run(dataset, fixture.Request(txn: 8));

        var again = fixture.Run(dataset, fixture.Request(txn: 7));

        Assert.True(again.AlreadyDone);
        Assert.Equal((first.Counts, first.Bytes, first.TableVersion), (again.Counts, again.Bytes, again.TableVersion));
        Assert.Equal("1\n1", fixture.Rows("silver.t"));
    }

    [Fact]
    public void Run_MissingInput_NamesItAndTheKnownOnes()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset("SELECT * FROM bronze.nope")));
        Assert.Equal(("FF3203", "silver.t reads bronze.nope, which does not exist yet.", "Run the job that makes bronze.nope first, or correct the name. There are: bronze.a.", false),
            (error.Code, error.Message, error.Suggestion, error.Transient));
    }

    [Fact]
    public void Run_WrongColumn_SaysWhereInThePipeline()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var dataset = DatasetFixture.Dataset("SELECT id,\n  nope\nFROM bronze.a") with { SqlLine = 20, SqlLinesMatch = true };
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(dataset));
        Assert.Equal("FF3204", error.Code);
        Assert.StartsWith("The SQL of silver.t (line 21 of the pipeline) is not right: Binder Error: Referenced column \"nope\" not found in FROM clause!", error.Message);
        Assert.Null(fixture.Table("silver.t").Latest());
    }

    [Fact]
    public void Run_BadValue_FailsAndKeepsTheOldVersion()
    {
        fixture.Put("bronze.a", "SELECT '1' AS id");
        var dataset = DatasetFixture.Dataset("SELECT CAST(id AS INTEGER) AS id FROM bronze.a");
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT 'x' AS id");
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(dataset));
        Assert.Equal("FF3206", error.Code);
        Assert.Equal("1", fixture.Rows("silver.t"));
        Assert.Single(Directory.GetFiles(fixture.Table("silver.t").Location, "*.parquet", SearchOption.AllDirectories));
    }

    [Fact]
    public void Run_NamesThatNoTableCanHave_AreStandardisedAndRemembered()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        fixture.Run(DatasetFixture.Dataset("SELECT id, count(*), 5 AS \"US Gross\", 6 AS us_gross, 7 AS id FROM bronze.a GROUP BY id"));
        var schema = fixture.Table("silver.t").Latest()!.Schema;
        Assert.Equal("id:, count_star:count_star(), us_gross:US Gross, us_gross_2:us_gross, id_1:", string.Join(", ", schema.Columns.Select(c => $"{c.Name}:{c.OriginalName}")));
    }

    [Fact]
    public void Run_Partitioned_LaysOutFolders()
    {
        fixture.Put("bronze.a", "SELECT i AS id, i % 2 AS g FROM range(4) t(i)");
        fixture.Run(DatasetFixture.Dataset("SELECT * FROM bronze.a") with { PartitionBy = ["g"] });
        var snapshot = fixture.Table("silver.t").Latest()!;
        Assert.Equal(["g=0", "g=1"], snapshot.Files.Select(f => f.Path.Split('/')[0]).Order());
        Assert.Equal("0|0\n1|1\n2|0\n3|1", fixture.Rows("silver.t"));
    }

    [Theory]
    [InlineData("SELECT * FROM read_csv('/etc/passwd')")]
    [InlineData("SELECT content FROM read_text('../../catalog.db')")]
    [InlineData("SELECT * FROM glob('/etc/*')")]
    public void Run_SqlThatReadsOutsideTheLake_IsRefused(string sql)
    {
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset(sql)));
        Assert.Contains("disabled", error.Message, StringComparison.Ordinal);
        Assert.Null(fixture.Table("silver.t").Latest());
    }

    [Fact]
    public async Task Run_Cancelled_StopsAndLeavesNothing()
    {
        fixture.Put("bronze.a", "SELECT i AS id FROM range(200000) t(i)");
        using var cancel = new CancellationTokenSource();
        var running = fixture.Runner.RunAsync(DatasetFixture.Dataset("SELECT sum(hash(x.id, y.id)) AS s FROM bronze.a x, bronze.a y"), fixture.Request(), fixture, fixture, cancel.Token);
        await Task.WhenAny(running, fixture.FirstProgress).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(running.IsCompleted, running.Exception?.ToString());
        await cancel.CancelAsync();
        // By itself it would take hours.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Null(fixture.Table("silver.t").Latest());
        Assert.Empty(Directory.GetFiles(fixture.Table("silver.t").Location, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Run_Merge_InsertsAndUpdatesByKey()
    {
        var dataset = DatasetFixture.Dataset("SELECT * FROM bronze.a", DatasetMode.Merge) with { Keys = ["id"] };
        fixture.Put("bronze.a", "SELECT 1 AS id, 'a' AS v UNION ALL SELECT 2, 'b'");
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT 2 AS id, 'B' AS v UNION ALL SELECT 3, 'c'");
        var outcome = fixture.Run(dataset);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal("1|a\n2|B\n3|c", fixture.Rows("silver.t"));
        Assert.Equal(("MERGE", "inserted=1 updated=1 unchanged=0"), (fixture.Table("silver.t").History(1)[0].Operation, fixture.Table("silver.t").History(1)[0].Info["merge"]));
    }

    [Fact]
    public void Run_MergeWithRepeatedKey_FailsAndSaysWhich()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id, 'a' AS v UNION ALL SELECT 1, 'b'");
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset("SELECT * FROM bronze.a", DatasetMode.Merge) with { Keys = ["id"] }));
        Assert.Equal(("FF3222", "Key {'id': 1} occurs 2 times in the rows to merge into silver.t, so it is not clear which one wins. Deduplicate them by the key first."), (error.Code, error.Message));
    }

    [Fact]
    public void Run_Incremental_ReplacesFromTheNewestTimeOn()
    {
        var dataset = DatasetFixture.Dataset("SELECT d, v FROM bronze.a", DatasetMode.Incremental) with { TimeColumn = "d" };
        fixture.Put("bronze.a", "SELECT * FROM (VALUES (DATE '2026-01-01', 'a'), (DATE '2026-01-02', 'b'), (NULL, 'n')) t(d, v)");
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT * FROM (VALUES (DATE '2026-01-01', 'changed but settled'), (DATE '2026-01-02', 'B'), (DATE '2026-01-03', 'c'), (NULL, 'N')) t(d, v)");
        var outcome = fixture.Run(dataset);
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal("a\nB\nc\nN", string.Join("\n", fixture.Session.Rows($"SELECT v FROM {fixture.Table("silver.t").Latest()!.ScanSql()} ORDER BY d NULLS LAST").Select(r => r[0])));
        Assert.Equal(("2026-01-02", "2"), (fixture.Table("silver.t").History(1)[0].Info["from"], fixture.Table("silver.t").History(1)[0].Info["replaced"]));
    }

    [Fact]
    public void Run_MergeWithQuarantine_KeepsBadRowsOut()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id, 'a' AS v UNION ALL SELECT NULL, 'b'");
        var outcome = fixture.Run(DatasetFixture.Dataset("SELECT * FROM bronze.a", DatasetMode.Merge, new CheckDefinition { Kind = CheckKind.NotNull, Columns = ["id"], OnFail = CheckAction.Quarantine }) with { Keys = ["id"] });
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal("1|a", fixture.Rows("silver.t"));
        Assert.Equal("{\"id\":null,\"v\":\"b\"}", fixture.Rows("silver.t__rejects", "raw"));
    }

    [Fact]
    public void Run_Variables_AreThoseOfTheRun()
    {
        fixture.Run(DatasetFixture.Dataset("SELECT getvariable('run_id') AS run, strftime(getvariable('run_time'), '%Y-%m-%d %H:%M:%S') AS at, getvariable('country') AS country"),
            fixture.Request(txn: 5) with { Parameters = new Dictionary<string, string> { ["country"] = "D'E" } });
        Assert.Equal("run5|2026-01-02 03:04:05|D'E", fixture.Rows("silver.t"));
    }
}
