using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using FlowForge.Plugins.DynamoDb;
using FlowForge.Plugins.Rest;
using FlowForge.Plugins.Rest.NetSuite;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Rest;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Suites;

/// <summary>What the suites over HTTP APIs have in common: pages of records that a server on loopback makes as they are asked for.</summary>
public abstract class ApiSuiteTests : SuiteTests
{
    protected const int InAPage = 1000, ManyPages = 1000;

    /// <summary>The records of a page, from 1, as elements of a list.</summary>
    protected static string Records(int page, int count = InAPage, Func<int, string>? record = null)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++) text.Append(i == 0 ? "" : ",").Append(record?.Invoke((page - 1) * count + i) ?? $"{{\"id\":{(page - 1) * count + i},\"text\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}");
        return text.ToString();
    }
}

[SuiteOf("rest"), Collection(AloneCollection.Name)]
public sealed class RestSuiteTests : ApiSuiteTests
{
    private readonly TestApi _api = new(request => int.Parse(request.Query["page"] ?? "1", CultureInfo.InvariantCulture) is var page && request.Headers["Authorization"] != "Bearer right" ? new TestApi.Reply("{\"message\":\"who are you?\"}", 401) : request.Path switch
    {
        "/some" => new($"[{(page <= 3 ? Records(page, 2) : "")}]"),
        "/none" => new("[]"),
        "/one" => new($"[{(page == 1 ? PageSuite.Ugly : "")}]"),
        "/many" => new($"[{(page <= ManyPages ? Records(page) : "")}]"),
        _ => new("{}", 404),
    });

    public override void Dispose()
    {
        _api.Dispose();
        base.Dispose();
    }

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        var away = new Uri($"http://127.0.0.1:{Nobody}/");
        return Task.FromResult<ConnectorSuite>(new PageSuite
        {
            Works = () => Open("", s => s with { Resources = new Dictionary<string, ResourceSpec> { ["some"] = new() { Url = "some", PageParam = "page" } } }), TestSays = $"127\\.0\\.0\\.1:{_api.Address.Port} answers, 2 records on the first page of some", Discovered = "some",
            Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open("some", s => s with { Auth = new AuthSpec { Kind = AuthKind.Bearer, Token = new Secret("canary of the suite") } }), $"{_api.Address}some: HTTP 401 Unauthorized: {{\"message\":\"who are you?\"}}", "Check auth: the credentials, their scopes and rights."),
                new(() => Open("gone"), $"{_api.Address}gone: HTTP 404 NotFound: {{}}", "Check the url."),
                new(() => Open("some", s => s with { BaseUrl = away }), $"{away}some: Connection refused", "Check the address, and whether the server runs."),
            ],
            Some = Pages(() => Open("some")), None = Pages(() => Open("none")), One = Pages(() => Open("one")), Many = Pages(() => Open("many")),
        });
    }

    private RestConnector Open(string url, Func<RestSpec, RestSpec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new RestSpec { BaseUrl = _api.Address, Url = url, PageParam = "page", Auth = new AuthSpec { Kind = AuthKind.Bearer, Token = new Secret("right") } })));
}

[SuiteOf("graphql"), Collection(AloneCollection.Name)]
public sealed class GraphqlSuiteTests : ApiSuiteTests
{
    private readonly TestApi _api = new(request =>
    {
        if (request.Headers["X-API-Key"] != "right") return new TestApi.Reply("{}", 403);
        var query = JsonNode.Parse(request.Body)!;
        if (((string)query["query"]!).Contains("__schema", StringComparison.Ordinal)) return new TestApi.Reply(GraphqlSchemaOfAll);
        var page = int.Parse((string?)query["variables"]!["after"] ?? "1", CultureInfo.InvariantCulture);
        var (records, last) = (string)query["query"]! switch
        {
            "some" => (Records(page, 2), 3),
            "none" => ("", 1),
            "one" => (PageSuite.Ugly, 1),
            "many" => (Records(page), ManyPages / 5),
            var other => ($"{{}}],\"errors\":[{{\"message\":\"unknown query {other}\"}}],\"x\":[", 0),
        };
        return last == 0 ? new TestApi.Reply("{\"data\":null,\"errors\":[{\"message\":\"unknown query\"}]}") : new TestApi.Reply($"{{\"data\":{{\"all\":{{\"nodes\":[{records}],\"pageInfo\":{{\"hasNextPage\":{(page < last ? "true" : "false")},\"endCursor\":\"{page + 1}\"}}}}}}}}");
    });

