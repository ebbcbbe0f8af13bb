using System.Globalization;
using System.Text;
using FlowForge.Plugins.Rest;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>The rest connector against a server on loopback.</summary>
public sealed class RestConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private async Task<List<string>> ReadAsync(RestSpec spec, ReadRequest? request = null, List<string?>? cursors = null)
    {
        using var connector = new RestConnector(_fixture.Context(spec));
        var lines = new List<string>();
        await foreach (var page in connector.ReadAsync(request ?? new ReadRequest(), Stop))
        {
            var text = Encoding.UTF8.GetString(page.Records.Span).TrimEnd('\n').Split('\n');
            Assert.Equal(page.Count, text.Length);
            lines.AddRange(text);
            cursors?.Add(page.Cursor);
        }
        return lines;
    }

    private static string Items(int from, int count) => "[" + string.Join(", ", Enumerable.Range(from, count).Select(i => $"{{\n  \"id\": {i}\n}}")) + "]";

    private static int Number(string? text, int otherwise) => text is null ? otherwise : int.Parse(text, CultureInfo.InvariantCulture);

    [Fact]
    public async Task ReadAsync_Page_ReadsUntilAnEmptyPageEvenWhenTheServerGivesLess()
    {
        // The server's own limit is 2 whatever is asked for.
        using var api = new TestApi(r => new TestApi.Reply(Number(r.Query["page"], 1) switch { 1 => Items(1, 2), 2 => Items(3, 1), 3 => Items(4, 2), _ => "[]" }));
        var cursors = new List<string?>();
        var rows = await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "things", PageParam = "page", PageSize = 50, SizeParam = "per_page" }, cursors: cursors);
        Assert.Equal(["{\"id\":1}", "{\"id\":2}", "{\"id\":3}", "{\"id\":4}", "{\"id\":5}"], rows);
        Assert.Equal("/things?page=1&per_page=50 /things?page=2&per_page=50 /things?page=3&per_page=50 /things?page=4&per_page=50", api.Asked);
        Assert.Equal(["2", "3", "4"], cursors);
        Assert.Equal(["{\"id\":4}", "{\"id\":5}"], await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "things", PageParam = "page" }, new ReadRequest { Cursor = "3" }));
        Assert.Equal(3, (await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "things", PageParam = "page" }, new ReadRequest { Limit = 3 })).Count);
    }

    [Fact]
    public async Task ReadAsync_Offset_GoesOnByWhatCame()
    {
        using var api = new TestApi(r => new TestApi.Reply($"{{\"result\": {{\"rows\": {(Number(r.Query["start"], 0) < 7 ? Items(Number(r.Query["start"], 0), Math.Min(3, 7 - Number(r.Query["start"], 0))) : "[]")}}}}}"));
        Assert.Equal(7, (await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", OffsetParam = "start", RecordsPath = "result.rows" })).Count);
        Assert.Equal("/x?start=0 /x?start=3 /x?start=6 /x?start=7", api.Asked);
    }

    [Fact]
    public async Task ReadAsync_NestedRecords_PagesAreCountedByTheirOwnElements()
    {
        // Orders 1 to 5 by two: with lines, null, without lines (a whole page of them), with lines again.
        string[] orders = ["{\"lines\":[{\"n\":1},{\"n\":2},{\"n\":3}]}", "null", "{\"lines\":[]}", "{}", "{\"lines\":[{\"n\":4},{\"n\":5}]}"];
        using var api = new TestApi(r => new TestApi.Reply($"{{\"orders\":[{string.Join(",", orders.Skip(r.Query["start"] is { } start ? Number(start, 0) : (Number(r.Query["page"], 1) - 1) * 2).Take(2))}]}}"));
        string[] all = ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}", "{\"n\":5}"];
        Assert.Equal(all, await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", OffsetParam = "start", RecordsPath = "orders.lines" }));
        Assert.Equal("/x?start=0 /x?start=2 /x?start=4 /x?start=5", api.Asked);
        Assert.Equal(all, await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", PageParam = "page", RecordsPath = "orders.lines" }));
        Assert.EndsWith(" /x?page=1 /x?page=2 /x?page=3 /x?page=4", api.Asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_PagePath_NamesTheListThatIsThePage()
    {
        using var api = new TestApi(r => new TestApi.Reply($"[{{\"items\":[{(Number(r.Query["start"], 0) switch { 0 => "{\"id\":1},null", 2 => "{\"id\":2}", _ => "" })}]}}]"));
        Assert.Equal(["{\"id\":1}", "{\"id\":2}"], await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", OffsetParam = "start", RecordsPath = "items", PagePath = "items" }));
        Assert.Equal("/x?start=0 /x?start=2 /x?start=3", api.Asked);
    }

    [Fact]
    public async Task ReadAsync_ListOfOneAroundThePage_IsNotReadTwice()
    {
        using var api = new TestApi(r => new TestApi.Reply($"[{{\"items\":[{string.Join(',', Enumerable.Range((int)Number(r.Query["start"], 0), 3).Where(i => i < 5).Select(i => $"{{\"id\":{i}}}"))}]}}]"));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", OffsetParam = "start", RecordsPath = "items" }));
        Assert.Equal($"{api.Address}x gives records of the page before again: records_path goes through more than one list, and the first of them is not what the server counts.", failure.Message);
        Assert.Equal("Name the list whose elements the server counts in page_path.", failure.Suggestion);
        Assert.Equal("/x?start=0 /x?start=1", api.Asked);
    }

    [Theory]
    [InlineData("page", "{\"error\":\"rate limited\"}")]
    [InlineData("offset", "{\"data\":{\"message\":\"later\"}}")]
    [InlineData("cursor", "{\"data\":\"later\"}")]
    [InlineData("none", "[]")]
    [InlineData("link", "{}")]
    public async Task ReadAsync_AnswerWithoutRecordsPath_IsNoEnd(string paging, string answer)
    {
        var isFirst = paging is not ("none" or "link");
        using var api = new TestApi(_ =>
        {
            var reply = isFirst ? "{\"data\":{\"items\":[{\"id\":1}]},\"next\":\"2\"}" : answer;
            isFirst = false;
            return new TestApi.Reply(reply);
        });
        var spec = new RestSpec { BaseUrl = api.Address, Url = "x", RecordsPath = "data.items", Paging = Enum.Parse<PagingKind>(paging, ignoreCase: true), NextTokenPath = paging == "cursor" ? "next" : null, NextTokenParam = "t" };
        if (answer == "[]")
        {
            Assert.Empty(await ReadAsync(spec));
            return;
        }
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(spec));
        Assert.Equal($"{api.Address}x: HTTP 200 OK: {answer}: the answer has nothing at data.items.", failure.Message);
        Assert.Equal("Correct records_path; if the API leaves it out where it has no records, set missing_records: empty.", failure.Suggestion);
        Assert.Empty(await ReadAsync(spec with { MissingRecords = MissingRecords.Empty }));
    }

    [Fact]
    public async Task ReadAsync_EmptyAnswers_AreTheEndOnlyWhenTheySaySo()
    {
        var (status, body) = (200, "");
        using var api = new TestApi(_ => new TestApi.Reply(body, status));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "x", PageParam = "page" };
        var failure = await Assert.ThrowsAsync<TransientException>(() => ReadAsync(spec));
        Assert.Equal($"{api.Address}x answers with HTTP 200 and an empty body.", failure.Message);
        Assert.Empty(await ReadAsync(spec with { MissingRecords = MissingRecords.Empty }));
        status = 204;
        Assert.Empty(await ReadAsync(spec));
        Assert.Empty(await ReadAsync(spec with { RecordsPath = "items" }));
        (status, body) = (200, "{\"items\": null}");
        Assert.Empty(await ReadAsync(spec with { RecordsPath = "items" }));
    }

    [Theory]
    [InlineData("token")]
    [InlineData(null)]
    public async Task ReadAsync_Cursor_FollowsTokenOrAddress(string? param)
    {
        using var api = new TestApi(r => new TestApi.Reply(r.Query["token"] switch
        {
            null => $"{{\"data\": {Items(1, 2)}, \"paging\": {{\"next\": \"{(param is null ? "/list?token=a%2Fb" : "a/b")}\"}}}}",
            "a/b" => $"{{\"data\": {Items(3, 1)}, \"paging\": {{\"next\": {(param is null ? "\"list?token=c\"" : "\"c\"")}}}}}",
            _ => $"{{\"data\": {Items(4, 1)}, \"paging\": {{\"next\": null}}}}",
        }));
        Assert.Equal(4, (await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "list", RecordsPath = "data", NextTokenPath = "paging.next", NextTokenParam = param })).Count);
        Assert.Equal("/list /list?token=a/b /list?token=c", api.Asked);
    }

    [Fact]
    public async Task ReadAsync_LinkHeader_IsFollowedOnThisHostOnly()
    {
        using var other = new TestApi(_ => new TestApi.Reply("[]"));
        var leave = false;
        using var api = new TestApi(r => new TestApi.Reply(Items(Number(r.Query["p"], 1), 1), 200,
            r.Query["p"] == "3" ? (leave ? [("Link", $"<{other.Address}x>; rel=\"next\"")] : []) : [("Link", $"</a?p=1>; rel=\"first\", </a?p={Number(r.Query["p"], 1) + 1}>; title=\"a, b\"; rel=next")]));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "a", Auth = new AuthSpec { Kind = AuthKind.Bearer, Token = new Secret("canary") } };
        Assert.Equal(3, (await ReadAsync(spec)).Count);
        leave = true;
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(spec));
        Assert.Equal($"An answer leads to {other.Address.GetLeftPart(UriPartial.Authority)}, and credentials go to {api.Address.GetLeftPart(UriPartial.Authority)} alone.", failure.Message);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task ReadAsync_PagingThatDoesNotWork_IsNoticed()
    {
        using var api = new TestApi(_ => new TestApi.Reply("{\"d\": [{\"id\": 1}], \"next\": \"same\"}"));
        var page = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", RecordsPath = "d", PageParam = "pg" }));
        Assert.Equal($"{api.Address}x gives the same page twice: it does not know the parameter pg.", page.Message);
        var cursor = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", RecordsPath = "d", NextTokenPath = "next", NextTokenParam = "t" }));
        Assert.Equal($"{api.Address}x leads back to a page that was read already.", cursor.Message);
    }

    [Fact]
    public async Task ReadAsync_Children_CarryTheirParentsValue()
    {
        using var api = new TestApi(r => new TestApi.Reply(r.Path switch
        {
            "/v1/users" => r.Query["page"] == "1" ? "{\"users\": [{\"id\": \"a b\", \"n\": {\"x\": 1}}, {\"id\": \"c\", \"n\": {\"x\": 2}}]}" : "{\"users\": []}",
            "/v1/users/a%20b/posts" => "[{\"t\": 1.50}, {\"t\": 2}]",
            "/v1/users/c/posts" => "[]",
            _ => "nothing",
        }));
        var spec = new RestSpec
        {
            BaseUrl = new Uri(api.Address, "v1"),
            Resources = new Dictionary<string, ResourceSpec> { ["users"] = new() { Url = "users", RecordsPath = "users", PageParam = "page" }, ["posts"] = new() { Url = "users/{users.id}/posts?of={users.n.x}" } },
        };
        Assert.Equal(["{\"t\":1.50,\"_users_id\":\"a b\",\"_users_n_x\":1}", "{\"t\":2,\"_users_id\":\"a b\",\"_users_n_x\":1}"], await ReadAsync(spec, new ReadRequest { Table = "posts" }));
        Assert.Equal("/v1/users?page=1 /v1/users/a%20b/posts?of=1 /v1/users/c/posts?of=2 /v1/users?page=2", api.Asked);
        using var connector = new RestConnector(_fixture.Context(spec));
        var names = new List<string>();
        await foreach (var table in connector.DiscoverAsync(Stop)) names.Add(table.Name);
        Assert.Equal(["users", "posts"], names);
        Assert.Equal($"{api.Address.Authority} answers, 2 records on the first page of users", await connector.TestAsync(Stop));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(spec, new ReadRequest { Table = "nope" }));
        Assert.Equal("There is no resource nope. There are: users, posts.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_Watermark_IsSentInTheAskedForm()
    {
        using var api = new TestApi(_ => new TestApi.Reply("[]"));
        foreach (var form in Enum.GetValues<WatermarkForm>())
            await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", WatermarkParam = "since", WatermarkFormat = form, Params = new Dictionary<string, string> { ["a"] = "b c" } }, new ReadRequest { From = new Watermark("at", "2024-02-29 12:00:00.5") });
        Assert.Equal("/x?a=b c&since=2024-02-29 12:00:00.5 /x?a=b c&since=2024-02-29T12:00:00.5Z /x?a=b c&since=2024-02-29 /x?a=b c&since=1709208000 /x?a=b c&since=1709208000500", api.Asked);
    }

    [Fact]
    public async Task ReadAsync_BusyServer_IsAskedAgainAsItSays()
    {
        var calls = 0;
        using var api = new TestApi(_ => ++calls switch
        {
            1 => new TestApi.Reply("slow down", 429, ("Retry-After", "0")),
            2 => new TestApi.Reply("", 503),
            3 => new TestApi.Reply(Items(1, 1)),
            _ => new TestApi.Reply("", 429, ("Retry-After", "3600")),
        });
        var spec = new RestSpec { BaseUrl = api.Address, Url = "x" };
        Assert.Single(await ReadAsync(spec));
        Assert.Contains($"warning: {api.Address}x: HTTP 429 TooManyRequests: slow down; asked again in 0 s", _fixture.Lines);
        var failure = await Assert.ThrowsAsync<TransientException>(() => ReadAsync(spec));
        Assert.Equal(TimeSpan.FromHours(1), failure.RetryAfter);
    }

    [Fact]
    public async Task ReadAsync_Refusals_AreToldWithoutSecrets()
    {
        using var api = new TestApi(r => new TestApi.Reply(r.Path == "/html" ? "<html>" : $"no: {r.Headers["Authorization"]} {r.Query["key"]}", r.Path == "/html" ? 200 : r.Path == "/gone" ? 404 : 401));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x?key=5", Auth = new AuthSpec { Kind = AuthKind.Bearer, Token = new Secret("canary") } }));
        Assert.Equal($"{api.Address}x: HTTP 401 Unauthorized: no: Bearer *** 5", refused.Message);
        Assert.Equal("Check auth: the credentials, their scopes and rights.", refused.Suggestion);
        var key = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", Auth = new AuthSpec { Kind = AuthKind.ApiKey, KeyIn = KeyPlace.Query, KeyName = "key", Token = new Secret("can/ary") } }));
        Assert.Equal($"{api.Address}x: HTTP 401 Unauthorized: no:  ***", key.Message);
        var gone = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "gone" }));
        Assert.Equal("Check the url.", gone.Suggestion);
        var html = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "html" }));
        Assert.StartsWith($"{api.Address}html answers with no JSON: ", html.Message, StringComparison.Ordinal);
        var missing = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", Auth = new AuthSpec { Kind = AuthKind.Bearer } }));
        Assert.Equal("auth.token is missing, which bearer needs.", missing.Message);
    }

    [Fact]
    public async Task ReadAsync_Authorization_IsAsTheKindSays()
    {
        using var api = new TestApi(_ => new TestApi.Reply("[]"));
        foreach (var auth in new[]
        {
            new AuthSpec { Kind = AuthKind.Basic, User = "ü", Password = new Secret("p:w") }, new AuthSpec { Kind = AuthKind.ApiKey, KeyName = "X-Key", Token = new Secret("k") },
            new AuthSpec { Kind = AuthKind.ApiKey, KeyName = "key", KeyIn = KeyPlace.Query, Token = new Secret("k&1") },
        })
            await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", Auth = auth, Headers = new Dictionary<string, Secret> { ["X-Tenant"] = new("7") } });
        var requests = api.Requests.ToArray();
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ü:p:w")), requests[0].Headers["Authorization"]);
        Assert.Equal("k", requests[1].Headers["X-Key"]);
        Assert.Equal("k&1", requests[2].Query["key"]);
        Assert.All(requests, r => Assert.Equal("7", r.Headers["X-Tenant"]));
    }

    [Theory]
    [InlineData("{\"access_token\": \"t1\", \"expires_in\": \"3599\"}", "/token /x")]
    [InlineData("{\"access_token\": \"t1\", \"expires_in\": null}", "/token /x")]
    [InlineData("{\"access_token\": \"t1\", \"expires_in\": \"soon\"}", "/token /x")]
    [InlineData("[\"t1\"]", null)]
    [InlineData("{\"access_token\": 7}", null)]
    public async Task ReadAsync_OAuth2_TakesWhatTokenServicesSay(string said, string? asked)
    {
        using var api = new TestApi(r => r.Path == "/token" ? new TestApi.Reply(said) : r.Headers["Authorization"] == "Bearer t1" ? new TestApi.Reply(Items(1, 1)) : new TestApi.Reply("no", 403));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "x", Auth = new AuthSpec { Kind = AuthKind.Oauth2ClientCredentials, TokenUrl = new Uri(api.Address, "token"), ClientId = "id", ClientSecret = new Secret("s") } };
        if (asked is null) Assert.Equal($"{api.Address}token answers with no JSON that holds a token.", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(spec))).Message);
        else
        {
            Assert.Single(await ReadAsync(spec));
            Assert.Equal(asked, api.Asked);
        }
    }

    [Fact]
    public async Task ReadAsync_OAuth2_FetchesATokenAndANewOneWhenItIsRefused()
    {
        var given = 0;
        using var api = new TestApi(r => r.Path == "/token"
            ? r.Headers["Authorization"] == "Basic " + Convert.ToBase64String("id:se%20cret"u8) && r.Body == (given == 0 ? "grant_type=refresh_token&refresh_token=r0&scope=read" : $"grant_type=refresh_token&refresh_token=r{given}&scope=read")
                ? new TestApi.Reply($"{{\"access_token\": \"t{++given}\", \"refresh_token\": \"r{given}\", \"expires_in\": 3600}}") : new TestApi.Reply("bad client", 400)
            : r.Headers["Authorization"] == "Bearer t2" ? new TestApi.Reply(Items(1, 1)) : new TestApi.Reply("expired", 401));
        var auth = new AuthSpec { Kind = AuthKind.Oauth2Refresh, TokenUrl = new Uri(api.Address, "token"), ClientId = "id", ClientSecret = new Secret("se cret"), RefreshToken = new Secret("r0"), Scope = "read" };
        Assert.Single(await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", Auth = auth }));
        Assert.Equal("/token /x /token /x", api.Asked);
        // Whoever shows a log or an error knows what to hide.
        Assert.Equal(["t1", "r1", "t2", "r2"], _fixture.Concealed);
        Assert.Empty(_fixture.Lines);
        // Another job of the connection uses the same token, and does not come with a refresh token that is used up.
        Assert.Single(await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", Auth = auth }));
        Assert.Equal("/token /x /token /x /x", api.Asked);
        // What was given for one scope is not used for another; the refresh token is.
        var refused = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", Auth = auth with { Scope = "other" } }));
        Assert.Equal(($"{api.Address}token gives no token: HTTP 400: bad client", "Check token_url, client_id, client_secret and scope. A refresh token that has ended, or that another program has used up, is taken no more: get a new one and set it as refresh_token."), (refused.Message, refused.Suggestion));
        Assert.Equal("grant_type=refresh_token&refresh_token=r2&scope=other", api.Requests.Last().Body);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "x", Auth = auth with { Kind = AuthKind.Oauth2ClientCredentials } }));
        Assert.Equal($"{api.Address}token gives no token: HTTP 400: bad client", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_OAuth1_IsSignedAsTheStandardSays()
    {
        string? seen = null;
        using var api = new TestApi(r => { seen = r.Headers["Authorization"]; return new TestApi.Reply("[]"); });
        var auth = new AuthSpec { Kind = AuthKind.Oauth1, ClientId = "ck", ClientSecret = new Secret("c&s"), Token = new Secret("tk"), TokenSecret = new Secret("ts"), Realm = "123_SB" };
        await ReadAsync(new RestSpec { BaseUrl = api.Address, Url = "a/b?x=1%202&A=z", Auth = auth });
        var fields = seen!["OAuth ".Length..].Split(", ").Select(f => f.Split('=', 2)).ToDictionary(f => f[0], f => Uri.UnescapeDataString(f[1].Trim('"')));
        Assert.Equal("123_SB", fields["realm"]);
        var parameters = $"A=z&oauth_consumer_key=ck&oauth_nonce={fields["oauth_nonce"]}&oauth_signature_method=HMAC-SHA256&oauth_timestamp={fields["oauth_timestamp"]}&oauth_token=tk&oauth_version=1.0&x=1%202";
        var text = $"GET&{Uri.EscapeDataString(api.Address + "a/b")}&{Uri.EscapeDataString(parameters)}";
        Assert.Equal(Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData("c%26s&ts"u8, Encoding.UTF8.GetBytes(text))), fields["oauth_signature"]);
    }

    [Fact]
    public async Task ReadAsync_AddressesThatAreNone_AreRefused()
    {
        Assert.Equal("url is x: without base_url it must be absolute.", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { Url = "x" }))).Message);
        Assert.Equal("file addresses are not read: http and https are.", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec { Url = "file:///etc/passwd" }))).Message);
        Assert.Equal("Neither url nor base_url is given.", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new RestSpec()))).Message);
    }
}
