using System.Text;
using System.Text.Json.Nodes;
using FlowForge.Plugins.Rest;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>The rest connector where paging and the watermark stand in the body of a POST, and where a page that is missing is the end.</summary>
public sealed class RestBodyTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private async Task<(string Rows, string Cursors)> ReadAsync(RestSpec spec, ReadRequest? request = null)
    {
        using var connector = new RestConnector(_fixture.Context(spec));
        var (rows, cursors) = (new StringBuilder(), new List<string>());
        await foreach (var page in connector.ReadAsync(request ?? new ReadRequest(), Stop))
        {
            rows.Append(Encoding.UTF8.GetString(page.Records.Span).Replace('\n', ' '));
            cursors.Add(page.Cursor ?? "-");
        }
        return (rows.ToString().TrimEnd(), string.Join(' ', cursors));
    }

    private static string Bodies(TestApi api)
    {
        Assert.All(api.Requests, r => Assert.Equal(("POST", 0), (r.Method, r.Query.Count)));
        return string.Join(' ', api.Requests.Select(r => r.Body));
    }

    [Fact]
    public async Task ReadAsync_PageInBody_IsWrittenAtItsPathBesideWhatIsThere()
    {
        using var api = new TestApi(r => new TestApi.Reply((int)JsonNode.Parse(r.Body)!["page"]!["page"]! switch { 1 => "[1,2]", 2 => "[3]", _ => "[]" }));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "query", Method = "POST", Body = """{"query": {"n": 12345678901234567890, "t": "é"}, "page": {"page": 7, "order": "up"}}""", PageIn = PageIn.Body, PageParam = "page.page", PageSize = 2, SizeParam = "page.pageSize" };
        Assert.Equal(("1 2 3", "2 3"), await ReadAsync(spec));
        Assert.Equal(
            string.Join(' ', Enumerable.Range(1, 3).Select(page => $$$"""{"query":{"n":12345678901234567890,"t":"\u00E9"},"page":{"page":{{{page}}},"order":"up","pageSize":2}}""")), Bodies(api));
        Assert.Equal(("3", "3"), await ReadAsync(spec, new ReadRequest { Cursor = "2" }));
    }

    [Fact]
    public async Task ReadAsync_OffsetInBody_StaysTextWhereBodyHasText()
    {
        using var api = new TestApi(r => new TestApi.Reply((string?)JsonNode.Parse(r.Body)!["paging"]!["from"] switch { "0" => "[1,2]", "2" => "[3]", _ => "[]" }));
        Assert.Equal(("1 2 3", "2 3"), await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "q", Method = "POST", Body = """{"paging":{"from":""}}""", PageIn = PageIn.Body, OffsetParam = "paging.from" }));
        Assert.Equal("""{"paging":{"from":"0"}} {"paging":{"from":"2"}} {"paging":{"from":"3"}}""", Bodies(api));
    }

    /// <summary>As Elasticsearch's search_after: the sort values of the last hit, a list of unlike kinds.</summary>
    [Fact]
    public async Task ReadAsync_TokenInBody_GoesBackAsItCame()
    {
        using var api = new TestApi(r => new TestApi.Reply(JsonNode.Parse(r.Body)!["search_after"]?.ToJsonString() switch
        {
            null => """{"hits":{"hits":[{"_source":1,"sort":[10,"a"]},{"_source":2,"sort":[10,"b,]\""]}]}}""",
            """[10,"b,]\u0022"]""" => """{"hits":{"hits":[{"_source":3,"sort":[1.50,"c"]}]}}""",
            """[1.50,"c"]""" => """{"hits":{"hits":[]}}""",
            _ => "wrong",
        }));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "_search", Method = "POST", Body = """{"sort":["at","id"]}""", PageIn = PageIn.Body, RecordsPath = "hits.hits._source", PagePath = "hits.hits", NextTokenPath = "hits.hits.sort", NextTokenParam = "search_after", PageSize = 2, SizeParam = "size" };
        Assert.Equal(("1 2 3", """[10,"b,]\""] [1.50,"c"]"""), await ReadAsync(spec));
        Assert.Equal("""{"sort":["at","id"],"size":2} {"sort":["at","id"],"size":2,"search_after":[10,"b,]\u0022"]} {"sort":["at","id"],"size":2,"search_after":[1.50,"c"]}""", Bodies(api));
        Assert.Equal(("3", """[1.50,"c"]"""), await ReadAsync(spec, new ReadRequest { Cursor = """[10,"b,]\""]""" }));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("\"\"")]
    [InlineData("[ ]")]
    [InlineData(null)]
    public async Task ReadAsync_TokenInBody_EndsWhereTheAnswerSaysNone(string? none)
    {
        using var api = new TestApi(r => new TestApi.Reply(r.Body == "{}" ? """{"rows":[1],"next":"x"}""" : $$"""{"rows":[2]{{(none is null ? "" : $", \"next\": {none}")}}}"""));
        Assert.Equal(("1 2", "\"x\" -"), await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "q", Method = "POST", PageIn = PageIn.Body, RecordsPath = "rows", NextTokenPath = "next", NextTokenParam = "after" }));
        Assert.Equal("""{} {"after":"x"}""", Bodies(api));
    }

    [Theory]
    [InlineData("""{"filters":[{"field":"at","value":"0"}]}""", "filters.0.value", WatermarkForm.Iso, """{"filters":[{"field":"at","value":"2024-02-29T12:00:00.5Z"}]}""")]
    [InlineData("""{"filters":[{"field":"at","value":"0"}]}""", "filters.0.value", WatermarkForm.UnixMs, """{"filters":[{"field":"at","value":"1709208000500"}]}""")]
    [InlineData("{}", "range.at.gt", WatermarkForm.Unix, """{"range":{"at":{"gt":1709208000}}}""")]
    [InlineData("""{"since":null}""", "since", WatermarkForm.AsIs, """{"since":"2024-02-29 12:00:00.5"}""")]
    [InlineData("""{"since":0}""", "since", WatermarkForm.AsIs, """{"since":17}""", "17")]
    [InlineData("""{"since":"0"}""", "since", WatermarkForm.AsIs, """{"since":"17"}""", "17")]
    public async Task ReadAsync_WatermarkInBody_IsOfTheKindThatStandsThere(string body, string path, WatermarkForm form, string sent, string watermark = "2024-02-29 12:00:00.5")
    {
        using var api = new TestApi(_ => new TestApi.Reply("[]"));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "q", Method = "POST", Body = body, PageIn = PageIn.Body, Paging = PagingKind.None, WatermarkParam = path, WatermarkFormat = form };
        await ReadAsync(spec);
        await ReadAsync(spec, new ReadRequest { From = new Watermark("at", watermark) });
        Assert.Equal($"{body} {sent}", Bodies(api));
    }

    [Theory]
    [InlineData("GET", null, "page", "page_in is body, and method is GET, which has none.", "Set method: POST, or page_in: query.")]
    [InlineData("POST", "[]", "page", "body is no JSON object, and page_in asks for parameters in it.", "Write an object: {…}.")]
    [InlineData("POST", "null", "page", "body is no JSON object, and page_in asks for parameters in it.", "Write an object: {…}.")]
    [InlineData("POST", "{\"a\":1,\"a\":2}", "page", "body is no JSON: *", "Correct the body.")]
    [InlineData("POST", "{\"a\":", "page", "body is no JSON: *", "Correct the body.")]
    [InlineData("POST", "{\"a\":{\"b\":7}}", "a.b.c", "body has a single value at a.b, and a.b.c leads through it.", "Correct the path or the body.")]
    [InlineData("POST", "{\"a\":[{}]}", "a.1.c", "body has a list of 1 at a, and a.1.c asks for its 1.", "Name an element by its place; the first is 0.")]
    [InlineData("POST", "{\"a\":[{}]}", "a.x", "body has a list of 1 at a, and a.x asks for its x.", "Name an element by its place; the first is 0.")]
    [InlineData("POST", "{}", "..", "The path of a parameter in body is empty.", "Name the parameter.")]
    public async Task ReadAsync_BodyThatCannotCarryThem_IsRefusedBeforeItIsSent(string method, string? body, string path, string message, string suggestion)
    {
        using var api = new TestApi(_ => new TestApi.Reply("[]"));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "q", Method = method, Body = body, PageIn = PageIn.Body, PageParam = path }));
        if (message.EndsWith('*')) Assert.StartsWith(message[..^1], failure.Message, StringComparison.Ordinal);
        else Assert.Equal(message, failure.Message);
        Assert.Equal(suggestion, failure.Suggestion);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task ReadAsync_MissingPage_IsTheEndBehindTheFirstOnly()
    {
        using var api = new TestApi(r => r.Query["page"] is "1" or "2" && r.Path == "/x" ? new TestApi.Reply($"[{r.Query["page"]}]") : new TestApi.Reply("{\"detail\":\"Invalid page.\"}", 404));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "x", PageParam = "page" };
        Assert.Equal($"{api.Address}x: HTTP 404 NotFound: {{\"detail\":\"Invalid page.\"}}", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(spec))).Message);
        spec = spec with { MissingPage = MissingPage.End };
        Assert.Equal(("1 2", "2 3"), await ReadAsync(spec));
        // Going on behind the last page finds nothing, too; an address that is wrong is no end.
        Assert.Equal(("", ""), await ReadAsync(spec, new ReadRequest { Cursor = "3" }));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(spec with { Url = "y" }));
        Assert.Equal($"{api.Address}y: HTTP 404 NotFound: {{\"detail\":\"Invalid page.\"}}", failure.Message);
        Assert.Equal("Check the url.", failure.Suggestion);
    }

    [Fact]
    public async Task ReadAsync_MissingPageOfATokenOrLink_IsNoEnd()
    {
        using var api = new TestApi(r => r.Path == "/x" && r.Query.Count == 0 ? new TestApi.Reply("{\"rows\":[1],\"next\":\"/gone\"}") : new TestApi.Reply("", 404));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", RecordsPath = "rows", NextTokenPath = "next", MissingPage = MissingPage.End }));
        Assert.Equal($"{api.Address}gone: HTTP 404 NotFound", failure.Message);
    }
}
