using Amazon.S3.Model;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(CephServer))]

namespace FlowForge.Acceptance.Tests;

/// <summary>Promise 3: S3 for the lake is a setting. The whole product over a real S3 service, with kills, and seen from a second machine.</summary>
public sealed class BucketLakeTests(CephServer server, ITestOutputHelper output)
{
    [Fact]
    public async Task Lake_InABucket_RunsThroughKillsAndIsTheSameOnAnotherMachine()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var client = server.Ready().Client();
        await client.PutBucketAsync("lake", cancel);
        var settings = Settings(server, "s3://lake/team a");
        var seed = int.Parse(System.Environment.GetEnvironmentVariable("FLOWFORGE_SEED") ?? Random.Shared.Next().ToString(System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
        output.WriteLine($"FLOWFORGE_SEED={seed}");
        var random = new Random(seed);
        var rounds = System.Environment.GetEnvironmentVariable("FLOWFORGE_LONG") is "1" ? 30 : 2;

        using var workspace = new Workspace(rowsPerFile: 3000);
        await using (var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, settings))
        {
            Assert.Equal("s3://lake/team a", (await environment.Client.SystemAsync(cancel)).Lake);
            await environment.Client.PutPipelineAsync("orders", new PutPipeline(Workspace.Pipeline, BaseDirectory: workspace.Base), cancel);
            for (var round = 0; round < rounds; round++)
            {
                workspace.AddFiles();
                var run = await KillTests.StartAsync(environment, cancel);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200, 2500)), cancel); // the moment of death is the test's input, not a wait for a condition
                if (round != 1) environment.Kill("FlowForge.Api");
                var detail = await environment.EndOfAsync(run, cancel);
                output.WriteLine($"round {round}: {detail.State} in {detail.Seconds:0.0} s, attempts {string.Join(" ", detail.Jobs.Select(j => j.Attempt))}");
                Assert.True(detail.State == RunState.Succeeded, $"round {round}: {detail.State} {detail.Error}\n{environment.Output}");
                await KillTests.AssertTablesAsync(environment, workspace, round, cancel);
            }
            var work = (await environment.Client.OptimizeAsync(TableLayer.Bronze, "orders", new OptimizeTable(), cancel)).Work;
            TableWork? optimized = null;
            await Wait.UntilAsync(async () => (optimized = await environment.Client.TableWorkAsync(work, cancel)).FinishedAt is not null, () => $"{optimized}\n{environment.Output}", TimeSpan.FromSeconds(60), cancel);
            Assert.Equal((RunState.Succeeded, 1), (optimized!.State, optimized.Optimized?.Files));
            Assert.Equal(workspace.Orders, await CountAsync(environment, "SELECT count(*) FROM bronze.orders WHERE order_id >= 0", cancel));
            await DeliverAsync(environment, client, workspace.Orders, cancel);
            Assert.DoesNotContain(CephServer.SecretKey, environment.Output);
        }
        var keys = (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "lake", Prefix = "team a/" }, cancel)).S3Objects.Select(o => o.Key).ToList();
        foreach (var table in (string[])["bronze/customers", "bronze/orders", "bronze/payments", "silver/orders_clean", "gold/by_country", "gold/totals"])
            Assert.Contains($"team a/{table}/_delta_log/00000000000000000000.json", keys);
        Assert.DoesNotContain(Directory.EnumerateFiles(workspace.Folder, "*.json", SearchOption.AllDirectories), f => f.Contains("_delta_log", StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(workspace.Folder, "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length < 1 << 20))
            Assert.DoesNotContain(CephServer.SecretKey, await File.ReadAllTextAsync(file, cancel));

        // Another machine has nothing but the settings.
        using var elsewhere = new Workspace(rowsPerFile: 1);
        await using (var other = await RunningEnvironment.StartAsync(elsewhere.Folder, cancel, settings))
        {
            await KillTests.AssertTablesAsync(other, workspace, rounds - 1, cancel);
            var page = await other.Client.RowsAsync(TableLayer.Bronze, "orders", new RowsQuery { Filter = "order_id = 4000", Limit = 10 }, cancel);
            Assert.Equal(1, page.Total);
            var first = await CountAsync(other, "SELECT count(*) FROM bronze.orders", cancel);
            var restored = await other.Client.RestoreAsync(TableLayer.Bronze, "orders", new RestoreTable(0), cancel);
            Assert.Equal(0, restored.Restored);
            Assert.Equal((workspace.Orders, 3000), (first, await CountAsync(other, "SELECT count(*) FROM bronze.orders", cancel)));
        }
    }

    /// <summary>Tables go into a bucket of somebody else; the runtime is killed while it delivers, and each row is there once.</summary>
    private async Task DeliverAsync(RunningEnvironment environment, Amazon.S3.AmazonS3Client client, long orders, CancellationToken cancel)
    {
        const int Many = 400_000;
        using var gate = new Gate(server.Endpoint.Port);
        await client.PutBucketAsync("partner", cancel);
        await environment.Client.PutSecretAsync("partner", CephServer.SecretKey, cancel);
        await environment.Client.PutConnectionAsync("partner", new PutConnection
        {
            Connector = "s3", Settings = System.Text.Json.JsonSerializer.SerializeToElement(new { endpoint = gate.Before(server.Endpoint).AbsoluteUri, bucket = "partner", access_key = CephServer.AccessKey, secret_key = "${secret:partner}" }),
        }, cancel);
        await environment.Client.PutPipelineAsync("deliver", new PutPipeline(
            $$"""
            pipeline: deliver
            gold:
              many: SELECT i AS id, md5(i::VARCHAR) AS code, md5((i + 1)::VARCHAR) AS more FROM range({{Many}}) t(i)
            deliveries:
              many: { from: gold.many, connection: partner, path: out/many.csv }
              orders: { from: bronze.orders, connection: partner, path: orders, format: ndjson, mode: append }
            """), cancel);
        // In the middle of the parts of the large file.
        gate.HoldAt("partNumber=2");
        var run = (await environment.Client.StartRunAsync(new StartRun("deliver"), cancel)).Run!;
        await Wait.UntilAsync(() => Task.FromResult(gate.Holds), () => "the delivery\n" + environment.Output, TimeSpan.FromSeconds(120), cancel);
        environment.Kill("FlowForge.Api");
        gate.Open();
        var detail = await environment.EndOfAsync(run, cancel);
        output.WriteLine($"deliveries: {detail.State}, {string.Join("; ", detail.Jobs.Select(j => $"{j.Id} attempt {j.Attempt} {j.Rows} {j.Bytes} bytes, {j.Note}"))}");
        Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
        Assert.Equal([("delivery.many", Many), ("delivery.orders", orders)], detail.Jobs.Where(j => j.Kind == JobKind.Delivery).OrderBy(j => j.Id).Select(j => (j.Id, j.Rows.Loaded)));
        Assert.True(detail.Jobs.Single(j => j.Id == "delivery.many").Attempt > 1, "The delivery was not met by the kill.");
        Assert.Equal(Many, await IdsAsync("out/many.csv"));
        var keys = (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "partner" }, cancel)).S3Objects.Select(o => o.Key).ToList();
        Assert.Equal(["orders/_delivery.json", "out/many.csv"], keys.Where(k => !k.StartsWith("orders/part-", StringComparison.Ordinal)));
        Assert.Equal(orders, await IdsAsync(keys.Single(k => k.StartsWith("orders/part-", StringComparison.Ordinal))));
        Assert.Empty((await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = "partner" }, cancel)).MultipartUploads ?? []);

        // How many different ids the file has, and that it has each once.
        async Task<long> IdsAsync(string key)
        {
            using var answer = await client.GetObjectAsync("partner", key, cancel);
            using var reader = new StreamReader(answer.ResponseStream);
            var ids = new HashSet<string>();
            if (key.EndsWith(".csv", StringComparison.Ordinal)) _ = await reader.ReadLineAsync(cancel);
            while (await reader.ReadLineAsync(cancel) is { } line) Assert.True(ids.Add(line[..line.IndexOf(',', StringComparison.Ordinal)]), $"{key} has {line} twice.");
            return ids.Count;
        }
    }

    [Fact]
    public async Task Lake_BucketThatIsNotThere_TheStartSaysSo()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var workspace = new Workspace(rowsPerFile: 1);
        await using var host = AppHostProcess.Start(["--data", workspace.Folder, "--port-offset", FreePort.TakeOffset().ToString(System.Globalization.CultureInfo.InvariantCulture), "--no-demo"], Settings(server.Ready(), "s3://nowhere"));
        await Wait.UntilAsync(() => Task.FromResult(host.Output.Contains("FF2701: There is no bucket nowhere, which the lake s3://nowhere at ", StringComparison.Ordinal)), () => "the reason\n" + host.Output, TimeSpan.FromSeconds(60), cancel);
    }

    private static Dictionary<string, string> Settings(CephServer server, string root) => new()
    {
        ["Lake__Root"] = root, ["Lake__S3__Endpoint"] = server.Endpoint.AbsoluteUri, ["Lake__S3__AccessKey"] = CephServer.AccessKey, ["Lake__S3__SecretKey"] = CephServer.SecretKey,
    };

    private static async Task<long> CountAsync(RunningEnvironment environment, string sql, CancellationToken cancel) =>
        (await environment.Client.SqlAsync(new SqlQuery(sql), cancel)).Rows.Single()[0] is var cell && cell.ValueKind == System.Text.Json.JsonValueKind.String
            ? long.Parse(cell.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : cell.GetInt64();
}
