using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

/// <summary>A row of a silver or gold table that gets lost on the way does not pass for one that a check has dropped.</summary>
public sealed class LostRowTests : IDisposable
{
    private readonly DatasetFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private static CheckDefinition Check(string column, CheckAction action) => new() { Kind = CheckKind.Range, Columns = [column], Max = "5", OnFail = action };

    [Theory]
    [InlineData("Full", "made", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Full", "checked", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Append", "made", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Append", "checked", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Merge", "made", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Merge", "checked", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Merge", "merged", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Scd2", "merged", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Incremental", "made", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("Incremental", "checked", "8 read = 4 loaded + 2 rejected + 0 deduplicated + 1 filtered")]
    public void Row_LostOnTheWay_FailsTheRunAndKeepsTheVersion(string mode, string step, string lost)
    {
        // Rows 6 and 7 are quarantined (7 would be dropped, too), row 8 is dropped.
        var dataset = DatasetFixture.Dataset("SELECT i AS id, CASE WHEN i IN (6, 7) THEN 9 ELSE 1 END AS a, CASE WHEN i IN (7, 8) THEN 9 ELSE 1 END AS b FROM bronze.a", Enum.Parse<DatasetMode>(mode), Check("a", CheckAction.Quarantine), Check("b", CheckAction.Drop))
            with { Keys = ["id"], TimeColumn = mode == "Incremental" ? "id" : null };
        fixture.Put("bronze.a", "SELECT 1::BIGINT AS i");
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT i FROM range(1, 9) t(i)");
        var before = (fixture.Table("silver.t").Latest()!.Version, fixture.Rows("silver.t"));

        fixture.LoseRow(step);
        var failure = Assert.Throws<JobFailedException>(() => fixture.Run(dataset));

        Assert.Equal(("FF3244", $"The rows of silver.t do not add up, and nothing was published: {lost}.", "This is a defect of FlowForge: report it with the run's log.", false), (failure.Code, failure.Message, failure.Suggestion, failure.Transient));
        Assert.Equal(before, (fixture.Table("silver.t").Latest()!.Version, fixture.Rows("silver.t")));

        fixture.LoseRow(null);
        Assert.Equal(new RowCounts(8, 5, 2, 0, 1), fixture.Run(dataset).Counts);
    }

    [Theory]
    [InlineData("SELECT i AS id FROM bronze.a ORDER BY i DESC LIMIT 5", 5)]
    [InlineData("SELECT i % 3 AS id, count(*) AS n FROM bronze.a GROUP BY ALL", 3)]
    [InlineData("SELECT a.i AS id, b.i AS other FROM bronze.a AS a JOIN bronze.a AS b ON b.i < a.i", 36)]
    [InlineData("SELECT i AS id FROM bronze.a WHERE i > 100", 0)]
    [InlineData("SELECT DISTINCT i % 2 AS id FROM bronze.a -- with a comment at its end", 2)]
    [InlineData("SELECT i AS id, row_number() OVER (ORDER BY i) AS n FROM bronze.a QUALIFY n <= 4", 4)]
    [InlineData("SELECT unnest(range(i)) AS id FROM bronze.a", 36)]
    [InlineData("WITH RECURSIVE r AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM r WHERE id < 7) SELECT id FROM r", 7)]
    [InlineData("SELECT i AS id FROM bronze.a UNION SELECT i FROM bronze.a", 9)]
    public void Read_IsWhatTheSqlMakes_WhateverItLeavesOutOfItsInputs(string sql, long rows)
    {
        fixture.Put("bronze.a", "SELECT i FROM range(9) t(i)");
        Assert.Equal(new RowCounts(rows, rows), fixture.Run(DatasetFixture.Dataset(sql)).Counts);
    }
}
