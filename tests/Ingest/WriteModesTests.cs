using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>What the rows of a run do to the table.</summary>
public sealed class WriteModesTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Csv(string more, string config = "") => $$"""
        source_type: file_local
        format: csv
        {{more}}
        config: { path: "data/*.csv"{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    private async Task<JobOutcome> LoadAsync(string file, string content, string yaml)
    {
        _bench.Write($"data/{file}.csv", content);
        return await _bench.RunAsync(yaml);
    }

    [Fact]
    public async Task Append_WithDedupeKeys_KeepsTheFirstOfEachKey()
    {
        var yaml = Csv("dedupe_keys: [id]");
        var first = await LoadAsync("a", "id,v\n1,a\n2,b\n1,c\n,x\n,y\n", yaml);
        Assert.Equal(new RowCounts(5, 4, 0, 1), first.Counts);
        var second = await LoadAsync("b", "id,v\n2,z\n3,d\n", yaml);
        Assert.Equal(new RowCounts(2, 1, 0, 1), second.Counts);
        Assert.Equal(["1|a", "2|b", "3|d", "NULL|x", "NULL|y"], _bench.Query("SELECT id, v FROM {t} ORDER BY id, v"));
    }

    [Fact]
    public async Task Filter_RowsLeftOut_AreCounted()
    {
        var outcome = await LoadAsync("a", "Item Id,v\n1,a\n2,b\n3,\n", Csv("filter: item_id > 1 AND v IS NOT NULL"));
        Assert.Equal(new RowCounts(3, 1, 0, 0, 2), outcome.Counts);
        Assert.Equal(["2|b"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task Filter_WithAnError_SaysWhere()
    {
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("a", "id\n1\n", Csv("filter: nope > 1")));
        Assert.Equal("FF2070", failure.Code);
        Assert.Contains("Referenced column \"nope\" not found", failure.Message);
    }

    [Theory]
    [InlineData("id > (SELECT count(*) FROM read_text('/etc/passwd'))", "it holds a sub-query, and it may use the row's own columns only")]
    [InlineData("true) UNION ALL SELECT 1 FROM read_csv('/etc/passwd') WHERE (true", "it is more than one expression")]
    [InlineData("true) FROM read_text('/etc/hostname') WHERE (true", "it is more than one expression")]
    [InlineData("true) ORDER BY (SELECT error(content) FROM read_text('/etc/hostname')", "it is more than one expression")]
    [InlineData("true) LIMIT (1", "it is more than one expression")]
    [InlineData("true) QUALIFY (row_number() OVER () = 1", "it is more than one expression")]
    [InlineData("true) USING SAMPLE (1", "it is more than one expression")]
    [InlineData("true) GROUP BY (1", "it is more than one expression")]
    [InlineData("true) HAVING (count(*) > 0", "it is more than one expression")]
    [InlineData("EXISTS (TABLE '/etc/hostname.csv')", "it holds a sub-query, and it may use the row's own columns only")]
    [InlineData("row_number() OVER () = 1", "it holds a window function, and it may use the row's own columns only")]
    [InlineData("id >", "syntax error at or near \")\"")]
    public async Task Filter_ThatReachesBeyondTheRow_IsRefused(string filter, string why)
    {
        _bench.Write("data/a.csv", "id\n1\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Bench.Job(Csv("")) with { Filter = filter }));
        Assert.Equal($"FF2118: The filter is no condition over the columns of a row: {why}.", $"{failure.Code}: {failure.Message}");
    }

    [Fact]
    public async Task Computed_Columns_AreMadeOfTheRowAndCanBeFiltered()
    {
        var outcome = await LoadAsync("a", "Item Id,price,quantity\n1,2.50,3\n2,1.00,1\n3,,9\n", Csv("computed: { total: price * quantity, label: \"'#' || item_id\" }\nfilter: total > 1 OR total IS NULL\npartition_mode: none"));
        Assert.Equal(new RowCounts(3, 2, 0, 0, 1), outcome.Counts);
        Assert.Equal("item_id BIGINT, price DOUBLE, quantity BIGINT, total DOUBLE, label VARCHAR", _bench.Schema());
        Assert.Equal(["7.5|#1|1|data/a.csv", "NULL|#3|3|data/a.csv"], _bench.Query("SELECT total, label, _ff_record, _ff_file FROM {t} ORDER BY item_id", withReserved: true));
    }

    [Theory]
    [InlineData("price", "1", "The computed column 'price' has the name of a column of the source.")]
    [InlineData("x", "(SELECT 1)", "The computed column 'x' is no expression over the columns of a row: it holds a sub-query, and it may use the row's own columns only.")]
    [InlineData("a b", "1", "The computed column 'a b' cannot be:")]
    [InlineData("x", "nope + 1", "The computed column 'x' does not fit the row:")]
    public async Task Computed_ThatCannotBe_SaysWhy(string name, string sql, string message)
    {
        _bench.Write("data/a.csv", "id,price\n1,2\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Bench.Job(Csv("")) with { Computed = new Dictionary<string, string> { [name] = sql } }));
        Assert.Equal("FF2119", failure.Code);
        Assert.StartsWith(message, failure.Message);
    }

    [Fact]
    public async Task Merge_ByKey_InsertsUpdatesAndLeavesAlone()
    {
        var yaml = Csv("write_mode: merge\ndedupe_keys: [id]");
        Assert.Equal(new RowCounts(3, 2, 0, 1), (await LoadAsync("a", "id,v\n1,a\n2,b\n1,newer\n", yaml)).Counts);
        var outcome = await LoadAsync("b", "id,v\n1,newer\n2,changed\n3,c\n", yaml);
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal(["1|newer|run-1", "2|changed|run-2", "3|c|run-2"], _bench.Query("SELECT id, v, _ff_run FROM {t} ORDER BY id", withReserved: true));
    }

    [Fact]
    public async Task Scd2_ChangedRow_ClosesTheOldOne()
    {
        var yaml = Csv("write_mode: scd2\ndedupe_keys: [id]");
        await LoadAsync("a", "id,v\n1,a\n2,b\n", yaml);
        _bench.RunTime = _bench.RunTime.AddDays(1);
        var outcome = await LoadAsync("b", "id,v\n1,changed\n2,b\n", yaml);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(["1|a|False", "1|changed|True", "2|b|True"], _bench.Query("SELECT id, v, is_current FROM {t} ORDER BY id, valid_from"));
    }

    [Fact]
    public async Task Incremental_WithoutKeys_LoadsFromTheWatermarkOnAndKeepsRealTwins()
    {
        var yaml = Csv("incremental_mode: incremental\nwatermark_column: day");
        await LoadAsync("a", "day,v\n2024-01-01,a\n2024-01-02,b\n2024-01-02,b\n", yaml);
        Assert.Equal("2024-01-02", _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.Cursor);
        // One late row, the two of the boundary again with a third twin, and a new one.
        var outcome = await LoadAsync("b", "day,v\n2024-01-01,late\n2024-01-02,b\n2024-01-02,b\n2024-01-02,b\n2024-01-03,c\n", yaml);
        Assert.Equal(new RowCounts(5, 2, 0, 2, 1), outcome.Counts);
        Assert.Equal(["2024-01-01|a|1", "2024-01-02|b|3", "2024-01-03|c|1"], _bench.Query("SELECT day, v, count(*) FROM {t} GROUP BY ALL ORDER BY ALL"));
    }

    [Fact]
    public async Task Incremental_WithKeys_MergesByThem()
    {
        var yaml = Csv("incremental_mode: incremental\nwatermark_column: n\ndedupe_keys: [id]\nlast_watermark_value: 2");
        var first = await LoadAsync("a", "id,n,v\n1,1,early\n2,2,b\n3,3,c\n", yaml);
        Assert.Equal(new RowCounts(3, 2, 0, 0, 1), first.Counts);
        await LoadAsync("b", "id,n,v\n3,10,changed\n3,4,older\n", yaml);
        Assert.Equal(["2|2|b", "3|10|changed"], _bench.Query("SELECT id, n, v FROM {t} ORDER BY id"));
        Assert.Equal("10", _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.Cursor);
    }

    [Fact]
    public async Task Replace_BySmallerSource_IsRefusedUnlessAllowed()
    {
        await LoadAsync("a", "id\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"{i}\n")), Csv("write_mode: replace"));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("a", "id\n1\n2\n", Csv("write_mode: replace")));
        Assert.Equal("The source has 2 rows for bronze.things, which holds 100: less than half. Nothing was published.", failure.Message);
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Csv("write_mode: replace", "allow_smaller: true"))).Counts);
        Assert.Equal(["2"], _bench.Query("SELECT count(*) FROM {t}"));
    }

    [Fact]
    public async Task Drift_Evolve_AddsColumnsAndWidensTypesWithoutLoss()
    {
        await LoadAsync("a", "id,n,d\n1,5,2024-01-01\n2,9007199254740993,2024-01-02\n", Csv("partition_mode: none"));
        var outcome = await LoadAsync("b", "id,n,d,extra\n3,2.5,2024-01-01 10:00,x\n", Csv("partition_mode: none"));
        Assert.Equal(new RowCounts(1, 1), outcome.Counts);
        Assert.Equal("id BIGINT, n DECIMAL(38,1), d TIMESTAMP, extra VARCHAR", _bench.Schema());
        Assert.Equal(["1|5.0|2024-01-01 00:00:00|NULL", "2|9007199254740993.0|2024-01-02 00:00:00|NULL", "3|2.5|2024-01-01 10:00:00|x"], _bench.Query("SELECT * FROM {t} ORDER BY id"));
        Assert.Contains("Warning: The source has changed: new columns extra VARCHAR; wider types n BIGINT → DECIMAL(38,1), d DATE → TIMESTAMP.", _bench.Log.Text);
    }

    [Fact]
    public async Task Drift_EvolveInAPartitionedTable_Widens()
    {
        await LoadAsync("a", "id\n1\n", Csv("partition_mode: date"));
        await LoadAsync("b", "id\nx\n", Csv("partition_mode: date"));
        Assert.Equal(["1", "x"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
        Assert.Equal("id VARCHAR", _bench.Schema());
    }

    [Fact]
    public async Task Drift_Freeze_FailsAndPublishesNothing()
    {
        await LoadAsync("a", "id\n1\n", Csv(""));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("b", "id,extra\n2,x\n", Csv("", "drift: freeze")));
        Assert.Equal("FF2051", failure.Code);
        Assert.Equal("The source has changed against the table: new columns extra VARCHAR. Nothing was published.", failure.Message);
        Assert.Equal(["1"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task Drift_Discard_LeavesColumnsOutAndRejectsOtherTypes()
    {
        await LoadAsync("a", "id\n1\n", Csv(""));
        var outcome = await LoadAsync("b", "id,extra\n2,x\nthree,y\n", Csv("error_handling: quarantine\nquarantine_path: quarantine/things", "drift: discard"));
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal("id BIGINT", _bench.Schema());
        Assert.Equal(["3|WRONG_TYPE|id"], _bench.Rejects("SELECT record + 1, reason, column_name FROM {t}"));
    }

    [Fact]
    public async Task MaxRejects_Exceeded_PublishesNothing()
    {
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("a", "a,b\n1,2\n3\n4\n", Csv("error_handling: quarantine\nquarantine_path: quarantine/things\nmax_rejects: 1")));
        Assert.Equal("FF2021", failure.Code);
        Assert.Null(_bench.Lake.TableAt("quarantine/things").Latest());
    }

    [Fact]
    public async Task RenameMap_GivesNamesAndOthersGiveWay()
    {
        await LoadAsync("a", "US Gross,total,Total\n1,2,3\n", Csv("rename_map: { US Gross: total }"));
        Assert.Equal("total BIGINT, total_2 BIGINT, total_1 BIGINT", _bench.Schema());
    }

    [Fact]
    public async Task Checks_Warn_AreNotedAndRowsPublished()
    {
        var outcome = await LoadAsync("a", "id,v\n1,a\n1,\n2,zz\n", Csv("checks: [ { unique: { columns: [id], on_fail: warn } }, { not_null: { columns: [v], on_fail: warn } }, { row_count: { min: 1 } } ]"));
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal(["unique(id) False 2", "not_null(v) False 1", "row_count(1..) True 0"], outcome.Checks.Select(c => $"{c.Check} {c.Passed} {c.FailingRows}"));
    }

    [Fact]
    public async Task Checks_Fail_PublishesNothing()
    {
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("a", "id\n1\n200\n", Csv("checks: [ { range: { column: id, max: 100 } } ]")));
        Assert.Equal("Check range(id, ..100) failed and nothing was published: 1 of 2 rows fail, for example {'id': 200}", failure.Message);
        Assert.Null(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());
    }

    [Theory]
    [InlineData("SELECT content FROM read_text('{0}')")]
    [InlineData("SELECT * FROM glob('{0}')")]
    [InlineData("SELECT * FROM '{0}'")]
    [InlineData("SELECT * FROM this WHERE EXISTS (FROM read_csv('{0}', header = false))")]
    public async Task Checks_ReachNoFileBesideTheLake(string sql)
    {
        var secret = Path.Combine(_bench.Root, "secrets.csv");
        File.WriteAllText(secret, "the-secret-key\n");
        _bench.Write("data/a.csv", "id\n1\n");
        var job = Bench.Job(Csv($"checks: [ {{ sql: \"{string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, secret)}\", on_fail: warn }} ]"));
        var said = new List<string>();
        try { said.AddRange((await _bench.RunAsync(job)).Checks.Select(c => $"{c.Passed} {c.Message}")); }
        catch (JobFailedException e) { said.Add(e.Message); }
        var dry = await Record.ExceptionAsync(async () =>
        {
            var result = await _bench.Runner.DryRunAsync(job, _bench.Request(job), 10, TestContext.Current.CancellationToken);
            if (result.Problem is { } problem) said.Add(problem.Message);
        });
        said.Add(dry?.Message ?? "");
        var all = string.Join("\n", said.Append(_bench.Log.Text));
        Assert.DoesNotContain("the-secret-key", all, StringComparison.Ordinal);
        Assert.True(all.Contains("file system operations are disabled by configuration", StringComparison.Ordinal) || all.Contains("which is no table of the lake", StringComparison.Ordinal), all);
    }

    [Fact]
    public async Task Checks_Quarantine_MovesRowsToTheRejectsAndAddsUp()
    {
        var outcome = await LoadAsync("a", "id,v\n1,a\n2,b\n3,\n", Csv("error_handling: quarantine\nquarantine_path: quarantine/things\nchecks: [ { not_null: { columns: [v], on_fail: quarantine } } ]"));
        Assert.Equal(new RowCounts(3, 2, 1), outcome.Counts);
        Assert.Equal(["CHECK_FAILED|v|{\"id\":3,\"v\":null}|3|data/a.csv"], _bench.Rejects("SELECT reason, column_name, raw, record, file FROM {t}"));
    }

    [Fact]
    public async Task Checks_DropAndForeignKey_AddUpAndKeepTheRows()
    {
        _bench.Write("known.csv", "code\na\nb\n");
        await _bench.RunAsync(Bench.Job("source_type: file_local\nformat: csv\nconfig: { path: known.csv }", "known"));
        var outcome = await LoadAsync("a", "id,v\n1,a\n2,zz\n3,b\n3,b\n4,\n", Csv(
            "error_handling: quarantine\nquarantine_path: quarantine/things\nchecks: [ { foreign_key: { columns: v, table: bronze.known, references: code }, on_fail: drop }, { unique: id, on_fail: quarantine }, { row_count: { max: 2 } }, { expression: id < 5 } ]"));
        Assert.Equal(new RowCounts(5, 2, 2, 0, 1), outcome.Counts);
        Assert.Equal(["foreign_key(v in bronze.known) False 1", "unique(id) False 2", "row_count(..2) True 0", "expression(id < 5) True 0"], outcome.Checks.Select(c => $"{c.Check} {c.Passed} {c.FailingRows}"));
        Assert.Equal(["1|a", "4|NULL"], _bench.Query("SELECT id, v FROM {t} ORDER BY id"));
        Assert.Equal(["CHECK_FAILED|3", "CHECK_FAILED|4"], _bench.Rejects("SELECT reason, record FROM {t} ORDER BY record"));
    }

    [Theory]
    [InlineData("partition_mode: date", "_ff_year _ff_month _ff_day")]
    [InlineData("partition_mode: date\npartition_pattern: yyyy/MM", "_ff_year _ff_month")]
    [InlineData("partition_mode: column\npartition_column: v", "v")]
    [InlineData("partition_mode: none", "")]
    public async Task Partitions_AreColumnsOfTheTable(string yaml, string columns)
    {
        await LoadAsync("a", "id,v\n1,a\n2,b\n", Csv(yaml));
        Assert.Equal(columns, string.Join(" ", _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.PartitionColumns));
        Assert.Equal(["1|a", "2|b"], _bench.Query("SELECT id, v FROM {t} ORDER BY id"));
    }
}
