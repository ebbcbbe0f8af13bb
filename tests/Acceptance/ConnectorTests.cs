using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Acceptance.Tests;

/// <summary>Pipelines over real databases: a full read, then increments with updates and deletes, the runtime killed in the middle; every table ends as its source is.</summary>
public sealed class ConnectorTests(ITestOutputHelper output)
{
    private const int Rows = 60_000;

    private const string Pipeline =
        """
        pipeline: shop
        on_overlap: buffer
        ingest:
          pg_full:
            source_type: postgres
            connection: pg
            write_mode: replace
            config: { table_name: orders, allow_smaller: true }
          pg_increment:
            source_type: postgres
            connection: pg
            incremental_mode: incremental
            watermark_column: changed
            write_mode: merge
            dedupe_keys: [id]
            config: { table_name: orders }
          pg_changes:
            source_type: postgres_cdc
            connection: pg_cdc
            write_mode: merge
            dedupe_keys: [id]
            config: { table_name: orders }
          maria:
            source_type: odbc
            connection: maria
            incremental_mode: incremental
            watermark_column: changed
            write_mode: merge
            dedupe_keys: [id]
            config: { table_name: orders }
        gold:
          totals:
            sql: |
              SELECT t, count(*) AS n, sum(id) AS ids, sum(amount)::VARCHAR AS amount, sum(hash(id, note)) % 1000000007 AS notes FROM (
                SELECT 'pg_full' AS t, id, amount, note FROM bronze.pg_full UNION ALL SELECT 'pg_increment', id, amount, note FROM bronze.pg_increment
                UNION ALL SELECT 'pg_changes', id, amount, note FROM bronze.pg_changes UNION ALL SELECT 'maria', id, amount, note FROM bronze.maria) GROUP BY t ORDER BY t
        """;

    [Fact]
    public async Task Databases_FullThenIncrementsWithUpdatesAndDeletes_EndAsTheirSources()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var postgres = new PostgresServer();
        using var maria = new MariaDbServer();
        postgres.Ready();
        maria.Ready();
        var (pg, my) = (postgres.NewDatabase(), maria.NewDatabase());
        postgres.Sql($"CREATE TABLE orders (id int PRIMARY KEY, amount numeric(12,2), note text, changed timestamptz); INSERT INTO orders SELECT i, i / 4.0, 'note ' || i, '2024-01-01Z'::timestamptz + i * interval '1 second' FROM generate_series(1, {Rows}) i", pg);
        maria.Sql($"CREATE TABLE orders (id int PRIMARY KEY, amount decimal(12,2), note varchar(40), changed datetime(3)); INSERT INTO orders SELECT seq, seq / 4, concat('note ', seq), TIMESTAMPADD(SECOND, seq, '2024-01-01') FROM seq_1_to_{Rows}", my);

        using var pgGate = new Gate(postgres.Port);
        using var changesGate = new Gate(postgres.Port);
        using var mariaGate = new Gate(maria.Port);
        using var workspace = new Workspace(rowsPerFile: 1);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        var client = environment.Client;
        await client.PutSecretAsync("db", PostgresServer.Password, cancel);
        foreach (var (name, connector, settings) in new (string, string, object)[]
        {
            ("pg", "postgres", new { host = "127.0.0.1", port = pgGate.Port, database = pg, user = PostgresServer.User, password = "${secret:db}" }),
            ("pg_cdc", "postgres_cdc", new { host = "127.0.0.1", port = changesGate.Port, database = pg, user = PostgresServer.User, password = "${secret:db}" }),
            ("maria", "odbc", new { driver = "MariaDB Unicode", server = "127.0.0.1", port = mariaGate.Port, database = my, user = MariaDbServer.User, password = "${secret:db}" }),
        })
        {
            await environment.ConnectAsync(name, connector, settings, cancel);
            Assert.Contains((await client.DiscoverAsync(new DiscoverConnection { Name = name }, cancel)).Tables, t => t.Name == "orders" && t.Keys is ["id"]);
            Assert.Equal(3, (await client.PreviewAsync(new PreviewConnection { Name = name, Table = "orders", Limit = 3 }, cancel)).Rows.Count);
        }
        await client.PutPipelineAsync("shop", new PutPipeline(Pipeline, BaseDirectory: workspace.Base), cancel);

        await environment.RunAsync("shop", output, cancel);
        await AssertSameAsync(client, postgres, pg, "pg_full", "pg_increment", "pg_changes", "maria");

        // Updates and inserts, seen by all; the increment cannot see a delete, the changes and the full read can.
        var change = "UPDATE orders SET note = concat('changed ', id), changed = '2024-06-01' WHERE id % 7 = 0; INSERT INTO orders SELECT id + 100000, 1.5, 'new', '2024-06-02' FROM orders WHERE id <= 1000";
        postgres.Sql(change, pg);
        maria.Sql(change, my);
        // In the middle of the full read, of the changes and of the other increment.
        pgGate.HoldAfter(500_000);
        changesGate.HoldAfter(200_000);
        mariaGate.HoldAfter(100_000);
        (await environment.RunAsync("shop", output, cancel, [pgGate, changesGate, mariaGate])).WereKilled("pg_full", "pg_changes", "maria");
        await AssertSameAsync(client, postgres, pg, "pg_full", "pg_increment", "pg_changes", "maria");

        postgres.Sql("DELETE FROM orders WHERE id % 5 = 0; UPDATE orders SET id = id + 500000 WHERE id = 1", pg);
        pgGate.HoldAfter(500_000);
        changesGate.HoldAfter(200_000);
        (await environment.RunAsync("shop", output, cancel, [pgGate, changesGate])).WereKilled("pg_full", "pg_changes");
        await AssertSameAsync(client, postgres, pg, "pg_full", "pg_changes");

        postgres.Sql("TRUNCATE orders; INSERT INTO orders VALUES (7, 7, 'after', now())", pg);
        await environment.RunAsync("shop", output, cancel);
        await AssertSameAsync(client, postgres, pg, "pg_changes");

        Runs.AssertHoldsNowhere(workspace.Folder, PostgresServer.Password, "the password");
    }

    private static async Task AssertSameAsync(FlowForgeClient client, PostgresServer postgres, string database, params string[] tables)
    {
        var expected = postgres.Sql("SELECT count(*) || '|' || sum(id) || '|' || sum(amount) FROM orders", database);
        var totals = await client.RowsAsync(TableLayer.Gold, "totals", new RowsQuery(), TestContext.Current.CancellationToken);
        var rows = totals.Rows.ToDictionary(r => r[0].GetString()!, r => r);
        Assert.All(tables, t => Assert.Equal($"{t}|{expected}", string.Join('|', rows[t].Take(4).Select(c => c.ToString()))));
        // Text and key belong together: the same hash from every road.
        Assert.Single(tables.Select(t => rows[t][4].ToString()).Distinct());
    }
}
