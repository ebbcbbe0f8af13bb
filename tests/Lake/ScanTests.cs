namespace FlowForge.Lake.Tests;

public sealed class ScanTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    [Fact]
    public void Scan_EveryType_ComesBackAsWritten()
    {
        const string sql = """
            SELECT true AS b, 1::TINYINT AS i8, 2::SMALLINT AS i16, 3 AS i32, 4::BIGINT AS i64, 5::UTINYINT AS u8, 6::USMALLINT AS u16, 7::UINTEGER AS u32,
            18446744073709551615::UBIGINT AS u64, 170141183460469231731687303715884::HUGEINT AS i128, 1.5::FLOAT AS f, 2.25::DOUBLE AS d, 12.345::DECIMAL(9,3) AS de,
            'text''"ü' AS s, 'ab'::BLOB AS bl, DATE '2024-02-29' AS da, TIMESTAMP '2024-02-29 12:34:56.123456' AS ts, TIMESTAMPTZ '2024-02-29 12:34:56.5+02' AS tz,
            TIMESTAMP_NS '2024-02-29 12:34:56.123456789' AS ns, TIME '01:02:03' AS ti, INTERVAL 3 DAY AS iv, '6f1f9c30-7b6e-4c5a-9a50-0123456789ab'::UUID AS uu,
            {'x': 1, 'y': [1, NULL]} AS st, [{'k': 'v'}] AS li, MAP {'a': 170141183460469231731687303715884::HUGEINT} AS mp, NULL AS nothing, 'e'::ENUM('e', 'f)') AS en, '{"a":1}'::JSON AS js
            """;
        lake.Append(lake.Table(), sql);
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal(
            "b boolean, i8 byte, i16 short, i32 integer, i64 long, u8 short, u16 integer, u32 long, u64 decimal(20,0), i128 decimal(38,0), f float, d double, de decimal(9,3), s string, bl binary, " +
            "da date, ts timestamp_ntz, tz timestamp, ns timestamp_ntz, ti string, iv string, uu string, st struct<x:integer,y:array<integer>>, li array<struct<k:string>>, mp map<string,decimal(38,0)>, nothing integer, en string, js string",
            snapshot.Schema.ToString());
        Assert.Equal(
            "true|1|2|3|4|5|6|7|18446744073709551615|170141183460469231731687303715884|1.5|2.25|12.345|text'\"ü|ab|2024-02-29|2024-02-29 12:34:56.123456|2024-02-29 10:34:56.5+00|" +
            "2024-02-29 12:34:56.123456|01:02:03|3 days|6f1f9c30-7b6e-4c5a-9a50-0123456789ab|{'x': 1, 'y': [1, NULL]}|[{'k': v}]|{a=170141183460469231731687303715884}|∅|e|{\"a\":1}",
            lake.Rows($"SET TimeZone='UTC'; SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {snapshot.ScanSql()}"));
    }

    [Fact]
    public void Scan_EvilPartitionValues_ComeBackFromTheLog()
    {
        string[] values = ["a/b", "c=d", "e%20f", "ü", "quote'\"", "..", "sp ace", "tail ", "__HIVE_DEFAULT_PARTITION__", "NULL", "new\nline", "x:y*?", new string('l', 230), new string('%', 80), "A", "a"];
        var rows = string.Join(" UNION ALL ", values.Select((v, i) => $"SELECT {i} AS i, '{v.Replace("'", "''")}' AS p")) + " UNION ALL SELECT 98, NULL UNION ALL SELECT 99, ''";
        lake.Append(lake.Table(), rows, new WriteOptions { PartitionBy = ["p"] });
        var snapshot = lake.Fresh().Latest()!;
        var expected = string.Join("\n", values.Select((v, i) => $"{i}|{v}")) + "\n98|∅\n99|∅";
        Assert.Equal(expected, lake.Rows(snapshot, "i, p", "ORDER BY i"));
        Assert.Equal("2|e%20f", lake.Rows(snapshot, "i, p", "WHERE p = 'e%20f'"));
    }

    [Fact]
    public void Write_PartitionValueTooLongForAFolder_SaysSo()
    {
        var error = Assert.Throws<LakeException>(() => lake.Append(lake.Table(), "SELECT 1 AS a, repeat('x', 300) AS p", new WriteOptions { PartitionBy = ["p"] }));
        Assert.Equal("A value of partition column p is too long to name a folder (255 bytes). Partition by a column with short values.", error.Message);
        Assert.Null(lake.Table().Latest());
    }

    [Theory]
    [InlineData("DATE '2024-01-31'", "2024-01-31")]
    [InlineData("TIMESTAMP '2024-01-31 10:11:12.5'", "2024-01-31 10:11:12.5")]
    [InlineData("TIMESTAMPTZ '2024-01-31 10:11:12.000001+05'", "2024-01-31 05:11:12.000001+00")]
    [InlineData("true", "true")]
    [InlineData("-7::BIGINT", "-7")]
    [InlineData("1.50::DECIMAL(5,2)", "1.50")]
    [InlineData("0.1::DOUBLE", "0.1")]
    public void Scan_TypedPartition_HasItsTypeAndValue(string literal, string text)
    {
        lake.Session.Execute("SET TimeZone='America/New_York'");
        lake.Append(lake.Table(), $"SELECT 1 AS a, {literal} AS p", new WriteOptions { PartitionBy = ["p"] });
        var snapshot = lake.Fresh().Latest()!;
        var type = lake.Session.Describe($"SELECT {literal} AS p")[0].Type;
        lake.Session.Execute("SET TimeZone='UTC'");
        Assert.Equal($"1|{text}|{type}", lake.Rows($"SELECT a, CAST(p AS VARCHAR), typeof(p) FROM {snapshot.ScanSql()} WHERE p = {literal}"));
    }

    [Fact]
    public void Scan_ReservedColumns_AreHiddenUnlessAsked()
    {
        lake.Append(lake.Table(), "SELECT 'r' AS _ff_run, 1 AS a");
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal("1", lake.Rows(snapshot));
        Assert.Equal("r|1", lake.Rows($"SELECT * FROM {snapshot.ScanSql(withReserved: true)}"));
    }

    [Fact]
    public void Scan_FolderWithPatternCharactersAndEquals_ReadsJustItself()
    {
        using var odd = new TestLake("la[k]e*=?1");
        odd.Append(odd.Table(), "SELECT 1 AS a, 'x' AS p", new WriteOptions { PartitionBy = ["p"] });
        odd.Append(odd.Table(), "SELECT 2 AS a, 'y' AS p");
        Assert.Equal("1|x\n2|y", odd.Rows(odd.Fresh().Latest()!, rest: "ORDER BY a"));
        // Merge and delete find files by the path that the scan reports.
        using (var transaction = odd.Fresh().Begin())
        {
            transaction.Merge(odd.Session, "SELECT 1 AS a, 'X' AS p", new MergeOptions { Keys = ["a"] });
            transaction.Commit(new CommitOptions());
        }
        using (var transaction = odd.Fresh().Begin())
        {
            Assert.Equal(1, transaction.Delete(odd.Session, "a = 2"));
            transaction.Commit(new CommitOptions());
        }
        Assert.Equal("1|X", odd.Rows(odd.Fresh().Latest()!, rest: "ORDER BY a"));
    }

    [Fact]
    public void Scan_TwoPartitionColumnsAmongOthers_KeepColumnOrder()
    {
        lake.Append(lake.Table(), "SELECT 2024 AS y, 'v' AS v, 'north' AS r", new WriteOptions { PartitionBy = ["y", "r"] });
        var snapshot = lake.Fresh().Latest()!;
        Assert.StartsWith("y=2024/r=north/part-", snapshot.Files[0].Path);
        Assert.Equal("2024|v|north", lake.Rows(snapshot));
    }

    [Fact]
    public void StagedScan_BeforeCommit_ShowsWhatTheTableWill()
    {
        using var transaction = lake.Table().Begin();
        transaction.Write(lake.Session, "SELECT i AS a, 'p' || (i % 2) AS p FROM range(4) t(i)", new WriteOptions { PartitionBy = ["p"] });
        Assert.Equal("0|p0\n1|p1\n2|p0\n3|p1", lake.Rows($"SELECT * FROM {transaction.StagedScanSql()} ORDER BY a"));
        Assert.Equal(4, transaction.StagedRows);
        Assert.Null(lake.Fresh().Latest());
    }

    [Fact]
    public void Write_FileSizeTarget_MakesSeveralFilesInOrder()
    {
        lake.Append(lake.Table(), "SELECT i AS a, hash(i) AS h FROM range(1000000) t(i)", new WriteOptions { TargetFileBytes = 2_000_000 });
        var snapshot = lake.Fresh().Latest()!;
        Assert.InRange(snapshot.Files.Count, 3, 20);
        Assert.Equal("1000000|0|999999", lake.Rows(snapshot, "count(*), min(a), max(a)"));
        Assert.Equal("0\n1", lake.Rows(snapshot, "a", "LIMIT 2"));
    }
}
