using System.Text;
using System.Text.Json.Nodes;
using FlowForge.Plugins.RabbitMq;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

[assembly: AssemblyFixture(typeof(RabbitMqServer))]

namespace FlowForge.Plugins.Tests.RabbitMq;

/// <summary>The rabbitmq connector against a real server.</summary>
public sealed class RabbitMqConnectorTests : IAsyncLifetime
{
    private readonly ConnectorFixture _fixture = new();
    private readonly RabbitMqServer _server;
    private readonly string _stream = "s" + Guid.NewGuid().ToString("n")[..12];
    private IConnection _connection = null!;
    private IChannel _channel = null!;

    public RabbitMqConnectorTests(RabbitMqServer server) => _server = server.Ready();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The port answers a moment before logins do.
        for (var patience = 0; _connection is null; patience++)
        {
            try { _connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = _server.Port }.CreateConnectionAsync(Stop); }
            catch (BrokerUnreachableException) when (patience < 600) { await Task.Delay(100, Stop); }
        }
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        _fixture.Dispose();
    }

    private async Task MakeAsync(params (string Name, object Value)[] more) =>
        await _channel.QueueDeclareAsync(_stream, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>(more.Select(m => KeyValuePair.Create(m.Name, (object?)m.Value))) { ["x-queue-type"] = "stream" }, cancellationToken: Stop);

    private async Task SendAsync(IEnumerable<string> bodies, BasicProperties? properties = null)
    {
        foreach (var some in bodies.Chunk(500)) await Task.WhenAll(some.Select(b => _channel.BasicPublishAsync("", _stream, mandatory: true, properties ?? new BasicProperties(), Encoding.UTF8.GetBytes(b), Stop).AsTask()));
    }

    private static IEnumerable<string> Ids(int from, int count) => Enumerable.Range(from, count).Select(i => $"{{\"id\":{i}}}");

    private RabbitMqConnector Open(Func<RabbitMqSpec, RabbitMqSpec>? change = null) =>
        new(_fixture.Context((change ?? (s => s))(new RabbitMqSpec { Host = "127.0.0.1", Port = _server.Port, User = "guest", Password = new Secret("guest"), Stream = _stream, Prefetch = 50 })));

    private async Task<(List<string> Lines, string? Cursor)> ReadAsync(string? cursor = null, Func<RabbitMqSpec, RabbitMqSpec>? change = null) => await PageSourceAcceptance.ReadLinesAsync(Open(change), new ReadRequest { Cursor = cursor }, Stop);

    [Fact]
    public async Task ReadAsync_Tls_ChecksWhoTheServerIs()
    {
        await MakeAsync();
        await SendAsync(Ids(0, 3));
        using var other = new TestAuthority();
        File.WriteAllText(Path.Combine(_fixture.Folder, "ca.pem"), _server.AuthorityPem);
        File.WriteAllText(Path.Combine(_fixture.Folder, "other.pem"), other.Pem);
        File.WriteAllText(Path.Combine(_fixture.Folder, "none.pem"), "no certificate");
        RabbitMqSpec Tls(RabbitMqSpec s) => s with { Host = "localhost", Port = _server.TlsPort, Tls = true, CaCertificate = "ca.pem" };
        Assert.Equal(["0", "1", "2"], (await ReadAsync(change: Tls)).Lines.Select(l => $"{JsonNode.Parse(l)!["id"]}"));
        await RefusedAsync(s => Tls(s) with { CaCertificate = "other.pem" }, $"localhost:{_server.TlsPort}: no encrypted connection: no trusted authority vouches for the server's certificate (PartialChain)");
        await RefusedAsync(s => Tls(s) with { CaCertificate = null }, $"localhost:{_server.TlsPort}: no encrypted connection: no trusted authority vouches for the server's certificate (PartialChain)");
        await RefusedAsync(s => Tls(s) with { Host = "127.0.0.1" }, $"127.0.0.1:{_server.TlsPort}: no encrypted connection: the server's certificate is not one of 127.0.0.1");
        await RefusedAsync(s => Tls(s) with { Port = _server.Port }, $"localhost:{_server.Port}: no encrypted connection: Cannot determine the frame size or a corrupted frame was received.");
        await RefusedAsync(s => Tls(s) with { CaCertificate = "none.pem" }, "none.pem holds no certificate.", "Give a PEM file.");
        var outside = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(change: s => Tls(s) with { CaCertificate = "/etc/ssl/ca.pem" }));
        Assert.StartsWith("/etc/ssl/ca.pem lies outside the folders that may be read", outside.Message, StringComparison.Ordinal);

        async Task RefusedAsync(Func<RabbitMqSpec, RabbitMqSpec> change, string message, string suggestion = "Check tls, port, ca_certificate and the name in the server's certificate.")
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(change: change));
            Assert.Equal($"{message} | {suggestion}", $"{failure.Message} | {failure.Suggestion}");
        }
    }

    [Fact]
    public async Task HealthAsync_AfterARead_TellsTheLag_AndOverTlsHowLongTheCertificateLasts()
    {
        await MakeAsync();
        await SendAsync(Ids(0, 10));
        File.WriteAllText(Path.Combine(_fixture.Folder, "ca.pem"), _server.AuthorityPem);
        await using var connector = Open(s => s with { Host = "localhost", Port = _server.TlsPort, Tls = true, CaCertificate = "ca.pem" });
        string? cursor = null;
        await foreach (var page in connector.ReadAsync(new ReadRequest { Limit = 6 }, Stop)) cursor = page.Cursor;
        Assert.Equal("5", cursor);
        await LagBecomesAsync(4);
        await SendAsync(Ids(10, 3));
        await LagBecomesAsync(7);
        // Before a read there is no cursor; in plain there is no certificate.
        await using var trusting = Open(s => s with { Host = "localhost", Port = _server.TlsPort, Tls = true });
        IsTheCertificate(Assert.Single(await trusting.HealthAsync(Stop)));
        await using var plain = Open();
        Assert.Empty(await plain.HealthAsync(Stop));

        // What a busy server has not delivered in time is not told.
        async Task LagBecomesAsync(int messages)
        {
            for (var waiting = System.Diagnostics.Stopwatch.StartNew(); ; )
            {
                var facts = await connector.HealthAsync(Stop);
                IsTheCertificate(facts[0]);
                if (facts.Count == 2 && facts[1] == new HealthFact($"{_stream}: lag", messages, "messages")) return;
                Assert.True(waiting.Elapsed < TimeSpan.FromSeconds(60), string.Join(", ", facts));
            }
        }

        static void IsTheCertificate(HealthFact fact)
        {
            Assert.Equal(("certificate ends in", "days"), (fact.Name, fact.Unit));
            Assert.InRange(fact.Value, 0.5, 1);
        }
    }

    private async Task<string> DiscoverAsync(Func<RabbitMqSpec, RabbitMqSpec> change)
    {
        var found = new List<string>();
        await foreach (var table in Open(change).DiscoverAsync(Stop)) found.Add($"{table.Name} {table.Rows}".TrimEnd());
        return string.Join(", ", found);
    }

    [Fact]
    public async Task DiscoverAsync_StreamsAreAskedOfTheManagementPlugin_AmqpCannotSay()
    {
        // As the plugin of RabbitMQ 3.10 answers; queues of other types are none that can be read.
        using var api = new Rest.TestApi(r => r.Headers["Authorization"] != "Basic " + Convert.ToBase64String("guest:guest"u8) ? new Rest.TestApi.Reply("{}", 401)
            : new Rest.TestApi.Reply("""[{"messages":3,"name":"orders","type":"stream"},{"name":"jobs","type":"classic"},{"name":"audit","type":"stream"}]"""));
        Assert.Equal("audit, orders 3", await DiscoverAsync(s => s with { ManagementUrl = api.Address, VirtualHost = "/" }));
        Assert.Equal("/api/queues/%2F", api.Requests.Single().Path);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => DiscoverAsync(s => s with { ManagementUrl = api.Address, Password = new Secret("canary") }));
        Assert.Equal(($"{api.Address}api/queues/%2F: HTTP 401: the login may not ask the management plugin.", "Give it the tag management (rabbitmqctl set_user_tags NAME management)."), (refused.Message, refused.Suggestion));
        Assert.Equal(_stream, await DiscoverAsync(s => s));
        Assert.Equal("AMQP cannot list streams.", (await Assert.ThrowsAsync<TerminalException>(() => DiscoverAsync(s => s with { Stream = null }))).Message);
    }

    private static IEnumerable<int> Ids(List<string> lines) => lines.Select(l => (int)JsonNode.Parse(l)!["id"]!);

    [Fact]
    public async Task ReadAsync_RunsAfterRuns_GiveEachMessageOnce()
    {
        await MakeAsync();
        var nothing = await ReadAsync();
        Assert.Empty(nothing.Lines);
        Assert.Null(nothing.Cursor);
        await SendAsync(Ids(0, 1200));
        var (first, cursor) = await ReadAsync();
        Assert.Equal(Enumerable.Range(0, 1200), Ids(first));
        Assert.Equal("1199", cursor);
        await SendAsync(Ids(1200, 5));
        Assert.Equal(Enumerable.Range(1200, 5), Ids((await ReadAsync(cursor)).Lines));
        var (second, next) = await ReadAsync(cursor);
        Assert.Equal((5, "1204"), (second.Count, next));
        Assert.Empty((await ReadAsync(next)).Lines);
    }

    [Fact]
    public async Task ReadAsync_PacedConnection_PacesRequestsAndNotMessages()
    {
        await MakeAsync();
        await SendAsync(Ids(0, 300));
        var pace = new CountingPace();
        var spec = new RabbitMqSpec { Host = "127.0.0.1", Port = _server.Port, User = "guest", Password = new Secret("guest"), Stream = _stream };
        var given = _fixture.Context(spec);
        var paced = new ConnectorContext<RabbitMqSpec> { Settings = spec, BaseDirectory = given.BaseDirectory, AllowedRoots = given.AllowedRoots, Log = given.Log, Activities = given.Activities, Meter = given.Meter, Pace = pace };
        var (lines, _) = await PageSourceAcceptance.ReadLinesAsync(new RabbitMqConnector(paced), new ReadRequest(), Stop);
        // More than the first look at sizes takes: what comes behind it is whole and in order, too.
        Assert.Equal(Enumerable.Range(0, 300), Ids(lines));
        Assert.InRange(pace.Asked, 1, 10);
    }

    [Theory]
    [InlineData(200, 2000)]
    [InlineData(0, 2000)]
    [InlineData(1 << 20, 64)]
    [InlineData(128 << 20, 1)]
    public void Ahead_LargeMessages_FitIntoMemory(long meanBytes, int expected) => Assert.Equal(expected, SizedReader.Ahead(meanBytes, 2000));

    private sealed class CountingPace : IPace
    {
        public int Asked { get; private set; }

        public ValueTask WaitAsync(CancellationToken cancellationToken)
        {
            Asked++;
            return default;
        }
    }

    [Fact]
    public async Task ReadAsync_PropertiesAndUglyBodies_AreKept()
    {
        await MakeAsync();
        await SendAsync(["{\"id\":1}"], new BasicProperties { MessageId = "m1", Timestamp = new AmqpTimestamp(1_700_000_000), Headers = new Dictionary<string, object?> { ["trace"] = "x\u00e4", ["n"] = 5 } });
        await SendAsync(["{broken"]);
        await SendAsync([""]);
        var (lines, _) = await ReadAsync();
        var row = JsonNode.Parse(lines[0])!;
        Assert.Equal($"0|2023-11-14T22:13:20.000Z|m1|{_stream}|1", $"{row["rabbit_offset"]}|{row["rabbit_timestamp"]}|{row["rabbit_message_id"]}|{row["rabbit_routing_key"]}|{row["id"]}");
        Assert.Equal("x\u00e4|5", $"{row["rabbit_headers"]!["trace"]}|{row["rabbit_headers"]!["n"]}");
        // The client adds a header of its own when it waits for confirmations.
        Assert.StartsWith($"not JSON: {{\"rabbit_offset\":1,\"rabbit_routing_key\":\"{_stream}\"", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("} {broken", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("not JSON: {\"rabbit_offset\":2,", lines[2], StringComparison.Ordinal);
        Assert.Equal("{broken", (string)JsonNode.Parse((await ReadAsync(change: s => s with { BodyFormat = BodyFormat.Text })).Lines[1])!["value"]!);
    }

    [Fact]
    public async Task ReadAsync_RetentionOrANewStream_FailsOrGoesOnAsAsked()
    {
        await MakeAsync(("x-max-length-bytes", 1_000_000L), ("x-stream-max-segment-size-bytes", 200_000L));
        await SendAsync(Ids(0, 10));
        var (_, cursor) = await ReadAsync();
        // Retention looks when a segment is full.
        for (var round = 0; round < 8; round++) await SendAsync(Enumerable.Range(0, 200).Select(_ => $"{{\"id\":{round},\"t\":\"{new string('x', 3000)}\"}}"));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor));
        Assert.Matches($"^Messages 10 to \\d+ of {_stream} are gone; they were not read before the stream's retention removed them\\.$", failure.Message);
        Assert.InRange((await ReadAsync(cursor, s => s with { OnLost = OnLost.Continue })).Lines.Count, 1, 1599);
        await _channel.QueueDeleteAsync(_stream, cancellationToken: Stop);
        await MakeAsync();
        await SendAsync(Ids(0, 2));
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(cursor));
        Assert.Equal($"The stream {_stream} ends at 1, and the table has read up to 9: it was deleted and made anew.", failure.Message);
    }

    [Fact]
    public async Task TestAsync_GoodAndBadSettings_SayWhatIs()
    {
        await MakeAsync();
        await using (var good = Open()) Assert.Matches("^RabbitMQ 3\\.[0-9.]+ answers$", await good.TestAsync(Stop));
        var port = FreePort.Take();
        foreach (var (change, message) in new (Func<RabbitMqSpec, RabbitMqSpec>, string)[]
        {
            (s => s with { Port = port }, $"127.0.0.1:{port}: Connection refused"), (s => s with { Password = new Secret("wrong") }, $"127.0.0.1:{_server.Port}: the login was refused."), (s => s with { Stream = "none" }, "There is no stream none."),
        })
        {
            await using var bad = Open(change);
            Assert.StartsWith(message, (await Assert.ThrowsAsync<TerminalException>(() => bad.TestAsync(Stop))).Message, StringComparison.Ordinal);
        }
        var classic = "q" + _stream;
        await _channel.QueueDeclareAsync(classic, durable: false, exclusive: false, autoDelete: true, cancellationToken: Stop);
        await _channel.BasicPublishAsync("", classic, Encoding.UTF8.GetBytes("{}"), Stop);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(change: s => s with { Stream = classic }));
        Assert.StartsWith($"{classic}: PRECONDITION_FAILED", refused.Message, StringComparison.Ordinal);
        Assert.Equal("Name a queue of the type stream.", refused.Suggestion);
    }
}
