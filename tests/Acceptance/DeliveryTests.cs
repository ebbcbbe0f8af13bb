using System.Globalization;
using System.Text;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Acceptance.Tests;

/// <summary>Tables of the lake in a real database: the runtime killed in the middle of the rows, of the changes, and while the server commits; each row is there once.</summary>
public sealed class DeliveryTests(ITestOutputHelper output)
{
    private const int Rows = 60_000;

    private const string Pipeline =
        """
        pipeline: crm
        retry: { delay: 1s }
        ingest:
          orders: { source_type: file_local, format: csv, config: { path: "in/*.csv" } }
        gold:
          notes: SELECT id, max(note) AS note, [max(note)] AS notes FROM bronze.orders GROUP BY id HAVING max(note) <> 'zz gone'
        deliveries:
          added: { from: bronze.orders, connection: crm_added, table: raw_orders, mode: append }
          whole: { from: gold.notes, connection: crm_whole, table: reporting.notes }
          keyed: { from: gold.notes, connection: crm_keyed, table: notes, mode: merge, keys: [id] }
        """;

    [Fact]
    public async Task Postgres_ReplacedAddedAndMerged_HoldsEachRowOnceThroughKills()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var postgres = new PostgresServer();
        var database = postgres.Ready().NewDatabase();
        postgres.Sql("CREATE SCHEMA reporting", database);
        using var added = new Gate(postgres.Port);
        using var whole = new Gate(postgres.Port);
        using var keyed = new Gate(postgres.Port);
        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        await environment.Client.PutSecretAsync("db", PostgresServer.Password, cancel);
        foreach (var (name, gate) in new[] { ("crm_added", added), ("crm_whole", whole), ("crm_keyed", keyed) })
            await environment.ConnectAsync(name, "postgres", new { host = "127.0.0.1", port = gate.Port, database, user = PostgresServer.User, password = "${secret:db}" }, cancel);
        await environment.Client.PutPipelineAsync("crm", new PutPipeline(Pipeline, BaseDirectory: workspace.Base), cancel);

        // The middle of each COPY: some hundred rows hold the word that the gates wait for.
        Put(workspace, "1.csv", Enumerable.Range(1, Rows).Select(i => $"{i},{(i is > Rows / 2 and < Rows / 2 + 500 ? "halfway" : "note")} {i}"));
        foreach (var gate in new[] { added, whole, keyed }) gate.HoldAt("halfway");
        var first = await environment.RunAsync("crm", output, cancel, [added, whole, keyed]);
        first.WereKilled("added", "whole", "keyed");
        Assert.Equal([("added", (long)Rows), ("keyed", Rows), ("whole", Rows)], Delivered(first));
        AssertIs(postgres, database, $"{Rows}|{Rows}|1800030000", $"{Rows}|{Rows}|1800030000");

        // While the server commits the rows that were added (it does: the kill comes before its answer), and in the middle of the changes.
        Put(workspace, "2.csv", [.. Enumerable.Range(1, 100).Select(i => $"{i},zz changed"), .. Enumerable.Range(101, 50).Select(i => $"{i},zz gone"), .. Enumerable.Range(Rows + 1, 1000).Select(i => $"{i},new")]);
        added.HoldAt("COMMIT");
        keyed.HoldAt("UPDATE \"public\".\"notes\"");
        var second = await environment.RunAsync("crm", output, cancel, [added, keyed]);
        second.WereKilled("added", "keyed");
        Assert.Equal([("added", 1150L), ("keyed", 1150), ("whole", Rows + 950)], Delivered(second));
        AssertIs(postgres, database, $"{Rows + 1150}|{Rows + 1000}|1860530500", $"{Rows + 950}|{Rows + 950}|1860524225");
        Assert.Equal("100|0|1000|[\"zz changed\"]", postgres.Sql("SELECT count(*) FILTER (WHERE note = 'zz changed'), count(*) FILTER (WHERE id BETWEEN 101 AND 150), count(*) FILTER (WHERE note = 'new'), max(notes::text) FILTER (WHERE id = 1) FROM notes", database));

        // The mark is the truth: what the page shows, and what the next run goes on from.
        Assert.Equal([("added", 1L, 0L, (long?)Rows + 1150), ("whole", 1, 0, Rows + 950), ("keyed", 1, 0, Rows + 950)], (await environment.Client.DeliveriesAsync("crm", cancel)).Select(d => (d.Name, d.Version!.Value, d.Pending, d.Rows)));
        Assert.Equal([("added", 0L), ("keyed", 0), ("whole", 0)], Delivered(await environment.RunAsync("crm", output, cancel)));
        Runs.AssertHoldsNowhere(workspace.Folder, PostgresServer.Password, "the password");
    }

    private static IEnumerable<(string, long)> Delivered(RunDetail run) => run.Jobs.Where(j => j.Kind == JobKind.Delivery).OrderBy(j => j.Name, StringComparer.Ordinal).Select(j => (j.Name, j.Rows.Loaded));

    /// <summary>Rows, different ids and their sum: of the table that is added to, and of the two that hold the notes.</summary>
    private static void AssertIs(PostgresServer postgres, string database, string added, string notes) => Assert.Equal([added, notes, notes],
        ((string[])["raw_orders", "reporting.notes", "notes"]).Select(t => postgres.Sql($"SELECT count(*), count(DISTINCT id), {(t == "raw_orders" ? "(SELECT sum(id) FROM (SELECT DISTINCT id FROM raw_orders) d)" : "sum(id)")} FROM {t}", database)));

    private static void Put(Workspace workspace, string name, IEnumerable<string> lines)
    {
        Directory.CreateDirectory(Path.Combine(workspace.Base, "in"));
        var text = new StringBuilder("id,note\n");
        foreach (var line in lines) text.Append(CultureInfo.InvariantCulture, $"{line}\n");
        File.WriteAllText(Path.Combine(workspace.Base, "in", name), text.ToString());
    }
}
