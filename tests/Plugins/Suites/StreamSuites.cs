using System.Text;
using FlowForge.Plugins.Kafka;
using FlowForge.Plugins.RabbitMq;
using FlowForge.Plugins.Redis;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;
using FlowForge.Plugins.Webhook;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowForge.Plugins.Tests.Suites;

[SuiteOf("kafka"), Collection(AloneCollection.Name)]
public sealed class KafkaSuiteTests(KafkaServer server) : SuiteTests
{
    private const int InABatch = 10_000;
    private readonly FakeBroker _broker = new();

    public override void Dispose()
    {
        _broker.Dispose();
        base.Dispose();
    }

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        server.Ready();
        var (some, none, one) = (server.NewTopic(3), server.NewTopic(), server.NewTopic(1));
        for (var p = 0; p < 3; p++) server.Produce(some, string.Join('\n', Enumerable.Range(0, 50).Select(i => $"{{\"id\":{p * 100 + i},\"text\":\"grün \\\"{i}\\\"\"}}")), "-p", $"{p}");
        server.Produce(one, PageSuite.Ugly, "-p", "0");
        // The mock cluster keeps 5 MB a partition: a million messages come from the broker of our own making.
        var batch = FakeBroker.Batch([.. Enumerable.Range(0, InABatch).Select(i => new FakeMessage(i, $"{{\"id\":{i},\"text\":\"{new string('x', 80)}\"}}"))]);
        for (var i = 0; i < 100; i++) _broker.Append(0, FakeBroker.At(batch, i * InABatch));
        var away = Nobody;
        return Task.FromResult<ConnectorSuite>(new PageSuite
        {
            Works = () => Open(some), TestSays = @"Kafka answers, \d+ topics", Discovered = some,
            Refusals =
            [
                new(() => Open(some, s => s with { Brokers = [$"127.0.0.1:{away}"] }), $"127.0.0.1:{away}: Connection refused…", "Check brokers, tls and sasl, and whether the cluster runs."),
                new(() => Open(some, s => s with { Brokers = ["kafka"] }), "\"kafka\" is no broker.", null),
                new(() => Open("nothing-of-it"), "There is no topic nothing-of-it among the …", "Correct topic, or give the login the right to see it."),
            ],
            Some = Pages(() => Open(some)), None = Pages(() => Open(none)), One = Pages(() => Open(one)),
            Many = Pages(() => Open(FakeBroker.Topic, s => s with { Brokers = [$"127.0.0.1:{_broker.Port}"] })),
        });
    }

    private KafkaConnector Open(string topic, Func<KafkaSpec, KafkaSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new KafkaSpec { Brokers = [.. server.Brokers], Topic = topic })));
}

[SuiteOf("redis"), Collection(AloneCollection.Name)]
public sealed class RedisSuiteTests(RedisServer server) : SuiteTests
{
    private readonly string _name = "s" + Guid.NewGuid().ToString("n")[..12];

    public override void Dispose()
    {
        if (server.Port > 0) server.Call("DEL", _name + "-many");
        base.Dispose();
    }

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        server.Ready();
        server.CallAll(Enumerable.Range(0, 35).Select(i => $"XADD {_name} {i + 1}-0 id {i} text \"gr\u00fcn \\\"{i}\\\"\""));
        server.Call("XADD", _name + "-none", "1-0", "a", "b");
        server.Call("XDEL", _name + "-none", "1-0");
        server.Call("XADD", _name + "-one", "*", "document", PageSuite.Ugly);
        server.Call("EVAL", "for i = 1, 1000000 do redis.call('XADD', KEYS[1], '*', 'id', i, 'text', ARGV[1]) end", "1", _name + "-many", new string('x', 80));
        var port = Nobody;
        return Task.FromResult<ConnectorSuite>(new PageSuite
        {
            Works = () => Open(_name), TestSays = @"Redis \d+\.\d+\.\d+ answers", Discovered = _name, Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open(_name, s => s with { Password = new Secret("canary of the suite") }), $"127.0.0.1:{server.Port}: WRONGPASS invalid username-password pair or user is disabled.", "Check user, password and database."),
                new(() => Open(_name, s => s with { Port = port }), $"127.0.0.1:{port}: Connection refused…", "Check host and port, and whether the server runs."),
                new(() => Open("gone"), "There is no stream gone.", "Correct stream, or write a first entry into it."),
            ],
            Some = Pages(() => Open(_name, s => s with { BatchSize = 10 })), None = Pages(() => Open(_name + "-none", s => s with { OnLost = Plugins.Redis.OnLost.Continue })),
            One = Pages(() => Open(_name + "-one", s => s with { JsonField = "document" })), Many = Pages(() => Open(_name + "-many")),
        });
    }

    private RedisConnector Open(string stream, Func<RedisSpec, RedisSpec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new RedisSpec { Host = "127.0.0.1", Port = server.Port, Password = new Secret(RedisServer.Password), Stream = stream })));
}

