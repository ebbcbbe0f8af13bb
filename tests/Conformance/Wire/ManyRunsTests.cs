using System.Diagnostics;
using FlowForge.Conformance.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>Lists and counts stay quick at fifty thousand runs.</summary>
public sealed class ManyRunsTests
{
    private const int Runs = 50_000;

    /// <summary>Far above what a quiet machine needs (a few milliseconds to some tens), far below a scan of all rows with their states.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Lists_OfFiftyThousandRuns_AreQuick()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("t.db");
        await MakeOneAsync(file);
        Multiply(file);
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }, TestContext.Current.CancellationToken);
        using var client = new ServiceClient(server.Address);

        Assert.Equal(Runs, await CountAsync(""));
        foreach (var (query, page, count) in new (string, int, long)[]
        {
            ("", 50, Runs),
            ("ExecutionStatus = 'Failed'", 50, Runs / 100),
            ("WorkflowType = 'rare'", 25, 25),
            ("WorkflowType = 'rare' AND ExecutionStatus = 'Failed'", 0, 0),
            ("WorkflowId = 'copy-4711'", 1, 1),
            ("WorkflowId STARTS_WITH 'copy-499'", 50, 111),
            ("StartTime > '2024-01-02T00:00:00Z' AND StartTime < '2024-01-02T01:00:00Z'", 50, 1799),
            ("ExecutionDuration < '1h' ORDER BY ExecutionDuration DESC", 0, 0),
        })
        {
            var watch = Stopwatch.StartNew();
            var found = await client.CallAsync<ListWorkflowExecutionsResponse>("ListWorkflowExecutions", new ListWorkflowExecutionsRequest { Namespace = "default", Query = query, PageSize = 50 });
            var (listed, plain) = (watch.Elapsed, query.Split(" ORDER BY")[0]);
            Assert.Equal((query, page), (query, found.Executions.Count));
            watch.Restart();
            Assert.Equal((query, count), (query, await CountAsync(plain)));
            var counted = watch.Elapsed;
            watch.Restart();
            await CountAsync($"{plain} GROUP BY ExecutionStatus");
            TestContext.Current.TestOutputHelper?.WriteLine($"{query,-75} list {listed.TotalMilliseconds,6:0.0} ms, count {counted.TotalMilliseconds,6:0.0} ms, by status {watch.Elapsed.TotalMilliseconds,6:0.0} ms");
            Assert.True(listed < Enough && counted < Enough && watch.Elapsed < Enough, $"{query}: list {listed}, count {counted}, by status {watch.Elapsed}");
        }

        async Task<long> CountAsync(string query) =>
            (await client.CallAsync<CountWorkflowExecutionsResponse>("CountWorkflowExecutions", new CountWorkflowExecutionsRequest { Namespace = "default", Query = query })).Count;
    }

    private static async Task MakeOneAsync(string file)
    {
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }, TestContext.Current.CancellationToken);
        using var client = new ServiceClient(server.Address);
        await client.StartAsync("copy-0", "q", r => r.Input = new Payloads { Payloads_ = { new Payload { Data = ByteString.CopyFrom(new byte[2000]) } } });
        await client.CallAsync<TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", new TerminateWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "copy-0" } });
    }

    /// <summary>Copies the one run, two seconds apart; every hundredth failed, every two-thousandth is of a rare type.</summary>
    private static void Multiply(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var columns = connection.CreateCommand();
        columns.CommandText = "SELECT name FROM pragma_table_info('executions')";
        var names = new List<string>();
        using (var rows = columns.ExecuteReader())
        {
            while (rows.Read())
            {
                names.Add(rows.GetString(0));
            }
        }
        var start = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;
        string Copied(string name) => name switch
        {
            "key" => "o.key + n",
            "workflow_id" => "'copy-' || n",
            "run_id" or "first_run_id" or "root_run_id" => "'00000000-0000-4000-8000-' || printf('%012d', n)",
            "root_workflow_id" => "'copy-' || n",
            "type" => "CASE WHEN n % 2000 = 0 THEN 'rare' ELSE 'common' END",
            "status" => $"CASE WHEN n % 100 = 1 THEN {(int)WorkflowExecutionStatus.Failed} ELSE {(int)WorkflowExecutionStatus.Completed} END",
            "start_time" or "execution_time" => $"{start} + n * 20000000",
            // Not so old that the retention takes them away.
            "close_time" => "o.close_time",
            _ => "o." + name,
        };
        using var copy = connection.CreateCommand();
        copy.CommandText = $"""
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {Runs})
            INSERT INTO executions({string.Join(", ", names)}) SELECT {string.Join(", ", names.Select(Copied))} FROM executions o, numbers WHERE o.workflow_id = 'copy-0';
            DELETE FROM executions WHERE workflow_id = 'copy-0';
            """;
        copy.ExecuteNonQuery();
    }
}
