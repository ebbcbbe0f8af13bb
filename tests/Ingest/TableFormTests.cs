using System.Diagnostics;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Rows that the table takes as they come are written once: the landed file is the table's.</summary>
public sealed class TableFormTests : IDisposable
{
    private const string Source = "source_type: test_tables\nconfig: { table_name: orders }";
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private string[] Landed => [.. Directory.EnumerateFiles(_bench.Lake.LandingFolder, "*.parquet", SearchOption.AllDirectories).Order()];

    private string[] OfTable => [.. Directory.EnumerateFiles(Path.Combine(_bench.Lake.Root, "bronze", "things"), "*.parquet", SearchOption.AllDirectories).Where(f => !f.Contains("_delta_log", StringComparison.Ordinal) && !f.Contains("_flowforge", StringComparison.Ordinal)).Order()];

    /// <summary>How many names each file of the table has.</summary>
    private IEnumerable<string> Names => OfTable.Select(f =>
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%h", f]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd().Trim();
    });

    private void Orders(string header, params string[] rows) => _bench.Write("tables/orders.csv", header + "\n" + string.Join("\n", rows) + "\n");

    [Theory]
    [InlineData("")]
    [InlineData("\npartition_mode: none")]
    [InlineData("\npartition_mode: none\nwrite_mode: replace")]
    [InlineData("\npartition_pattern: yyyy/MM")]
    [InlineData("\nchecks: [ { not_null: [id] }, { row_count: { min: 2 } } ]")]
    public async Task PlainRows_AreWrittenOnce(string more)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Counts names with stat.");
        Orders("id:long,price:double,note:string", "1,1.5,a", "2,,", "3,-0.25,ü");
        Assert.Equal(new RowCounts(3, 3), (await _bench.RunAsync(Source + more)).Counts);
        Assert.Equal("id BIGINT, price DOUBLE, note VARCHAR", _bench.Schema());
        Assert.Equal(["1|1.5|a|test_tables:orders/part-00001|1|run-1", "2|NULL|NULL|test_tables:orders/part-00001|2|run-1", "3|-0.25|ü|test_tables:orders/part-00001|3|run-1"],
            _bench.Query("SELECT id, price, note, _ff_file, _ff_record, _ff_run FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal(["2"], Names);
        var file = _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.Files.Single();
        Assert.Equal(3, file.Rows);
        Assert.Contains("\"maxValues\":{\"id\":3,\"price\":1.5,\"note\":\"ü\"", file.StatisticsJson, StringComparison.Ordinal);
        Assert.Contains("\"nullCount\":{\"id\":0,\"price\":1,\"note\":1", file.StatisticsJson, StringComparison.Ordinal);

        // The two names are independent: one may go.
        File.Delete(Assert.Single(Landed));
        Assert.Equal(["6"], _bench.Query("SELECT sum(id)::INT FROM {t}"));
    }

    [Theory]
    [InlineData("\nfilter: id > 1", "2,3", "3 read = 2 loaded + 0 rejected + 0 deduplicated + 1 filtered")]
    [InlineData("\ncomputed: { twice: id * 2 }", "1,2,3", "3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered")]
    [InlineData("\nrename_map: { note: remark }", "1,2,3", "3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered")]
    [InlineData("\ndedupe_keys: [price]", "1,2", "3 read = 2 loaded + 0 rejected + 1 deduplicated + 0 filtered")]
    [InlineData("\npartition_mode: column\npartition_column: note", "1,2,3", "3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered")]
    [InlineData("\nchecks: [ { range: { column: id, max: 2 }, on_fail: drop } ]", "1,2", "3 read = 2 loaded + 0 rejected + 0 deduplicated + 1 filtered")]
    public async Task RowsThatAreChangedOrChosen_AreWrittenForTheTable(string more, string ids, string equation)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Counts names with stat.");
        Orders("id:long,price:double,note:string", "1,1.5,a", "2,2.5,b", "3,1.5,c");
        Assert.Equal(equation, (await _bench.RunAsync(Source + more)).Counts.ToString());
        Assert.Equal([ids], _bench.Query("SELECT string_agg(id::VARCHAR, ',' ORDER BY id) FROM {t}"));
        Assert.All(Names, n => Assert.Equal("1", n));
    }

    [Fact]
    public async Task InstantsAndOtherTypesOfSources_AreWrittenOnceToo()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Counts names with stat.");
        Orders("at:instant,price:decimal", "2026-03-04T05:06:07+02:00,1.25", ",2.50");
        await _bench.RunAsync(Source);
        Assert.Equal("at TIMESTAMPTZ, price DECIMAL(38,2)", _bench.Schema());
        Assert.Equal(["2026-03-04 03:06:07+00|1.25", "NULL|2.50"], _bench.Query("SELECT \"at\"::VARCHAR, price FROM {t} ORDER BY price"));
        Assert.Equal(["2"], Names);
    }

    [Fact]
    public async Task TypesThatTablesHaveNot_AreWrittenForTheTable()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Counts names with stat.");
        await _bench.RunAsync("source_type: test_records");
        Assert.All(Names, n => Assert.Equal("1", n));
    }

    [Fact]
    public async Task NamesThatAreNotStandard_AreWrittenForTheTable()
    {
        Orders("Order Id:long", "1");
        await _bench.RunAsync(Source);
        Assert.Equal("order_id BIGINT", _bench.Schema());
        Assert.All(Names, n => Assert.Equal("1", n));
    }

    [Fact]
    public async Task LaterRuns_WithOtherTypesOrColumns_KeepEveryValue()
    {
        Orders("id:long,price:long,note:string", "1,10,a");
        await _bench.RunAsync(Source + "\nwrite_mode: append");
        Orders("id:long,price:double,note:string", "2,2.5,b");
        await _bench.RunAsync(Source + "\nwrite_mode: append");
        Orders("note:string,id:long,price:double,extra:long", "c,3,3.5,33");
        await _bench.RunAsync(Source + "\nwrite_mode: append");
        Orders("id:long,price:long", "4,40");
        await _bench.RunAsync(Source + "\nwrite_mode: append");
        Orders("id:long,price:double,note:string,extra:long", "5,5.5,e,55");
        await _bench.RunAsync(Source + "\nwrite_mode: append");
        Assert.Equal("id BIGINT, price DOUBLE, note VARCHAR, extra BIGINT", _bench.Schema());
        Assert.Equal(["1|10|a|NULL", "2|2.5|b|NULL", "3|3.5|c|33", "4|40|NULL|NULL", "5|5.5|e|55"], _bench.Query("SELECT id, price, note, extra FROM {t} ORDER BY id"));
        Assert.Equal(["3"], _bench.Query("SELECT id FROM {t} WHERE extra = 33"));
    }

    [Fact]
    public async Task Reference_MovesNothingThatStays()
    {
        Orders("id:long", "1", "2");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Source + "\nlanding: reference")).Counts);
        Assert.False(Directory.Exists(_bench.Lake.LandingFolder));
        Assert.Equal(["1", "2"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
        if (OperatingSystem.IsLinux()) Assert.Equal(["1"], Names);
    }

    [Fact]
    public async Task FailedCheck_PublishesNothingAndKeepsWhatWasLanded()
    {
        Orders("id:long", "1", "2");
        var error = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Source + "\nchecks: [ { row_count: { min: 3 } } ]"));
        Assert.Equal("FF2022", error.Code);
        Assert.Null(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());
        Assert.Single(Landed);
    }
}
