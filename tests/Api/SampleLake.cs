using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.State;

namespace FlowForge.Api.Tests;

/// <summary>A bronze table in two versions with rejects, and a gold one.</summary>
internal static class SampleLake
{
    public static void Fill(string folder)
    {
        var lake = new LakeStore(folder);
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        var orders = lake.Table(TableName.Parse("bronze.orders"));
        Commit(lake.TableAt("quarantine/orders"), "SELECT i AS _ff_record, 'not_a_number' AS reason, 'x;' || i AS raw FROM range(3) t(i)", null, 0);
        Commit(orders, Rows(0, 50), null, 0);
        Commit(orders, Rows(50, 95), "quarantine/orders@0", 1);
        Commit(lake.Table(TableName.Parse("gold.totals")), "SELECT * FROM (VALUES ('north', 12.50::DECIMAL(10,2)), ('south', 7.25)) t(region, total)", null, 0);

        void Commit(LakeTable table, string sql, string? rejects, long version)
        {
            using var transaction = table.Begin();
            transaction.Write(session, sql);
            transaction.Commit(new CommitOptions
            {
                Transaction = ("orders/ingest.orders", version), Operation = "APPEND", Info = new Dictionary<string, string> { ["runId"] = "run_ok" },
                State = new JobState { Pipeline = "orders", Job = "orders", RunId = "run_ok", Rows = new RowEquation(48, 45, 3, 0, 0), Rejects = rejects }
            });
        }
    }

    private static string Rows(int from, int to) =>
        $"""
         SELECT i AS id, 'customer ' || i AS customer, (i * 1.5)::DECIMAL(10,2) AS amount, DATE '2024-01-01' + i::INT AS day,
                CASE WHEN i % 10 = 0 THEN NULL ELSE i % 3 = 0 END AS express, [i, i + 1] AS parts, 'run_ok' AS _ff_run
         FROM range({from}, {to}) t(i)
         """;
}
