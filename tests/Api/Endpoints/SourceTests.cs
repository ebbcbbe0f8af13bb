using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

/// <summary>Cards of sources, the history of ingests, and samples of runs.</summary>
[Collection(RuntimeCollection.Name)]
public sealed class SourceTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task Ingestions_Filters_NarrowAndCsvSaysTheSame()
    {
        var all = await client.IngestionsAsync(new IngestionQuery { Pipeline = "orders" });
        Assert.Equal([SampleCatalog.Failed, SampleCatalog.Succeeded], all.Items.Select(i => i.Run));
        var good = all.Items[1];
        Assert.Equal(("ingest.orders", "bronze.orders", RunState.Succeeded, 100L, 95L, 2L, 3L, 5000L, "schedule"), (good.Job, good.Table, good.State, good.Fetched, good.Loaded, good.Skipped, good.Rejected, good.Bytes, good.Trigger));
        Assert.Equal((50.0, null), (Math.Round(good.Seconds!.Value), good.Changes));
        Assert.Equal("FF2002", all.Items[0].Error!.Code);
        Assert.Equal([SampleCatalog.Failed], await Ids(new IngestionQuery { Pipeline = "orders", State = RunState.Failed }));
        Assert.Equal([SampleCatalog.Succeeded], await Ids(new IngestionQuery { Pipeline = "orders", Rejects = true }));
        Assert.Equal([SampleCatalog.Succeeded], await Ids(new IngestionQuery { Pipeline = "orders", MinRows = 100 }));
        Assert.Equal([SampleCatalog.Succeeded], await Ids(new IngestionQuery { Search = "BRONZE.ORD", To = DateTimeOffset.UtcNow.AddMinutes(-90) }));
        Assert.Equal([], await Ids(new IngestionQuery { Search = "%" }));
        Assert.Equal(("FF4024", "minRows is -1; it must be 0 or more."), Said(await Assert.ThrowsAsync<FlowForgeApiException>(() => client.IngestionsAsync(new IngestionQuery { MinRows = -1 }))));

        var csv = (await client.IngestionsCsvAsync(new IngestionQuery { Pipeline = "orders" })).Split("\r\n");
        Assert.Equal("run,pipeline,job,table,connector,connection,trigger,state,started_at,finished_at,seconds,fetched,loaded,inserted,updated,deleted,unchanged,skipped,rejected,bytes,note,error", csv[0]);
        Assert.EndsWith(",100,95,,,,,2,3,5000,,", csv[2]);
        Assert.EndsWith(",No file matches data/*.csv.", csv[1]);
        Assert.Equal(["", ], csv[3..]);

        async Task<IEnumerable<string>> Ids(IngestionQuery query) => (await client.IngestionsAsync(query)).Items.Select(i => i.Run);
    }

    [Theory]
    [InlineData("\"https://me:pw@h.example:8443/a?key=hidden\"", "https://h.example:8443/a")]
    [InlineData("\"https://bad host/a?key=hidden\"", "https://bad host/a")]
    [InlineData("\"https://me:pw@bad host/a?key=hid@den\"", "bad host/a")]
    [InlineData("\"https://me:p?w@host/a\"", "https://…")]
    [InlineData("[\"https://a:pw@one/x\", \"https://b:pw@two/y?key=hidden\"]", "https://one/x, https://two/y")]
    [InlineData("\"https://a:pw@one/x,https://b:pw@two/y?key=hidden\"", "https://one/x, https://two/y")]
    [InlineData("[\"one:9092\", \"two:9092\"]", "one:9092, two:9092")]
    [InlineData("\"select a,b\\n from t\"", "select a,b from t")]
    [InlineData("[\"\"]", null)]
    public void Plain_AnAddress_ShowsNeitherUserNorKey(string json, string? shown) => Assert.Equal(shown, FlowForge.Api.Sources.SourceCards.Plain(System.Text.Json.Nodes.JsonNode.Parse(json)));

    [Fact]
    public async Task Sources_AFileJob_HasACardAndItsNewFiles()
    {
        var folder = Directory.CreateDirectory(Path.Combine(runtime.Workspace, "cards")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "a.csv"), "id\n1\n", TestContext.Current.CancellationToken);
        await client.PutConnectionAsync("card_shop", new PutConnection { Connector = "shop", Settings = System.Text.Json.JsonSerializer.SerializeToElement(new { host = "https://me:secret@api.example.com/v1/things?key=hidden" }) });
        await client.PutPipelineAsync("cards", new PutPipeline("""
            pipeline: cards
            schedule: "0 2 * * *"
            ingest:
              card_files: { source_type: file_local, format: csv, config: { path: cards/*.csv } }
              card_api: { source_type: shop, connection: card_shop, config: { count: 3 } }
            """, PipelineTextFormat.Yaml, runtime.Workspace));
        var cards = await client.SourcesAsync(search: "card");
        var files = cards.Items.Single(c => c.Job == "card_files");
        Assert.Equal((2L, SourceKind.File, "file", "cards/*.csv", "bronze.card_files", 0L, null, 0L), (cards.Total, files.Kind, files.Connector, files.Reads, files.Table, files.FilesRead, files.LastSync, files.Errors24h));
        Assert.Equal(2, files.NextSync!.Value.UtcDateTime.Hour);
        // Neither user nor key of an address is shown.
        var api = cards.Items.Single(c => c.Job == "card_api");
        Assert.Equal(("card_shop", "https://api.example.com/v1/things", SourceKind.Database, null), (api.Connection, api.Host, api.Kind, api.Reads));
        Assert.Equal(["card_files"], (await client.SourcesAsync(SourceKind.File, "card")).Items.Select(c => c.Job));
        var look = await client.LookAtSourceAsync("cards", "card_files");
        Assert.Equal((1, 1, "cards/a.csv", 5L, false), (look.Listed, look.NewCount, look.New[0].Path, look.New[0].Bytes, look.New[0].Changed));
        Assert.Equal(("FF4138", "The source of card_api has no files."), Said(await Assert.ThrowsAsync<FlowForgeApiException>(() => client.LookAtSourceAsync("cards", "card_api"))));
        Assert.Contains((await client.SearchAsync("card_fi")).Hits, h => h is { Kind: "job", Name: "cards/card_files" });
        await client.DeletePipelineAsync("cards");
        await client.DeleteConnectionAsync("card_shop");
    }

    [Fact]
    public async Task Samples_OfARunWithoutAny_AreNone()
    {
        Assert.Empty(await client.RunSamplesAsync(SampleCatalog.Failed));
        Assert.Equal("There is no run 'run_none'.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RunSamplesAsync("run_none"))).Message);
    }

    private static (string? Code, string Message) Said(FlowForgeApiException refusal) => (refusal.Problem.Code, refusal.Message);
}
