using System.Text;
using System.Text.Json.Nodes;
using FlowForge.Plugins.Kafka;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(KafkaServer))]

namespace FlowForge.Plugins.Tests.Kafka;

/// <summary>The kafka connector against librdkafka's mock cluster; kcat produces.</summary>
public sealed class KafkaConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly KafkaServer _server;

    public KafkaConnectorTests(KafkaServer server) => _server = server.Ready();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private KafkaConnector Open(string topic, Func<KafkaSpec, KafkaSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(new KafkaSpec { Brokers = [.. _server.Brokers], Topic = topic })));

    private async Task<(List<string> Lines, string? Cursor)> ReadAsync(string topic, string? cursor = null, Func<KafkaSpec, KafkaSpec>? change = null) =>
        await PageSourceAcceptance.ReadLinesAsync(Open(topic, change), new ReadRequest { Cursor = cursor }, Stop);

    private static string[] Fields(IEnumerable<string> lines, params string[] names) =>
        [.. lines.Select(l => JsonNode.Parse(l)!).Select(r => string.Join('|', names.Select(n => r[n]?.ToJsonString().Trim('"') ?? "-"))).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Connector_MockCluster_PassesTheAcceptanceSuite()
    {
        var topic = _server.NewTopic(3);
        for (var p = 0; p < 3; p++) _server.Produce(topic, string.Join('\n', Enumerable.Range(0, 50).Select(i => $"{{\"id\":{p * 100 + i},\"text\":\"grün \\\"{i}\\\"\"}}")), "-p", $"{p}");
        await PageSourceAcceptance.CheckAsync(() => Open(topic), new ReadRequest(), Stop);
    }

    [Fact]
    public async Task ReadAsync_RunsAfterRuns_GiveEachMessageOnce()
    {
        var topic = _server.NewTopic(2);
        _server.Produce(topic, "{\"id\":1}\n{\"id\":2}", "-p", "0");
        _server.Produce(topic, "{\"id\":3}", "-p", "1");
        var (first, cursor) = await ReadAsync(topic);
        Assert.Equal(["1|0|0", "2|0|1", "3|1|0"], Fields(first, "id", "kafka_partition", "kafka_offset"));
        Assert.Equal($"{{\"topic\":\"{topic}\",\"offsets\":{{\"0\":2,\"1\":1}}}}", cursor);
        _server.Produce(topic, "{\"id\":4}", "-p", "1");
        // What was not committed comes again.
        Assert.Equal(["4"], Fields((await ReadAsync(topic, cursor)).Lines, "id"));
        var (second, next) = await ReadAsync(topic, cursor);
        Assert.Equal(["4|1|1"], Fields(second, "id", "kafka_partition", "kafka_offset"));
        Assert.Empty((await ReadAsync(topic, next)).Lines);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("snappy")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public async Task ReadAsync_PackedMessages_AreWhatWasSent(string packing)
    {
        var topic = _server.NewTopic(1);
        // Long and short repetitions, and what does not repeat.
        var sent = Enumerable.Range(0, 400).Select(i => $"{{\"id\":{i},\"a\":\"{new string((char)('a' + i % 26), i * 3 % 700)}\",\"b\":\"{Convert.ToBase64String(Guid.NewGuid().ToByteArray())}\"}}").ToList();
        _server.Produce(topic, string.Join('\n', sent), "-p", "0", "-z", packing, "-X", "linger.ms=50");
        var (lines, _) = await ReadAsync(topic);
        Assert.Equal(sent, lines.Select(l => { var o = JsonNode.Parse(l)!.AsObject(); foreach (var name in o.Select(p => p.Key).Where(k => k.StartsWith("kafka_", StringComparison.Ordinal)).ToList()) o.Remove(name); return System.Text.RegularExpressions.Regex.Unescape(o.ToJsonString()); }));
    }

    [Fact]
    public async Task ReadAsync_KeysHeadersTombstones_AreColumns()
    {
        var topic = _server.NewTopic(1);
        _server.Produce(topic, "{\"id\":7}#{\"id\":7,\"v\":\"a\"}", "-p", "0", "-K", "#", "-H", "trace=ä1", "-H", "n=1", "-H", "n=2");
        _server.Produce(topic, "{\"id\":7}#", "-p", "0", "-K", "#", "-Z");
        var (lines, _) = await ReadAsync(topic, change: s => s with { Tombstones = Tombstones.Delete, KeyFormat = KeyFormat.Json });
        Assert.Equal(["d|7|-|{\\u0022id\\u0022:7}|-", "u|7|a|{\\u0022id\\u0022:7}|{\"trace\":\"\\u00E41\",\"n\":[\"1\",\"2\"]}"], Fields(lines, "_ff_op", "id", "v", "kafka_key", "kafka_headers"));
        Assert.All(lines, l => Assert.True(DateTimeOffset.UtcNow - DateTimeOffset.Parse((string)JsonNode.Parse(l)!["kafka_timestamp"]!, System.Globalization.CultureInfo.InvariantCulture) < TimeSpan.FromHours(1)));
        // Kept as rows, without operation.
        Assert.Equal(["-|-|-", "-|7|a"], Fields((await ReadAsync(topic)).Lines, "_ff_op", "id", "v"));
    }

    /// <summary>Who may write to a topic may not say that a message is another one.</summary>
    [Fact]
    public async Task ReadAsync_FieldsNamedAsWhatIsKnown_AreKeptBesideIt()
    {
        var topic = _server.NewTopic(1);
        _server.Produce(topic, "{\"kafka_offset\": 99, \"id\": [1, {\"kafka_key\": \"in\"}], \"kafka_key\":\"forged\", \"text\":\"a\\nü\"}|{\"\\u006bafka_key\":\"forged\"}|{\"id\":\"kafka_key\"}", "-p", "0", "-D", "|");
        var (lines, _) = await ReadAsync(topic);
        Assert.Equal(["0|-|99|[1,{\"kafka_key\":\"in\"}]|forged|a\\nü", "1|-|-|-|forged|-", "2|-|-|kafka_key|-|-"],
            Fields(lines, "kafka_offset", "kafka_key", "value_kafka_offset", "id", "value_kafka_key", "text").Select(System.Text.RegularExpressions.Regex.Unescape).Select(t => t.Replace("\n", "\\n", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.All(lines, l => Assert.Single(System.Text.RegularExpressions.Regex.Matches(l, "\"kafka_offset\":")));
    }

    [Fact]
    public async Task ReadAsync_UglyValues_BecomeLinesThatNoReaderTakes()
    {
        var topic = _server.NewTopic(1);
        _server.Produce(topic, "{\"id\":1}|[1,2]|\"text\"|{\"broken\": |{}|nonsense|{\"a\":\n  1\n}", "-p", "0", "-D", "|");
        var (lines, _) = await ReadAsync(topic);
        Assert.Equal(7, lines.Count);
        Assert.StartsWith("not JSON: {\"kafka_partition\":0,\"kafka_offset\":3,", lines[3], StringComparison.Ordinal);
        Assert.EndsWith("} {\"broken\": ", lines[3], StringComparison.Ordinal);
        Assert.EndsWith("} nonsense", lines[5], StringComparison.Ordinal);
        Assert.Equal("[1,2]", JsonNode.Parse(lines[1])!["value"]!.ToJsonString());
        Assert.Equal(1, (int)JsonNode.Parse(lines[6])!["a"]!);
        Assert.Equal(["nonsense", "{\"broken\": "], new[] { 5, 3 }.Select(i => Encoding.UTF8.GetString(Convert.FromBase64String((string)JsonNode.Parse(ReadAsync(topic, change: s => s with { ValueFormat = ValueFormat.Base64 }).Result.Lines[i])!["value"]!))));
        Assert.Equal("nonsense", (string)JsonNode.Parse((await ReadAsync(topic, change: s => s with { ValueFormat = ValueFormat.Text })).Lines[5])!["value"]!);
    }

    [Fact]
    public async Task ReadAsync_RetentionWentPastTheCursor_FailsOrGoesOnAsAsked()
    {
        var topic = _server.NewTopic(1);
        _server.Produce(topic, "{\"id\":0}", "-p", "0");
        var (_, cursor) = await ReadAsync(topic);
        // More than the mock keeps.
        var text = new string('x', 900_000);
        for (var i = 1; i <= 12; i++) _server.Produce(topic, $"{{\"id\":{i},\"t\":\"{text}\"}}", "-p", "0");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(topic, cursor));
        Assert.Matches($"^Partition 0 of {topic}: messages 1 to \\d+ are gone; they were not read before the topic's retention removed them\\.$", failure.Message);
        Assert.Equal("Set on_lost: earliest to go on at the oldest message there is, or reset the job's watermark.", failure.Suggestion);
        var (lines, _) = await ReadAsync(topic, cursor, s => s with { OnLost = OnLost.Earliest });
        Assert.Equal("12", Fields(lines, "id").MaxBy(int.Parse));
        Assert.InRange(lines.Count, 1, 11);
        Assert.Contains(_fixture.Lines, l => l.StartsWith("warning: Partition 0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadAsync_CursorOfAnotherTopicOrBeyondTheEnd_IsRefused()
    {
        var (topic, other) = (_server.NewTopic(1), _server.NewTopic(1));
        _server.Produce(topic, "{\"id\":1}\n{\"id\":2}", "-p", "0");
        var (_, cursor) = await ReadAsync(topic);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(other, cursor));
        Assert.Equal($"The table has been read from topic {topic}, and the job now names {other}.", failure.Message);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(other, cursor!.Replace(topic, other, StringComparison.Ordinal)));
        Assert.Equal($"Partition 0 of {other} ends at 0, and the table has read up to 2: the topic was deleted and made anew, or the cluster lost messages.", failure.Message);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(topic, "nonsense"));
        Assert.Equal("\"nonsense\" says no offsets of a topic.", failure.Message);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync("t-none"));
        Assert.Equal("There is no topic t-none.", failure.Message);
        failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(topic, change: s => s with { Partitions = [0, 4] }));
        Assert.Equal($"Topic {topic} has no partition 4; it has 1.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_LeaderMoves_IsFollowed()
    {
        var topic = _server.NewTopic(1);
        _server.Produce(topic, "{\"id\":1}", "-p", "0");
        foreach (var broker in new[] { 1, 2, 3 })
        {
            _server.MoveLeader(topic, 0, broker);
            Assert.Equal(["1"], Fields((await ReadAsync(topic)).Lines, "id"));
        }
    }

    [Fact]
    public async Task CommittedAsync_Group_SeesTheLag()
    {
        var topic = _server.NewTopic(2);
        _server.Produce(topic, "{\"id\":1}\n{\"id\":2}", "-p", "0");
        _server.Produce(topic, "{\"id\":3}", "-p", "1");
        var group = "g" + topic;
        KafkaSpec Grouped(KafkaSpec s) => s with { GroupId = group };
        await using (var connector = Open(topic, Grouped))
        {
            string? cursor = null;
            await foreach (var page in connector.ReadAsync(new ReadRequest(), Stop)) cursor = page.Cursor;
            await connector.CommittedAsync([], cursor, Stop);
        }
        _server.Produce(topic, "{\"id\":4}\n{\"id\":5}", "-p", "1");
        await using var later = Open(topic, Grouped);
        var facts = await later.HealthAsync(Stop);
        Assert.Equal([$"{topic}: lag 2 messages", $"{topic}, partition 0: lag 0 messages", $"{topic}, partition 1: lag 2 messages"], facts.Select(f => $"{f.Name} {f.Value} {f.Unit}"));
        Assert.DoesNotContain(_fixture.Lines, l => l.StartsWith("warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadAsync_ManyMessages_AreAllThere_AndTheRateIsTold()
    {
        const int messages = 120_000;
        var topic = _server.NewTopic(4);
        for (var p = 0; p < 4; p++) _server.Produce(topic, string.Join('\n', Enumerable.Range(0, messages / 4).Select(i => $"{{\"id\":{i},\"name\":\"customer {i}\",\"amount\":{i}.25,\"at\":\"2026-01-01T00:00:00Z\"}}")), "-p", $"{p}");
        await ReadAsync(topic);
        var (cpu, clock) = (Environment.CpuUsage.TotalTime, System.Diagnostics.Stopwatch.StartNew());
        await using var connector = Open(topic);
        var rows = 0L;
        await foreach (var page in connector.ReadAsync(new ReadRequest(), Stop)) rows += page.Count;
        var (seconds, used) = (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        clock.Restart();
        ServerProcess.Run("/usr/bin/kcat", ["-C", "-b", string.Join(',', _server.Brokers), "-t", topic, "-e", "-q", "-o", "beginning", "-f", ""], null);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rows / seconds:n0} messages/s ({used * 1e6 / rows:n2} µs of processor time each, the mock cluster's among it); kcat {rows / clock.Elapsed.TotalSeconds:n0}/s");
        Assert.Equal(messages, rows);
    }

    [Fact]
    public async Task TestAsync_BadSettings_SayWhatIsWrong()
    {
        var topic = _server.NewTopic(1);
        await using (var good = Open(topic)) Assert.Matches("^Kafka answers, \\d+ topics?$", await good.TestAsync(Stop));
        var port = FreePort.Take();
        foreach (var (change, message) in new (Func<KafkaSpec, KafkaSpec>, string)[]
        {
            (s => s with { Brokers = [$"127.0.0.1:{port}"] }, $"127.0.0.1:{port}: Connection refused"),
            (s => s with { Brokers = ["kafka"] }, "\"kafka\" is no broker."),
            (s => s with { Topic = "nothing-of-it" }, "There is no topic nothing-of-it among the "),
        })
        {
            await using var bad = Open(topic, change);
            Assert.StartsWith(message, (await Assert.ThrowsAsync<TerminalException>(() => bad.TestAsync(Stop))).Message, StringComparison.Ordinal);
        }
    }
}
