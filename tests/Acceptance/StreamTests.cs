using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Acceptance.Tests;

/// <summary>Streams end to end: a first run, more messages with updates and deletes while runs are killed, and every table holds each message once.</summary>
public sealed partial class StreamTests(ITestOutputHelper output)
{
    private const int Messages = 40_000;
    private const long Kept = 300_000, KeptSum = Kept * (Kept + 1) / 2;

    private const string Pipeline =
        """
        pipeline: events
        on_overlap: buffer
        ingest:
          all_messages:
            source_type: kafka
            connection: kafka
            config: { topic: TOPIC }
          latest:
            source_type: kafka
            connection: kafka_latest
            write_mode: merge
            dedupe_keys: [id]
            error_handling: quarantine
            quarantine_path: bad
            config: { topic: TOPIC, key_format: json, tombstones: delete }
        gold:
          totals:
            sql: |
              SELECT 'all' AS t, count(*) AS n, count(DISTINCT (kafka_partition, kafka_offset)) AS places, sum(v) AS v FROM bronze.all_messages
              UNION ALL SELECT 'latest', count(*), count(DISTINCT id), sum(v) FROM bronze.latest ORDER BY t
        """;

    [Fact]
    public async Task Kafka_RunsThatAreKilled_HoldEachMessageOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var kafka = new KafkaServer();
        var topic = kafka.Ready().NewTopic(2);
        for (var p = 0; p < 2; p++) kafka.MoveLeader(topic, p, broker: 1);
        var brokers = kafka.Brokers.Select(b => int.Parse(b.Split(':')[1])).ToList();
        Gate[] gates = Gate.BeforeAll(brokers), latestGates = Gate.BeforeAll(brokers);
        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        var client = environment.Client;
        await environment.ConnectAsync("kafka", "kafka", new { brokers = gates.Select(g => $"127.0.0.1:{g.Port}"), group_id = "flowforge" }, cancel);
        await environment.ConnectAsync("kafka_latest", "kafka", new { brokers = latestGates.Select(g => $"127.0.0.1:{g.Port}") }, cancel);

        // Keys 0 to 9999 in two partitions, each written four times.
        Produce(kafka, topic, 0, Messages);
        Assert.Contains((await client.DiscoverAsync(new DiscoverConnection { Name = "kafka" }, cancel)).Tables, t => t.Name == topic && t.Rows == Messages);
        Assert.Contains("\"kafka_offset\":0", (await client.PreviewAsync(new PreviewConnection { Name = "kafka", Table = topic, Limit = 3 }, cancel)).Text, StringComparison.Ordinal);
        await client.PutPipelineAsync("events", new PutPipeline(Pipeline.Replace("TOPIC", topic, StringComparison.Ordinal), BaseDirectory: workspace.Base), cancel);
        await environment.RunAsync("events", output, cancel);
        Assert.Equal(["all|40000|40000|799980000", "latest|10000|10000|349995000"], await environment.GoldAsync("totals", cancel));

        // More messages, deletes of every key below 100, and the runtime killed while they are read by both.
        Produce(kafka, topic, Messages, Messages);
        for (var p = 0; p < 2; p++) kafka.Produce(topic, string.Join('\n', Enumerable.Range(0, 100).Where(i => i % 2 == p).Select(i => $"{{\"id\":{i}}}#")), "-p", $"{p}", "-K", "#", "-Z");
        gates[0].HoldAfter(500_000);
        latestGates[0].HoldAfter(500_000);
        (await environment.RunAsync("events", output, cancel, [gates[0], latestGates[0]])).WereKilled("all_messages", "latest");
        // The tombstones have no v. Without those keys the last writes are 70000 to 79999, less 70000 to 70099.
        Assert.Equal(["all|80100|80100|3199960000", "latest|9900|9900|742990050"], await environment.GoldAsync("totals", cancel));

