using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Api.Tests.Tables;

/// <summary>Pages of sorted rows with many equal values: together they are the rows, none twice and none left out.</summary>
public sealed class SortedRowsTests(TestRuntime runtime) : IClassFixture<TestRuntime>
{
    private readonly FlowForgeClient client = runtime.Client;

    private void Make(string name, int files, int rowsOfFile)
    {
        var table = new LakeStore(Path.Combine(runtime.Folder, "lake")).Table(TableName.Parse("bronze." + name));
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        for (var i = 0; i < files; i++)
        {
            using var transaction = table.Begin();
            // Three values, a seventh of the rows NULL; the last file has one column more, so it is read apart from the others.
            transaction.Write(session, $"SELECT j AS id, CASE WHEN j % 7 = 0 THEN NULL ELSE ['b', 'a', 'c'][1 + (hash(j) % 3)::INTEGER] END AS city, j % 5 AS five{(i == files - 1 ? ", 1 AS extra" : "")} FROM range({i * rowsOfFile}, {(i + 1) * rowsOfFile}) t(j)");
            transaction.Commit(new CommitOptions());
        }
    }

    private async Task<List<long>> IdsAsync(string table, RowsQuery query) =>
        [.. (await client.RowsAsync(TableLayer.Bronze, table, query)).Rows.Select(r => r[0].GetInt64())];

    [Theory]
    [InlineData("city", false)]
    [InlineData("city", true)]
    [InlineData("five", true)]
    public async Task Rows_SortedByAColumnOfFewValues_PagesAreAllRowsOnce(string sort, bool descending)
    {
        var name = $"ties_{sort}_{(descending ? "down" : "up")}";
        Make(name, 3, 40);
        var all = (await client.RowsAsync(TableLayer.Bronze, name, new RowsQuery { Sort = sort, Descending = descending, Limit = 1000 })).Rows;
        var whole = all.Select(r => r[0].GetInt64()).ToList();
        Assert.Equal(120, whole.Count);
        Assert.Equal(Enumerable.Range(0, 120).Select(i => (long)i), whole.Order());
        // Equal values stand as the table has them.
        Assert.Equal(all.GroupBy(r => r[sort == "city" ? 1 : 2].GetRawText()).SelectMany(g => g.Select(r => r[0].GetInt64()).Order()), whole);
        foreach (var size in new[] { 7, 50 })
        {
            var paged = new List<long>();
            for (var at = 0; at < 120; at += size) paged.AddRange(await IdsAsync(name, new RowsQuery { Sort = sort, Descending = descending, Offset = at, Limit = size }));
            Assert.Equal(whole, paged);
        }
        Assert.Equal(whole.Where(i => i >= 30 && i < 90).Skip(20).Take(9), await IdsAsync(name, new RowsQuery { Sort = sort, Descending = descending, Filter = "id >= 30 and id < 90", Offset = 20, Limit = 9 }));
        Assert.Empty(await IdsAsync(name, new RowsQuery { Sort = sort, Offset = 120 }));
    }

    [Fact]
    public async Task Rows_SortedFarFromBothEnds_AreThoseOfAWholeSort()
    {
        Make("deep", 4, 50_000);
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 2 });
        using var session = database.Connect();
        var scan = new LakeStore(Path.Combine(runtime.Folder, "lake")).Table(TableName.Parse("bronze.deep")).Latest()!.ScanSql();
        foreach (var (sort, descending) in new[] { ("city", false), ("city", true), ("id", true) })
        {
            // The files are one after the other by id, so id is the table's own order.
            var wanted = session.Rows($"SELECT id FROM {scan} ORDER BY {sort} {(descending ? "DESC" : "ASC")} NULLS LAST, id").Select(r => Convert.ToInt64(r[0])).ToList();
            foreach (var offset in new[] { 21_000, 57_150, 100_000, 171_415, 199_990 })
                Assert.Equal(wanted.Skip(offset).Take(25), await IdsAsync("deep", new RowsQuery { Sort = sort, Descending = descending, Offset = offset, Limit = 25 }));
        }
        var filtered = session.Rows($"SELECT id FROM {scan} WHERE five < 4 ORDER BY city NULLS LAST, id LIMIT 40 OFFSET 60000").Select(r => Convert.ToInt64(r[0]));
        Assert.Equal(filtered, await IdsAsync("deep", new RowsQuery { Sort = "city", Filter = "five < 4", Offset = 60_000, Limit = 40 }));
    }
}
