using System.Globalization;
using System.Text;
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

        using var driveGate = new Gate(drive.Address.Port);
        using var erpGate = new Gate(erp.Address.Port);
        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        var client = environment.Client;
        foreach (var (name, value) in new[] { ("drive_key", drive.AccountKey), ("erp_consumer", SuiteTalk.ConsumerSecret), ("erp_token", SuiteTalk.TokenSecret) }) await client.PutSecretAsync(name, value, cancel);
        await environment.ConnectAsync("reports", "google_drive", new { api_url = driveGate.Before(drive.Address), token_url = new Uri(drive.Address, "token"), service_account_key = "${secret:drive_key}", folder_id = "reports" }, cancel);
        await environment.ConnectAsync("erp", "netsuite", new { account = SuiteTalk.Account, base_url = erpGate.Before(erp.Address), consumer_key = SuiteTalk.ConsumerKey, consumer_secret = "${secret:erp_consumer}", token_id = SuiteTalk.TokenId, token_secret = "${secret:erp_token}" }, cancel);
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

        await environment.RunAsync("services", output, cancel);
        await AssertAsync(client, parts: 3, "a1,b2", "4000|8002000|first|first", "4000|8002000");

        for (var i = 3; i < 5; i++) await drive.PutAsync("reports", $"part-{i}.csv", Part(i));
        await drive.PutAsync("reports", "budget", Encoding.UTF8.GetBytes("item,amount\na,1\nb,5\nc,3\n"), Sheet, replace: true);
        erp.Tables["transaction"] = 4_500;
        Volatile.Write(ref _note, "second");
        // In the middle of the first of two new files, and of the full read: the increment has less than that.
        driveGate.HoldAfter(Part(3).Length / 2);
        erpGate.HoldAfter(100_000);
        var detail = await environment.RunAsync("services", output, cancel, [driveGate, erpGate]);
        detail.WereKilled("parts", "erp_full");
        await AssertAsync(client, parts: 5, "a1,b5,c3", "4500|10127250|second|second", "4500|10127250");
        // The rows behind the watermark, and the one at it.
        Assert.Equal(501, detail.Jobs.Single(j => j.Name == "erp_increment").Rows.Read);

        Runs.AssertHoldsNowhere(workspace.Folder, SuiteTalk.TokenSecret, "the token's secret");
    }

    private static byte[] Part(int number)
    {
        var text = new StringBuilder("id,note\n");
        for (var i = 1; i <= RowsPerFile; i++) text.Append(CultureInfo.InvariantCulture, $"{number * RowsPerFile + i},note {i}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static async Task AssertAsync(FlowForgeClient client, long parts, string budget, string full, string increment)
    {
        var rows = parts * RowsPerFile;
        var totals = await client.RowsAsync(TableLayer.Gold, "totals", new RowsQuery(), TestContext.Current.CancellationToken);
        Assert.Equal([$"{rows}|{rows}|{rows * (rows + 1) / 2}", budget, full, increment], totals.Rows.Single().Select(c => c.GetString()));
    }
}
