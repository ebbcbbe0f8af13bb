using FlowForge.Catalog;
using FlowForge.Datasets.Profiling;

namespace FlowForge.Datasets.Tests;

public sealed class ProfileTests : IDisposable
{
    private readonly DatasetFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private TableProfileData Profile(string sql, long most = 1_000_000)
    {
        fixture.Put("bronze.a", sql);
        return TableProfiler.Profile(fixture.Table("bronze.a").Latest()!, fixture.Session, most, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Profile_EveryKindOfColumn_SaysWhatApplies()
    {
        var profile = Profile("""
            SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE 'AB-' || (i % 3) END AS code, CAST(i AS DECIMAL(10,2)) / 10 AS amount, DATE '2024-01-01' + CAST(i AS INTEGER) AS day, i % 2 = 0 AS even, [i] AS list,
              CASE WHEN i = 0 THEN 'nan'::DOUBLE ELSE i END AS odd, {'a': i} AS s FROM range(100) t(i)
            """);
        Assert.Equal((100L, 100L, false), (profile.Rows, profile.Looked, profile.IsSampled));
        var by = profile.Columns.ToDictionary(c => c.Name);
        Assert.Equal((0L, "0", "99", 49.5), (by["id"].Nulls, by["id"].Min, by["id"].Max, by["id"].Mean));
        Assert.InRange(by["id"].Distinct, 90, 100);
        Assert.Equal(20, by["id"].Histogram.Count);
        Assert.Equal(100, by["id"].Histogram.Sum(b => b.Rows));
        Assert.Equal((0.0, 99.0), (by["id"].Histogram[0].From, by["id"].Histogram[^1].To));
        Assert.InRange(by["id"].Quantiles[2], 48, 51);
        Assert.InRange(by["id"].Deviation!.Value, 29, 29.1);
        Assert.Equal((25L, 3L, 4L, 4L), (by["code"].Nulls, by["code"].Distinct, by["code"].Shortest!.Value, by["code"].Longest!.Value));
        Assert.Equal([new ValueCount("AB-0", 25), new ValueCount("AB-1", 25), new ValueCount("AB-2", 25)], by["code"].Top);
        Assert.Equal([new ValueCount("AA-9", 75)], by["code"].Patterns);
        Assert.Equal(("2024-01-01", "2024-04-09", 0), (by["day"].Min, by["day"].Max, by["day"].Histogram.Count));
        Assert.Equal([new ValueCount("false", 50), new ValueCount("true", 50)], by["even"].Top);
        Assert.Equal((null, 0), (by["list"].Min, by["list"].Top.Count));
        // NaN is a value like no other: it makes no mean, and says so by having none.
        Assert.Equal((null, 0), (by["odd"].Mean, by["odd"].Histogram.Count));
        Assert.InRange(by["s"].Distinct, 90, 100);
    }

    [Fact]
    public void Profile_LargeTable_IsSampledAndSaysSo()
    {
        var profile = Profile("SELECT i AS id, 'x' AS same FROM range(1_000_000) t(i)", most: 100_000);
        Assert.True(profile.IsSampled);
        Assert.Equal(1_000_000, profile.Rows);
        Assert.InRange(profile.Looked, 20_000, 400_000);
        Assert.Equal([new ValueCount("x", profile.Looked)], profile.Columns[1].Top);
    }

    [Fact]
    public void Profile_EmptyTable_HasColumns()
    {
        var profile = Profile("SELECT 1 AS id, 'a' AS name WHERE false");
        Assert.Equal(["id 0 0", "name 0 0"], profile.Columns.Select(c => $"{c.Name} {c.Nulls} {c.Distinct}"));
    }

    [Fact]
    public void Run_Dataset_RecordsColumnLineageOfTheVersion()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id, 2 AS x, 3 AS y, 4 AS w, '_' AS _ff_run");
        fixture.Put("bronze.b", "SELECT 1 AS id, 'n' AS name");
        fixture.Run(DatasetFixture.Dataset("WITH c AS (SELECT * EXCLUDE (w) FROM bronze.a) SELECT b.name, count(*), sum(c.x + c.y) AS total FROM c JOIN bronze.b b USING (id) WHERE c.y > 1 GROUP BY 1"));
        static string Text(ColumnEdge e) => $"{e.Column ?? "*"} {e.Kind} {e.Input}.{e.InputColumn}";
        string[] expected = ["* condition bronze.a.id", "* condition bronze.a.y", "* condition bronze.b.id", "name copied bronze.b.name", "total aggregated bronze.a.x", "total aggregated bronze.a.y"];
        Assert.Equal(expected, fixture.Catalog.ColumnLineage.Of("silver.t").Select(Text));
        Assert.Equal(["total aggregated bronze.a.x"], fixture.Catalog.ColumnLineage.From("bronze.a", "X").Select(Text));
        fixture.Run(DatasetFixture.Dataset("SELECT id FROM bronze.a"));
        Assert.Empty(fixture.Catalog.ColumnLineage.From("bronze.a", "x"));
        Assert.Equal(expected, fixture.Catalog.ColumnLineage.Of("silver.t", 0).Select(Text));
    }
}
