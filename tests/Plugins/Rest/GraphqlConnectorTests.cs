using System.Text;
using System.Text.Json.Nodes;
using FlowForge.Plugins.Rest;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>The graphql connector against a server on loopback that follows Relay's rules of paging.</summary>
public sealed class GraphqlConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private GraphqlConnector Open(TestApi api, Func<GraphqlSpec, GraphqlSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(new GraphqlSpec
    {
        BaseUrl = api.Address, Url = "graphql", Query = "query($after: Cursor) { all }", Variables = "{\"size\": 2}", RecordsPath = "data.all.edges.node", PageInfoPath = "data.all.pageInfo", WatermarkVariable = "since",
    })));

    private static TestApi.Reply Answer(TestApi.Request request)
    {
        var variables = JsonNode.Parse(request.Body)!["variables"]!;
        var start = variables["after"] is { } after ? int.Parse(after.GetValue<string>()) : 0;
        return new TestApi.Reply($"{{\"data\": {{\"all\": {{\"edges\": [{{\"node\": {{\"id\": {start + 1}, \"since\": {variables["since"]?.ToJsonString() ?? "null"}}}}}, {{\"node\": {{\"id\": {start + 2}}}}}], \"pageInfo\": {{\"hasNextPage\": {(start < 4 ? "true" : "false")}, \"endCursor\": \"{start + 2}\"}}}}}}}}");
    }

    private static async Task<List<string>> ReadAsync(GraphqlConnector connector, ReadRequest request)
    {
        using var _ = connector;
        var lines = new List<string>();
        await foreach (var page in connector.ReadAsync(request, TestContext.Current.CancellationToken)) lines.AddRange(Encoding.UTF8.GetString(page.Records.Span).TrimEnd('\n').Split('\n'));
        return lines;
    }

    [Fact]
    public async Task ReadAsync_Pages_AreFollowedToTheEnd()
    {
        using var api = new TestApi(Answer);
        Assert.Equal(["{\"id\":1,\"since\":\"7\"}", "{\"id\":2}", "{\"id\":3,\"since\":\"7\"}", "{\"id\":4}", "{\"id\":5,\"since\":\"7\"}", "{\"id\":6}"], await ReadAsync(Open(api), new ReadRequest { From = new Watermark("x", "7") }));
        Assert.Equal(["{\"id\":5,\"since\":null}", "{\"id\":6}"], await ReadAsync(Open(api), new ReadRequest { Cursor = "4" }));
        Assert.Equal(3, (await ReadAsync(Open(api), new ReadRequest { Limit = 3 })).Count);
        Assert.All(api.Requests, r => Assert.Equal(2, JsonNode.Parse(r.Body)!["variables"]!["size"]!.GetValue<int>()));
        Assert.Equal("The query is answered, 2 records on the first page", await Open(api).TestAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ReadAsync_Errors_EndTheRead()
    {
        using var api = new TestApi(_ => new TestApi.Reply("{\"data\": {\"all\": {\"edges\": []}}, \"errors\": [{\"message\": \"Cannot query field \\\"x\\\"\"}]}"));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Open(api), new ReadRequest()));
        Assert.Equal("The API refuses the query: Cannot query field \"x\"", refused.Message);
        using var stuck = new TestApi(_ => new TestApi.Reply("{\"data\": {\"all\": {\"edges\": [{\"node\": {}}], \"pageInfo\": {\"hasNextPage\": true, \"endCursor\": \"1\"}}}}"));
        var circle = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Open(stuck), new ReadRequest()));
        Assert.Equal("The answers lead back to a page that was read already.", circle.Message);
        using var without = new TestApi(_ => new TestApi.Reply("{\"data\": {\"all\": {\"edges\": []}}}"));
        var info = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Open(without), new ReadRequest()));
        Assert.Equal("The answer has nothing at data.all.pageInfo.", info.Message);
    }

    [Theory]
    [InlineData("\"extensions\": {\"code\": \"THROTTLED\"}", true)]
    [InlineData("\"type\": \"RATE_LIMITED\"", true)]
    [InlineData("\"extensions\": {\"code\": \"MAX_COST_EXCEEDED\"}", false)]
    [InlineData("\"extensions\": {\"code\": \"THROTTLED\"}}, {\"message\": \"No field x\"", false)]
    public async Task ReadAsync_LimitThatIsUsedUp_IsWaitedFor(string error, bool passes)
    {
        var asked = 0;
        var busy = $"{{\"errors\": [{{\"message\": \"Throttled\", {error}}}], \"extensions\": {{\"cost\": {{\"requestedQueryCost\": 10, \"throttleStatus\": {{\"currentlyAvailable\": 9, \"restoreRate\": 100}}}}}}}}";
        using var api = new TestApi(r => ++asked == 2 ? new TestApi.Reply(busy) : Answer(r));
        if (passes)
        {
            Assert.Equal(6, (await ReadAsync(Open(api), new ReadRequest())).Count);
            Assert.Single(_fixture.Lines, l => l.StartsWith($"warning: {api.Address}graphql: HTTP 200 OK: {{\"errors\":", StringComparison.Ordinal) && l.EndsWith("; asked again in 0 s", StringComparison.Ordinal));
            asked = 1;
            // The pause is longer than the connection waits: the run tries again later.
            var later = await Assert.ThrowsAsync<TransientException>(() => ReadAsync(Open(api, s => s with { LongestPause = TimeSpan.Zero }), new ReadRequest()));
            Assert.Equal(TimeSpan.FromMilliseconds(10), later.RetryAfter);
        }
        else Assert.StartsWith("The API refuses the query: Throttled", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Open(api), new ReadRequest()))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"hasNextPage\": true", "The answer has no data.all.pageInfo.endCursor: whether and where more records follow is not known.")]
    [InlineData("\"hasNextPage\": true, \"endCursor\": null", "The answer has no data.all.pageInfo.endCursor: whether and where more records follow is not known.")]
    [InlineData("\"endCursor\": \"5\"", "The answer has no data.all.pageInfo.hasNextPage: whether and where more records follow is not known.")]
    public async Task ReadAsync_PageInfoThatIsNotAskedFor_IsNoEnd(string pageInfo, string message)
    {
        using var api = new TestApi(_ => new TestApi.Reply($"{{\"data\": {{\"all\": {{\"edges\": [{{\"node\": {{}}}}], \"pageInfo\": {{{pageInfo}}}}}}}}}"));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Open(api), new ReadRequest()));
        Assert.Equal(message, failure.Message);
        Assert.Equal("Ask for pageInfo { hasNextPage endCursor } in the query.", failure.Suggestion);
    }

    /// <summary>Postgraphile's way to answer: connections, lists, fields that need arguments, nested objects.</summary>
    private const string Schema = """
        { "data": { "__schema": { "queryType": { "name": "Query" }, "types": [
          { "kind": "OBJECT", "name": "Query", "fields": [
            { "name": "allOrders", "args": [{ "name": "first", "defaultValue": null, "type": { "kind": "SCALAR", "name": "Int", "ofType": null } }, { "name": "after", "defaultValue": null, "type": { "kind": "SCALAR", "name": "Cursor", "ofType": null } }], "type": { "kind": "OBJECT", "name": "OrdersConnection", "ofType": null } },
            { "name": "users", "args": [{ "name": "after", "defaultValue": null, "type": { "kind": "SCALAR", "name": "String", "ofType": null } }], "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "OBJECT", "name": "UserConnection", "ofType": null } } },
            { "name": "countries", "args": [{ "name": "lang", "defaultValue": "\"en\"", "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "SCALAR", "name": "String", "ofType": null } } }], "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "LIST", "name": null, "ofType": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "OBJECT", "name": "Country", "ofType": null } } } } },
            { "name": "order", "args": [{ "name": "id", "defaultValue": null, "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "SCALAR", "name": "ID", "ofType": null } } }], "type": { "kind": "OBJECT", "name": "Order", "ofType": null } },
            { "name": "version", "args": [], "type": { "kind": "SCALAR", "name": "String", "ofType": null } } ] },
          { "kind": "OBJECT", "name": "OrdersConnection", "fields": [ { "name": "nodes", "args": [], "type": { "kind": "LIST", "name": null, "ofType": { "kind": "OBJECT", "name": "Order", "ofType": null } } }, { "name": "pageInfo", "args": [], "type": { "kind": "OBJECT", "name": "PageInfo", "ofType": null } } ] },
          { "kind": "OBJECT", "name": "UserConnection", "fields": [ { "name": "edges", "args": [], "type": { "kind": "LIST", "name": null, "ofType": { "kind": "OBJECT", "name": "UserEdge", "ofType": null } } }, { "name": "pageInfo", "args": [], "type": { "kind": "OBJECT", "name": "PageInfo", "ofType": null } } ] },
          { "kind": "OBJECT", "name": "UserEdge", "fields": [ { "name": "node", "args": [], "type": { "kind": "OBJECT", "name": "Country", "ofType": null } } ] },
          { "kind": "OBJECT", "name": "Order", "fields": [ { "name": "id", "args": [], "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "SCALAR", "name": "ID", "ofType": null } } }, { "name": "state", "args": [], "type": { "kind": "ENUM", "name": "State", "ofType": null } }, { "name": "user", "args": [], "type": { "kind": "OBJECT", "name": "Country", "ofType": null } } ] },
          { "kind": "OBJECT", "name": "Country", "fields": [ { "name": "code", "args": [], "type": { "kind": "SCALAR", "name": "String", "ofType": null } } ] },
          { "kind": "ENUM", "name": "State", "fields": null }, { "kind": "SCALAR", "name": "ID", "fields": null }, { "kind": "SCALAR", "name": "String", "fields": null }, { "kind": "OBJECT", "name": "PageInfo", "fields": [] } ] } } }
        """;

    private GraphqlConnector OpenAlone(TestApi api) => new(_fixture.Context(new GraphqlSpec { BaseUrl = api.Address, PageSize = 2 }));

    [Fact]
    public async Task DiscoverAsync_ListsWhatTheApiOffers_AndATableIsReadWithoutAQuery()
    {
        using var api = new TestApi(r => JsonNode.Parse(r.Body) is var asked && ((string)asked!["query"]!).Contains("__schema", StringComparison.Ordinal) ? new TestApi.Reply(Schema)
            : asked["variables"]!["after"] is null ? new TestApi.Reply("{\"data\": {\"allOrders\": {\"nodes\": [{\"id\": \"1\", \"state\": \"NEW\"}], \"pageInfo\": {\"hasNextPage\": true, \"endCursor\": \"c1\"}}}}")
            : new TestApi.Reply("{\"data\": {\"allOrders\": {\"nodes\": [{\"id\": \"2\", \"state\": null}], \"pageInfo\": {\"hasNextPage\": false, \"endCursor\": null}}}}"));
        using var connector = OpenAlone(api);
        var tables = new List<DiscoveredTable>();
        await foreach (var table in connector.DiscoverAsync(TestContext.Current.CancellationToken)) tables.Add(table);
        Assert.Equal(["allOrders(id ID False, state State True) key id", "users(code String True) key ", "countries(code String True) key "],
            tables.Select(t => $"{t.Name}({string.Join(", ", t.Columns.Select(c => $"{c.Name} {c.Type} {c.Nullable}"))}) key {string.Join(",", t.Keys)}"));
        Assert.Equal(["{\"id\":\"1\",\"state\":\"NEW\"}", "{\"id\":\"2\",\"state\":null}"], await ReadAsync(OpenAlone(api), new ReadRequest { Table = "allOrders" }));
        Assert.Equal("query($after: Cursor) { allOrders(first: 2, after: $after) { nodes { id state } pageInfo { hasNextPage endCursor } } }", (string)JsonNode.Parse(api.Requests.Last().Body)!["query"]!);
        foreach (var (table, query) in new[] { ("users", "query($after: String) { users(after: $after) { edges { node { code } } pageInfo { hasNextPage endCursor } } }"), ("countries", "query { countries { code } }") })
        {
            await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(OpenAlone(api), new ReadRequest { Table = table }));
            Assert.Equal(query, (string)JsonNode.Parse(api.Requests.Last().Body)!["query"]!);
        }
        var unknown = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(OpenAlone(api), new ReadRequest { Table = "order" }));
        Assert.Equal("The API offers no list order that can be read whole without arguments. It offers allOrders, users, countries.", unknown.Message);
        Assert.Equal("Neither query nor table_name is given.", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(OpenAlone(api), new ReadRequest()))).Message);
    }

    /// <summary>A schema whose query type has one list of countries with these arguments.</summary>
    private static string SchemaOf(string list, params string[] arguments) => $$"""
        { "data": { "__schema": { "queryType": { "name": "Query" }, "types": [
          { "kind": "OBJECT", "name": "Query", "fields": [ { "name": "countries", "args": [{{string.Join(", ", arguments.Select(a => $"{{ \"name\": \"{a.Split('=')[0]}\", \"defaultValue\": {(a.Contains('=', StringComparison.Ordinal) ? $"\"{a.Split('=')[1]}\"" : "null")}, \"type\": {{ \"kind\": \"SCALAR\", \"name\": \"Int\", \"ofType\": null }} }}"))}}], "type": {{list}} } ] },
          { "kind": "OBJECT", "name": "Page", "fields": [ { "name": "nodes", "args": [], "type": { "kind": "LIST", "name": null, "ofType": { "kind": "OBJECT", "name": "Country", "ofType": null } } }, { "name": "pageInfo", "args": [], "type": { "kind": "OBJECT", "name": "PageInfo", "ofType": null } } ] },
          { "kind": "OBJECT", "name": "Country", "fields": [ { "name": "code", "args": [], "type": { "kind": "SCALAR", "name": "String", "ofType": null } } ] }, { "kind": "SCALAR", "name": "String", "fields": null } ] } } }
        """;

    private const string List = """{ "kind": "LIST", "name": null, "ofType": { "kind": "OBJECT", "name": "Country", "ofType": null } }""";

    [Theory]
    [InlineData("first=100")]
    [InlineData("limit")]
    [InlineData("page=1", "per_page=20")]
    [InlineData("pageSize")]
    public async Task DiscoverAsync_ListOfPagesWithoutAnEnd_IsNotOffered(params string[] arguments)
    {
        using var api = new TestApi(_ => new TestApi.Reply(SchemaOf(List, arguments)));
        using var connector = OpenAlone(api);
        await foreach (var table in connector.DiscoverAsync(TestContext.Current.CancellationToken)) Assert.Fail(table.Name);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(OpenAlone(api), new ReadRequest { Table = "countries" }));
        Assert.Equal(("The API offers no list countries that can be read whole without arguments. It offers none.", "Correct table_name, or write a query."), (refused.Message, refused.Suggestion));
    }

    // Hasura, Prisma and subgraphs look alike: some give all records to who asks for no page, some the first hundred.
    [Theory]
    [InlineData("[]", null)]
    [InlineData("[{\"code\": \"C\"}]", "countries: the API gives 2 records of this list at once, and there are more.")]
    public async Task ReadAsync_ListThatMayBeCutOff_IsAskedForWhatFollows(string rest, string? message)
    {
        using var api = new TestApi(r => new TestApi.Reply(r.Body.Contains("__schema", StringComparison.Ordinal) ? SchemaOf(List, "first=100", "skip=0")
            : $"{{\"data\": {{\"countries\": {(r.Body.Contains("skip: 2", StringComparison.Ordinal) ? rest : "[{\"code\": \"A\"}, {\"code\": \"B\"}]")}}}}}"));
        if (message is null) Assert.Equal(["{\"code\":\"A\"}", "{\"code\":\"B\"}"], await ReadAsync(OpenAlone(api), new ReadRequest { Table = "countries" }));
        else
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(OpenAlone(api), new ReadRequest { Table = "countries" }));
            Assert.Equal((message, "Write a query that asks for all of them, or for pages with pageInfo { hasNextPage endCursor }."), (failure.Message, failure.Suggestion));
        }
        Assert.Equal("query { countries(skip: 2) { code } }", (string)JsonNode.Parse(api.Requests.Last().Body)!["query"]!);
        Assert.Equal(["{\"code\":\"A\"}"], await ReadAsync(OpenAlone(api), new ReadRequest { Table = "countries", Limit = 1 }));
    }

    [Fact]
    public async Task ReadAsync_ConnectionThatCannotGoOn_FailsWhereMoreFollows()
    {
        var more = "false";
        using var api = new TestApi(r => new TestApi.Reply(r.Body.Contains("__schema", StringComparison.Ordinal) ? SchemaOf("""{ "kind": "OBJECT", "name": "Page", "ofType": null }""", "limit", "skip")
            : $"{{\"data\": {{\"countries\": {{\"nodes\": [{{\"code\": \"A\"}}, {{\"code\": \"B\"}}], \"pageInfo\": {{\"hasNextPage\": {more}}}}}}}}}"));
        Assert.Equal(["{\"code\":\"A\"}", "{\"code\":\"B\"}"], await ReadAsync(OpenAlone(api), new ReadRequest { Table = "countries" }));
        Assert.Equal("query { countries { nodes { code } pageInfo { hasNextPage } } }", (string)JsonNode.Parse(api.Requests.Last().Body)!["query"]!);
        more = "true";
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(OpenAlone(api), new ReadRequest { Table = "countries" }));
        Assert.Equal(("data.countries.pageInfo.hasNextPage says that there are more records, and this list has no argument after to ask for them.", "Write a query that asks for all of them, or for pages with pageInfo { hasNextPage endCursor }."), (failure.Message, failure.Suggestion));
        Assert.Equal(["{\"code\":\"A\"}"], await ReadAsync(OpenAlone(api), new ReadRequest { Table = "countries", Limit = 1 }));
    }

    [Fact]
    public async Task TestAndDiscover_ApiThatKeepsItsSchema_AnswersTheOneAndRefusesTheOther()
    {
        using var api = new TestApi(r => r.Body.Contains("__schema", StringComparison.Ordinal) ? new TestApi.Reply("{\"errors\": [{\"message\": \"introspection is off\"}]}") : new TestApi.Reply("{\"data\": {\"__typename\": \"Query\"}}"));
        using var connector = OpenAlone(api);
        Assert.Equal($"{api.Address.Authority} answers", await connector.TestAsync(TestContext.Current.CancellationToken));
        var refused = await Assert.ThrowsAsync<TerminalException>(async () => { await foreach (var _ in connector.DiscoverAsync(TestContext.Current.CancellationToken)) { } });
        Assert.Equal("The API refuses the query: introspection is off", refused.Message);
    }

    [Fact]
    public async Task ReadAsync_RecordsPathThatIsNotThere_IsNoEmptyTable()
    {
        using var api = new TestApi(_ => new TestApi.Reply("{\"data\": {\"some\": {\"edges\": []}}}"));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Open(api), new ReadRequest()));
        Assert.Equal("The answer has nothing at data.all.edges.node.", failure.Message);
        using var nothing = new TestApi(_ => new TestApi.Reply("{\"data\": {\"all\": null}}"));
        Assert.Empty(await ReadAsync(Open(nothing, s => s with { PageInfoPath = null }), new ReadRequest()));
    }
}
