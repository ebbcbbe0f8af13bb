using System.Net;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class ConnectionTests(TestRuntime runtime)
{
    private const string Right = "right-password-4711";
    private readonly FlowForgeClient client = runtime.Client;

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();

    private Task<ConnectionDetail> PutShop(string name, string settings) => client.PutConnectionAsync(name, new PutConnection { Connector = "shop", Description = "A shop", RateLimit = "50/s", Settings = Json(settings) });

    [Fact]
    public async Task Functions_OfThePlugin_AreListedAndCallableInSql()
    {
        Assert.Equal(["shelves(count int64) → TABLE (Number int32, Label string) | Shop  True", "with_vat(price double, rate double) → double | Shop A price with its tax. False"],
            (await client.FunctionsAsync()).Select(f => $"{f.Signature} | {f.Plugin} {f.Description} {f.IsTable}"));
        var result = await client.SqlAsync(new SqlQuery("SELECT with_vat(10, NULL) AS v, (SELECT max(\"Label\") FROM shelves(3)) AS s"));
        Assert.Equal("12|shelf 3", string.Join("|", result.Rows.Single()));
    }

    [Fact]
    public async Task Connectors_Shop_ComesWithFormAndSchema()
    {
        var shop = Assert.Single(await client.ConnectorsAsync(), c => c.Name == "shop");
        Assert.Equal(["batch_source", "discover", "test_connection"], shop.Abilities);
        Assert.Equal(["host", "port", "password", "headers", "mood", "count"], shop.Fields.Select(f => f.Name));
        var port = shop.Fields[1];
        Assert.Equal(("Port", "Its port", FieldKind.Integer, false, true, 443, 1d, 65535d), (port.Title, port.Description, port.Kind, port.Required, port.OfConnection, port.Default?.GetInt32(), port.Minimum, port.Maximum));
        Assert.Equal((true, true, "shop.example.com"), (shop.Fields[0].Required, shop.Fields[0].OfConnection, shop.Fields[0].Example));
        Assert.Equal((FieldKind.Secret, FieldKind.Map, FieldKind.Secret, false), (shop.Fields[2].Kind, shop.Fields[3].Kind, shop.Fields[3].Element, shop.Fields[5].OfConnection));
        // What means something for some kinds only says so.
        var auth = Assert.Single(Assert.Single(await client.ConnectorsAsync(), c => c.Name == "rest").Fields, f => f.Name == "auth").Fields;
        Assert.Equal("kind; user kind basic; token kind bearer,api_key,oauth1", string.Join("; ", auth.Where(f => f.Name is "kind" or "user" or "token").Select(f => f.When is { } when ? $"{f.Name} {when.Field} {string.Join(',', when.Values)}" : f.Name)));
        Assert.Equal("integer", shop.Settings!.Value.GetProperty("properties").GetProperty("port").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Put_PlainSecret_IsStoredAsAReferenceAndStarsKeepIt()
    {
        var made = await PutShop("keep_shop", $$"""{ "host": "h", "password": "{{Right}}", "headers": { "x_key": "header-secret-1" } }""");
        Assert.Equal("""{"host":"h","password":"${secret:keep_shop.password}","headers":{"x_key":"${secret:keep_shop.headers.x_key}"}}""", made.Settings.GetRawText());
        Assert.Equal(("Shop", "50/s", ConnectionOrigin.Workbench, null), (made.ConnectorTitle, made.RateLimit, made.Origin, made.Error));
        Assert.True((await client.TestConnectionAsync(new ConnectionChoice { Name = "keep_shop" })).Passed);

        var changed = await PutShop("keep_shop", """{ "host": "other", "password": "***" }""");
        Assert.Equal("""{"host":"other","password":"${secret:keep_shop.password}"}""", changed.Settings.GetRawText());
        Assert.True((await client.TestConnectionAsync(new ConnectionChoice { Name = "keep_shop" })).Passed);

        var secret = Assert.Single(await client.SecretsAsync(), s => s.Name == "keep_shop.password");
        Assert.Equal(["connection keep_shop"], secret.UsedBy);
        await client.PutSecretAsync("keep_shop.password", "rotated-away-1");
        Assert.False((await client.TestConnectionAsync(new ConnectionChoice { Name = "keep_shop" })).Passed);

        await client.DeleteConnectionAsync("keep_shop");
        Assert.DoesNotContain(await client.SecretsAsync(), s => s.Name == "keep_shop.password");
    }

    [Fact]
    public async Task Put_RateLimitOfAConnectorThatSendsNothing_IsRefused()
    {
        var connectors = await client.ConnectorsAsync();
        Assert.Equal((false, true), (Assert.Single(connectors, c => c.Name == "file").SendsRequests, Assert.Single(connectors, c => c.Name == "shop").SendsRequests));
        var put = new PutConnection { Connector = "file", RateLimit = "5/s", Settings = Json("{}") };
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutConnectionAsync("paced_files", put));
        Assert.Equal((HttpStatusCode.BadRequest, "A rate limit spaces requests, and file sends none.", "Leave rateLimit out."), (refused.Status, refused.Message, refused.Suggestion));
        Assert.Null((await client.PutConnectionAsync("paced_files", put with { RateLimit = null })).RateLimit);
        await client.DeleteConnectionAsync("paced_files");
    }

    [Fact]
    public async Task Put_WrongSettings_AreAllNamedAndNothingIsStored()
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => PutShop("wrong_shop", """{ "prot": 1, "port": 70000, "password": "${secret:none}" }"""));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "The settings of 'wrong_shop' have 4 errors; nothing was stored."), (refused.Status, refused.Message));
        Assert.Equal(
            [
                "prot: 'prot' is not a setting of 'shop'. Did you mean 'port'?", "host: 'host' is missing. It means: Name or address of the shop.", "port: 'port' must be at most 65535, but is 70000. ",
                "password: 'password' refers to ${secret:none}, which is not there. Store the secret or set the environment variable, or correct the name.",
            ],
            refused.Diagnostics.Select(d => $"{d.Path}: {d.Message} {d.Suggestion}"));
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ConnectionAsync("wrong_shop"))).Status);
    }

    [Theory]
    [InlineData("Shop 1", "'Shop 1' is no name: lower-case letters, digits, _ and -, beginning with a letter, up to 100 characters. Call it 'shop_1'.")]
    public async Task Put_BadName_SaysABetterOne(string name, string message) =>
        Assert.Equal(message, (await Assert.ThrowsAsync<FlowForgeApiException>(() => PutShop(name, """{ "host": "h" }"""))).Message);

    [Fact]
    public async Task Test_WrongPassword_TellsTheWholeErrorWithoutThePassword()
    {
        var result = await client.TestConnectionAsync(new ConnectionChoice { Connector = "shop", Settings = Json("""{ "host": "h", "password": "wrong+pass word" }""") });
        Assert.Equal((false, "The shop refused the password *** at https://x?p=***", "Change ***."), (result.Passed, result.Message, result.Suggestion));
        var broken = await client.TestConnectionAsync(new ConnectionChoice { Connector = "shop", Settings = Json("""{ "host": "h", "mood": "break", "password": "unexpected-4711" }""") });
        Assert.Equal("InvalidOperationException: secret in an unexpected place: ***", broken.Message);
        var incomplete = await client.TestConnectionAsync(new ConnectionChoice { Connector = "shop", Settings = Json("""{ "port": "x" }""") });
        Assert.Equal(["'host' is missing.", "'port' must be a whole number, but is \"x\"."], incomplete.Diagnostics.Select(d => d.Message));
    }

    [Fact]
    public async Task Test_SavedConnection_IsRememberedUntilItsSettingsChange()
    {
        await PutShop("tested_shop", $$"""{ "host": "h", "password": "{{Right}}" }""");
        Assert.Null((await client.ConnectionAsync("tested_shop")).LastTest);
        Assert.Equal("logged in with ***", (await client.TestConnectionAsync(new ConnectionChoice { Name = "tested_shop" })).Message);
        var tested = await client.ConnectionAsync("tested_shop");
        Assert.Equal((true, "logged in with ***", 1L, 0L), (tested.LastTest!.Passed, tested.LastTest.Message, tested.Traffic!.Uses, tested.Traffic.Failures));
        await PutShop("tested_shop", """{ "host": "other", "password": "***" }""");
        Assert.Null((await client.ConnectionAsync("tested_shop")).LastTest);
    }

    [Fact]
    public async Task DiscoverAndPreview_ShowTablesAndRowsWithoutSecrets()
    {
        await PutShop("browse_shop", $$"""{ "host": "h", "password": "{{Right}}" }""");
        var found = await client.DiscoverAsync(new DiscoverConnection { Name = "browse_shop", Search = "ord" });
        var table = Assert.Single(found.Tables);
        Assert.Equal(("orders", "id", 3L, "id bigint False, note text True"), (table.Name, string.Join(",", table.Keys), table.Rows, string.Join(", ", table.Columns.Select(c => $"{c.Name} {c.Type} {c.Nullable}"))));
        Assert.True((await client.DiscoverAsync(new DiscoverConnection { Name = "browse_shop", Limit = 1 })).Truncated);

        var preview = await client.PreviewAsync(new PreviewConnection { Name = "browse_shop", Table = "orders", Settings = Json($$"""{ "host": "h", "password": "***", "count": 3 }"""), Limit = 2 });
        Assert.Equal(["id", "note"], preview.Columns.Select(c => c.Name));
        Assert.Equal(["1|note with ***", "2|"], preview.Rows.Select(r => string.Join("|", r.Select(v => v.ToString()))));
    }

    [Fact]
    public async Task IsolatedConnection_IsTestedAndPreviewedInAProcessOfItsOwn()
    {
        var settings = Json($$"""{ "host": "h", "password": "{{Right}}", "count": 3 }""");
        var made = await client.PutConnectionAsync("isolated_shop", new PutConnection { Connector = "shop", Settings = settings, Isolation = ConnectorIsolation.Process });
        Assert.Equal(ConnectorIsolation.Process, made.Isolation);
        Assert.Equal((true, "logged in with ***"), ((await client.TestConnectionAsync(new ConnectionChoice { Name = "isolated_shop" })) is var result ? (result.Passed, result.Message) : default));
        var preview = await client.PreviewAsync(new PreviewConnection { Name = "isolated_shop", Table = "orders" });
        Assert.Equal(["1|note with ***", "2|", "3|note with ***"], preview.Rows.Select(r => string.Join("|", r.Select(v => v.ToString()))));
    }

    [Fact]
    public async Task Preview_Files_ShowsTheFirstLines()
    {
        Directory.CreateDirectory(runtime.Workspace);
        await File.WriteAllTextAsync(Path.Combine(runtime.Workspace, "preview.csv"), "a,b\n1,2\n3,4\n");
        var preview = await client.PreviewAsync(new PreviewConnection { Connector = "file", Settings = Json("""{ "path": "preview.csv" }"""), Limit = 2 });
        Assert.Equal("a,b\n1,2", preview.Text);
        var outside = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewAsync(new PreviewConnection { Connector = "file", Settings = Json("""{ "path": "/etc/passwd" }""") }));
        Assert.Contains("lies outside the folders that may be read", outside.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DiscoverAndPreview_FilesOfWhichNoJobSpeaks_AreAllOfThem()
    {
        var folder = Path.Combine(runtime.Workspace, "browsed", "deep");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "one [1].csv"), "a,b\n1,2\n");
        var found = await client.DiscoverAsync(new DiscoverConnection { Connector = "file", Settings = Json("{}"), Search = "browsed/" });
        Assert.Equal(["browsed/deep/one [1].csv"], found.Tables.Select(t => t.Name));
        Assert.Equal("a,b\n1,2\n", (await client.PreviewAsync(new PreviewConnection { Connector = "file", Settings = Json("{}"), Table = "browsed/deep/one [1].csv" })).Text);
        Assert.Empty((await client.DiscoverAsync(new DiscoverConnection { Connector = "file", Settings = Json("""{ "path": "browsed/*.json" }""") })).Tables);
    }

    [Fact]
    public async Task Delete_ConnectionInUse_SaysByWhom()
    {
        await PutShop("used_shop", """{ "host": "h" }""");
        await client.PutPipelineAsync("uses_shop", new PutPipeline("pipeline: uses_shop\ningest:\n  orders:\n    source_type: shop\n    connection: used_shop\n    config: { count: 3 }\n"));
        Assert.Equal([new ConnectionUse("uses_shop", "ingest.orders", "bronze.orders")], (await client.ConnectionAsync("used_shop")).UsedBy);
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DeleteConnectionAsync("used_shop"));
        Assert.Equal((HttpStatusCode.Conflict, "'used_shop' is used by uses_shop (ingest.orders).", "Change these jobs first, or delete it anyway with force=true: they fail at their next run."), (refused.Status, refused.Message, refused.Suggestion));
        await client.DeleteConnectionAsync("used_shop", force: true);
        var plan = await client.PlanAsync("uses_shop");
        Assert.Contains(plan.Diagnostics, d => d is { Code: "FF1230", Line: 5, Message: "There is no connection 'used_shop'." });
        await client.DeletePipelineAsync("uses_shop");
    }

    [Fact]
    public async Task Delete_ConnectionOfADelivery_SaysByWhom()
    {
        await client.PutConnectionAsync("used_folder", new PutConnection { Connector = "file", Settings = Json("{}") });
        await client.PutPipelineAsync("delivers_there", new PutPipeline("pipeline: delivers_there\ngold:\n  ones: { sql: SELECT 1 AS n }\ndeliveries:\n  ones_out: { from: gold.ones, connection: used_folder, path: out/ones.parquet }\n"));
        Assert.Equal([new ConnectionUse("delivers_there", "delivery.ones_out", "gold.ones")], (await client.ConnectionAsync("used_folder")).UsedBy);
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DeleteConnectionAsync("used_folder"));
        Assert.Equal((HttpStatusCode.Conflict, "'used_folder' is used by delivers_there (delivery.ones_out)."), (refused.Status, refused.Message));
        await client.DeletePipelineAsync("delivers_there");
        await client.DeleteConnectionAsync("used_folder");
    }

    [Fact]
    public async Task Plan_SettingsOfConnectionAndJob_AreCheckedTogether()
    {
        await PutShop("planned_shop", """{ "host": "h" }""");
        var outcome = await client.ValidateAsync(new ValidatePipeline("pipeline: p\ningest:\n  a:\n    source_type: shop\n    connection: planned_shop\n    config: { cuont: 3 }\n"));
        Assert.Equal(["FF1232 ingest.a.config.cuont (6,15): 'cuont' is not a setting of 'shop'. Did you mean 'count'?", "FF1232 ingest.a.config.count (6,5): 'count' is missing. It means: How many rows."],
            outcome.Diagnostics.OrderByDescending(d => d.Column).Select(d => $"{d.Code} {d.Path} ({d.Line},{d.Column}): {d.Message} {d.Suggestion}"));
    }

    [Fact]
    public async Task Plan_JobThatChangesItsConnection_IsRefusedByTheSettingsName()
    {
        await PutShop("fixed_shop", """{ "host": "h" }""");
        var outcome = await client.ValidateAsync(new ValidatePipeline("pipeline: p\ningest:\n  a:\n    source_type: shop\n    connection: fixed_shop\n    config: { count: 3, host: evil.example.com, mood: work }\n"));
        var refused = Assert.Single(outcome.Diagnostics);
        Assert.Equal(("FF1232", "ingest.a.config.host", "'host' is a setting of the connection 'fixed_shop', and a job that uses it cannot change it.", "Remove it from the job, change the connection, or make another one."),
            (refused.Code, refused.Path, refused.Message, refused.Suggestion));
        Assert.Empty((await client.ValidateAsync(new ValidatePipeline("pipeline: p\ningest:\n  a:\n    source_type: shop\n    config: { count: 3, host: h }\n"))).Diagnostics);
    }

    [Fact]
    public async Task Put_TextBesideAReference_IsRefused_ButForTheNameOfAScheme()
    {
        await client.PutSecretAsync("mixed_token", "half-of-a-secret");
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => PutShop("mixed_shop", """{ "host": "h", "password": "abc-${secret:mixed_token}", "headers": { "X-Key": "Bearer k ${secret:mixed_token}" } }"""));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "FF5034", "'password', 'headers.X-Key' mixes text with a reference to a secret: the text would be stored readable; nothing was stored."), (refused.Status, refused.Problem.Code, refused.Message));
        Assert.DoesNotContain("abc-", refused.Problem.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ConnectionAsync("mixed_shop"))).Status);
        var made = await PutShop("mixed_shop", """{ "host": "h", "headers": { "Authorization": "Bearer ${secret:mixed_token}", "x y\u00e4": "needs-a-name-1" } }""");
        var headers = made.Settings.GetProperty("headers");
        Assert.Equal("Bearer ${secret:mixed_token}", headers.GetProperty("Authorization").GetString());
        Assert.Matches(@"^\$\{secret:mixed_shop\.headers\.x_y_-[0-9a-f]{12}\}\z", headers.GetProperty("x y\u00e4").GetString()!);
        await client.DeleteConnectionAsync("mixed_shop");
        Assert.Equal(["mixed_token"], (await client.SecretsAsync()).Where(s => s.Name.StartsWith("mixed_", StringComparison.Ordinal)).Select(s => s.Name));
    }

    [Fact]
    public async Task Delete_Connection_TakesItsOwnSecretsAndNoOthersOfALikeName()
    {
        await client.PutSecretAsync("owner.other", "not of the form");
        await client.PutSecretAsync("owner.old", "not of the form either");
        await PutShop("owner", """{ "host": "h", "password": "first-password", "headers": { "a": "first-header" } }""");
        Assert.Equal(["owner.headers.a", "owner.old", "owner.other", "owner.password"], await NamesAsync());
        // A header that goes takes its secret along.
        await PutShop("owner", """{ "host": "h", "password": "***" }""");
        Assert.Equal(["owner.old", "owner.other", "owner.password"], await NamesAsync());
        await client.DeleteConnectionAsync("owner");
        Assert.Equal(["owner.old", "owner.other"], await NamesAsync());

        async Task<IEnumerable<string>> NamesAsync() => (await client.SecretsAsync()).Select(s => s.Name).Where(n => n.StartsWith("owner.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task FileOfTheWorkspace_IsAConnectionThatTheApiDoesNotChange()
    {
        var folder = Directory.CreateDirectory(Path.Combine(runtime.Workspace, "connections"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "shops.yaml"), "connections:\n  file_shop:\n    connector: shop\n    settings: { host: h, password: plain-in-file }\n");
        var known = await client.ConnectionAsync("file_shop");
        Assert.Equal((ConnectionOrigin.File, Path.Combine("connections", "shops.yaml"), """{"host":"h","password":"***"}"""), (known.Origin, known.File, known.Settings.GetRawText()));
        Assert.Equal("'file_shop' is described by connections/shops.yaml.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => PutShop("file_shop", """{ "host": "h" }"""))).Message);
        File.Delete(Path.Combine(folder.FullName, "shops.yaml"));
        Assert.DoesNotContain(await client.ConnectionsAsync(), c => c.Name == "file_shop");
    }

    [Fact]
    public async Task Secrets_ListDeleteRotate()
    {
        await client.PutSecretAsync("lonely", "value-of-lonely");
        await client.PutSecretAsync("needed", "value-of-needed");
        await PutShop("secret_shop", """{ "host": "h", "password": "${secret:needed}" }""");
        Assert.Equal("The secret 'needed' is used by connection secret_shop.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DeleteSecretAsync("needed"))).Message);
        await client.DeleteSecretAsync("lonely");
        Assert.Equal("There is no secret 'lonely'.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DeleteSecretAsync("lonely"))).Message);
        var rotated = await client.RotateSecretKeyAsync();
        Assert.True(rotated.Secrets >= 1);
        Assert.Equal(Path.Combine(runtime.Folder, "secrets.key"), rotated.KeyPlace);
        Assert.Equal("The shop refused the password *** at https://x?p=***", (await client.TestConnectionAsync(new ConnectionChoice { Name = "secret_shop" })).Message);
        Assert.Equal("'a b' is no name of a secret.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutSecretAsync("a b", "x"))).Message);
    }
}
