using System.Text.Json.Nodes;
using FlowForge.Plugins.Rest.NetSuite;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>The netsuite connector against a server in the form that Oracle documents.</summary>
public sealed class NetSuiteConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly SuiteTalk _server = new() { Tables = { ["transaction"] = 25, ["large"] = 150_000 } };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _server.Dispose();
        _fixture.Dispose();
    }

    private NetSuiteConnector Open(Func<NetSuiteSpec, NetSuiteSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(Spec(_server))));

    internal static NetSuiteSpec Spec(SuiteTalk server) => new()
    {
        Account = SuiteTalk.Account, BaseUrl = server.Address, ConsumerKey = new Secret(SuiteTalk.ConsumerKey), ConsumerSecret = new Secret(SuiteTalk.ConsumerSecret), TokenId = new Secret(SuiteTalk.TokenId), TokenSecret = new Secret(SuiteTalk.TokenSecret), TableName = "transaction", PageSize = 10,
    };

    private async Task<string> IdsAsync(ReadRequest request, Func<NetSuiteSpec, NetSuiteSpec>? change = null)
    {
        var (lines, _) = await PageSourceAcceptance.ReadAsync(Open(change), request, Stop);
        return string.Join(' ', lines.Select(l => (string)JsonNode.Parse(l)!["id"]!));
    }

    [Fact]
    public async Task ReadAsync_GoesFromKeyToKey_AndFromTheWatermarkOn()
    {
        Assert.Equal(string.Join(' ', Enumerable.Range(1, 25)), await IdsAsync(new ReadRequest()));
        Assert.Equal(["SELECT * FROM transaction ORDER BY id", "SELECT * FROM transaction WHERE id > '10' ORDER BY id", "SELECT * FROM transaction WHERE id > '20' ORDER BY id"], _server.Queries);
        Assert.Equal("21 22 23 24 25", await IdsAsync(new ReadRequest { From = new Watermark("changed", "21") }));
        Assert.Equal("SELECT * FROM transaction WHERE changed >= 21 ORDER BY id", _server.Queries.Last());
        await IdsAsync(new ReadRequest { From = new Watermark("changed", "2026-01-31T10:00:00.5Z") { IncludeNulls = true }, Limit = 1 });
        Assert.Equal("SELECT * FROM transaction WHERE (changed >= TO_TIMESTAMP('2026-01-31 10:00:00.500000', 'YYYY-MM-DD HH24:MI:SS.FF6') OR changed IS NULL) ORDER BY id", _server.Queries.Last());
        await IdsAsync(new ReadRequest { From = new Watermark("changed", "o'clock") }, s => s with { Query = "SELECT id, changed FROM transaction;", WatermarkKind = WatermarkKind.Text });
        Assert.Equal("SELECT * FROM (SELECT id, changed FROM transaction) WHERE changed >= 'o''clock' AND id > '20' ORDER BY id", _server.Queries.Last());
        Assert.Equal("{\"id\":1,\"tranid\":\"SO1\"}", (await PageSourceAcceptance.ReadAsync(Open(s => s with { NumberColumns = ["ID", "tranid"] }), new ReadRequest { Limit = 1 }, Stop)).Records.Single());
        Assert.Equal("{\"id\":\"1\",\"tranid\":\"SO1\"}", (await PageSourceAcceptance.ReadAsync(Open(), new ReadRequest { Limit = 1 }, Stop)).Records.Single());
    }

    [Fact]
    public async Task ReadAsync_KeyOfTextsThatLookLikeNumbers_LeavesNoRowOut()
    {
        _server.Texts.AddRange(Enumerable.Range(1, 25).Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var (lines, _) = await PageSourceAcceptance.ReadAsync(Open(s => s with { Key = "tranid" }), new ReadRequest(), Stop);
        Assert.Equal(_server.Texts.Order(StringComparer.Ordinal).Select(t => $"{{\"tranid\":\"{t}\"}}"), lines);
    }

    [Fact]
    public async Task ReadAsync_ByRowNumbers_EndsWhereTheServiceEnds_AndSaysSo()
    {
        NetSuiteSpec Numbers(NetSuiteSpec s) => s with { Key = "", PageSize = 1000 };
        Assert.Equal("7 8", await IdsAsync(new ReadRequest { Cursor = "row:6", Limit = 2 }, Numbers));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => IdsAsync(new ReadRequest { Table = "large" }, s => Numbers(s) with { TableName = null }));
        Assert.Equal("The query has more than 100,000 rows, and the service gives no more of one query.", failure.Message);
        Assert.Equal("Set key to a unique column of the query: the read then goes from key to key.", failure.Suggestion);
    }

    [Fact]
    public async Task ReadAsync_BusyService_IsWaitedFor_AndNamesAreNames()
    {
        _server.Busy = 2;
        Assert.Equal(25, (await IdsAsync(new ReadRequest())).Split(' ').Length);
        Assert.Contains(_fixture.Lines, l => l.Contains("CONCURRENCY_LIMIT_EXCEEDED", StringComparison.Ordinal));
        Assert.Equal("table_name is \"a; DROP\", which is no name of SuiteQL.", (await Assert.ThrowsAsync<TerminalException>(() => IdsAsync(new ReadRequest(), s => s with { TableName = "a; DROP" }))).Message);
        Assert.Equal("watermark_column is \"x)--\", which is no name of SuiteQL.", (await Assert.ThrowsAsync<TerminalException>(() => IdsAsync(new ReadRequest { From = new Watermark("x)--", "1") }))).Message);
        Assert.Equal("The rows have no tranno to go on by.", (await Assert.ThrowsAsync<TerminalException>(() => IdsAsync(new ReadRequest(), s => s with { Key = "tranno" }))).Message);
        Assert.Equal("\"row:5\" says no place among the rows.", (await Assert.ThrowsAsync<TerminalException>(() => IdsAsync(new ReadRequest { Cursor = "row:5" }))).Message);
        Assert.Equal("The watermark x is no number, and watermark_kind asks for one.", (await Assert.ThrowsAsync<TerminalException>(() => IdsAsync(new ReadRequest { From = new Watermark("changed", "x") }, s => s with { WatermarkKind = WatermarkKind.Number }))).Message);
    }
}
