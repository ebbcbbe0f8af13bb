using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using FlowForge.Plugins.DynamoDb;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(DynamoDbServer))]

namespace FlowForge.Plugins.Tests.DynamoDb;

/// <summary>The dynamodb connector against dynalite.</summary>
public sealed class DynamoDbConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly DynamoDbServer _server;
    private readonly AmazonDynamoDBClient _client;
    private readonly string _table = "t" + Guid.NewGuid().ToString("n")[..12];

    public DynamoDbConnectorTests(DynamoDbServer server)
    {
        _server = server;
        _client = new AmazonDynamoDBClient("key", "secret", new AmazonDynamoDBConfig { ServiceURL = server.Endpoint.AbsoluteUri, AuthenticationRegion = "us-east-1" });
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        _fixture.Dispose();
    }

    private DynamoDbSpec Spec => new() { Endpoint = _server.Endpoint, AccessKey = new Secret("key"), SecretKey = new Secret("secret"), TableName = _table, PageSize = 7 };

    private DynamoDbConnector Open(Func<DynamoDbSpec, DynamoDbSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(Spec)));

    private async Task<List<string>> ReadAsync(ReadRequest? request = null, Func<DynamoDbSpec, DynamoDbSpec>? change = null) => (await PageSourceAcceptance.ReadAsync(Open(change), request ?? new ReadRequest(), Stop)).Records;

    private async Task MakeAsync(int items)
    {
        await _client.CreateTableAsync(new CreateTableRequest
        {
            TableName = _table, BillingMode = BillingMode.PAY_PER_REQUEST, KeySchema = [new KeySchemaElement("id", KeyType.HASH)], AttributeDefinitions = [new AttributeDefinition("id", ScalarAttributeType.N)],
        }, Stop);
        for (var patience = 0; (await _client.DescribeTableAsync(_table, Stop)).Table.TableStatus != TableStatus.ACTIVE && patience < 600; patience++) await Task.Delay(100, Stop);
        foreach (var some in Enumerable.Range(0, items).Chunk(25))
            await _client.BatchWriteItemAsync(new BatchWriteItemRequest { RequestItems = new() { [_table] = [.. some.Select(i => new Amazon.DynamoDBv2.Model.WriteRequest(new PutRequest(new() { ["id"] = new AttributeValue { N = $"{i}" }, ["at"] = new AttributeValue { S = $"2024-01-{i % 28 + 1:D2}" } })))] } }, Stop);
    }

    private static string Ids(IEnumerable<string> lines) => string.Join(' ', lines.Select(l => (int)JsonNode.Parse(l)!["id"]!).Order());

    [Fact]
    public async Task Connector_Dynalite_PassesTheAcceptanceSuite()
    {
        await MakeAsync(60);
        await PageSourceAcceptance.CheckAsync(() => Open(), new ReadRequest(), Stop);
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 60)), Ids(await ReadAsync()));
        using var connector = Open();
        // Dynalite does not count.
        Assert.Matches($"^Table {_table} answers, about \\d+ items$", await connector.TestAsync(Stop));
        var found = new List<DiscoveredTable>();
        await foreach (var table in connector.DiscoverAsync(Stop)) found.Add(table);
        Assert.Equal(["id"], found.Single(t => t.Name == _table).Keys);
    }

    [Fact]
    public async Task ReadAsync_BrokenOffAnywhere_GoesOnBehindEachSegment()
    {
        await MakeAsync(60);
        for (var stopAfter = 1; stopAfter < 12; stopAfter += 3)
        {
            var got = new List<string>();
            string? cursor = null;
            using (var connector = Open(s => s with { Segments = 3 }))
            {
                var pages = 0;
                await foreach (var page in connector.ReadAsync(new ReadRequest(), Stop))
                {
                    got.AddRange(Encoding.UTF8.GetString(page.Records.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries));
                    cursor = page.Cursor;
                    if (++pages == stopAfter) break;
                }
            }
            // The settings may have changed meanwhile: the scan keeps its segments.
            got.AddRange(await ReadAsync(new ReadRequest { Cursor = cursor }, s => s with { Segments = 5 }));
            Assert.Equal(string.Join(' ', Enumerable.Range(0, 60)), Ids(got));
        }
    }

    [Fact]
    public async Task ReadAsync_EveryType_KeepsItsValue()
    {
        await MakeAsync(0);
        await _client.PutItemAsync(_table, new()
        {
            ["id"] = new AttributeValue { N = "1" }, ["s"] = new AttributeValue { S = "gr\u00fcn\n\"x\"" }, ["n"] = new AttributeValue { N = "12345678901234567890.1234567890123456" }, ["t"] = new AttributeValue { BOOL = true }, ["f"] = new AttributeValue { BOOL = false },
            ["nil"] = new AttributeValue { NULL = true }, ["b"] = new AttributeValue { B = new MemoryStream([1, 255]) }, ["m"] = new AttributeValue { M = new() { ["k"] = new AttributeValue { N = "0.10" } } }, ["l"] = new AttributeValue { L = [new AttributeValue { S = "a" }, new AttributeValue { NULL = true }] },
            ["ss"] = new AttributeValue { SS = ["x"] }, ["ns"] = new AttributeValue { NS = ["9007199254740993"] }, ["bs"] = new AttributeValue { BS = [new MemoryStream([2])] },
        }, Stop);
        var item = JsonNode.Parse(Assert.Single(await ReadAsync()))!.AsObject();
        Assert.Equal(["b=\"Af8=\"", "bs=[\"Ag==\"]", "f=false", "id=1", "l=[\"a\",null]", "m={\"k\":0.1}", "n=12345678901234567890.1234567890123456", "nil=null", "ns=[9007199254740993]", "s=\"gr\\u00FCn\\n\\u0022x\\u0022\"", "ss=[\"x\"]", "t=true"],
            item.Select(p => $"{p.Key}={p.Value?.ToJsonString() ?? "null"}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ReadAsync_Watermark_AsksForNewerItemsOnly()
    {
        await MakeAsync(28);
        await _client.PutItemAsync(_table, new() { ["id"] = new AttributeValue { N = "99" } }, Stop);
        Assert.Equal("25 26 27", Ids(await ReadAsync(new ReadRequest { From = new Watermark("at", "2024-01-26") })));
        Assert.Equal("25 26 27 99", Ids(await ReadAsync(new ReadRequest { From = new Watermark("at", "2024-01-26") { IncludeNulls = true } })));
        Assert.Equal("26 27 99", Ids(await ReadAsync(new ReadRequest { From = new Watermark("id", "26") })));
    }

    [Fact]
    public async Task ReadAsync_WatermarkOfDigits_FindsTextsAndNumbers()
    {
        await MakeAsync(0);
        foreach (var (id, at) in new[] { (1, new AttributeValue { S = "20240101" }), (2, new AttributeValue { S = "20240102" }), (3, new AttributeValue { N = "20240101" }), (4, new AttributeValue { N = "20240103" }) })
            await _client.PutItemAsync(_table, new() { ["id"] = new AttributeValue { N = $"{id}" }, ["at"] = at }, Stop);
        await _client.PutItemAsync(_table, new() { ["id"] = new AttributeValue { N = "5" } }, Stop);
        var mark = new Watermark("at", "20240102");
        Assert.Equal("2 4", Ids(await ReadAsync(new ReadRequest { From = mark })));
        Assert.Equal("2 4 5", Ids(await ReadAsync(new ReadRequest { From = mark with { IncludeNulls = true } })));
        Assert.Equal("4", Ids(await ReadAsync(new ReadRequest { From = mark }, s => s with { WatermarkKind = WatermarkKind.Number })));
        Assert.Equal("2", Ids(await ReadAsync(new ReadRequest { From = mark }, s => s with { WatermarkKind = WatermarkKind.Text })));
    }

    [Fact]
    public async Task ReadAsync_Throttling_IsWaitedOut()
    {
        using var listener = new HttpListener();
        var port = FreePort.Take();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var asked = 0;
        var serving = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    var call = await listener.GetContextAsync();
                    var refused = Interlocked.Increment(ref asked) <= 3;
                    call.Response.StatusCode = refused ? 400 : 200;
                    call.Response.ContentType = "application/x-amz-json-1.0";
                    call.Response.Close(Encoding.UTF8.GetBytes(refused ? "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\",\"message\":\"slow down\"}" : "{\"Count\":1,\"ScannedCount\":1,\"Items\":[{\"id\":{\"N\":\"1\"}}]}"), willBlock: true);
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The test has what it wants, and the listener is stopped.
            }
        }, Stop);
        Assert.Equal("1", Ids(await ReadAsync(change: s => s with { Endpoint = new Uri($"http://127.0.0.1:{port}/"), Segments = 1 })));
        Assert.Equal(4, asked);
        Assert.Contains(_fixture.Lines, l => l.StartsWith($"debug: {_table}: the service gives no more read capacity at the moment. Tried again in ", StringComparison.Ordinal));
        listener.Stop();
        await serving;
    }

    [Fact]
    public async Task TestAsync_BadSettings_SayWhatIsWrong()
    {
        using var none = Open(s => s with { TableName = "none-such" });
        var failure = await Assert.ThrowsAsync<TerminalException>(() => none.TestAsync(Stop));
        Assert.Equal("There is no table or index none-such.", failure.Message);
        using var away = Open(s => s with { Endpoint = new Uri($"http://127.0.0.1:{FreePort.Take()}/") });
        failure = await Assert.ThrowsAsync<TerminalException>(() => away.TestAsync(Stop));
        Assert.StartsWith($"{_table}: Connection refused", failure.Message, StringComparison.Ordinal);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest { Cursor = "[]" }));
        Assert.Equal("\"[]\" says no place in a scan.", failure.Message);
    }
}
