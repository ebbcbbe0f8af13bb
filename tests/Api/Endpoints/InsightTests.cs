using System.Net;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class InsightTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    private static string Text(ColumnStep s) => $"{s.Distance} {s.Table}.{s.Column ?? "*"} {s.Kind} {s.Input}.{s.InputColumn}";

    [Fact]
    public async Task Lineage_OfAColumn_GoesBackToTheSourceAndOn()
    {
        var total = await client.ColumnLineageAsync(TableLayer.Gold, "totals", "TOTAL");
        Assert.Equal("total", total.Column);
        Assert.Equal(["1 gold.totals.total Aggregated bronze.orders.amount", "1 gold.totals.* Condition bronze.orders.amount", "2 bronze.orders.amount Copied source.amount"], total.Upstream.Select(Text));
        Assert.Empty(total.Downstream);
        var amount = await client.ColumnLineageAsync(TableLayer.Bronze, "orders", "amount");
        Assert.Equal(["1 gold.totals.total Aggregated bronze.orders.amount", "1 gold.totals.* Condition bronze.orders.amount"], amount.Downstream.Select(Text));
        var missing = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ColumnLineageAsync(TableLayer.Gold, "totals", "nope"));
        Assert.Equal("gold.totals has no column 'nope'.", missing.Message);
    }

    [Fact]
    public async Task Profile_OfAVersion_IsMadeOnceAndKept()
    {
        var profile = await client.ProfileAsync(TableLayer.Bronze, "orders");
        Assert.Equal((1L, 95L, 95L, false), (profile.Version, profile.Rows, profile.Looked, profile.Sampled));
        Assert.Equal(["id", "customer", "amount", "day", "express", "parts"], profile.Columns.Select(c => c.Name));
        Assert.Equal(("0", "94", 47.0), (profile.Columns[0].Min, profile.Columns[0].Max, profile.Columns[0].Mean));
        Assert.Equal(profile.At, (await client.ProfileAsync(TableLayer.Bronze, "orders")).At);
        Assert.Equal(50, (await client.ProfileAsync(TableLayer.Bronze, "orders", 0)).Rows);
    }

    [Fact]
    public async Task Diff_OfTwoVersions_CountsAndShowsRows()
    {
        var diff = await client.DiffAsync(TableLayer.Bronze, "orders", 0, limit: 2);
        Assert.Equal((0L, 1L, 45L, 0L, 0L), (diff.From, diff.To, diff.Added, diff.Removed, diff.Changed));
        Assert.Equal(2, diff.Rows.Count);
        Assert.All(diff.Rows, r => Assert.Equal("added", r.Kind));
        // Backwards, by key.
        var back = await client.DiffAsync(TableLayer.Bronze, "orders", 1, 0, "id");
        Assert.Equal((0L, 45L, 0L, "id"), (back.Added, back.Removed, back.Changed, back.Keys[0]));
        Assert.Equal(0, (await client.DiffAsync(TableLayer.Bronze, "orders", 1, 1)).Added);
        var bad = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DiffAsync(TableLayer.Bronze, "orders", 0, 1, "express"));
        Assert.Equal("Rows with the same express occur more than once, so these columns do not tell rows apart.", bad.Message);
    }

    [Fact]
    public async Task Sql_OverLakeAndSystem_GivesRowsAndSaysWhatIsWrong()
    {
        var found = await client.SqlAsync(new SqlQuery("SELECT o.id, (SELECT count(*) FROM system.runs WHERE run_id = 'run_ok') AS runs FROM bronze.orders o ORDER BY id", 2));
        Assert.Equal((true, "id,runs", "[0,1]"), (found.Cut, string.Join(",", found.Columns.Select(c => c.Name)), $"[{string.Join(",", found.Rows[0].Select(v => v.GetRawText()))}]"));
        var wrong = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SqlAsync(new SqlQuery("SELECT nope FROM bronze.orders")));
        Assert.Equal((HttpStatusCode.BadRequest, "FF3204"), (wrong.Status, wrong.Problem.Code));
        Assert.StartsWith("The SQL is not right: Binder Error: Referenced column \"nope\" not found", wrong.Message, StringComparison.Ordinal);
        // It stands in no pipeline.
        Assert.Equal("Correct the SQL and ask again.", wrong.Problem.Suggestion);
        var value = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SqlAsync(new SqlQuery("SELECT CAST('no ' || id AS INTEGER) FROM bronze.orders")));
        Assert.Equal("FF3206", value.Problem.Code);
        Assert.StartsWith("The SQL failed on its rows: Conversion Error: Could not convert string 'no ", value.Message, StringComparison.Ordinal);
        var outside = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SqlAsync(new SqlQuery("SELECT * FROM read_text('/etc/hostname')")));
        Assert.Equal(HttpStatusCode.BadRequest, outside.Status);
        var missing = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SqlAsync(new SqlQuery("SELECT * FROM bronze.nothing")));
        Assert.Equal(("FF3203", "The query reads bronze.nothing, which does not exist yet."), (missing.Problem.Code, missing.Message));
    }

    [Fact]
    public async Task Sql_AnswerLargerThanItMayBe_IsCutAndSaysSo()
    {
        var wide = await client.SqlAsync(new SqlQuery("SELECT i, repeat('x', 1000000) AS x FROM range(200) t(i)", 100));
        Assert.Equal((true, 32L << 20, 33), (wide.Cut, wide.CutAtBytes, wide.Rows.Count));
        var nested = await client.SqlAsync(new SqlQuery("SELECT {'a': [repeat('x', 20000000), repeat('y', 20000000)]} AS s"));
        Assert.Equal((true, 32L << 20, 0), (nested.Cut, nested.CutAtBytes, nested.Rows.Count));
        var few = await client.SqlAsync(new SqlQuery("SELECT i FROM range(200) t(i)", 100));
        Assert.Equal((true, null, 100), (few.Cut, few.CutAtBytes, few.Rows.Count));
    }

    [Fact]
    public async Task Sql_MoreAtOnceThanMayBe_IsTooMany_AndCallersWhoLeaveGiveTheirPlaceBack()
    {
        const string Endless = "SELECT sum(hash(x.range, y.range)) AS h FROM range(3000000) x, range(3000000) y";
        using var leaving = new CancellationTokenSource();
        // Four, of which two work: on a busy machine one may wait too long behind the questions below.
        var working = Enumerable.Range(0, 4).Select(_ => client.SqlAsync(new SqlQuery(Endless), leaving.Token)).ToArray();
        var refused = await TryAsync(p => p is not null);
        Assert.Equal((HttpStatusCode.TooManyRequests, "FF4090", "2 queries are at work, as many as may be at once."), (refused!.Status, refused.Problem.Code, refused.Message));
        await leaving.CancelAsync();
        var ends = await Task.WhenAll(working.Select(async w => await Record.ExceptionAsync(() => w)));
        // Those that still waited for a place left as well; what waited too long was refused.
        Assert.InRange(ends.Count(e => e is OperationCanceledException), 2, 4);
        Assert.All(ends.Where(e => e is not OperationCanceledException), e => Assert.Equal("FF4090", Assert.IsType<FlowForgeApiException>(e).Problem.Code));
        Assert.Null(await TryAsync(p => p is null));

        // Other tests ask too, and the first two need a moment to arrive: what counts comes within a minute.
        async Task<FlowForgeApiException?> TryAsync(Func<FlowForgeApiException?, bool> expected)
        {
            for (var until = DateTime.UtcNow.AddSeconds(60); ; await Task.Delay(50))
            {
                FlowForgeApiException? said = null;
                try
                {
                    await client.SqlAsync(new SqlQuery("SELECT 1"));
                }
                catch (FlowForgeApiException e)
                {
                    said = e;
                }
                if (expected(said) || DateTime.UtcNow > until) return said;
            }
        }
    }
}