    public override void Dispose()
    {
        _api.Dispose();
        base.Dispose();
    }

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        var away = new Uri($"http://127.0.0.1:{Nobody}/");
        return Task.FromResult<ConnectorSuite>(new PageSuite
        {
            Works = () => Open("some"), TestSays = "The query is answered, 2 records on the first page", Discovered = "all", Secrets = ["canary of the suite"],
            // The road is that of rest, which reads a million.
            ManyRecords = InAPage * ManyPages / 5,
            Refusals =
            [
                new(() => Open("some", s => s with { Auth = new AuthSpec { Kind = AuthKind.ApiKey, Token = new Secret("canary of the suite") } }), $"{_api.Address}graphql: HTTP 403 Forbidden: {{}}", "Check auth: the credentials, their scopes and rights."),
                new(() => Open("other"), "The API refuses the query: unknown query", "Correct query and variables."),
                new(() => Open("some", s => s with { BaseUrl = away }), $"{away}graphql: Connection refused", "Check the address, and whether the server runs."),
            ],
            Some = Pages(() => Open("some")), None = Pages(() => Open("none")), One = Pages(() => Open("one")), Many = Pages(() => Open("many")),
        });
    }

    private const string GraphqlSchemaOfAll =
        """
        {"data":{"__schema":{"queryType":{"name":"Q"},"types":[{"kind":"OBJECT","name":"Q","fields":[{"name":"all","args":[],"type":{"kind":"LIST","name":null,"ofType":{"kind":"OBJECT","name":"R","ofType":null}}}]},
        {"kind":"OBJECT","name":"R","fields":[{"name":"id","args":[],"type":{"kind":"SCALAR","name":"Int","ofType":null}}]},{"kind":"SCALAR","name":"Int","fields":null}]}}}
        """;

    private GraphqlConnector Open(string query, Func<GraphqlSpec, GraphqlSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new GraphqlSpec
    {
        BaseUrl = _api.Address, Url = "graphql", Query = query, RecordsPath = "data.all.nodes", PageInfoPath = "data.all.pageInfo", Auth = new AuthSpec { Kind = AuthKind.ApiKey, Token = new Secret("right") },
    })));
}

