using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

public sealed class MoreCheckTests : IDisposable
{
    private const string Sql = """
        SELECT * FROM (VALUES (1, 'ATL', 10, TIMESTAMP '2026-01-01 03:04:05'), (2, 'atl', 20, NULL), (3, NULL, 5, TIMESTAMP '2025-12-01 00:00:00'), (4, 'XXX', NULL, NULL)) v(id, code, x, seen)
        """;

    private readonly DatasetFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private static DatasetDefinition Of(params CheckDefinition[] checks) => DatasetFixture.Dataset(Sql, DatasetMode.Full, checks);

    private static CheckDefinition Regex(CheckAction action) => new() { Kind = CheckKind.Regex, Columns = ["code"], Pattern = "[A-Z]{3}", OnFail = action };

    private static CheckDefinition Airport(CheckAction action) => new() { Kind = CheckKind.ForeignKey, Columns = ["code"], ReferencedTable = "bronze.airports", ReferencedColumns = ["iata"], OnFail = action };

    [Fact]
    public void Run_RowKinds_CountFailingRowsAndKeepThem()
    {
        fixture.Put("bronze.airports", "SELECT 'ATL' AS iata UNION ALL SELECT NULL");
        fixture.Put("silver.limits", "SELECT 15 AS most");
        var outcome = fixture.Run(Of(
            Regex(CheckAction.Warn), Airport(CheckAction.Warn),
            new CheckDefinition { Kind = CheckKind.Expression, Sql = "x < 20 -- not too much", OnFail = CheckAction.Warn },
            new CheckDefinition { Kind = CheckKind.Expression, Name = "limit", Sql = "x <= (SELECT max(most) FROM silver.limits)", OnFail = CheckAction.Warn },
            new CheckDefinition { Kind = CheckKind.Sql, Sql = "SELECT id FROM this WHERE x IS NULL OR code IS NULL", OnFail = CheckAction.Warn }));

        Assert.Equal(
            ["regex(code, [A-Z]{3}):1", "foreign_key(code in bronze.airports):2", "expression(x < 20 -- not too much):1", "expression(limit):1", "sql(SELECT id FROM this WHERE x IS NULL OR code IS NULL):2"],
            outcome.Checks.Select(c => $"{c.Check}:{c.FailingRows}"));
        Assert.Equal("1 of 4 rows fail, for example {'id': 2, 'code': atl, 'x': 20, 'seen': NULL}", outcome.Checks[0].Message);
        Assert.Equal("2 rows found, for example {'id': 3}; {'id': 4}", outcome.Checks[4].Message);
        Assert.Equal("""[{"id":2,"code":"atl","x":20,"seen":null}]""", fixture.Catalog.Checks.Samples("run1", "silver.t", "regex(code, [A-Z]{3})"));
        // What a check reads is no origin of the rows.
        Assert.Empty(fixture.Catalog.Lineage.Inputs("silver.t"));
        Assert.Contains("Info: Reads bronze.airports version 0 (2 rows).", fixture.Log);
    }

    [Fact]
    public void Run_DropAndQuarantine_RowsAddUpAndTheRestIsJudgedByWhatIsLeft()
    {
        fixture.Put("bronze.airports", "SELECT 'ATL' AS iata");
        var outcome = fixture.Run(Of(
            Airport(CheckAction.Quarantine), Regex(CheckAction.Drop),
            new CheckDefinition { Kind = CheckKind.Range, Columns = ["x"], Min = "6", OnFail = CheckAction.Drop },
            new CheckDefinition { Kind = CheckKind.RowCount, Min = "1", Max = "1" },
            new CheckDefinition { Kind = CheckKind.NotNull, Columns = ["code", "x"] }));

        // 2 ('atl') and 4 ('XXX') are quarantined, 3 (x 5) is dropped, 1 stays.
        Assert.Equal(new RowCounts(4, 1, 2, 0, 1), outcome.Counts);
        Assert.True(outcome.Counts.Balanced);
        Assert.Equal("1", fixture.Rows("silver.t", "id"));
        Assert.Equal("2|4", string.Join("|", fixture.Session.Rows($"SELECT raw->>'id' FROM {fixture.Table("silver.t__rejects").Latest()!.ScanSql()} ORDER BY 1").Select(r => r[0])));
        Assert.Equal([true, true], outcome.Checks.Skip(3).Select(c => c.Passed));
    }

