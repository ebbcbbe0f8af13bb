namespace FlowForge.Lake.Tests;

public sealed class FileSkippingTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    // Ten files, 100 rows each: 'a' and the times rise with the files, 'n' is NULL in the last one only.
    private TableSnapshot Table()
    {
        for (var i = 0; i < 10; i++)
            lake.Append(lake.Table(), $"""
                SELECT j AS a, 'key {i} ' || j AS s, DATE '2024-01-01' + j::INTEGER AS d, j::DECIMAL(12,2) / 4 AS de, j / 2 AS f, TIMESTAMP '2024-01-01' + INTERVAL (j) HOUR AS ts,
                TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (j) HOUR AS tz, {(i == 9 ? "NULL::INTEGER" : "1")} AS n, j % 2 = 0 AS b FROM range({i * 100}, {(i + 1) * 100}) t(j)
                """);
        lake.Session.Execute("SET TimeZone='Europe/Berlin'");
        return lake.Fresh().Latest()!;
    }

    private int Needed(TableSnapshot table, string condition)
    {
        var sql = $"SELECT * FROM {table.ScanSql()} WHERE {condition}";
        var files = NeededFiles.Of(lake.Session, sql, [table])[0];
        // What is left out must not be missed.
        Assert.Equal(lake.Rows(sql + " ORDER BY a"), lake.Rows($"SELECT * FROM {table.ScanSql(files)} WHERE {condition} ORDER BY a"));
        return files.Count;
    }

    [Fact]
    public void NeededFiles_Conditions_LeaveOutWhatCannotMatch()
    {
        var table = Table();
        (string Condition, int Files)[] cases =
        [
            ("a = 250", 1), ("a > 899", 1), ("a >= 899", 2), ("a < 100", 1), ("a <= 100", 2), ("a BETWEEN 150 AND 350", 3), ("a IN (5, 905)", 2), ("a = 5 OR a = 905", 2), ("a = 5 AND d = '2024-06-01'", 0),
            ("s = 'key 3 301'", 1), ("s >= 'key 8'", 2), ("s = 'it''s AND a>5 OR'", 0), ("d >= '2026-06-01'", 2), ("de > 240", 1), ("f < 3", 1), ("ts >= '2024-02-08'", 1), ("ts < '2024-01-01 00:30:00'", 1),
            ("tz < TIMESTAMPTZ '2024-01-01 01:30:00+01'", 1), ("n IS NULL", 1), ("n IS NOT NULL", 9), ("n = 1", 9), ("a > 850 AND s LIKE 'key 9%'", 1), ("a <> 5", 10), ("b", 10), ("NOT (a > 100)", 2),
            ("abs(a) = 5", 10), ("a % 7 = 1", 10), ("a IN (SELECT 5)", 10), ("date_trunc('year', d) = DATE '2026-01-01'", 3), ("a > 1e30", 10),
        ];
        foreach (var (condition, files) in cases) Assert.Equal((condition, files), (condition, Needed(table, condition)));
    }

    [Fact]
    public void NeededFiles_PartitionedTable_GoesByPartitionValue()
    {
        lake.Append(lake.Table(), "SELECT i AS a, CASE WHEN i % 4 < 3 THEN 'p' || (i % 4) END AS p, DATE '2024-01-01' + (i % 2)::INTEGER AS d FROM range(40) t(i)", new WriteOptions { PartitionBy = ["p", "d"] });
        var table = lake.Fresh().Latest()!;
        Assert.Equal(4, table.Files.Count);
        Assert.Equal(1, Needed(table, "p = 'p1'"));
        Assert.Equal(1, Needed(table, "p IS NULL"));
        Assert.Equal(2, Needed(table, "d = '2024-01-02'"));
    }

    [Fact]
    public void NeededFiles_JoinsAndCtes_CountEveryScanOfATable()
    {
        var table = Table();
        lake.Append(lake.Table("bronze.u"), "SELECT 1 AS a, 'x' AS other");
        lake.Append(lake.Table("bronze.u"), "SELECT 2000 AS a, 'y' AS other");
        var other = lake.Fresh("bronze.u").Latest()!;
        lake.Session.Execute($"CREATE VIEW t AS FROM {table.ScanSql()}; CREATE VIEW u AS FROM {other.ScanSql()}");
        int[] Files(string sql) => [.. NeededFiles.Of(lake.Session, sql, [table, other]).Select(f => f.Count)];
        Assert.Equal([2, 2], Files("SELECT x.a FROM t x JOIN t y ON x.s = y.s WHERE x.a = 5 AND y.d = '2026-01-01'"));
        // That c.s is 'y' too follows from the join: no file has it.
        Assert.Equal([0, 1], Files("WITH c AS (SELECT * FROM t WHERE a < 50) SELECT c.* FROM c JOIN u ON c.s = u.other WHERE u.other = 'y'"));
        Assert.Equal([10, 2], Files("SELECT * FROM t UNION ALL SELECT * FROM t WHERE a = 5"));
        // Nothing is known of a scan that belongs to no table.
        Assert.Equal([10, 2], Files($"SELECT t.a FROM t, read_parquet('{Path.Combine(lake.Table("bronze.u").Location, other.Files[0].Path)}', filename='strange') z WHERE t.a = 5"));
    }

    [Fact]
    public void NeededFiles_AggregatesThatFootersAnswer_StillNeedTheirTable()
    {
        lake.Append(lake.Table("bronze.a"), "SELECT i AS id FROM range(100, 200) t(i)");
        for (var i = 0; i < 3; i++) lake.Append(lake.Table("bronze.b"), $"SELECT i AS id FROM range({i * 10}, {(i + 1) * 10}) t(i)");
        var (a, b) = (lake.Fresh("bronze.a").Latest()!, lake.Fresh("bronze.b").Latest()!);
        foreach (var sql in (string[])["SELECT (SELECT count(*) FROM a) AS n, (SELECT max(id) FROM a) AS m, id FROM b WHERE id = 5", "SELECT (SELECT count(*) FROM b) AS n, (SELECT min(id) FROM b) AS m, id FROM b WHERE id = 25"])
        {
            lake.Session.Execute($"CREATE OR REPLACE VIEW a AS FROM {a.ScanSql()}; CREATE OR REPLACE VIEW b AS FROM {b.ScanSql()}");
            var whole = lake.Rows(sql);
            var files = NeededFiles.Of(lake.Session, sql, [a, b]);
            lake.Session.Execute($"CREATE OR REPLACE VIEW a AS FROM {a.ScanSql(files[0])}; CREATE OR REPLACE VIEW b AS FROM {b.ScanSql(files[1])}");
            Assert.Equal((sql, whole), (sql, lake.Rows(sql)));
        }
        Assert.Equal("", lake.Session.Scalar<string>("SELECT current_setting('disabled_optimizers')"));
    }

    [Fact]
    public void NeededFiles_DecimalsOfManyDigits_AreNotRounded()
    {
        for (var i = 0; i < 2; i++) lake.Append(lake.Table(), $"SELECT {i} AS a, '1234567890123456789012345678901234567{i}'::DECIMAL(38,0) AS d, '-0.1234567890123456789012345678901234567{i}'::DECIMAL(38,38) AS f, 0.5::DECIMAL(2,2) AS h");
        var table = lake.Fresh().Latest()!;
        foreach (var condition in (string[])["d > 12345678901234567890123456789012345670", "d < 12345678901234567890123456789012345671", "f < -0.12345678901234567890123456789012345670", "f = -0.12345678901234567890123456789012345671", "h = 0.5"])
            Assert.InRange(Needed(table, condition), 1, 2);
    }

    [Fact]
    public void NeededFiles_ForeignStatistics_AreTakenWithCare()
    {
        var table = new ForeignTable(lake);
        table.Entry(0, """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""", ForeignTable.Metadata(ForeignTable.Field("a", "long") + "," + ForeignTable.Field("f", "double") + "," + ForeignTable.Field("ts", "timestamp")),
            // NaN passed over, and the time cut down to milliseconds, as other writers do.
            table.Add("part-1.parquet", "SELECT 1::BIGINT AS a, unnest([1.5, 'NaN'::DOUBLE]) AS f, TIMESTAMPTZ '2024-01-01 00:00:00.000999+00' AS ts",
                stats: """{"numRecords":2,"minValues":{"f":1.5,"ts":"2024-01-01T00:00:00.000Z"},"maxValues":{"f":1.5,"ts":"2024-01-01T00:00:00.000Z"},"nullCount":{"a":0}}"""),
            table.Add("part-2.parquet", "SELECT 2::BIGINT AS a, 2.5::DOUBLE AS f, NULL::TIMESTAMPTZ AS ts"));
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal(2, Needed(snapshot, "f > 100"));
        Assert.Equal(2, Needed(snapshot, "ts > '2024-01-01 00:00:00.0005+00'"));
        Assert.Equal(1, Needed(snapshot, "ts > '2024-01-01 00:00:00.002+00'"));
        Assert.Equal(1, Needed(snapshot, "f < 1"));
    }

    [Fact]
    public void FilesOfTop_SortedPage_ReadsOnlyFilesThatCanBeOnIt()
    {
        var table = Table();
        (string Column, bool Descending, int Offset, int Limit, int Files)[] cases =
            [("a", false, 0, 10, 1), ("a", true, 95, 10, 2), ("s", true, 0, 5, 1), ("tz", false, 250, 10, 3), ("n", true, 0, 5, 9), ("n", false, 899, 5, 10), ("b", false, 0, 5, 10)];
        foreach (var (column, descending, offset, limit, files) in cases)
        {
            var some = table.FilesOfTop(column, descending, offset + limit);
            Assert.Equal((column, offset, files), (column, offset, some.Count));
            string Page(IReadOnlyList<DataFile> of) => lake.Rows($"SELECT {column} FROM {table.ScanSql(of)} ORDER BY {column} {(descending ? "DESC" : "ASC")} NULLS LAST LIMIT {limit} OFFSET {offset}");
            Assert.Equal(Page(table.Files), Page(some));
        }
    }

    [Fact]
    public void FilesOfPage_AnyOffset_GivesTheRowsOfTheWholeScan()
    {
        var table = Table();
        lake.Append(lake.Table(), "SELECT 5000 AS a, 1 AS extra");
        table = lake.Fresh().Latest()!;
        foreach (var offset in (long[])[0, 99, 100, 350, 999, 1000, 1001])
        {
            var (files, rest) = table.FilesOfPage(offset, 10);
            Assert.InRange(files.Count, 0, 2);
            Assert.Equal(lake.Rows($"SELECT a FROM {table.ScanSql()} LIMIT 10 OFFSET {offset}"), lake.Rows($"SELECT a FROM {table.ScanSql(files)} LIMIT 10 OFFSET {rest}"));
        }
    }
}
