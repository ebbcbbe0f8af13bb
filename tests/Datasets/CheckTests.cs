using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

public sealed class CheckTests : IDisposable
{
    private const string Sql = """
        SELECT * FROM (VALUES (1, 'a', 0.4, DATE '2024-01-01'), (2, NULL, 0.6, DATE '2024-06-01'), (2, 'c', NULL, DATE '2025-01-01'), (NULL, 'a', 1.5, NULL)) v(id, k, x, d)
        """;

    private readonly DatasetFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private static CheckDefinition Check(CheckKind kind, CheckAction onFail, string columns = "", string? min = null, string? max = null, params string?[] values) =>
        new() { Kind = kind, OnFail = onFail, Columns = columns.Length == 0 ? [] : columns.Split(','), Min = min, Max = max, Values = values };

    [Fact]
    public void Run_AllKindsWarn_CountsFailingRowsAndCommits()
    {
        var outcome = fixture.Run(DatasetFixture.Dataset(Sql, DatasetMode.Full,
            Check(CheckKind.NotNull, CheckAction.Warn, "id,k"),
            Check(CheckKind.Unique, CheckAction.Warn, "id"),
            Check(CheckKind.Unique, CheckAction.Warn, "id,k"),
            Check(CheckKind.AcceptedValues, CheckAction.Warn, "k", values: ["a", "c"]),
            Check(CheckKind.AcceptedValues, CheckAction.Warn, "id", values: ["1", "2", null]),
            Check(CheckKind.Range, CheckAction.Warn, "x", min: "0.5"),
            Check(CheckKind.Range, CheckAction.Warn, "id", min: "0.5", max: "1.5"),
            Check(CheckKind.Range, CheckAction.Warn, "d", min: "2024-02-01", max: "2024-12-31"),
            Check(CheckKind.RowCount, CheckAction.Warn, min: "5"),
            Check(CheckKind.RowCount, CheckAction.Warn, min: "4", max: "4")));

        Assert.Equal(
            ["not_null(id, k):2", "unique(id):2", "unique(id, k):0", "accepted_values(k):1", "accepted_values(id):0", "range(x, 0.5..):1", "range(id, 0.5..1.5):2", "range(d, 2024-02-01..2024-12-31):2", "row_count(5..):4", "row_count(4..4):0"],
            outcome.Checks.Select(c => $"{c.Check}:{c.FailingRows}"));
        Assert.Equal("2 of 4 rows fail, for example {'id': 2, 'rows': 2}", outcome.Checks[1].Message);
        Assert.Equal("there are 4 rows, at least 5 are wanted", outcome.Checks[8].Message);
        Assert.Equal(new RowCounts(4, 4), outcome.Counts);
        Assert.Equal(10, fixture.Catalog.Checks.OfRun("run1").Count);
        Assert.Contains("Warning: Check unique(id): 2 of 4 rows fail, for example {'id': 2, 'rows': 2}.", fixture.Log);
    }

    [Fact]
    public void Run_FailingFailCheck_KeepsTheOldVersionAndShowsRows()
    {
        fixture.Run(DatasetFixture.Dataset("SELECT 1 AS id, 'old' AS k"));
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset(Sql, DatasetMode.Full, Check(CheckKind.NotNull, CheckAction.Fail, "k"), Check(CheckKind.Range, CheckAction.Warn, "x", max: "1"))));
        Assert.Equal("FF3210", error.Code);
        Assert.Equal("silver.t fails a check: not_null(k): 1 of 4 rows fail, for example {'id': 2, 'k': NULL, 'x': 0.6, 'd': 2024-06-01}. The table keeps version 0.", error.Message);
        Assert.False(error.Transient);
        Assert.Equal("1|old", fixture.Rows("silver.t"));
        Assert.Equal([false, false], fixture.Catalog.Checks.OfRun("run2").Select(c => c.Passed));
        Assert.Single(Directory.GetFiles(fixture.Table("silver.t").Location, "*.parquet", SearchOption.AllDirectories));
    }

    [Fact]
    public void Run_QuarantineCheck_MovesTheRowsAndTheyAddUp()
    {
        var outcome = fixture.Run(DatasetFixture.Dataset(Sql, DatasetMode.Full, Check(CheckKind.NotNull, CheckAction.Quarantine, "k"), Check(CheckKind.Unique, CheckAction.Quarantine, "id"), Check(CheckKind.Range, CheckAction.Warn, "x", max: "1")));
        Assert.Equal(new RowCounts(4, 2, 2), outcome.Counts);
        Assert.Equal("silver.t__rejects", outcome.RejectsTable);
        Assert.Equal("1|a\n∅|a", fixture.Rows("silver.t", "id, k"));
        Assert.Equal("not_null, unique|not_null(k), unique(id)|{\"id\":2,\"k\":null,\"x\":0.6,\"d\":\"2024-06-01\"}\nunique|unique(id)|{\"id\":2,\"k\":\"c\",\"x\":null,\"d\":\"2025-01-01\"}",
            fixture.Rows("silver.t__rejects", "reason, message, raw"));
        Assert.Equal("silver/t__rejects@0", fixture.Table("silver.t").Latest()!.State!.Rejects);
        Assert.Equal(["not_null(k), unique(id): 1", "unique(id): 1"], fixture.Catalog.Rejects.OfRun("run1").Select(r => $"{r.Reason}: {r.Count}"));
    }

    [Fact]
    public void Run_CheckOnUnknownColumn_SaysSo()
    {
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset(Sql, DatasetMode.Full, Check(CheckKind.NotNull, CheckAction.Warn, "nope"))));
        Assert.Equal(("FF3211", "Check not_null(nope) of silver.t names column 'nope', which the rows have not.", "The columns are: id, k, x, d."), (error.Code, error.Message, error.Suggestion));
    }
}