    [Fact]
    public void Run_CompositeForeignKey_NullsPass()
    {
        fixture.Put("bronze.k", "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, s)");
        var key = new CheckDefinition { Kind = CheckKind.ForeignKey, Columns = ["n", "s"], ReferencedTable = "bronze.k", ReferencedColumns = ["n", "s"], OnFail = CheckAction.Drop };
        fixture.Run(DatasetFixture.Dataset("SELECT * FROM (VALUES (1, 'a'), (1, 'b'), (NULL, 'b'), (2, 'b')) v(n, s)", DatasetMode.Full, key));
        Assert.Equal("1|a\n2|b\n∅|b", fixture.Rows("silver.t"));
    }

    [Fact]
    public void Run_ForeignKeyToItself_LooksAtTheRowsOfTheRun()
    {
        var key = new CheckDefinition { Kind = CheckKind.ForeignKey, Columns = ["boss"], ReferencedTable = "silver.t", ReferencedColumns = ["id"], OnFail = CheckAction.Warn };
        Assert.Equal(1, fixture.Run(DatasetFixture.Dataset("SELECT * FROM (VALUES (1, NULL), (2, 1), (3, 9)) v(id, boss)", DatasetMode.Full, key)).Checks[0].FailingRows);
    }

    [Fact]
    public void Run_Freshness_ComparesWithTheRunsTime()
    {
        static CheckDefinition Fresh(double hours) => new() { Kind = CheckKind.Freshness, Columns = ["seen"], MaxAge = TimeSpan.FromHours(hours), OnFail = CheckAction.Warn };
        var outcome = fixture.Run(Of(Fresh(24), Fresh(23.5)));
        Assert.Equal(["freshness(seen, 1d): True ", "freshness(seen, 1410m): False the newest seen is 2026-01-01 03:04:05, 24.0 hours before the run; at most 23.5 are wanted"], outcome.Checks.Select(c => $"{c.Check}: {c.Passed} {c.Message}"));
        Assert.Equal(86400, outcome.Checks[0].Value);
        Assert.Equal("no row has a seen", fixture.Run(DatasetFixture.Dataset("SELECT NULL::DATE AS seen", DatasetMode.Full, Fresh(1))).Checks[0].Message);
        // Rows that stay in the table count.
        fixture.Run(DatasetFixture.Dataset("SELECT TIMESTAMPTZ '2026-01-02 03:00:00+00' AS seen", DatasetMode.Full));
        Assert.True(fixture.Run(DatasetFixture.Dataset("SELECT TIMESTAMPTZ '2020-01-01 00:00:00+00' AS seen", DatasetMode.Append, Fresh(1))).Checks[0].Passed);
    }

    [Fact]
    public void Run_Anomaly_ComparesWithEarlierRuns()
    {
        var check = new CheckDefinition { Kind = CheckKind.Anomaly, Metric = CheckMetric.RowCount, OnFail = CheckAction.Fail };
        DatasetDefinition Rows(int n) => DatasetFixture.Dataset($"SELECT 1 AS i FROM range({n})", DatasetMode.Full, check, new CheckDefinition { Kind = CheckKind.Anomaly, Metric = CheckMetric.Mean, Columns = ["i"], OnFail = CheckAction.Warn });
        Assert.Equal("0 of 3 earlier runs that it needs to judge", fixture.Run(Rows(100)).Checks[0].Message);
        fixture.Run(Rows(101));
        fixture.Run(Rows(103));
        Assert.True(fixture.Run(Rows(104)).Checks[0].Passed);
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(Rows(200)));
        Assert.Equal("silver.t fails a check: anomaly(row_count): row_count is 200; 95.3283 to 108.6717 is usual after 4 earlier runs (median 102). The table keeps version 3.", error.Message);
        // A level that stays becomes the usual one.
        for (var i = 0; i < 3; i++) Assert.Throws<JobFailedException>(() => fixture.Run(Rows(200)));
        Assert.True(fixture.Run(Rows(200)).Checks[0].Passed);
    }

    [Fact]
    public void Run_CheckThatDoesNotFit_SaysSoAndPublishesNothing()
    {
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(Of(new CheckDefinition { Kind = CheckKind.Expression, Sql = "y > 1" })));
        Assert.Equal("FF3212", error.Code);
        Assert.StartsWith("A check of silver.t does not fit its rows: Binder Error: Referenced column \"y\" not found", error.Message, StringComparison.Ordinal);
        Assert.Null(fixture.Table("silver.t").Latest());
        error = Assert.Throws<JobFailedException>(() => fixture.Run(Of(Airport(CheckAction.Fail))));
        Assert.Equal("FF3203", error.Code);
    }
}
