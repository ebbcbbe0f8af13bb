using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Rest;

namespace FlowForge.Acceptance.Tests;

/// <summary>A SQLite file, an HTTP API and a GraphQL API: a full read, then increments with updates, the runtime killed in the middle; the tables end as their sources are.</summary>
public sealed partial class ApiAndFileDatabaseTests(ITestOutputHelper output)
{
    private const int Rows = 5_000, PageSize = 500;

    private const string Pipeline =
        """
        pipeline: small
        on_overlap: buffer
        ingest:
          shop_full:
            source_type: sqlite
            write_mode: replace
            config: { file: shop.db, table_name: orders }
          shop_increment:
            source_type: sqlite
            incremental_mode: incremental
            watermark_column: changed
            dedupe_keys: [id]
            config: { file: shop.db, table_name: orders }
          api_full:
            source_type: api
            config: { url: "API/orders", records_path: data, page_param: page, headers: { X-Tenant: "7" } }
          api_increment:
            source_type: rest
            incremental_mode: incremental
            watermark_column: changed
            dedupe_keys: [id]
            config: { base_url: "GATE", url: orders, records_path: data, page_param: page, watermark_param: since }
          graph_increment:
            source_type: graphql
            incremental_mode: incremental
            watermark_column: changed
            dedupe_keys: [id]
            config: { base_url: "GRAPH", url: graphql, query: "query($after: String, $since: Int)", records_path: data.orders.nodes, page_info_path: data.orders.pageInfo, watermark_variable: since }
          lines:
            source_type: rest
            config: { base_url: "API", table_name: lines, resources: { orders: { url: "orders?small=1", records_path: data }, lines: { url: "orders/{orders.id}/lines" } } }
        gold:
          totals:
            sql: |
              SELECT t, count(*) AS n, sum(id) AS ids, sum(changed) AS changed FROM (
                SELECT 'shop_full' AS t, id, changed FROM bronze.shop_full UNION ALL SELECT 'shop_increment', id, changed FROM bronze.shop_increment
                UNION ALL SELECT 'api_full', id, changed FROM bronze.api_full UNION ALL SELECT 'api_increment', id, changed FROM bronze.api_increment
                UNION ALL SELECT 'graph_increment', id, changed FROM bronze.graph_increment UNION ALL SELECT 'lines', orders_id, line FROM bronze.lines) GROUP BY t
        """;

    private readonly SortedDictionary<int, long> _orders = new(Enumerable.Range(1, Rows).ToDictionary(i => i, i => (long)i));

    [Fact]
    public async Task SqliteRestAndGraphql_FullThenIncrements_EndAsTheirSources()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var api = new TestApi(Answer);
        using var apiGate = new Gate(api.Address.Port);
        using var graphGate = new Gate(api.Address.Port);
        using var workspace = new Workspace(rowsPerFile: 1);
        var database = Path.Combine(workspace.Base, "shop.db");
        Sql(database, $"PRAGMA journal_mode = WAL; CREATE TABLE orders (id INTEGER PRIMARY KEY, changed INTEGER, note TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows}) INSERT INTO orders SELECT i, i, 'note ' || i FROM n");
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        var text = Pipeline;
        foreach (var (word, address) in new[] { ("API", api.Address), ("GATE", apiGate.Before(api.Address)), ("GRAPH", graphGate.Before(api.Address)) }) text = text.Replace(word, address.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal);
        await environment.Client.PutPipelineAsync("small", new PutPipeline(text, BaseDirectory: workspace.Base), cancel);

        await environment.RunAsync("small", output, cancel);
        await AssertSameAsync(environment.Client);
        Assert.All(api.Requests.Where(r => r.Headers["X-Tenant"] is not null), r => Assert.Equal("7", r.Headers["X-Tenant"]));