[SuiteOf("dynamodb"), Collection(AloneCollection.Name)]
public sealed class DynamoDbSuiteTests(DynamoDbServer server) : ApiSuiteTests
{
    // Dynalite takes in some thousand items a second: a million come from answers in the service's form, made as they are asked for.
    private readonly TestApi _many = new(request =>
    {
        var scan = JsonNode.Parse(request.Body)!;
        var page = int.Parse((string?)scan["ExclusiveStartKey"]?["id"]?["N"] ?? "1", CultureInfo.InvariantCulture);
        var last = ManyPages / (int)scan["TotalSegments"]!;
        var items = Records(page, record: i => $"{{\"id\":{{\"N\":\"{i}\"}},\"text\":{{\"S\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}}}");
        return new TestApi.Reply($"{{\"Count\":{InAPage},\"ScannedCount\":{InAPage},\"Items\":[{items}]{(page < last ? $",\"LastEvaluatedKey\":{{\"id\":{{\"N\":\"{page + 1}\"}}}}" : "")}}}", 200, ("Content-Type", "application/x-amz-json-1.0"));
    });

    private readonly string _name = "t" + Guid.NewGuid().ToString("n")[..12];

    public override void Dispose()
    {
        _many.Dispose();
        base.Dispose();
    }

    protected override async Task<ConnectorSuite> SuiteAsync()
    {
        using var client = new AmazonDynamoDBClient("key", "secret", new AmazonDynamoDBConfig { ServiceURL = server.Endpoint.AbsoluteUri, AuthenticationRegion = "us-east-1" });
        foreach (var table in new[] { _name, _name + "-none", _name + "-one" })
        {
            await client.CreateTableAsync(new CreateTableRequest { TableName = table, BillingMode = BillingMode.PAY_PER_REQUEST, KeySchema = [new KeySchemaElement("id", KeyType.HASH)], AttributeDefinitions = [new AttributeDefinition("id", ScalarAttributeType.N)] }, Stop);
            for (var patience = 0; (await client.DescribeTableAsync(table, Stop)).Table.TableStatus != TableStatus.ACTIVE && patience < 600; patience++) await Task.Delay(100, Stop);
        }
        for (var i = 0; i < 40; i++) await client.PutItemAsync(_name, new() { ["id"] = new AttributeValue { N = $"{i}" } }, Stop);
        await client.PutItemAsync(_name + "-one", Item(JsonNode.Parse(PageSuite.Ugly)!.AsObject()), Stop);
        var away = new Uri($"http://127.0.0.1:{Nobody}/");
        return new PageSuite
        {
            Works = () => Open(_name), TestSays = $"Table {_name} answers, about \\d+ items", Discovered = _name, Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open("gone", s => s with { SecretKey = new Secret("canary of the suite") }), "There is no table or index gone.", "Correct table_name, index_name, region or endpoint."),
                new(() => Open(_name, s => s with { Endpoint = away, SecretKey = new Secret("canary of the suite") }), $"{_name}: Connection refused…", "Check endpoint and region, and whether the service runs."),
            ],
            Some = Pages(() => Open(_name, s => s with { PageSize = 7 })), None = Pages(() => Open(_name + "-none")), One = Pages(() => Open(_name + "-one")), Many = Pages(() => Open("many", s => s with { Endpoint = _many.Address, Segments = 4 })),
        };
    }

    private static Dictionary<string, AttributeValue> Item(JsonObject from) => from.ToDictionary(p => p.Key, p => Value(p.Value));

    private static AttributeValue Value(JsonNode? value) => value switch
    {
        null => new() { NULL = true },
        JsonObject map => new() { M = Item(map) },
        JsonArray list => new() { L = [.. list.Select(Value)], IsLSet = true },
        _ => value.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => new() { S = (string)value! },
            System.Text.Json.JsonValueKind.Number => new() { N = value.ToJsonString() },
            _ => new() { BOOL = (bool)value },
        },
    };

    private DynamoDbConnector Open(string table, Func<DynamoDbSpec, DynamoDbSpec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new DynamoDbSpec { Endpoint = server.Endpoint, AccessKey = new Secret("key"), SecretKey = new Secret("secret"), TableName = table })));
}

[SuiteOf("netsuite"), Collection(AloneCollection.Name)]
public sealed class NetSuiteSuiteTests : ApiSuiteTests
{
    // The road is that of rest, which reads a million.
    private const int Total = 200_000;
    private readonly SuiteTalk _server = new()
    {
        Tables = { ["some"] = 25, ["none"] = 0, ["one"] = 1, ["many"] = Total },
        Row = (table, id) => table == "one" ? $"{{\"links\":[],{PageSuite.Ugly[1..]}" : $"{{\"id\":{id},\"text\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}",
    };

    public override void Dispose()
    {
        _server.Dispose();
        base.Dispose();
    }

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        var away = new Uri($"http://127.0.0.1:{Nobody}/");
        return Task.FromResult<ConnectorSuite>(new PageSuite
        {
            Works = () => Open("some"), TestSays = $"NetSuite answers for account {SuiteTalk.Account}", Discovered = "some", Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open("some", s => s with { TokenSecret = new Secret("canary of the suite") }), $"{_server.Address}services/rest/query/v1/suiteql: HTTP 401 Unauthorized: {{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,\"o:errorDetails\":[{{\"detail\":\"Invalid signature.\"}}]}}", "Check auth: the credentials, their scopes and rights."),
                new(() => Open("some", s => s with { BaseUrl = away }), $"{away}services/rest/query/v1/suiteql: Connection refused", "Check account and network, and whether the service is up."),
            ],
            Some = Pages(() => Open("some", s => s with { PageSize = 10 })), None = Pages(() => Open("none")), One = Pages(() => Open("one")), Many = Pages(() => Open("many")), ManyRecords = Total,
        });
    }

    private NetSuiteConnector Open(string table, Func<NetSuiteSpec, NetSuiteSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(NetSuiteConnectorTests.Spec(_server) with { TableName = table, PageSize = 1000 })));
}
