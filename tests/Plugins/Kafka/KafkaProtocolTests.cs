using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using FlowForge.Plugins.Kafka;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Kafka;

/// <summary>What a broker does that librdkafka's mock cluster does not, against a broker of our own making.</summary>
public sealed class KafkaProtocolTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private KafkaConnector Open(FakeBroker broker, Func<KafkaSpec, KafkaSpec>? change = null) =>
        new(_fixture.Context((change ?? (s => s))(new KafkaSpec { Brokers = [$"127.0.0.1:{broker.Port}"], Topic = FakeBroker.Topic, Timeout = TimeSpan.FromSeconds(20) })));

    private async Task<(string Ids, string? Cursor)> ReadAsync(FakeBroker broker, string? cursor = null, Func<KafkaSpec, KafkaSpec>? change = null)
    {
        var (lines, reached) = await PageSourceAcceptance.ReadLinesAsync(Open(broker, change), new ReadRequest { Cursor = cursor }, Stop);
        return (string.Join(' ', lines.Select(l => JsonNode.Parse(l)!).Select(r => $"{r["kafka_partition"]}:{r["kafka_offset"]}={r["id"]}").Order(StringComparer.Ordinal)), reached);
    }

    private static FakeMessage Message(long offset) => new(offset, $"{{\"id\":{offset * 10}}}");

    private static string Cursor(string offsets) => $"{{\"topic\":\"t\",\"offsets\":{{{offsets}}}}}";

    [Fact]
    public async Task ReadAsync_TransactionsGivenUp_AreLeftOut()
    {
        using var broker = new FakeBroker();
        broker.Append(0, FakeBroker.Batch([Message(0)], producer: 1));
        broker.Append(0, FakeBroker.Batch([Message(1), Message(2)], producer: 2));
        broker.Add(0, Message(3));
        broker.Append(0, FakeBroker.End(4, 2, commit: false));
        broker.Append(0, FakeBroker.End(5, 1, commit: true));
        // The same producer again, and now it commits.
        broker.Append(0, FakeBroker.Batch([Message(6)], producer: 2));
        broker.Append(0, FakeBroker.End(7, 2, commit: true));
        broker.Aborted.Add((2, 1, 4));
        var (ids, cursor) = await ReadAsync(broker);
        Assert.Equal("0:0=0 0:3=30 0:6=60", ids);
        Assert.Equal(Cursor("\"0\":8"), cursor);
        Assert.Equal(("", cursor), await ReadAsync(broker, cursor));
        broker.Aborted.Clear();
        Assert.Equal("0:0=0 0:1=10 0:2=20 0:3=30 0:6=60", (await ReadAsync(broker, change: s => s with { ReadCommitted = false })).Ids);
    }

    [Fact]
    public async Task ReadAsync_CompactedTopic_PassesOverGaps()
    {
        using var broker = new FakeBroker();
        broker.Append(0, FakeBroker.Batch([Message(2), Message(5)], last: 9));
        broker.Append(0, FakeBroker.Batch([Message(40)], last: 49));
        // Up to here offsets were given away, and nothing of them is left.
        broker.Ends[0] = 60;
        static KafkaSpec Soon(KafkaSpec spec) => spec with { Timeout = TimeSpan.FromSeconds(1) };
        var (ids, cursor) = await ReadAsync(broker, change: Soon);
        Assert.Equal("0:2=20 0:40=400 0:5=50", ids);
        Assert.Equal(Cursor("\"0\":60"), cursor);
        broker.Add(0, Message(60));
        Assert.Equal(("0:60=600", Cursor("\"0\":61")), await ReadAsync(broker, cursor));
    }

    [Fact]
    public async Task ReadAsync_BrokerGivesNoMoreThanItsStableOffset_PassesOverNothing()
    {
        using var broker = new FakeBroker { Stable = 1 };
        broker.Add(0, Message(0));
        broker.Ends[0] = 3;
        var failure = await Assert.ThrowsAsync<TransientException>(() => ReadAsync(broker, change: s => s with { Timeout = TimeSpan.FromSeconds(1) }));
        Assert.StartsWith("Partition 0 of t: messages from 1 to 2 were there when the read began", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_FewerPartitions_KeepsTheOthersOffsets()
    {
        using var broker = new FakeBroker();
        broker.Add(0, Message(0));
        broker.Add(1, Message(0), Message(1));
        var (_, cursor) = await ReadAsync(broker);
        broker.Add(0, Message(1));
        Assert.Equal(("0:1=10", Cursor("\"0\":2,\"1\":2")), await ReadAsync(broker, cursor, s => s with { Partitions = [0] }));
    }

    [Fact]
    public async Task ReadAsync_EndsWhereTheTopicEndedAtItsStart()
    {
        using var broker = new FakeBroker();
        broker.Add(0, Message(0), Message(1), Message(2));
        // Two messages of the batch came later than the question where the topic ends.
        broker.Ends[0] = 1;
        var (ids, cursor) = await ReadAsync(broker);
        Assert.Equal(("0:0=0", Cursor("\"0\":1")), (ids, cursor));
        broker.Ends[0] = 3;
        Assert.Equal(("0:1=10 0:2=20", Cursor("\"0\":3")), await ReadAsync(broker, cursor));
    }

    [Fact]
    public async Task ReadAsync_PartitionIsAdded_IsReadFromItsStart()
    {
        using var broker = new FakeBroker();
        broker.Add(0, Message(0));
        var (_, cursor) = await ReadAsync(broker);
        broker.Add(1, Message(0), Message(1));
        Assert.Equal(("1:0=0 1:1=10", Cursor("\"0\":1,\"1\":2")), await ReadAsync(broker, cursor));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(broker, Cursor("\"0\":1,\"1\":2,\"2\":5")));
        Assert.Equal("Topic t has 2 partitions, and the table has read 3: it was deleted and made anew.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_StartTime_LeavesOlderMessages()
    {
        using var broker = new FakeBroker { AtTime = 1 };
        broker.Add(0, Message(0), Message(1));
        Assert.Equal(("0:1=10", Cursor("\"0\":2")), await ReadAsync(broker, change: s => s with { StartTime = DateTimeOffset.UnixEpoch.AddDays(1) }));
        broker.AtTime = -1;
        Assert.Equal(("", Cursor("\"0\":2")), await ReadAsync(broker, change: s => s with { StartTime = DateTimeOffset.UnixEpoch.AddDays(1) }));
    }

    [Fact]
    public async Task ReadAsync_PassingErrors_AreTriedAgainAndLossIsNot()
    {
        using var broker = new FakeBroker();
        broker.Add(0, Message(0), Message(1));
        foreach (var error in new short[] { 6, 5, 3, 74 }) broker.Errors.Enqueue(error);
        Assert.Equal("0:0=0 0:1=10", (await ReadAsync(broker)).Ids);
        broker.Errors.Enqueue(29);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(broker));
        Assert.Equal("Partition 0 of t: not allowed for this topic [29].", failure.Message);
        broker.Starts[0] = 1;
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(broker, Cursor("\"0\":0")));
        Assert.Equal("Partition 0 of t: messages 0 to 0 are gone; they were not read before the topic's retention removed them.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_BrokenBatch_IsNotTaken()
    {
        using var broker = new FakeBroker();
        var batch = FakeBroker.Batch([Message(0)]);
        batch[^2] ^= 1;
        broker.Append(0, batch);
        Assert.Equal("Partition 0 of t, offset 0: the checksum is wrong.", (await Assert.ThrowsAsync<TransientException>(() => ReadAsync(broker))).Message);
    }

    [Theory]
    [InlineData("PLAIN", SaslUse.Plain)]
    [InlineData("SCRAM-SHA-256", SaslUse.ScramSha256)]
    [InlineData("SCRAM-SHA-512", SaslUse.ScramSha512)]
    public async Task ReadAsync_Login_IsGivenAndWrongOnesAreTold(string mechanism, SaslUse sasl)
    {
        using var broker = new FakeBroker(mechanism: mechanism);
        broker.Add(0, Message(0));
        KafkaSpec With(KafkaSpec s, string password) => s with { Sasl = sasl, User = FakeBroker.User, Password = new Secret(password) };
        Assert.Equal("0:0=0", (await ReadAsync(broker, change: s => With(s, FakeBroker.Password))).Ids);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(broker, change: s => With(s, "wrong")));
        Assert.Equal($"127.0.0.1:{broker.Port}: the login was refused: Authentication failed", failure.Message);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(broker, change: s => With(s, FakeBroker.Password) with { Sasl = sasl == SaslUse.Plain ? SaslUse.ScramSha256 : SaslUse.Plain }));
        Assert.EndsWith($"; it takes {mechanism}.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_Tls_ChecksTheBrokersCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(_fixture.Folder, "ca.pem"), certificate.ExportCertificatePem());
        using var broker = new FakeBroker(certificate, "SCRAM-SHA-256");
        broker.Add(0, Message(0));
        KafkaSpec With(KafkaSpec s) => s with { Tls = true, CaCertificate = "ca.pem", Sasl = SaslUse.ScramSha256, User = FakeBroker.User, Password = new Secret(FakeBroker.Password) };
        Assert.Equal("0:0=0", (await ReadAsync(broker, change: With)).Ids);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(broker, change: s => With(s) with { CaCertificate = null }));
        Assert.StartsWith($"127.0.0.1:{broker.Port}: no encrypted connection: ", failure.Message, StringComparison.Ordinal);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(broker, change: s => With(s) with { CaCertificate = "/etc/ssl/ca.pem" }));
        Assert.StartsWith("/etc/ssl/ca.pem lies outside the folders that may be read", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_Avro_GivesEveryTypeItsValue()
    {
        const string schema = """
            {"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"},{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
             {"name":"day","type":{"type":"int","logicalType":"date"}},{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"note","type":["null","string"]},
             {"name":"tags","type":{"type":"array","items":"string"}},{"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B"]}},{"name":"next","type":["null","Order"]},{"name":"share","type":"double"}]}
            """;
        // id 3, price -1.25, day 19723, at 1 s, note "ü", tags ["x"], kind B, next null, share 0.5
        byte[] value = [6, 2, 0x83, 0x96, 0xb4, 2, .. Zigzag(1_000_000), 2, 4, 0xc3, 0xbc, 2, 2, (byte)'x', 0, 2, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f];
        var lines = await AvroAsync(schema, value);
        Assert.Equal("{\"id\":3,\"price\":-1.25,\"day\":\"2024-01-01\",\"at\":\"1970-01-01T00:00:01.000000Z\",\"note\":\"ü\",\"tags\":[\"x\"],\"kind\":\"B\",\"next\":null,\"share\":0.5}", lines);
        Assert.Equal(lines, await AvroAsync(schema, [0, 0, 0, 0, 42, .. value]));
        Assert.StartsWith("not Avro of this schema: {\"kafka_partition\":0,\"kafka_offset\":0,", await AvroAsync(schema, [6, 2]), StringComparison.Ordinal);
        // A list of 2^40 nulls takes eight bytes.
        Assert.StartsWith("not Avro of this schema: ", await AvroAsync("""{"type":"array","items":"null"}""", [.. Zigzag(1L << 40), 0]), StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => AvroAsync("{\"type\":\"record\"}", value));
        Assert.StartsWith("avro_schema is no Avro schema: ", failure.Message, StringComparison.Ordinal);

        static byte[] Zigzag(long number)
        {
            var bytes = new List<byte>();
            var rest = (ulong)((number << 1) ^ (number >> 63));
            for (; rest >= 0x80; rest >>= 7) bytes.Add((byte)(rest | 0x80));
            bytes.Add((byte)rest);
            return [.. bytes];
        }
    }

    private async Task<string> AvroAsync(string schema, byte[] value)
    {
        using var broker = new FakeBroker();
        broker.Append(0, FakeBroker.Batch([new FakeMessage(0, null)], value: value));
        var (lines, _) = await PageSourceAcceptance.ReadLinesAsync(Open(broker, s => s with { ValueFormat = ValueFormat.Avro, AvroSchema = schema }), new ReadRequest(), Stop);
        var line = Assert.Single(lines);
        return line.StartsWith('{') ? "{" + line[(line.IndexOf("\"id\"", StringComparison.Ordinal))..] : line;
    }
}
