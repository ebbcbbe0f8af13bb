using System.Net;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class TableTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task List_LayerAndSearch_Narrow()
    {
        var all = await client.TablesAsync();
        Assert.Equal(["bronze.orders", "gold.totals"], all.Select(t => t.Table));
        Assert.Equal((1L, 95L, 6, 3L), (all[0].Version, all[0].Rows, all[0].Columns, all[0].Rejects));
        Assert.Equal(["gold.totals"], (await client.TablesAsync(TableLayer.Gold)).Select(t => t.Table));
        Assert.Equal(["bronze.orders"], (await client.TablesAsync(search: "ORD")).Select(t => t.Table));
    }

    [Fact]
    public async Task Layers_PageOfEach_HasTheSumsOfAll()
    {
        var layers = await client.LayersAsync(size: 1);
        Assert.Equal(["Bronze 1", "Silver 0", "Gold 1"], layers.Select(l => $"{l.Layer} {l.Tables.Total}"));
        Assert.Equal(("bronze.orders", 3L, 95L), (layers[0].Tables.Items[0].Table, layers[0].Tables.Items[0].Rejects, layers[0].Tables.Items[0].Rows));
        Assert.Equal(layers[0].Bytes, layers[0].Tables.Items[0].Bytes);
        var beyond = Assert.Single(await client.LayersAsync(TableLayer.Bronze, page: 2, size: 1));
        Assert.Equal((1L, 95L, 0), (beyond.Tables.Total, beyond.Rows, beyond.Tables.Items.Count));
        Assert.All(await client.LayersAsync(search: "no such table"), l => Assert.Equal((0L, 0L), (l.Tables.Total, l.Rows)));
    }

    [Fact]
    public async Task Get_Table_HasSchemaOriginLineageAndRejects()
    {
        var table = await client.TableAsync(TableLayer.Bronze, "orders");
        Assert.Equal(["id BIGINT", "customer VARCHAR", "amount DECIMAL(10,2)", "day DATE", "express BOOLEAN", "parts BIGINT[]"], table.Columns.Select(c => $"{c.Name} {c.Type}"));
        Assert.Equal(new TableOrigin("orders", "orders", "run_ok", new RowCounts(48, 45, 3, 0, 0)), table.Origin);
        Assert.Equal(["gold.totals"], table.Outputs);
        Assert.Equal(3, table.Rejects!.Rows);
        Assert.Equal([new RejectReason("not_a_number", 2), new RejectReason("missing", 1)], table.Rejects.Reasons);
        Assert.Equal(["bronze.orders"], (await client.TableAsync(TableLayer.Gold, "totals")).Inputs);
    }

    [Fact]
    public async Task Get_OldVersion_ShowsThatOne()
    {
        var old = await client.TableAsync(TableLayer.Bronze, "orders", 0);
        Assert.Equal((0L, 1L, 50L), (old.Version, old.LatestVersion, old.Rows));
        Assert.Null(old.Rejects);
        Assert.Equal("bronze.orders has no version 7; its latest is 1.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.TableAsync(TableLayer.Bronze, "orders", 7))).Message);
    }

    [Fact]
    public async Task Versions_NewestFirst()
    {
        var versions = await client.TableVersionsAsync(TableLayer.Bronze, "orders");
        Assert.Equal([(1L, 45L), (0L, 50L)], versions.Select(v => (v.Version, v.RowsAdded!.Value)));
        Assert.Equal([0L], (await client.TableVersionsAsync(TableLayer.Bronze, "orders", before: 1)).Select(v => v.Version));
    }

    [Fact]
    public async Task Rows_FirstPage_KeepsTheTablesOrder()
    {
        var page = await client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Limit = 2 });
        Assert.Equal((95L, 1L), (page.Total, page.Version));
        Assert.Equal("""[0,"customer 0","0.00","2024-01-01",null,[0,1]]""", JsonSerializer.Serialize(page.Rows[0]));
        Assert.Equal("""[1,"customer 1","1.50","2024-01-02",false,[1,2]]""", JsonSerializer.Serialize(page.Rows[1]));
    }

    [Fact]
    public async Task Rows_SortFilterAndPage_AreExact()
    {
        var page = await client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Filter = "amount >= 100 and express = true or id = 1", Sort = "id", Descending = true, Offset = 1, Limit = 3 });
        Assert.Equal(9, page.Total);
        Assert.Equal([87L, 84, 81], page.Rows.Select(r => r[0].GetInt64()));
        Assert.Equal([93L], (await client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Filter = "amount >= 100 and express = true", Sort = "id", Descending = true, Limit = 1 })).Rows.Select(r => r[0].GetInt64()));
        Assert.Empty((await client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Offset = 1000 })).Rows);
        Assert.Equal(50, (await client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Version = 0 })).Total);
    }

    [Fact]
    public async Task Rows_NullsSortLast()
    {
        foreach (var descending in new[] { false, true })
            Assert.Equal(JsonValueKind.Null, (await client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Sort = "express", Descending = descending, Offset = 94, Limit = 1 })).Rows[0][4].ValueKind);
    }

    [Theory]
    [InlineData("nope > 1", "The filter is not understood: The table has no column 'nope'. Its columns: id, customer, amount, day, express, parts.")]
    [InlineData("id > 'x'", "The filter is not understood: Conversion Error: Could not convert string 'x' to INT64 when casting from source column")]
    public async Task Rows_BadFilter_Is400ThatSaysWhy(string filter, string start)
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Filter = filter }));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.StartsWith(start.Split(" when casting")[0], refused.Message, StringComparison.Ordinal);
        Assert.Equal("Write conditions such as: delay > 60 and origin = 'ATL'.", refused.Suggestion);
    }

    [Fact]
    public async Task Rows_BadLimits_SaySo()
    {
        Assert.Equal("limit is 1001; it must be between 1 and 1000.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Limit = 1001 }))).Message);
        Assert.Equal("offset is -1; it must be 0 or more.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Offset = -1 }))).Message);
        Assert.Equal("The table has no column 'x' to sort by.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Sort = "x" }))).Message);
    }

    [Fact]
    public async Task Rejects_OfTheTable_AreReadable()
    {
        var page = await client.RejectsAsync(TableLayer.Bronze, "orders", new RowsQuery { Sort = "_ff_record" });
        Assert.Equal(["_ff_record", "reason", "raw"], page.Columns.Select(c => c.Name));
        Assert.Equal("""[[0,"not_a_number","x;0"],[1,"not_a_number","x;1"],[2,"not_a_number","x;2"]]""", JsonSerializer.Serialize(page.Rows));
    }

    [Theory]
    [InlineData("tables/gold/none")]
    [InlineData("tables/gold/..%2f..%2fx")]
    [InlineData("tables/lead/orders")]
    [InlineData("tables/gold/totals/rejects")]
    public async Task Get_WhatIsNotThere_Is404(string path)
    {
        using var http = new HttpClient { BaseAddress = runtime.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", runtime.Token);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/v1/" + path)).StatusCode);
    }

    [Fact]
    public async Task Rows_ManyAtOnce_AllAnswer()
    {
        var pages = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Filter = $"id >= {i}", Sort = "id", Limit = 1 })));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), pages.Select(p => p.Rows[0][0].GetInt64()));
    }

    [Fact]
    public async Task Rejects_ByStatus_ShowsOpenOnesUnlessAskedOtherwise()
    {
        Assert.Equal(3, (await client.RejectsAsync(TableLayer.Bronze, "orders", new RowsQuery())).Total);
        Assert.Equal(0, (await client.RejectsAsync(TableLayer.Bronze, "orders", new RowsQuery(), RejectStatus.Replayed)).Total);
        Assert.Equal(3, (await client.RejectsAsync(TableLayer.Bronze, "orders", new RowsQuery(), RejectStatus.All)).Total);
    }

    [Fact]
    public async Task Replay_TableWithoutRejects_IsNotFound()
    {
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewReplayAsync("nothing", new ReplayRejects()));
        Assert.Equal((404, "There is no table 'bronze.nothing'."), ((int)failure.Status!, failure.Message));
    }

    [Fact]
    public async Task Replay_PipelineThatIsGone_IsAConflict()
    {
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewReplayAsync("orders", new ReplayRejects()));
        Assert.Equal(409, (int)failure.Status!);
        Assert.Equal("The pipeline orders, which makes bronze.orders, is not there any more.", failure.Message);
        failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ReplayRejectsAsync("orders", new ReplayRejects(["WRONG_TYPE"])));
        Assert.Equal("FF4037", failure.Problem.Code);
    }

    [Fact]
    public async Task Replay_JobThatIsGone_IsAConflict()
    {
        await client.PutPipelineAsync("orders", new PutPipeline("pipeline: orders\ningest:\n  others: { source_type: file_local, format: csv, config: { path: a.csv } }\n"), TestContext.Current.CancellationToken);
        try
        {
            var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewReplayAsync("orders", new ReplayRejects()));
            Assert.Equal((409, "FF4125", "Pipeline orders has no job orders that makes bronze.orders any more."), ((int)failure.Status!, failure.Problem.Code, failure.Message));
            Assert.Equal("Give the job its old name and table back; rejects are read by its definition.", failure.Suggestion);
        }
        finally
        {
            await client.DeletePipelineAsync("orders");
        }
    }
}