        lock (_orders)
        {
            for (var i = 7; i <= Rows; i += 7) _orders[i] = 100_000 + i;
            for (var i = Rows + 1; i <= Rows + 300; i++) _orders[i] = 200_000 + i;
        }
        Sql(database, $"UPDATE orders SET changed = 100000 + id WHERE id % 7 = 0; WITH RECURSIVE n(i) AS (SELECT {Rows + 1} UNION ALL SELECT i + 1 FROM n WHERE i < {Rows + 300}) INSERT INTO orders SELECT i, 200000 + i, 'new' FROM n");
        // At the second of three pages.
        apiGate.HoldAt("page=2");
        graphGate.HoldAt("\"after\":\"2\"");
        var detail = await environment.RunAsync("small", output, cancel, [apiGate, graphGate]);
        detail.WereKilled("api_increment", "graph_increment");
        await AssertSameAsync(environment.Client);
        // The increments read what changed, and the row at the watermark once more.
        foreach (var job in detail.Jobs.Where(j => j.Name.EndsWith("_increment", StringComparison.Ordinal))) Assert.Equal(Rows / 7 + 300 + 1, job.Rows.Read);
    }

    private TestApi.Reply Answer(TestApi.Request request)
    {
        lock (_orders)
        {
            if (request.Path.EndsWith("/lines", StringComparison.Ordinal)) return new TestApi.Reply($"[{{\"line\": 1, \"text\": \"of {request.Path}\"}}, {{\"line\": 2}}]");
            if (request.Query["small"] is not null) return new TestApi.Reply("{\"data\": [{\"id\": 1}, {\"id\": 2}, {\"id\": 3}]}");
            var variables = request.Path == "/graphql" ? JsonNode.Parse(request.Body)!["variables"] : null;
            var since = long.Parse(request.Query["since"] ?? variables?["since"]?.ToString() ?? "0", CultureInfo.InvariantCulture);
            var page = int.Parse(request.Query["page"] ?? variables?["after"]?.ToString() ?? "1", CultureInfo.InvariantCulture);
            var rows = _orders.Where(o => o.Value >= since).Skip((page - 1) * PageSize).Take(PageSize + 1).Select(o => $"{{\"id\": {o.Key}, \"changed\": {o.Value}}}").ToList();
            var records = string.Join(",\n", rows.Take(PageSize));
            if (variables is null) return new TestApi.Reply($"{{\"data\": [{records}]}}");
            return new TestApi.Reply($"{{\"data\":{{\"orders\":{{\"nodes\":[{records}],\"pageInfo\":{{\"hasNextPage\":{(rows.Count > PageSize ? "true" : "false")},\"endCursor\":\"{page + 1}\"}}}}}}}}");
        }
    }

    private async Task AssertSameAsync(FlowForgeClient client)
    {
        var totals = await client.RowsAsync(TableLayer.Gold, "totals", new RowsQuery(), TestContext.Current.CancellationToken);
        var rows = totals.Rows.ToDictionary(r => r[0].GetString()!, r => string.Join('|', r.Skip(1).Select(c => c.ToString())));
        var expected = $"{_orders.Count}|{_orders.Keys.Sum(k => (long)k)}|{_orders.Values.Sum()}";
        Assert.Equal(
            $"api_full {expected}, api_increment {expected}, graph_increment {expected}, lines 6|12|9, shop_full {expected}, shop_increment {expected}",
            string.Join(", ", rows.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key} {r.Value}")));
    }

    private static void Sql(string file, string sql)
    {
        Assert.Equal(0, Open(file, out var database, 6, 0));
        var code = Execute(database, sql, 0, 0, out _);
        _ = Close(database);
        Assert.Equal(0, code);
    }

    [LibraryImport("libsqlite3.so.0", EntryPoint = "sqlite3_open_v2", StringMarshalling = StringMarshalling.Utf8)] private static partial int Open(string file, out nint database, int flags, nint vfs);
    [LibraryImport("libsqlite3.so.0", EntryPoint = "sqlite3_exec", StringMarshalling = StringMarshalling.Utf8)] private static partial int Execute(nint database, string sql, nint callback, nint argument, out nint error);
    [LibraryImport("libsqlite3.so.0", EntryPoint = "sqlite3_close_v2")] private static partial int Close(nint database);
}