        await environment.RunAsync("events", output, cancel);
        Assert.Equal(["all|80100|80100|3199960000", "latest|9900|9900|742990050"], await environment.GoldAsync("totals", cancel));
        foreach (var gate in gates.Concat(latestGates)) gate.Dispose();
    }

    private const string Mixed =
        """
        pipeline: events
        on_overlap: buffer
        ingest:
          entries:
            source_type: redis
            connection: redis
            config: { stream: orders, batch_size: 500 }
          messages:
            source_type: rabbitmq
            connection: rabbit
            config: { stream: orders }
          latest:
            source_type: rabbitmq
            connection: rabbit
            write_mode: merge
            dedupe_keys: [id]
            config: { stream: changes }
          posts:
            source_type: webhook
            connection: hook
          items:
            source_type: dynamodb
            connection: dynamo
            incremental_mode: incremental
            watermark_column: at
            write_mode: merge
            dedupe_keys: [id]
            config: { table_name: orders, page_size: 100 }
          all_items:
            source_type: dynamodb
            connection: dynamo
            write_mode: replace
            config: { table_name: orders, segments: 2, page_size: 150, allow_smaller: true }
          files:
            source_type: file_upload
            format: csv
            config: { path: "upload:*.csv" }
        gold:
          totals:
            sql: |
              SELECT 'entries' AS t, count(*) AS n, count(DISTINCT redis_id) AS ids, sum(n::BIGINT) AS v FROM bronze.entries UNION ALL SELECT 'posts', count(*), count(DISTINCT hook_id), sum(n) FROM bronze.posts
              UNION ALL SELECT 'items', count(*), count(DISTINCT id), sum(v) FROM bronze.items UNION ALL SELECT 'all_items', count(*), count(DISTINCT id), sum(v) FROM bronze.all_items
              UNION ALL SELECT 'files', count(*), count(DISTINCT n), sum(n) FROM bronze.files UNION ALL SELECT 'messages', count(*), count(DISTINCT rabbit_offset), sum(n) FROM bronze.messages
              UNION ALL SELECT 'latest', count(*), count(DISTINCT id), sum(v) FROM bronze.latest ORDER BY t
        """;

    [Fact]
    public async Task StreamsPostsItemsAndUploads_RunsThatAreKilled_HoldEachRowOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var redis = new RedisServer();
        redis.Ready();
        using var rabbit = new RabbitMqServer();
        await using var messages = await RabbitMessages.OpenAsync(rabbit.Ready().Port, cancel);
        using var dynamo = new DynamoDbServer();
        using var redisGate = new Gate(redis.Port);
        using var rabbitGate = new Gate(rabbit.Port);
        using var dynamoGate = new Gate(dynamo.Endpoint.Port);
        using var workspace = new Workspace(rowsPerFile: 1);
        // So many that their read lasts until the kill: posts are files of this machine.
        var posts = new StringBuilder();
        for (var i = 1; i <= Kept; i++) posts.Append(CultureInfo.InvariantCulture, $"{{\"id\":\"kept{i:D32}\",\"at\":\"2026-01-01T00:00:00Z\",\"body\":{{\"n\":{i}}}}}\n");
        var hooks = Directory.CreateDirectory(Path.Combine(workspace.Base, ".hooks", "orders"));
        await File.WriteAllTextAsync(Path.Combine(hooks.FullName, "0000000001.ndjson"), posts.ToString(), cancel);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        var client = environment.Client;
        await client.PutSecretAsync("redis", RedisServer.Password, cancel);
        await client.PutSecretAsync("rabbit", "guest", cancel);
        await client.PutSecretAsync("hook", "hook-token-of-the-tests", cancel);
        foreach (var (name, connector, settings) in new (string, string, object)[]
        {
            ("redis", "redis", new { host = "127.0.0.1", port = redisGate.Port, password = "${secret:redis}" }), ("hook", "webhook", new { hook = "orders", token = "${secret:hook}" }),
            ("rabbit", "rabbitmq", new { host = "127.0.0.1", port = rabbitGate.Port, user = "guest", password = "${secret:rabbit}" }),
            ("dynamo", "dynamodb", new { endpoint = dynamoGate.Before(dynamo.Endpoint), access_key = "key", secret_key = "${secret:redis}" }),
        })
            await client.PutConnectionAsync(name, new PutConnection { Connector = connector, Settings = JsonSerializer.SerializeToElement(settings) }, cancel);
        await CallAsync(dynamo, "CreateTable", new { TableName = "orders", BillingMode = "PAY_PER_REQUEST", KeySchema = new[] { new { AttributeName = "id", KeyType = "HASH" } }, AttributeDefinitions = new[] { new { AttributeName = "id", AttributeType = "N" } } }, cancel);
        await Wait.UntilAsync(async () => (await CallAsync(dynamo, "DescribeTable", new { TableName = "orders" }, cancel)).GetProperty("Table").GetProperty("TableStatus").GetString() == "ACTIVE", () => "the table", TimeSpan.FromSeconds(60), cancel);
        foreach (var name in new[] { "redis", "rabbit", "hook", "dynamo" })
        {
            var test = await client.TestConnectionAsync(new ConnectionChoice { Name = name }, cancel);
            Assert.True(test.Passed, $"{name}: {test.Message} {test.Suggestion}");
        }
        Add(redis, 0, 5000);
        await messages.SendAsync("orders", Enumerable.Range(0, 5000).Select(i => $"{{\"n\":{i}}}"));
        await messages.SendAsync("changes", Enumerable.Range(0, 1000).Select(i => $"{{\"_ff_op\":\"i\",\"id\":{i},\"v\":{i}}}"));
        await PutAsync(dynamo, 0, 1000, "2026-01-01", cancel);
        await UploadAsync(client, "a.csv", 0, 100, cancel);
        var hook = Assert.Single(await client.HooksAsync(cancel));
        for (var i = 0; i < 50; i++) Assert.True(await PostAsync(hook.Url, i, cancel));
        await client.PutPipelineAsync("events", new PutPipeline(Mixed, BaseDirectory: workspace.Base), cancel);
        (await environment.RunAsync("events", output, cancel, [new OpenFiles(environment, ThePosts())])).WereKilled("posts");
        Assert.Equal(["all_items|1000|1000|499500", "entries|5000|5000|12497500", "files|100|100|4950", "items|1000|1000|499500", "latest|1000|1000|499500", "messages|5000|5000|12497500", $"posts|{Kept + 50}|{Kept + 50}|{KeptSum + 1225}"], await environment.GoldAsync("totals", cancel));

        // The second half comes while the runtime is killed; senders of posts repeat what was not confirmed.
        Add(redis, 5000, 5000);
        await messages.SendAsync("orders", Enumerable.Range(5000, 5000).Select(i => $"{{\"n\":{i}}}"));
        await messages.SendAsync("changes", [.. Enumerable.Range(0, 500).Select(i => $"{{\"_ff_op\":\"u\",\"id\":{i},\"v\":{i + 1000}}}"), .. Enumerable.Range(900, 100).Select(i => $"{{\"_ff_op\":\"d\",\"id\":{i}}}"), .. Enumerable.Range(1000, 200).Select(i => $"{{\"_ff_op\":\"i\",\"id\":{i},\"v\":{i}}}")]);
        await PutAsync(dynamo, 900, 600, "2026-02-01", cancel);
        await UploadAsync(client, "b.csv", 100, 100, cancel);
        var posting = Task.Run(async () =>
        {
            for (var i = 50; i < 150; i++)
                while (!await PostAsync(hook.Url, i, cancel)) await Task.Delay(100, cancel);
        }, cancel);
        redisGate.HoldAfter(50_000);
        rabbitGate.HoldAfter(100_000);
        dynamoGate.HoldAfter(30_000);
        var detail = await environment.RunAsync("events", output, cancel, [redisGate, rabbitGate], [dynamoGate]);
        detail.WereKilled("entries", "messages", "items");
        await posting;
        await environment.RunAsync("events", output, cancel);
        Assert.Equal(["all_items|1500|1500|1124250", "entries|10000|10000|49995000", "files|200|200|19900", "items|1500|1500|1124250", "latest|1100|1100|1124450", "messages|10000|10000|49995000", $"posts|{Kept + 150}|{Kept + 150}|{KeptSum + 11175}"], await environment.GoldAsync("totals", cancel));
    }

    private static void Add(RedisServer redis, int from, int count) => redis.CallAll(Enumerable.Range(from, count).Select(i => $"XADD orders {i + 1}-0 n {i}"));

    private static async Task UploadAsync(FlowForgeClient client, string name, int from, int count, CancellationToken cancel)
    {
        var bytes = Encoding.UTF8.GetBytes("n\n" + string.Concat(Enumerable.Range(from, count).Select(i => $"{i}\n")));
        var state = await client.StartUploadAsync(new StartUpload(name, bytes.Length), cancel);
        for (var half = bytes.Length / 2; !state.Done;) state = await client.SendPieceAsync(state.Id, state.Offset, new MemoryStream(bytes, (int)state.Offset, state.Offset == 0 ? half : bytes.Length - half), cancel);
    }

    /// <returns>Whether it was confirmed.</returns>
    private static async Task<bool> PostAsync(string url, int n, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent($"{{\"n\":{n}}}", Encoding.UTF8, "application/json") };
            request.Headers.Add("X-Hook-Token", "hook-token-of-the-tests");
            request.Headers.Add("Idempotency-Key", $"order-{n}");
            using var answer = await Http.SendAsync(request, cancel);
            return answer.StatusCode == System.Net.HttpStatusCode.Accepted;
        }
        catch (HttpRequestException) { return false; }
    }

    private static async Task PutAsync(DynamoDbServer dynamo, int from, int count, string at, CancellationToken cancel) => await Task.WhenAll(Enumerable.Range(from, count).Chunk(25).Select(some =>
        CallAsync(dynamo, "BatchWriteItem", new { RequestItems = new { orders = some.Select(i => new { PutRequest = new { Item = new { id = new { N = $"{i}" }, v = new { N = $"{i}" }, at = new { S = at } } } }) } }, cancel)));

    private static readonly HttpClient Http = new();

    private static async Task<JsonElement> CallAsync(DynamoDbServer dynamo, string action, object body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, dynamo.Endpoint) { Content = new StringContent(JsonSerializer.Serialize(body)) };
        request.Content.Headers.ContentType = new("application/x-amz-json-1.0");
        request.Headers.Add("X-Amz-Target", "DynamoDB_20120810." + action);
        request.Headers.Add("X-Amz-Date", "20260101T000000Z");
        // The server wants one, and checks none.
        request.Headers.TryAddWithoutValidation("Authorization", "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0");
        using var answer = await Http.SendAsync(request, cancel);
        var text = await answer.Content.ReadAsStringAsync(cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    [GeneratedRegex(@"/\.hooks/orders/0000000001\.ndjson$")] private static partial Regex ThePosts();

    private static void Produce(KafkaServer kafka, string topic, int from, int count)
    {
        for (var p = 0; p < 2; p++)
            kafka.Produce(topic, string.Join('\n', Enumerable.Range(from, count).Where(i => i % 2 == p).Select(i => $"{{\"id\":{i % 10_000}}}#{{\"id\":{i % 10_000},\"v\":{i}}}")), "-p", $"{p}", "-K", "#");
    }
}
