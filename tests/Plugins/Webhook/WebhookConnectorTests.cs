using System.Text.Json.Nodes;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Webhook;

namespace FlowForge.Plugins.Tests.Webhook;

/// <summary>The webhook connector over files as the runtime's endpoint leaves them.</summary>
public sealed class WebhookConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private WebhookConnector Open(Func<WebhookSpec, WebhookSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(new WebhookSpec { Hook = "orders", Token = new Secret("t") })));

    private string File(int number, string? append = null)
    {
        System.IO.File.WriteAllText(Path.Combine(_fixture.Folder, ".flowforge-workspace"), "");
        var folder = Directory.CreateDirectory(Path.Combine(_fixture.Folder, ".hooks", "orders")).FullName;
        var path = Path.Combine(folder, $"{number:D10}.ndjson");
        if (append is not null) System.IO.File.AppendAllText(path, append);
        return path;
    }

    private static string Post(int id, string body, string? key = null) => $"{{\"id\":\"p{id}\",\"at\":\"2026-01-01T00:00:0{id % 10}Z\"{(key is null ? "" : $",\"key\":\"{key}\"")},\"body\":{body}}}\n";

    private async Task<(string Lines, string? Cursor)> ReadAsync(string? cursor = null)
    {
        var (lines, reached) = await PageSourceAcceptance.ReadAsync(Open(), new ReadRequest { Cursor = cursor }, Stop);
        return (string.Join(' ', lines.Select(l => JsonNode.Parse(l)!).Select(r => $"{r["hook_id"]}{r["hook_index"]}={r["n"] ?? r["value"]}")), reached);
    }

    [Fact]
    public async Task Connector_SomePosts_PassesTheAcceptanceSuite()
    {
        for (var i = 0; i < 5; i++) File(1 + i / 3, Post(i, $"{{\"n\":{i}}}", $"k{i}"));
        await PageSourceAcceptance.CheckAsync(() => Open(), new ReadRequest(), Stop);
        var (lines, _) = await PageSourceAcceptance.ReadAsync(Open(), new ReadRequest { Limit = 1 }, Stop);
        Assert.Equal("{\"hook_id\":\"p0\",\"hook_received_at\":\"2026-01-01T00:00:00Z\",\"hook_key\":\"k0\",\"n\":0}", lines[0]);
    }

    [Fact]
    public async Task WatchAsync_PostsThatAreThereAndThatCome_AreNews()
    {
        const string News = "posts to /hooks/orders";
        await using (var quiet = Open().WatchAsync(Stop).GetAsyncEnumerator(Stop))
        {
            var next = quiet.MoveNextAsync().AsTask();
            Assert.False(next.IsCompleted);
            File(2, Post(2, "2"));
            Assert.True(await next);
            Assert.Equal(News, quiet.Current);
            next = quiet.MoveNextAsync().AsTask();
            File(2, Post(3, "3"));
            Assert.True(await next);
        }
        // Nobody may have heard of them, however old they are.
        foreach (var number in (int[])[1, 2]) System.IO.File.SetLastWriteTimeUtc(File(number, Post(number, "1")), DateTime.UtcNow.AddDays(-3));
        await using var again = Open().WatchAsync(Stop).GetAsyncEnumerator(Stop);
        Assert.True(await again.MoveNextAsync());
        Assert.Equal(News, again.Current);
    }

    [Fact]
    public async Task ReadAsync_RunsAfterRuns_GiveEachPostOnce()
    {
        Assert.Equal(("", null), await ReadAsync());
        File(1, Post(1, "{\"n\":1}") + Post(2, "[{\"n\":2},{\"n\":3},4]"));
        var (first, cursor) = await ReadAsync();
        Assert.Equal("p1=1 p20=2 p21=3 p22=4", first);
        File(1, Post(3, "\"text\"") + "{\"id\":\"p4\",\"at\":\"2026-01-01T0");
        // What does not end is not there yet; a new start of the runtime goes on in a new file.
        var (second, next) = await ReadAsync(cursor);
        Assert.Equal("p3=text", second);
        Assert.Equal(("", next), await ReadAsync(next));
        File(2, Post(5, "{\"n\":5}"));
        Assert.Equal("p5=5", (await ReadAsync(next)).Lines);
    }

    [Fact]
    public async Task ReadAsync_FileOfItsPlaceGoneOrAnother_SaysSo()
    {
        File(1, Post(1, "{\"n\":1}") + Post(2, "{\"n\":2}"));
        var (_, cursor) = await ReadAsync();
        File(2, Post(3, "{\"n\":3}"));
        File(3, Post(4, "{\"n\":4}"));
        // Another job on the hook has read all, and its clean-up took the first two files.
        System.IO.File.Delete(File(1));
        System.IO.File.Delete(File(2));
        var gone = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor));
        Assert.Equal("The posts of orders were read up to file 1, which is not there: posts behind that place may be gone unread.", gone.Message);
        System.IO.File.Delete(File(3));
        Assert.Equal(gone.Message, (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor))).Message);
        File(1, Post(5, "1"));
        var other = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor));
        Assert.Equal($"The posts of orders were read up to byte {cursor!.Split(':')[1]} of file 1, which has {new FileInfo(File(1)).Length}: it is another file than the one that was read.", other.Message);
    }

    [Fact]
    public async Task ReadAsync_BodyNestedAsDeepAsItMayBe_IsRead()
    {
        var body = string.Concat(Enumerable.Repeat("{\"a\":", 64)) + "1" + new string('}', 64);
        File(1, Post(1, body) + Post(2, "{\"n\":2}"));
        var (lines, _) = await PageSourceAcceptance.ReadAsync(Open(), new ReadRequest(), Stop);
        Assert.Equal(2, lines.Count);
        Assert.EndsWith("," + body[1..], lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommittedAsync_OldFilesThatAreRead_AreRemoved()
    {
        for (var i = 1; i <= 3; i++) System.IO.File.SetLastWriteTimeUtc(File(i, Post(i, $"{{\"n\":{i}}}")), DateTime.UtcNow.AddDays(i == 2 ? -1 : -30));
        var (_, cursor) = await ReadAsync();
        await Open().CommittedAsync([], cursor, Stop);
        // The first is old and read; the second is young; the third may still grow.
        Assert.Equal([File(2), File(3)], Directory.EnumerateFiles(Path.GetDirectoryName(File(1))!).Order());
        Assert.Equal(("", cursor), await ReadAsync(cursor));
        Assert.Equal("p2=2 p3=3", (await ReadAsync()).Lines);
    }

    [Fact]
    public async Task TestAsync_Unprotected_SaysSo()
    {
        Assert.Equal("Posts to /hooks/orders are taken; 0 bytes of posts are kept", await Open().TestAsync(Stop));
        Assert.Equal("The hook orders is not protected, so no post is taken.", (await Assert.ThrowsAsync<TerminalException>(() => Open(s => s with { Token = default }).TestAsync(Stop))).Message);
        Assert.Equal("timestamp_header is set, and hmac_secret is not: an unsigned time proves nothing.", (await Assert.ThrowsAsync<TerminalException>(() => Open(s => s with { TimestampHeader = "X-T" }).TestAsync(Stop))).Message);
        Assert.Equal("\"x\" says no place among the posts.", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync("x"))).Message);
    }
}
