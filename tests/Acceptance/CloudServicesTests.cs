using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Rest;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Acceptance.Tests;

/// <summary>A pipeline over Google Drive and NetSuite, each by a server that stands in for the service: a full read, then what is new and what has changed, the runtime killed in the middle; every row once.</summary>
public sealed class CloudServicesTests(ITestOutputHelper output)
{
    private const int RowsPerFile = 5_000;
    private const string Sheet = "application/vnd.google-apps.spreadsheet";
    private string _note = "first";

    [Fact]
    public async Task DriveAndNetSuite_FullThenIncrements_EndAsTheirSources()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var drive = new DriveServer();
        using var erp = new SuiteTalk { Tables = { ["transaction"] = 4_000 }, Row = (_, id) => $"{{\"links\":[],\"id\":\"{id}\",\"changed\":\"{id}\",\"note\":\"{Volatile.Read(ref _note)}\"}}" };
        for (var i = 0; i < 3; i++) await drive.PutAsync("reports", $"part-{i}.csv", Part(i));
        await drive.PutAsync("reports", "budget", Encoding.UTF8.GetBytes("item,amount\na,1\nb,2\n"), Sheet);

        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        var client = environment.Client;
        foreach (var (name, value) in new[] { ("drive_key", drive.AccountKey), ("erp_consumer", SuiteTalk.ConsumerSecret), ("erp_token", SuiteTalk.TokenSecret) }) await client.PutSecretAsync(name, value, cancel);
        await ConnectAsync("reports", "google_drive", new { api_url = drive.Address, token_url = new Uri(drive.Address, "token"), service_account_key = "${secret:drive_key}", folder_id = "reports" });
        await ConnectAsync("erp", "netsuite", new { account = SuiteTalk.Account, base_url = erp.Address, consumer_key = SuiteTalk.ConsumerKey, consumer_secret = "${secret:erp_consumer}", token_id = SuiteTalk.TokenId, token_secret = "${secret:erp_token}" });
        await client.PutPipelineAsync("services", new PutPipeline(
            """
            pipeline: services
            ingest:
              parts:
                source_type: google_drive
                connection: reports
                format: csv
                config: { path: "part-*.csv" }
              budget:
                source_type: google_drive
                connection: reports
                format: csv
                write_mode: replace
                config: { path: "budget.csv" }
              erp_full:
                source_type: netsuite
                connection: erp
                config: { table_name: transaction, page_size: 500 }
              erp_increment:
                source_type: netsuite
                connection: erp
                incremental_mode: incremental
                watermark_column: changed
                write_mode: merge
                dedupe_keys: [id]
                config: { query: "SELECT id, changed FROM transaction", page_size: 500, number_columns: [id, changed] }
            gold:
              totals:
                sql: |
                  SELECT (SELECT count(*) || '|' || count(DISTINCT id) || '|' || sum(id) FROM bronze.parts) AS parts, (SELECT string_agg(item || amount, ',' ORDER BY item) FROM bronze.budget) AS budget,
                    (SELECT count(*) || '|' || sum(id::BIGINT) || '|' || min(note) || '|' || max(note) FROM bronze.erp_full) AS erp_full, (SELECT count(*) || '|' || sum(id::BIGINT) FROM bronze.erp_increment) AS erp_increment
            """, BaseDirectory: workspace.Base), cancel);

        await RunAsync(environment, kill: false, cancel);
        await AssertAsync(client, parts: 3, "a1,b2", "4000|8002000|first|first", "4000|8002000");

        for (var i = 3; i < 5; i++) await drive.PutAsync("reports", $"part-{i}.csv", Part(i));
        await drive.PutAsync("reports", "budget", Encoding.UTF8.GetBytes("item,amount\na,1\nb,5\nc,3\n"), Sheet, replace: true);
        erp.Tables["transaction"] = 4_500;
        Volatile.Write(ref _note, "second");
        var detail = await RunAsync(environment, kill: true, cancel);
        await AssertAsync(client, parts: 5, "a1,b5,c3", "4500|10127250|second|second", "4500|10127250");
        // The rows behind the watermark, and the one at it.
        Assert.Equal(501, detail.Jobs.Single(j => j.Name == "erp_increment").Rows.Read);

        foreach (var file in Directory.EnumerateFiles(workspace.Folder, "*", SearchOption.AllDirectories))
            Assert.False(await HoldsAsync(file, SuiteTalk.TokenSecret, cancel), $"{file} holds the token's secret.");

        async Task ConnectAsync(string name, string connector, object settings)
        {
            await client.PutConnectionAsync(name, new PutConnection { Connector = connector, Settings = JsonSerializer.SerializeToElement(settings) }, cancel);
            var test = await client.TestConnectionAsync(new ConnectionChoice { Name = name }, cancel);
            Assert.True(test.Passed, $"{name}: {test.Message} {test.Suggestion}");
        }
    }

    private static byte[] Part(int number)
    {
        var text = new StringBuilder("id,note\n");
        for (var i = 1; i <= RowsPerFile; i++) text.Append(CultureInfo.InvariantCulture, $"{number * RowsPerFile + i},note {i}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private async Task<RunDetail> RunAsync(RunningEnvironment environment, bool kill, CancellationToken cancel)
    {
        string? run = null;
        await Wait.UntilAsync(async () => (run = (await environment.Client.StartRunAsync(new StartRun("services"), cancel)).Run) is not null, () => "the start of a run\n" + environment.Output, TimeSpan.FromSeconds(60), cancel);
        if (kill)
        {
            await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run!, cancel)).Jobs.Any(j => j.State == RunState.Running), () => "a running job", TimeSpan.FromSeconds(60), cancel);
            environment.Kill("FlowForge.Api");
        }
        var detail = await environment.EndOfAsync(run!, cancel);
        output.WriteLine($"{detail.State} in {detail.Seconds:0.0} s: {string.Join("; ", detail.Jobs.Select(j => $"{j.Name} attempt {j.Attempt} {j.Rows}"))}");
        Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
        Assert.All(detail.Jobs, j => Assert.True(j.Rows.Balanced, $"{j.Id}: {j.Rows}"));
        return detail;
    }

    private static async Task AssertAsync(FlowForgeClient client, long parts, string budget, string full, string increment)
    {
        var rows = parts * RowsPerFile;
        var totals = await client.RowsAsync(TableLayer.Gold, "totals", new RowsQuery(), TestContext.Current.CancellationToken);
        Assert.Equal([$"{rows}|{rows}|{rows * (rows + 1) / 2}", budget, full, increment], totals.Rows.Single().Select(c => c.GetString()));
    }

    private static async Task<bool> HoldsAsync(string file, string text, CancellationToken cancel)
    {
        try { return (await File.ReadAllBytesAsync(file, cancel)).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0; }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return false; }
    }
}
