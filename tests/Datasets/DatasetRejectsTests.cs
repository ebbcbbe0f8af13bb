using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

/// <summary>Which rejects of a dataset count: never those of a build that was not published, none twice, and none are forgotten that are nowhere else.</summary>
public sealed class DatasetRejectsTests : IDisposable
{
    private readonly DatasetFixture fixture = new();
    private int txn;

    public void Dispose() => fixture.Dispose();

    private static DatasetDefinition Dataset(string mode) =>
        DatasetFixture.Dataset("SELECT id, a FROM bronze.a", Enum.Parse<DatasetMode>(mode), new CheckDefinition { Kind = CheckKind.Range, Columns = ["a"], Max = "5", OnFail = CheckAction.Quarantine })
            with { Keys = mode is "Merge" or "Scd2" ? ["id"] : [], TimeColumn = mode == "Incremental" ? "id" : null };

    /// <summary>Builds the dataset from rows <c>id</c>; those that are negative fail the check.</summary>
    private JobOutcome Build(string mode, params int[] ids)
    {
        fixture.Put("bronze.a", $"SELECT abs(v) AS id, CASE WHEN v < 0 THEN 9 ELSE 1 END AS a FROM (VALUES {string.Join(", ", ids.Select(i => $"({i})"))}) t(v)");
        return fixture.Run(Dataset(mode), fixture.Request(txn: ++txn));
    }

    /// <summary>A build whose own commit is refused when its rejects are written.</summary>
    private void Fail(string mode, params int[] ids)
    {
        txn++;
        var app = fixture.Request(txn: txn + 1).ApplicationId;
        fixture.Meanwhile(() =>
        {
            using var other = fixture.Table("silver.t").Begin();
            other.Commit(new CommitOptions { Mode = CommitMode.Append, Transaction = (app, txn - 1) });
        });
        var written = Newest;
        var failure = Assert.Throws<JobFailedException>(() => Build(mode, ids));
        fixture.Meanwhile(null);
        Assert.Equal(("FF3220", true), (failure.Code, failure.Transient));
        Assert.Equal(written + 1, Newest);
    }

    private long Newest => fixture.Table("silver.t__rejects").Latest()!.Version;

    private string? Place => fixture.Table("silver.t").Latest()!.State!.Rejects;

    /// <summary>The rejects that count: run and id.</summary>
    private string Named => fixture.Rows("silver.t__rejects", "run_id, json_extract(raw, '$.id')", long.Parse(Place![(Place!.IndexOf('@', StringComparison.Ordinal) + 1)..], System.Globalization.CultureInfo.InvariantCulture)).Replace('\n', ' ');

    private string Told => string.Join(" ", fixture.Catalog.Rejects.OfTable("silver.t").Select(r => $"{r.Reason}:{r.Count}:{r.Open}"));

    [Fact]
    public void FullBuild_WithRejects_ReplacesThoseOfTheBuildBefore()
    {
        Assert.Equal(new RowCounts(4, 2, 2), Build("Full", 1, 2, -3, -4).Counts);
        Assert.Equal(("silver/t__rejects@0", "run1|3 run1|4", "range(a, ..5):2:2"), (Place, Named, Told));

        Assert.Equal(new RowCounts(4, 3, 1), Build("Full", 1, 2, 3, -4).Counts);
        Assert.Equal(("silver/t__rejects@1", "run2|4", "range(a, ..5):1:1"), (Place, Named, Told));

        var clean = Build("Full", 1, 2, 3, 4);
        Assert.Equal((new RowCounts(4, 4), null, null, ""), (clean.Counts, clean.RejectsTable, Place, Told));

        Build("Full", 1, -2);
        Assert.Equal(("silver/t__rejects@2", "run4|2", "range(a, ..5):1:1"), (Place, Named, Told));

        Fail("Full", -1, -2, -3);
        Assert.Equal(("silver/t__rejects@2", "run4|2", "range(a, ..5):1:1"), (Place, Named, Told));

        // The same attempt again.
        Assert.Equal(new RowCounts(3, 0, 3), Again("Full").Counts);
        Assert.Equal(("silver/t__rejects@4", "run6|1 run6|2 run6|3", "range(a, ..5):3:3"), (Place, Named, Told));
    }

    [Theory]
    [InlineData("Append")]
    [InlineData("Merge")]
    [InlineData("Scd2")]
    [InlineData("Incremental")]
    public void OtherBuilds_KeepRejectsOfThoseBefore(string mode)
    {
        Build(mode, 1, -2, -3);
        Assert.Equal(("silver/t__rejects@0", "run1|2 run1|3", "range(a, ..5):2:2"), (Place, Named, Told));

        var clean = Build(mode, 4, 5);
        Assert.Equal((new RowCounts(2, 2), null), (clean.Counts, clean.RejectsTable));
        Assert.Equal(("silver/t__rejects@0", "run1|2 run1|3", "range(a, ..5):2:2"), (Place, Named, Told));

        Build(mode, 6, -7);
        Assert.Equal(("silver/t__rejects@1", "run1|2 run1|3 run3|7", "range(a, ..5):3:3"), (Place, Named, Told));

        Fail(mode, 8, -9);
        Assert.Equal(("silver/t__rejects@1", "run1|2 run1|3 run3|7", "range(a, ..5):3:3"), (Place, Named, Told));

        // What the failed build has left does not count, nor does it come twice when it is built after all.
        Again(mode);
        Assert.Equal(("silver/t__rejects@3", "run1|2 run1|3 run3|7 run5|9", "range(a, ..5):4:4"), (Place, Named, Told));
        Assert.Equal(4, fixture.Table("silver.t__rejects").Latest()!.Rows);

        // Where rows are made again, those that fail again are the same rows; what is appended again is not.
        Build(mode, 10, -9);
        Assert.Equal(("silver/t__rejects@4", mode == "Append" ? "run1|2 run1|3 run3|7 run5|9 run6|9" : "run1|2 run1|3 run3|7 run6|9"), (Place, Named));
        Assert.Equal(mode == "Append" ? "range(a, ..5):5:5" : "range(a, ..5):4:4", Told);
    }

    [Fact]
    public void FullRefresh_OfAMerge_BeginsItsRejectsAnew()
    {
        Build("Merge", 1, -2);
        fixture.Put("bronze.a", "SELECT 3 AS id, 9 AS a");
        fixture.Run(Dataset("Merge"), fixture.Request(txn: ++txn) with { FullRefresh = true });
        Assert.Equal(("silver/t__rejects@1", "run2|3", "range(a, ..5):1:1"), (Place, Named, Told));
    }

    [Fact]
    public void Restore_TakesTheRejectsBackToo()
    {
        Build("Full", 1, -2);
        Build("Full", 1, 2);
        Assert.Null(Place);
        fixture.Table("silver.t").Restore(0);
        Assert.Equal(("silver/t__rejects@0", "run1|2"), (Place, Named));
        Build("Append", 3, -4);
        Assert.Equal(("silver/t__rejects@1", "run1|2 run3|4"), (Place, Named));
    }

    private JobOutcome Again(string mode) => fixture.Run(Dataset(mode), fixture.Request(txn: txn));
}
