using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Http;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Acceptance.Tests;

/// <summary>Pipelines over files of an SFTP server and of a web server: a full read, then what is new and what has changed, the runtime killed in the middle; every row once, and moved files only after the commit.</summary>
public sealed class FilesFromServersTests(ITestOutputHelper output)
{
    private const int RowsPerFile = 20_000;

    [Fact]
    public async Task SftpAndHttp_FullThenNewAndChangedFiles_EndAsTheirSources()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var ssh = new SshServer();
        ssh.Ready();
        using var web = new FileServer();
        var drop = Path.Combine(ssh.Folder, "drop");
        Directory.CreateDirectory(drop);
        for (var i = 0; i < 4; i++) Drop(drop, i);
        web.Files["/items.xml"] = new(Items(1, 5_000));

        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        var client = environment.Client;
        await client.PutSecretAsync("key", ssh.Key, cancel);
        await client.PutConnectionAsync("drop", new PutConnection
        {
            Connector = "sftp",
            Settings = JsonSerializer.SerializeToElement(new { host = "127.0.0.1", port = ssh.Port, user = ssh.User, private_key = "${secret:key}", host_key = ssh.Fingerprint }),
        }, cancel);
        var test = await client.TestConnectionAsync(new ConnectionChoice { Name = "drop" }, cancel);
        Assert.True(test.Passed, $"{test.Message} {test.Suggestion}");
        await client.PutPipelineAsync("files", new PutPipeline(
            $$"""
            pipeline: files
            ingest:
              dropped:
                source_type: sftp
                connection: drop
                config: { path: "{{drop}}/*.csv", after_load: move, move_to: "{{drop}}/done" }
              items:
                source_type: http
                write_mode: replace
                config: { url: "{{web.Address}}items.xml", record_path: /items/item }
            gold:
              totals:
                sql: |
                  SELECT (SELECT count(*) || '|' || count(DISTINCT id) || '|' || sum(id) FROM bronze.dropped) AS dropped, (SELECT count(*) || '|' || sum(id) || '|' || max(note) FROM bronze.items) AS items
            """, BaseDirectory: workspace.Base), cancel);

        await RunAsync(environment, kill: false, cancel);
        await AssertAsync(client, files: 4, "5000|12502500|note 999");
        Assert.Empty(Directory.GetFiles(drop));
        Assert.Equal(4, Directory.GetFiles(Path.Combine(drop, "done")).Length);

        for (var i = 4; i < 7; i++) Drop(drop, i);
        web.Files["/items.xml"] = new(Items(2, 6_000)) { ETag = "\"v2\"" };
        await RunAsync(environment, kill: true, cancel);
        await AssertAsync(client, files: 7, "6000|18003000|note 999");
        Assert.Empty(Directory.GetFiles(drop));
        Assert.Equal(7, Directory.GetFiles(Path.Combine(drop, "done")).Length);

        await RunAsync(environment, kill: false, cancel);
        await AssertAsync(client, files: 7, "6000|18003000|note 999");
        var secret = ssh.Key.Split('\n')[2];
        foreach (var file in Directory.EnumerateFiles(workspace.Folder, "*", SearchOption.AllDirectories))
            Assert.False(await HoldsAsync(file, secret, cancel), $"{file} holds the private key.");
    }

    private static void Drop(string folder, int number)
    {
        var text = new StringBuilder("id,note\n");
        for (var i = 1; i <= RowsPerFile; i++) text.Append(CultureInfo.InvariantCulture, $"{number * RowsPerFile + i},note {i}\n");
        File.WriteAllText(Path.Combine(folder, $"part-{number}.csv"), text.ToString());
    }

    private static byte[] Items(int version, int count)
    {
        var text = new StringBuilder("<items>");
        for (var i = 1; i <= count; i++) text.Append(CultureInfo.InvariantCulture, $"<item id=\"{i}\" version=\"{version}\"><note>note {i}</note></item>");
        return Encoding.UTF8.GetBytes(text.Append("</items>").ToString());
    }

    private static async Task AssertAsync(FlowForgeClient client, long files, string items)
    {
        var rows = files * RowsPerFile;
        var totals = await client.RowsAsync(TableLayer.Gold, "totals", new RowsQuery(), TestContext.Current.CancellationToken);
        Assert.Equal([$"{rows}|{rows}|{rows * (rows + 1) / 2}", items], totals.Rows.Single().Select(c => c.ToString()));
    }

    private async Task RunAsync(RunningEnvironment environment, bool kill, CancellationToken cancel)
    {
        string? run = null;
        await Wait.UntilAsync(async () => (run = (await environment.Client.StartRunAsync(new StartRun("files"), cancel)).Run) is not null, () => "the start of a run\n" + environment.Output, TimeSpan.FromSeconds(60), cancel);
        if (kill)
        {
            await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run!, cancel)).Jobs.Any(j => j.State != RunState.Queued), () => "a running job", TimeSpan.FromSeconds(60), cancel);
            environment.Kill("FlowForge.Api");
        }
        var detail = await environment.EndOfAsync(run!, cancel);
        output.WriteLine($"{detail.State} in {detail.Seconds:0.0} s: {string.Join("; ", detail.Jobs.Select(j => $"{j.Name} attempt {j.Attempt} {j.Rows}"))}");
        Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
        Assert.All(detail.Jobs.Where(j => j.Id.StartsWith("ingest.", StringComparison.Ordinal)), j => Assert.True(j.Rows.Balanced, $"{j.Id}: {j.Rows}"));
    }

    private static async Task<bool> HoldsAsync(string file, string text, CancellationToken cancel)
    {
        try { return (await File.ReadAllBytesAsync(file, cancel)).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return false; }
    }
}
