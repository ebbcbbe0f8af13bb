using System.Globalization;
using System.Text;
using Amazon.S3.Model;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Acceptance.Tests;

/// <summary>
/// A pipeline over a bucket of a real S3 service, a container of Azure's emulator and an FTPS server: a full read, then what is new, what has changed and what is gone, the runtime killed while each of them is read.
/// </summary>
public sealed class ObjectStoresTests(CephServer ceph, ITestOutputHelper output)
{
    private const int RowsPerFile = 2_000;

    private const string Pipeline =
        """
        pipeline: stores
        ingest:
          merged:
            source_type: s3
            connection: bucket
            format: csv
            write_mode: merge
            dedupe_keys: [id]
            config: { path: "in/part-*.csv", listing: after_last, look_back: 2 }
          mirrored:
            source_type: s3
            connection: bucket
            format: csv
            write_mode: replace
            config: { path: "mirror/*.csv", allow_smaller: true }
          moved:
            source_type: azure_blob
            connection: container
            format: csv
            config: { path: "in/part-*.csv", after_load: move, move_to: done/ }
          deleted:
            source_type: ftp
            connection: drop
            format: csv
            config: { path: "part-*.csv", after_load: delete }
        gold:
          totals:
            sql: |
              SELECT t, count(*) AS n, count(DISTINCT id) AS ids, sum(id) AS sum, sum((note = 'second')::INT) AS second FROM (
                SELECT 'merged' AS t, id, note FROM bronze.merged UNION ALL SELECT 'mirrored', id, note FROM bronze.mirrored
                UNION ALL SELECT 'moved', id, note FROM bronze.moved UNION ALL SELECT 'deleted', id, note FROM bronze.deleted) GROUP BY t ORDER BY t
        """;

    [Fact]
    public async Task S3AzureAndFtp_FullThenNewChangedAndGoneFiles_EndAsTheirSources()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var azure = new AzureServer();
        using var ftp = new FtpServer();
        using var s3 = ceph.Ready().Client();
        using var ftpGate = new Gate(ftp.Ready());
        using var azureGate = new Gate(azure.Endpoint.Port);
        using var s3Gate = new Gate(ceph.Endpoint.Port);
        await s3.PutBucketAsync("stores", cancel);
        await azure.ContainerAsync("stores");
        for (var i = 0; i < 3; i++) await LayDownAsync(i);
        for (var i = 0; i < 2; i++) await PutAsync($"mirror/{i}.csv", Part(i));

        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        await environment.Client.PutSecretAsync("s3", CephServer.SecretKey, cancel);
        await environment.Client.PutSecretAsync("azure", AzureServer.Key, cancel);
        await environment.ConnectAsync("bucket", "s3", new { endpoint = s3Gate.Before(ceph.Endpoint), bucket = "stores", access_key = CephServer.AccessKey, secret_key = "${secret:s3}" }, cancel);
        await environment.ConnectAsync("container", "azure_blob", new { endpoint = azureGate.Before(azure.Endpoint), account = AzureServer.Account, container = "stores", account_key = "${secret:azure}" }, cancel);
        await environment.ConnectAsync("drop", "ftp", new { host = "127.0.0.1", port = ftpGate.Port, certificate = new[] { ftp.Fingerprint } }, cancel);
        await environment.Client.PutPipelineAsync("stores", new PutPipeline(Pipeline, BaseDirectory: workspace.Base), cancel);

        await environment.RunAsync("stores", output, cancel);
        Assert.Equal(["deleted|6000|6000|18003000|0", "merged|6000|6000|18003000|0", "mirrored|4000|4000|8002000|0", "moved|6000|6000|18003000|0"], await environment.GoldAsync("totals", cancel));

        for (var i = 3; i < 6; i++) await LayDownAsync(i);
        await PutAsync("in/part-1.csv", Part(1, "second"));
        await PutAsync("in/part-0.csv", Part(0, "second")); // before what is listed again: the bucket's job does not see it
        await PutAsync("mirror/1.csv", Part(1, "second"));
        await s3.DeleteObjectAsync("stores", "mirror/0.csv", cancel);
        s3Gate.HoldAt("/stores/in/part-4.csv");
        azureGate.HoldAt("/stores/in/part-4.csv");
        ftpGate.HoldAtConnection(3); // the listing's login, and one for each file
        var detail = await environment.RunAsync("stores", output, cancel, [s3Gate, azureGate, ftpGate]);
        detail.WereKilled("merged", "moved", "deleted");
        await AssertEndAsync();

        // What stands still is not read again.
        detail = await environment.RunAsync("stores", output, cancel);
        Assert.All(detail.Jobs.Where(j => j.Id.StartsWith("ingest.", StringComparison.Ordinal)), j => Assert.Equal(0, j.Rows.Read));
        await AssertEndAsync();
        Runs.AssertHoldsNowhere(workspace.Folder, CephServer.SecretKey, "the bucket's key");
        Runs.AssertHoldsNowhere(workspace.Folder, AzureServer.Key, "the account's key");

        async Task AssertEndAsync()
        {
            Assert.Equal(["deleted|12000|12000|72006000|0", "merged|12000|12000|72006000|2000", "mirrored|2000|2000|6001000|2000", "moved|12000|12000|72006000|0"], await environment.GoldAsync("totals", cancel));
            Assert.Empty(Directory.GetFiles(ftp.Folder));
            Assert.Equal(Enumerable.Range(0, 6).Select(i => $"done/in/part-{i}.csv"), await azure.ListAsync("stores"));
        }

        async Task LayDownAsync(int number)
        {
            var part = Part(number);
            await PutAsync($"in/part-{number}.csv", part);
            await azure.PutAsync("stores", $"in/part-{number}.csv", part);
            await File.WriteAllBytesAsync(Path.Combine(ftp.Folder, $"part-{number}.csv"), part, cancel);
        }

        Task PutAsync(string key, byte[] content) => s3.PutObjectAsync(new PutObjectRequest { BucketName = "stores", Key = key, InputStream = new MemoryStream(content) }, cancel);
    }

    private static byte[] Part(int number, string note = "first")
    {
        var text = new StringBuilder("id,note\n");
        for (var i = 1; i <= RowsPerFile; i++) text.Append(CultureInfo.InvariantCulture, $"{number * RowsPerFile + i},{note}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
