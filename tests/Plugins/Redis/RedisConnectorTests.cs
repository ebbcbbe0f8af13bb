using System.Text.Json.Nodes;
using FlowForge.Plugins.Redis;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(RedisServer))]

namespace FlowForge.Plugins.Tests.Redis;

/// <summary>The redis connector against a real server.</summary>
public sealed class RedisConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly RedisServer _server;
    private readonly string _stream = "s" + Guid.NewGuid().ToString("n")[..12];

    public RedisConnectorTests(RedisServer server) => _server = server.Ready();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private RedisConnector Open(Func<RedisSpec, RedisSpec>? change = null) =>
        new(_fixture.Context((change ?? (s => s))(new RedisSpec { Host = "127.0.0.1", Port = _server.Port, Password = new Secret(RedisServer.Password), Stream = _stream, BatchSize = 10 })));

    private async Task<(List<string> Lines, string? Cursor)> ReadAsync(string? cursor = null, Func<RedisSpec, RedisSpec>? change = null) =>
        await PageSourceAcceptance.ReadLinesAsync(Open(change), new ReadRequest { Cursor = cursor }, Stop);

    [Fact]
    public async Task ReadAsync_Tls_ChecksWhoTheServerIs()
    {
        Add(0, 3);
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        var (certificate, key) = authority.Write(_fixture.Folder, "localhost");
        _server.Call("CONFIG", "SET", "tls-auth-clients", "no", "tls-cert-file", certificate, "tls-key-file", key);
        int port;
        do port = Random.Shared.Next(20_000, 32_000);
        while (!Listens(port));
        try
        {
            File.WriteAllText(Path.Combine(_fixture.Folder, "ca.pem"), authority.Pem);
            File.WriteAllText(Path.Combine(_fixture.Folder, "other.pem"), other.Pem);
            File.WriteAllText(Path.Combine(_fixture.Folder, "none.pem"), "no certificate");
            RedisSpec Tls(RedisSpec s) => s with { Host = "localhost", Port = port, Tls = true, CaCertificate = "ca.pem" };
            Assert.Equal("0 1 2", Ids((await ReadAsync(change: Tls)).Lines));
            await RefusedAsync(s => Tls(s) with { CaCertificate = "other.pem" }, $"localhost:{port}: no encrypted connection: The remote certificate is invalid because of errors in the certificate chain: PartialChain");
            await RefusedAsync(s => Tls(s) with { CaCertificate = null }, $"localhost:{port}: no encrypted connection: The remote certificate is invalid because of errors in the certificate chain: PartialChain");
            await RefusedAsync(s => Tls(s) with { Host = "127.0.0.1" }, $"127.0.0.1:{port}: no encrypted connection: The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch");
            await RefusedAsync(s => Tls(s) with { CaCertificate = "none.pem" }, "none.pem holds no certificate.", "Give a PEM file.");
        }
        finally
        {
            _server.Call("CONFIG", "SET", "tls-port", "0");
        }

        // False where somebody has this port.
        bool Listens(int at)
        {
            try { return _server.Call("CONFIG", "SET", "tls-port", $"{at}").Trim() == "OK"; }
            catch (InvalidOperationException) { return false; }
        }

        async Task RefusedAsync(Func<RedisSpec, RedisSpec> change, string message, string suggestion = "Check tls, ca_certificate and the name in the server's certificate.")
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(change: change));
            Assert.Equal($"{message} | {suggestion}", $"{failure.Message} | {failure.Suggestion}");
        }
    }

    private void Add(int from, int count) => _server.CallAll(Enumerable.Range(from, count).Select(i => $"XADD {_stream} {i + 1}-0 id {i} text \"gr\u00fcn \\\"{i}\\\"\""));

    private static string Ids(List<string> lines) => string.Join(' ', lines.Select(l => (string)JsonNode.Parse(l)!["id"]!));

    [Fact]
    public async Task Connector_RealServer_PassesTheAcceptanceSuite()
    {
        Add(0, 35);
        await PageSourceAcceptance.CheckAsync(() => Open(), new ReadRequest(), Stop);
        Assert.Equal("{\"redis_id\":\"3-0\",\"redis_time\":\"1970-01-01T00:00:00.003Z\",\"id\":\"2\",\"text\":\"gr\u00fcn \\\"2\\\"\"}", (await ReadAsync()).Lines[2]);
    }

    [Fact]
    public async Task ReadAsync_RunsAfterRuns_GiveEachEntryOnce()
    {
        Add(0, 25);
        var (first, cursor) = await ReadAsync();
        Assert.Equal(25, first.Count);
        Assert.Equal("25-0 25", cursor);
        Add(25, 3);
        Assert.Equal("25 26 27", Ids((await ReadAsync(cursor)).Lines));
        var (second, next) = await ReadAsync(cursor);
        Assert.Equal(("25 26 27", "28-0 28"), (Ids(second), next));
        Assert.Empty((await ReadAsync(next)).Lines);
        // What was read already may be trimmed.
        _server.Call("XTRIM", _stream, "MAXLEN", "0");
        Assert.Empty((await ReadAsync(next)).Lines);
        Add(28, 1);
        await using var connector = Open();
        await foreach (var _ in connector.ReadAsync(new ReadRequest { Cursor = next }, Stop)) { }
        Add(29, 2);
        Assert.Equal([$"{_stream}: lag 2 entries", $"{_stream}: length 3 entries"], (await connector.HealthAsync(Stop)).Select(f => $"{f.Name} {f.Value} {f.Unit}"));
    }

    [Fact]
    public async Task ReadAsync_EntriesTrimmedUnread_FailsOrGoesOnAsAsked()
    {
        Add(0, 10);
        var (_, cursor) = await ReadAsync();
        Add(10, 20);
        _server.Call("XTRIM", _stream, "MAXLEN", "5");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor));
        Assert.Equal($"15 entries of {_stream} behind 10-0 were trimmed away before they were read.", failure.Message);
        Assert.Equal("Set on_lost: continue to go on without them, or reset the job's watermark.", failure.Suggestion);
        Assert.Equal("25 26 27 28 29", Ids((await ReadAsync(cursor, s => s with { OnLost = OnLost.Continue })).Lines));
        Assert.Contains($"warning: 15 entries of {_stream} behind 10-0 were trimmed away before they were read. The read goes on without them.", _fixture.Lines);
    }

    [Fact]
    public async Task ReadAsync_EntriesDeleted_AreWarnedOf()
    {
        Add(0, 3);
        var (_, cursor) = await ReadAsync();
        Add(3, 3);
        _server.Call("XDEL", _stream, "5-0");
        Assert.Equal("3 5", Ids((await ReadAsync(cursor)).Lines));
        Assert.Contains($"warning: 1 entries of {_stream} behind 3-0 were deleted or trimmed before they were read.", _fixture.Lines);
    }

    [Fact]
    public async Task ReadAsync_StreamIsMadeAnew_IsNoticed()
    {
        Add(0, 10);
        var (_, cursor) = await ReadAsync();
        _server.Call("DEL", _stream);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor));
        Assert.Equal($"The stream {_stream} is gone, and the table has read up to 10-0: it was deleted and made anew.", failure.Message);
        Add(0, 2);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor));
        Assert.Equal($"The stream {_stream} ends at 2-0, and the table has read up to 10-0: it was deleted and made anew.", failure.Message);
        Assert.Equal("0 1", Ids((await ReadAsync(cursor, s => s with { OnLost = OnLost.Continue })).Lines));
    }

    [Theory]
    [InlineData(4, "The stream {0} has had 4 entries, and the table has read 10: it was deleted and made anew, or the server has lost entries.")]
    [InlineData(15, "15 entries of {0} lie behind 10-0, and 5 were added since the last read: it was deleted and made anew, and what came before that may be lost.")]
    public async Task ReadAsync_StreamIsMadeAnewBehindItsEnd_IsNoticedByItsCount(int entries, string message)
    {
        Add(0, 10);
        var (_, cursor) = await ReadAsync();
        Add(10, 3);
        _server.Call("DEL", _stream);
        Add(20, entries);
        message = string.Format(System.Globalization.CultureInfo.InvariantCulture, message, _stream);
        Assert.Equal(message, (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor))).Message);
        var (lines, reached) = await ReadAsync(cursor, s => s with { OnLost = OnLost.Continue });
        Assert.Equal(string.Join(' ', Enumerable.Range(20, entries)), Ids(lines));
        Assert.Contains($"warning: {message} The read goes on without them.", _fixture.Lines);
        Add(40, 1);
        Assert.Equal("40", Ids((await ReadAsync(reached)).Lines));
    }

    [Fact]
    public async Task ReadAsync_UglyEntries_KeepWhatTheyHold()
    {
        _server.Call("XADD", _stream, "1-0", "doc", "{\"a\":1,\n\"b\":[2]}", "n", "1", "n", "2");
        _server.Call("XADD", _stream, "2-0", "doc", "{broken", "n", "");
        _server.CallAll([$"XADD {_stream} 3-0 bytes \"\\xff\\xfe\""]);
        var (lines, _) = await ReadAsync(change: s => s with { JsonField = "doc" });
        Assert.Equal(["{\"redis_id\":\"1-0\",\"redis_time\":\"1970-01-01T00:00:00.001Z\",\"n\":[\"1\",\"2\"],\"a\":1, \"b\":[2]}",
            "not JSON: {\"redis_id\":\"2-0\",\"redis_time\":\"1970-01-01T00:00:00.002Z\",\"n\":\"\"} {broken", "not UTF-8: {\"redis_id\":\"3-0\",\"redis_time\":\"1970-01-01T00:00:00.003Z\"} //4="], lines);
    }

    [Fact]
    public async Task TestAndDiscover_GoodAndBadSettings_SayWhatIs()
    {
        Add(0, 3);
        await using (var good = Open())
        {
            Assert.Matches("^Redis 7\\.[0-9.]+ answers$", await good.TestAsync(Stop));
            var found = new List<DiscoveredTable>();
            await foreach (var table in good.DiscoverAsync(Stop)) found.Add(table);
            Assert.Contains(found, t => t.Name == _stream && t.Rows == 3);
        }
        var port = FreePort.Take();
        _server.Call("SET", "text" + _stream, "x");
        foreach (var (change, message) in new (Func<RedisSpec, RedisSpec>, string)[]
        {
            (s => s with { Port = port }, $"127.0.0.1:{port}: Connection refused"),
            (s => s with { Password = new Secret("wrong") }, $"127.0.0.1:{_server.Port}: WRONGPASS"),
            (s => s with { Password = default }, $"127.0.0.1:{_server.Port}: NOAUTH"),
            (s => s with { Stream = "none" }, "There is no stream none."),
            (s => s with { Stream = "text" + _stream }, $"text{_stream} is no stream."),
        })
        {
            await using var bad = Open(change);
            Assert.StartsWith(message, (await Assert.ThrowsAsync<TerminalException>(() => bad.TestAsync(Stop))).Message, StringComparison.Ordinal);
        }
    }
}