[SuiteOf("rabbitmq"), Collection(AloneCollection.Name)]
public sealed class RabbitMqSuiteTests(RabbitMqServer server) : SuiteTests
{
    // A million take the server, which has one core here, minutes to take in: the benchmark reads them.
    private const int Many = 50_000;
    private readonly string _name = "s" + Guid.NewGuid().ToString("n")[..12];

    protected override async Task<ConnectorSuite> SuiteAsync()
    {
        server.Ready();
        IConnection? connection = null;
        // The port answers a moment before logins do.
        for (var patience = 0; connection is null; patience++)
        {
            try { connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = server.Port }.CreateConnectionAsync(Stop); }
            catch (BrokerUnreachableException) when (patience < 600) { await Task.Delay(100, Stop); }
        }
        await using (connection)
        {
            await FillAsync(connection, _name, Enumerable.Range(0, 300).Select(i => $"{{\"id\":{i}}}"));
            await FillAsync(connection, _name + "-none", []);
            await FillAsync(connection, _name + "-one", [PageSuite.Ugly]);
            await FillAsync(connection, _name + "-many", Enumerable.Range(0, Many).Select(i => $"{{\"id\":{i},\"text\":\"{new string('x', 1500)}\"}}"));
        }
        var port = Nobody;
        return new PageSuite
        {
            Works = () => Open(_name), TestSays = @"RabbitMQ 3\.[0-9.]+ answers", Discovered = _name, Secrets = ["canary of the suite"], LeakRounds = 5, ManyRecords = Many,
            Refusals =
            [
                new(() => Open(_name, s => s with { Password = new Secret("canary of the suite") }), $"127.0.0.1:{server.Port}: the login was refused.", null),
                new(() => Open(_name, s => s with { Port = port }), $"127.0.0.1:{port}: Connection refused…", "Check host and port, and whether the server runs."),
                new(() => Open("gone"), "There is no stream gone.", null),
            ],
            Some = Pages(() => Open(_name, s => s with { Prefetch = 50 })), None = Pages(() => Open(_name + "-none")), One = Pages(() => Open(_name + "-one")), Many = Pages(() => Open(_name + "-many")),
        };
    }

    private static async Task FillAsync(IConnection connection, string stream, IEnumerable<string> bodies)
    {
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Stop);
        await channel.QueueDeclareAsync(stream, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream" }, cancellationToken: Stop);
        foreach (var some in bodies.Chunk(2000)) await Task.WhenAll(some.Select(b => channel.BasicPublishAsync("", stream, mandatory: true, new BasicProperties(), Encoding.UTF8.GetBytes(b), Stop).AsTask()));
    }

    private RabbitMqConnector Open(string stream, Func<RabbitMqSpec, RabbitMqSpec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new RabbitMqSpec { Host = "127.0.0.1", Port = server.Port, User = "guest", Password = new Secret("guest"), Stream = stream })));
}

[SuiteOf("webhook"), Collection(AloneCollection.Name)]
public sealed class WebhookSuiteTests : SuiteTests
{
    protected override Task<ConnectorSuite> SuiteAsync()
    {
        File.WriteAllText(Path.Combine(Fixture.Folder, ".flowforge-workspace"), "");
        Write("orders", Enumerable.Range(0, 5).Select(i => $"{{\"n\":{i}}}"));
        Write("one", [PageSuite.Ugly]);
        Write("many", Enumerable.Range(0, 1_000_000).Select(i => $"{{\"n\":{i},\"text\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}"));
        return Task.FromResult<ConnectorSuite>(new PageSuite
        {
            Works = () => Open("orders"), TestSays = @"Posts to /hooks/orders are taken; \d+ bytes of posts are kept", Discovered = "orders",
            Refusals =
            [
                new(() => Open("orders", s => s with { Token = default }), "The hook orders is not protected, so no post is taken.", "Set token or hmac_secret."),
                new(() => Open("orders", s => s with { TimestampHeader = "X-T" }), "timestamp_header is set, and hmac_secret is not: an unsigned time proves nothing.", "Set hmac_secret."),
            ],
            Some = Pages(() => Open("orders")), None = Pages(() => Open("none")), One = Pages(() => Open("one")), Many = Pages(() => Open("many")),
        });
    }

    private void Write(string hook, IEnumerable<string> bodies)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Fixture.Folder, ".hooks", hook)).FullName;
        File.WriteAllLines(Path.Combine(folder, "0000000001.ndjson"), bodies.Select((b, i) => $"{{\"id\":\"p{i}\",\"at\":\"2026-01-01T00:00:00Z\",\"body\":{b}}}"));
    }

    private WebhookConnector Open(string hook, Func<WebhookSpec, WebhookSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new WebhookSpec { Hook = hook, Token = new Secret("t") })));
}
