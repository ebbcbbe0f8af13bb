using System.Text;
using System.Text.Json;
using FlowForge.Plugins.Kafka;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Kafka;

/// <summary>Values that name their schema by number, and the registry that has it.</summary>
public sealed class SchemaRegistryTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly FakeBroker _broker = new();
    private readonly SchemaRegistryServer _registry = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _fixture.Dispose();
        _broker.Dispose();
        _registry.Dispose();
    }

    private KafkaConnector Open(Func<KafkaSpec, KafkaSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(new KafkaSpec
    {
        Brokers = [$"127.0.0.1:{_broker.Port}"], Topic = FakeBroker.Topic, Timeout = TimeSpan.FromSeconds(20), ValueFormat = ValueFormat.Avro,
        SchemaRegistry = _registry.Address + "/", RegistryUser = SchemaRegistryServer.User, RegistryPassword = new Secret(SchemaRegistryServer.Password),
    })));

    private async Task<string[]> ReadAsync(Func<KafkaSpec, KafkaSpec>? change = null)
    {
        await using var connector = Open(change);
        var lines = (await PageSourceAcceptance.ReadLinesAsync(connector, new ReadRequest(), Stop)).Lines;
        return [.. lines.Select(l => l.StartsWith('{') ? "{" + string.Join(',', JsonDocument.Parse(l).RootElement.EnumerateObject().Where(p => !p.Name.StartsWith("kafka_", StringComparison.Ordinal)).Select(p => p.ToString())) + "}" : l[..l.IndexOf(':', StringComparison.Ordinal)])];
    }

    private void Message(int offset, params byte[] value) => _broker.Append(0, FakeBroker.Batch([new FakeMessage(offset, null)], value: value));

    private void Schema(int number, string schema, string more = "") => _registry.Answers[$"/schemas/ids/{number}"] = $"{{\"schema\":{JsonSerializer.Serialize(schema)}{more}}}";

    [Fact]
    public async Task ReadAsync_ValuesOfSeveralSchemas_AreReadByTheirOwn_AndEachIsAskedForOnce()
    {
        Schema(7, """{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}""");
        Schema(300, """{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"to","type":"shop.Place"}]}""", ""","references":[{"name":"shop.Place","subject":"places/main","version":2}]""");
        _registry.Answers["/subjects/places%2Fmain/versions/2"] = """{"subject":"places/main","version":2,"id":9,"schema":"{\"type\":\"record\",\"name\":\"Place\",\"namespace\":\"shop\",\"fields\":[{\"name\":\"city\",\"type\":\"string\"}]}"}""";
        Message(0, 0, 0, 0, 0, 7, 2);
        Message(1, 0, 0, 0, 1, 44, 4, 4, (byte)'O', (byte)'x');
        Message(2, 0, 0, 0, 0, 7, 6);
        Message(3, 0, 0, 0, 0, 8, 2);
        Message(4, 0, 0, 0, 0, 7, 2, 2);
        Message(5, 6, 2);
        Message(6, 0, 0, 0, 0, 8, 4);
        Assert.Equal(["{\"id\":1}", "{\"id\":2,\"to\":{\"city\":\"Ox\"}}", "{\"id\":3}", "schema 8 is not in the registry", "not Avro of schema 7", "without the number of a schema in front", "schema 8 is not in the registry"], await ReadAsync());
        Assert.Equal(["/schemas/ids/7", "/schemas/ids/300", "/subjects/places%2Fmain/versions/2", "/schemas/ids/8"], _registry.Asked);
    }

    [Fact]
    public async Task ReadAsync_JsonWithANumberInFront_IsReadWithoutTheRegistry()
    {
        Message(0, [0, 0, 0, 0, 7, .. Encoding.UTF8.GetBytes("{\"id\":1}")]);
        Message(1, Encoding.UTF8.GetBytes("{\"id\":2}"));
        Assert.Equal(["{\"id\":1}", "{\"id\":2}"], await ReadAsync(s => s with { ValueFormat = ValueFormat.Json }));
        Assert.Equal(["not JSON", "{\"id\":2}"], await ReadAsync(s => s with { ValueFormat = ValueFormat.Json, SchemaRegistry = null }));
        Assert.Empty(_registry.Asked);
    }

    [Fact]
    public async Task RegistryThatRefusesOrFails_SaysWhatToDo()
    {
        Message(0, 0, 0, 0, 0, 7, 2);
        Schema(7, "syntax = proto3", ",\"schemaType\":\"PROTOBUF\"");
        await using (var good = Open()) Assert.Equal("Kafka answers, 1 topic; the schema registry answers", await good.TestAsync(Stop));
        await FailsAsync(null, $"Schema 7 of {_registry.Address} is PROTOBUF, and value_format is avro.", "Set value_format: base64.");
        Schema(7, "{}");
        await FailsAsync(null, $"Schema 7 of {_registry.Address} is no Avro schema: The given key was not present in the dictionary.", "Give the schema as JSON, as the registry shows it.");
        await FailsAsync(s => s with { RegistryPassword = new Secret("wrong") }, $"The schema registry {_registry.Address} refuses the login (401).", "Check registry_user and registry_password.");
        await FailsAsync(s => s with { SchemaRegistry = "https://me:secret@registry" }, "schema_registry is no address of a registry.", "Write https://host:port; the login goes into registry_user and registry_password.");
        await FailsAsync(s => s with { SchemaRegistry = null }, "value_format is avro, and neither avro_schema nor the connection's schema_registry is given.", "Give the schema of the values, or the registry that has it.");
        _registry.Status = 503;
        Assert.Equal($"The schema registry {_registry.Address} answers 503.", (await Assert.ThrowsAsync<TransientException>(() => ReadAsync())).Message);
        Assert.DoesNotContain(_fixture.Lines, l => l.Contains(SchemaRegistryServer.Password, StringComparison.Ordinal));

        async Task FailsAsync(Func<KafkaSpec, KafkaSpec>? change, string message, string suggestion)
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(change));
            Assert.Equal((message, suggestion), (failure.Message, failure.Suggestion));
        }
    }
}
