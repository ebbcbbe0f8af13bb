using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Tests;

/// <summary>Deliveries of tables into folders, as jobs of real runs: each version once, whatever was left there before.</summary>
public sealed class DeliveryTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const string Shop =
        """
        pipeline: shop
        parameters: { place: exports }
        retry: { delay: 1s }
        ingest:
          orders: { source_type: file_local, format: csv, config: { path: "in/*.csv" } }
        gold:
          sums: SELECT country, sum(amount) AS amount FROM bronze.orders GROUP BY ALL ORDER BY country
        deliveries:
          sums: { from: gold.sums, to: file, path: "${param.place}/sums.csv" }
          orders: { from: bronze.orders, to: file, path: exports/orders, format: parquet, mode: append }
        """;

    [Fact]
    public async Task RunAsync_ReplaceAndAppend_DeliverEachVersionOnce()
    {
        await using var runtime = await StartAsync();
        runtime.Put(Shop);
        var first = await RunAsync(runtime);
        Assert.Equal(
            ["delivery.sums 2 read = 2 loaded + 0 rejected + 0 deduplicated + 0 filtered | 2 rows of gold.sums version 0 → file exports/sums.csv", "delivery.orders 3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered | 3 rows of bronze.orders version 0 → file exports/orders"],
            Deliveries(runtime, first));
        Assert.Equal("country,amount\nDE,30\nFR,20\n", File.ReadAllText(Path.Combine(runtime.Base, "exports/sums.csv")));
        Assert.Equal(["_delivery.json", "part-0000000000-all.parquet"], Files(runtime, "exports/orders"));
        Assert.Equal(["_delivery.json", "orders", "part-0000000000-all.parquet", "sums.csv"], Files(runtime, "exports", deep: true));
        Assert.All(runtime.Catalog.Runs.Jobs(first.RunId).Where(j => j.Kind == JobKind.Delivery), j => Assert.True(j.Bytes > 0));

        // Nothing new: nothing is written.
        var second = await RunAsync(runtime);
        Assert.Equal(["delivery.sums 0 read = 0 loaded + 0 rejected + 0 deduplicated + 0 filtered | version 0 is there already", "delivery.orders 0 read = 0 loaded + 0 rejected + 0 deduplicated + 0 filtered | version 0 is there already"], Deliveries(runtime, second));

        runtime.WriteFile("in/2.csv", "id,country,amount\n4,NL,40\n");
        // As a run that was killed behind its put and then given up would leave it.
        runtime.WriteFile("exports/orders/part-0000000001.parquet", "half");
        runtime.WriteFile("exports/.sums.csv.part", "half");
        var third = await RunAsync(runtime);
        Assert.Equal(
            ["delivery.sums 3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered | 3 rows of gold.sums version 1 → file exports/sums.csv", "delivery.orders 1 read = 1 loaded + 0 rejected + 0 deduplicated + 0 filtered | new 1 row of bronze.orders version 1 → file exports/orders"],
            Deliveries(runtime, third));
        Assert.Equal("country,amount\nDE,30\nFR,20\nNL,40\n", File.ReadAllText(Path.Combine(runtime.Base, "exports/sums.csv")));
        Assert.Equal(["_delivery.json", "part-0000000000-all.parquet", "part-0000000001.parquet"], Files(runtime, "exports/orders"));
        Assert.Equal("4|10", Text(runtime, "SELECT count(*) || '|' || sum(id) FROM read_parquet('exports/orders/*.parquet')"));
        var list = JsonNode.Parse(File.ReadAllText(Path.Combine(runtime.Base, "exports/orders/_delivery.json")))!;
        Assert.Equal(("shop/orders", 1L, third.RunId, 2), ((string)list["delivery"]!, (long)list["version"]!, (string)list["run"]!, list["files"]!.AsArray().Count));

        // A table that did more than grow is delivered as a whole, and what it replaces goes.
        runtime.Put(Shop.Replace("config: { path", "write_mode: replace, config: { reload: true, path", StringComparison.Ordinal));
        var fourth = await RunAsync(runtime);
        Assert.EndsWith("| 4 rows of bronze.orders version 2 → file exports/orders", Deliveries(runtime, fourth)[1], StringComparison.Ordinal);
        Assert.Equal(["_delivery.json", "part-0000000002-all.parquet"], Files(runtime, "exports/orders"));
        Assert.Equal("4|10", Text(runtime, "SELECT count(*) || '|' || sum(id) FROM read_parquet('exports/orders/*.parquet')"));
        Assert.Equal([("orders", 2L, 4L), ("sums", 2L, 3L)], runtime.Catalog.Deliveries.OfPipeline("shop").OrderBy(d => d.Name, StringComparer.Ordinal).Select(d => (d.Name, d.Version!.Value, d.Rows)));
    }

    [Fact]
    public async Task RunAsync_WhatIsThereIsNotOurs_OrLiesOutside_ChangesNothing()
    {
        await using var runtime = await StartAsync();
        runtime.WriteFile("exports/sums.csv", "mine");
        runtime.WriteFile("exports/orders/other.txt", "mine too");
        runtime.Put(Shop);
        var run = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));
        Assert.Equal(RunState.Failed, run.State);
        Assert.Equal(
            ["FF2303 delivery.sums would replace exports/sums.csv, which it did not write. Nothing was changed there. Move what is there away, or give the delivery another path.",
                "FF2303 delivery.orders would replace the files in exports/orders/, which it did not write. Nothing was changed there. Move what is there away, or give the delivery another path."],
            Errors(runtime, run));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(runtime.Base, "exports/sums.csv")));
        Assert.Equal(["other.txt"], Files(runtime, "exports/orders"));

        // Moved away: the failed run goes on.
        File.Delete(Path.Combine(runtime.Base, "exports/sums.csv"));
        Directory.Delete(Path.Combine(runtime.Base, "exports/orders"), recursive: true);
        await runtime.Runs.RetryAsync(run.RunId, None);
        Assert.Equal(RunState.Succeeded, (await runtime.EndOfAsync(run.RunId)).State);

        // A second delivery to the same file is told whose it is; a path that leads out is refused.
        runtime.Put(Shop.Replace("pipeline: shop", "pipeline: other", StringComparison.Ordinal).Replace("in/*.csv", "in/1.csv", StringComparison.Ordinal).Replace("path: exports/orders,", "path: ../orders,", StringComparison.Ordinal)
            .Replace("gold:\n  sums:", "gold:\n  others:", StringComparison.Ordinal).Replace("from: gold.sums", "from: gold.others", StringComparison.Ordinal).Replace("  orders: { source", "  more: { source", StringComparison.Ordinal).Replace("bronze.orders", "bronze.more", StringComparison.Ordinal));
        var other = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("other"), None));
        Assert.Equal(
            ["FF2303 delivery.sums would replace exports/sums.csv, which the delivery shop/sums wrote. Nothing was changed there. Move what is there away, or give the delivery another path.",
                "FF2305 ../orders/_delivery.json lies outside the folders that may be written. Deliver into the pipeline's folder, or add the folder to the allowed roots of the runtime."],
            Errors(runtime, other));
    }

    private static async Task<RuntimeFixture> StartAsync()
    {
        var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("in/1.csv", "id,country,amount\n1,DE,10\n2,DE,20\n3,FR,20\n");
        return runtime;
    }

    private static async Task<RunRecord> RunAsync(RuntimeFixture runtime)
    {
        var run = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));
        Assert.True(run.State == RunState.Succeeded, string.Join("; ", runtime.Catalog.Runs.Jobs(run.RunId).Select(j => $"{j.JobId} {j.Error?.Message}")));
        return run;
    }

    private static string[] Deliveries(RuntimeFixture runtime, RunRecord run) => [.. Jobs(runtime, run).Select(j => $"{j.JobId} {j.Counts} | {j.Note}")];

    private static string[] Errors(RuntimeFixture runtime, RunRecord run) => [.. Jobs(runtime, run).Select(j => $"{j.Error?.Code} {j.Error?.Message} {j.Error?.Suggestion}")];

    private static IEnumerable<JobRunRecord> Jobs(RuntimeFixture runtime, RunRecord run) => runtime.Catalog.Runs.Jobs(run.RunId).Where(j => j.Kind == JobKind.Delivery).OrderByDescending(j => j.Name, StringComparer.Ordinal);

    private static string[] Files(RuntimeFixture runtime, string folder, bool deep = false) =>
        [.. Directory.EnumerateFileSystemEntries(Path.Combine(runtime.Base, folder), "*", deep ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static string Text(RuntimeFixture runtime, string sql)
    {
        using var database = DuckDatabase.Open(new DuckOptions());
        using var session = database.Connect();
        using var reader = session.Query(sql.Replace("'exports", $"'{runtime.Base}/exports", StringComparison.Ordinal), None);
        using var batch = reader.Next()!;
        return ((Columnar.StringArray)batch.Column(0)).GetString(0)!;
    }
}
