using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Acceptance.Tests;

/// <summary>Streams end to end: a first run, more messages with updates and deletes while runs are killed, and every table holds each message once.</summary>
public sealed class StreamTests(ITestOutputHelper output)
{
    private const int Messages = 40_000;

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
            connection: kafka
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
        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        var client = environment.Client;
        await client.PutConnectionAsync("kafka", new PutConnection { Connector = "kafka", Settings = JsonSerializer.SerializeToElement(new { brokers = kafka.Brokers, group_id = "flowforge" }) }, cancel);
        var test = await client.TestConnectionAsync(new ConnectionChoice { Name = "kafka" }, cancel);
        Assert.True(test.Passed, $"{test.Message} {test.Suggestion}");

        // Keys 0 to 9999 in two partitions, each written four times.
        Produce(kafka, topic, 0, Messages);
        Assert.Contains((await client.DiscoverAsync(new DiscoverConnection { Name = "kafka" }, cancel)).Tables, t => t.Name == topic && t.Rows == Messages);
        Assert.Contains("\"kafka_offset\":0", (await client.PreviewAsync(new PreviewConnection { Name = "kafka", Table = topic, Limit = 3 }, cancel)).Text, StringComparison.Ordinal);
        await client.PutPipelineAsync("events", new PutPipeline(Pipeline.Replace("TOPIC", topic, StringComparison.Ordinal), BaseDirectory: workspace.Base), cancel);
        await RunAsync(environment, kill: false, cancel);
        Assert.Equal(["all|40000|40000|799980000", "latest|10000|10000|349995000"], await TotalsAsync(client, cancel));

        // More messages, deletes of every key below 100, and the runtime killed while they are read.
        Produce(kafka, topic, Messages, Messages);
        for (var p = 0; p < 2; p++) kafka.Produce(topic, string.Join('\n', Enumerable.Range(0, 100).Where(i => i % 2 == p).Select(i => $"{{\"id\":{i}}}#")), "-p", $"{p}", "-K", "#", "-Z");
        await RunAsync(environment, kill: true, cancel);
        // The tombstones have no v. Without those keys the last writes are 70000 to 79999, less 70000 to 70099.
        Assert.Equal(["all|80100|80100|3199960000", "latest|9900|9900|742990050"], await TotalsAsync(client, cancel));

        await RunAsync(environment, kill: false, cancel);
        Assert.Equal(["all|80100|80100|3199960000", "latest|9900|9900|742990050"], await TotalsAsync(client, cancel));
    }

    private static void Produce(KafkaServer kafka, string topic, int from, int count)
    {
        for (var p = 0; p < 2; p++)
            kafka.Produce(topic, string.Join('\n', Enumerable.Range(from, count).Where(i => i % 2 == p).Select(i => $"{{\"id\":{i % 10_000}}}#{{\"id\":{i % 10_000},\"v\":{i}}}")), "-p", $"{p}", "-K", "#");
    }

    private async Task RunAsync(RunningEnvironment environment, bool kill, CancellationToken cancel)
    {
        string? run = null;
        await Wait.UntilAsync(async () => (run = (await environment.Client.StartRunAsync(new StartRun("events"), cancel)).Run) is not null, () => "the start of a run\n" + environment.Output, TimeSpan.FromSeconds(60), cancel);
        if (kill)
        {
            await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run!, cancel)).Jobs.Any(j => j.State == RunState.Running), () => "a running job", TimeSpan.FromSeconds(60), cancel);
            environment.Kill("FlowForge.Api");
        }
        var detail = await environment.EndOfAsync(run!, cancel);
        output.WriteLine($"{detail.State} in {detail.Seconds:0.0} s: {string.Join("; ", detail.Jobs.Select(j => $"{j.Name} attempt {j.Attempt} {j.Rows}"))}");
        Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
        Assert.All(detail.Jobs.Where(j => j.Id.StartsWith("ingest.", StringComparison.Ordinal)), j => Assert.True(j.Rows.Balanced, $"{j.Id}: {j.Rows}"));
    }

    private static async Task<string[]> TotalsAsync(FlowForgeClient client, CancellationToken cancel) =>
        [.. (await client.RowsAsync(TableLayer.Gold, "totals", new RowsQuery(), cancel)).Rows.Select(r => string.Join('|', r.Take(4).Select(c => c.ToString())))];
}
