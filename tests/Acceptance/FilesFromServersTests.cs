using System.Globalization;
using System.Text;
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
        using var sshGate = new Gate(ssh.Port);
        using var webGate = new Gate(web.Address.Port);
        var drop = Path.Combine(ssh.Folder, "drop");
        Directory.CreateDirectory(drop);
        for (var i = 0; i < 4; i++) Drop(drop, i);
        web.Files["/items.xml"] = new(Items(1, 5_000));

        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        var client = environment.Client;
        await client.PutSecretAsync("key", ssh.Key, cancel);
        await environment.ConnectAsync("drop", "sftp", new { host = "127.0.0.1", port = sshGate.Port, user = ssh.User, private_key = "${secret:key}", host_key = ssh.Fingerprint }, cancel);
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
                config: { url: "{{webGate.Before(web.Address)}}items.xml", record_path: /items/item }
            gold:
              totals:
                sql: |
                  SELECT (SELECT count(*) || '|' || count(DISTINCT id) || '|' || sum(id) FROM bronze.dropped) AS dropped, (SELECT count(*) || '|' || sum(id) || '|' || max(note) FROM bronze.items) AS items
            """, BaseDirectory: workspace.Base), cancel);

        await environment.RunAsync("files", output, cancel);
        await AssertAsync(client, files: 4, "5000|12502500|note 999");
        Assert.Empty(Directory.GetFiles(drop));
        Assert.Equal(4, Directory.GetFiles(Path.Combine(drop, "done")).Length);

        for (var i = 4; i < 7; i++) Drop(drop, i);
        web.Files["/items.xml"] = new(Items(2, 6_000)) { ETag = "\"v2\"" };
        // In the middle of the second of the three files, and of the pages.
        sshGate.HoldAfter(RowsPerFile * 20);
        webGate.HoldAfter(100_000);
        (await environment.RunAsync("files", output, cancel, [sshGate, webGate])).WereKilled("dropped", "items");
        await AssertAsync(client, files: 7, "6000|18003000|note 999");
        Assert.Empty(Directory.GetFiles(drop));
        Assert.Equal(7, Directory.GetFiles(Path.Combine(drop, "done")).Length);

        await environment.RunAsync("files", output, cancel);
        await AssertAsync(client, files: 7, "6000|18003000|note 999");
        var secret = ssh.Key.Split('\n')[2];
        Runs.AssertHoldsNowhere(workspace.Folder, secret, "the private key");
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
}
