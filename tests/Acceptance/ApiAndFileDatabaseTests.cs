using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowForge.Contracts;
using FlowForge.Plugins.Tests.Rest;

namespace FlowForge.Acceptance.Tests;

/// <summary>A SQLite file, an HTTP API, a GraphQL API and a Delta table of another tool: a full read, then increments with updates, the runtime killed in the middle; the tables end as their sources are.</summary>
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
            config: { file: shop.db, table_name: all_orders }
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
          mirror: SELECT id, changed, note FROM bronze.shop_full
        """;

    private const string Foreign =
        """
        pipeline: foreign
        ingest:
          delta_full:
            source_type: delta
            config: { path: foreign/full, allow_smaller: true }
          delta_increment:
            source_type: delta
            incremental_mode: incremental
            watermark_column: changed
            dedupe_keys: [id]
            config: { path: foreign/increment }
        gold:
          copies:
            sql: |
              SELECT t, count(*) AS n, sum(id) AS ids, sum(changed) AS changed FROM (
                SELECT 'full' AS t, id, changed FROM bronze.delta_full UNION ALL SELECT 'increment', id, changed FROM bronze.delta_increment) GROUP BY t ORDER BY t
        """;

    private readonly SortedDictionary<int, long> _orders = new(Enumerable.Range(1, Rows).ToDictionary(i => i, i => (long)i));

    [Fact]
    public async Task SqliteRestGraphqlAndDelta_FullThenIncrements_EndAsTheirSources()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var api = new TestApi(Answer);
        using var apiGate = new Gate(api.Address.Port);
        using var graphGate = new Gate(api.Address.Port);
        using var workspace = new Workspace(rowsPerFile: 1);
        var database = Path.Combine(workspace.Base, "shop.db");
        Sql(database, $"PRAGMA journal_mode = WAL; CREATE TABLE orders (id INTEGER PRIMARY KEY, changed INTEGER, note TEXT); {Fast}; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows}) INSERT INTO orders SELECT i, i, 'note ' || i FROM n");
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel, Runs.FourAtOnce);
        var text = Pipeline;
        foreach (var (word, address) in new[] { ("API", api.Address), ("GATE", apiGate.Before(api.Address)), ("GRAPH", graphGate.Before(api.Address)) }) text = text.Replace(word, address.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal);
        await environment.Client.PutPipelineAsync("small", new PutPipeline(text, BaseDirectory: workspace.Base), cancel);

        await environment.RunAsync("small", output, cancel);
        await AssertSameAsync(environment.Client);
        await environment.Client.PutPipelineAsync("foreign", new PutPipeline(Foreign, BaseDirectory: workspace.Base), cancel);
        DeltaVersions(workspace, 0);
        await environment.RunAsync("foreign", output, cancel);
        Assert.Equal([$"full|{Totals}", $"increment|{Totals}"], await environment.GoldAsync("copies", cancel));
        Assert.All(api.Requests.Where(r => r.Headers["X-Tenant"] is not null), r => Assert.Equal("7", r.Headers["X-Tenant"]));

        lock (_orders)
        {
            for (var i = 7; i <= Rows; i += 7) _orders[i] = 100_000 + i;
            for (var i = Rows + 1; i <= Rows + 300; i++) _orders[i] = 200_000 + i;
        }
        Sql(database, $"UPDATE orders SET changed = 100000 + id WHERE id % 7 = 0; WITH RECURSIVE n(i) AS (SELECT {Rows + 1} UNION ALL SELECT i + 1 FROM n WHERE i < {Rows + 300}) INSERT INTO orders SELECT i, 200000 + i, 'new' FROM n");
        // In the middle of the file, which takes minutes, and at the second of three pages.
        Sql(database, Slow);
        var file = new OpenFiles(environment, TheDatabase(), () => Sql(database, "DROP VIEW all_orders; " + Fast));
        apiGate.HoldAt("page=2");
        graphGate.HoldAt("\"after\":\"2\"");
        var detail = await environment.RunAsync("small", output, cancel, [apiGate, graphGate, file]);
        detail.WereKilled("shop_full", "api_increment", "graph_increment");
        await AssertSameAsync(environment.Client);
        // The increments read what changed, and the row at the watermark once more.
        foreach (var job in detail.Jobs.Where(j => j.Name.EndsWith("_increment", StringComparison.Ordinal))) Assert.Equal(Rows / 7 + 300 + 1, job.Rows.Read);

        // In the middle of a version with thousands of files, after which the next one comes.
        DeltaVersions(workspace, 1, times: 2_000);
        detail = await environment.RunAsync("foreign", output, cancel, [new OpenFiles(environment, TheFullTable(), () => DeltaVersions(workspace, 2))]);
        detail.WereKilled("delta_full");
        Assert.Equal([$"full|{Totals}", $"increment|{Totals}"], await environment.GoldAsync("copies", cancel));
    }

    /// <summary>A view through which the file is read: as fast as its table, and with a long count for each row.</summary>
    private const string Fast = "CREATE VIEW all_orders AS SELECT id, changed, note FROM orders",
        Slow = "DROP VIEW all_orders; CREATE VIEW all_orders AS SELECT id, changed, note FROM orders WHERE id = (WITH RECURSIVE c(x) AS (SELECT id UNION ALL SELECT x FROM c LIMIT 100000) SELECT max(x) FROM c)";

    /// <summary>The next version of both foreign tables: in place of their files the rows that the lake has from the file now.</summary>
    private static void DeltaVersions(Workspace workspace, int version, int times = 1)
    {
        DeltaVersion(workspace, Path.Combine(workspace.Base, "foreign", "full"), version, times);
        DeltaVersion(workspace, Path.Combine(workspace.Base, "foreign", "increment"), version, 1);
    }

    private static void DeltaVersion(Workspace workspace, string folder, int version, int times)
    {
        var log = Directory.CreateDirectory(Path.Combine(folder, "_delta_log")).FullName;
        var actions = new List<object>();
        if (version == 0)
        {
            static object Column(string name, string type) => new { name, type, nullable = true, metadata = new { } };
            actions.Add(new { protocol = new { minReaderVersion = 1, minWriterVersion = 2 } });
            actions.Add(new { metaData = new { id = "foreign", format = new { provider = "parquet", options = new { } }, schemaString = JsonSerializer.Serialize(new { type = "struct", fields = new[] { Column("id", "long"), Column("changed", "long"), Column("note", "string") } }), partitionColumns = Array.Empty<string>(), configuration = new { }, createdTime = 0 } });
        }
        var source = Directory.GetFiles(Path.Combine(workspace.Folder, "lake", "gold", "mirror"), "*.parquet").MaxBy(File.GetLastWriteTimeUtc)!;
        foreach (var old in Directory.GetFiles(folder, $"{version - 1}-*.parquet")) actions.Add(new { remove = new { path = Path.GetFileName(old), deletionTimestamp = version, dataChange = true } });
        for (var i = 0; i < times; i++)
        {
            var path = $"{version}-{i}.parquet";
            Assert.Equal(0, Link(source, Path.Combine(folder, path)));
            actions.Add(new { add = new { path, partitionValues = new { }, size = new FileInfo(source).Length, modificationTime = version, dataChange = true } });
        }
        File.WriteAllLines(Path.Combine(log, $"{version:D20}.tmp"), actions.Select(a => JsonSerializer.Serialize(a)));
        File.Move(Path.Combine(log, $"{version:D20}.tmp"), Path.Combine(log, $"{version:D20}.json"));
    }

    private string Totals => $"{_orders.Count}|{_orders.Keys.Sum(k => (long)k)}|{_orders.Values.Sum()}";

    [GeneratedRegex(@"/workspace/shop\.db$")] private static partial Regex TheDatabase();

    [GeneratedRegex(@"/foreign/full/1-\d+\.parquet$")] private static partial Regex TheFullTable();

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
        Assert.Equal(
            $"api_full {Totals}, api_increment {Totals}, graph_increment {Totals}, lines 6|12|9, shop_full {Totals}, shop_increment {Totals}",
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
    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)] private static partial int Link(string file, string name);
    [LibraryImport("libsqlite3.so.0", EntryPoint = "sqlite3_close_v2")] private static partial int Close(nint database);
}
