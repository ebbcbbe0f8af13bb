namespace FlowForge.Lake.Tests;

/// <summary>Statistics are checked against the files by the validator at each test's end; here are their exact forms.</summary>
public sealed class StatisticsTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    private string Stats(string sql)
    {
        lake.Append(lake.Table(), sql);
        return lake.Table().Latest()!.Files[0].StatisticsJson!;
    }

    [Fact]
    public void Stats_OfPlainTypes_AreExact() => Assert.Equal(
        """{"numRecords":2,"minValues":{"i":-5,"d":0.1,"de":-1.50,"s":"a\"b","da":"2024-02-28"},"maxValues":{"i":7,"d":2.5,"de":2.25,"s":"ü","da":"2024-02-29"},"nullCount":{"i":0,"d":0,"de":0,"s":0,"da":0,"b":1,"bl":0}}""",
        Stats("""SELECT -5 AS i, 0.1::DOUBLE AS d, -1.5::DECIMAL(9,2) AS de, 'a"b' AS s, DATE '2024-02-28' AS da, true AS b, 'x'::BLOB AS bl UNION ALL SELECT 7, 2.5, 2.25, 'ü', DATE '2024-02-29', NULL, 'y'::BLOB"""));

    [Fact]
    public void Stats_OfTimes_AreMillisecondsThatEncloseAllValues() => Assert.Equal(
        """{"numRecords":1,"minValues":{"a":"2024-02-29T23:59:59.999","b":"2024-01-01T10:00:00.000Z"},"maxValues":{"a":"2024-03-01T00:00:00.000","b":"2024-01-01T10:00:00.000Z"},"nullCount":{"a":0,"b":0}}""",
        Stats("SELECT TIMESTAMP '2024-02-29 23:59:59.999001' AS a, TIMESTAMPTZ '2024-01-01 12:00:00+02' AS b"));

    [Fact]
    public void Stats_OfTheLastMillisecondThereIs_HaveNoUpperBound() => Assert.Equal(
        """{"numRecords":1,"minValues":{"a":"9999-12-31T23:59:59.999","b":"9999-12-31T23:59:59.998"},"maxValues":{"b":"9999-12-31T23:59:59.999"},"nullCount":{"a":0,"b":0}}""",
        Stats("SELECT TIMESTAMP '9999-12-31 23:59:59.999999' AS a, TIMESTAMP '9999-12-31 23:59:59.9985' AS b"));

    [Fact]
    public void Stats_OfLongTexts_AreCutAndStillEnclose() => Assert.Equal(
        $$$"""{"numRecords":1,"minValues":{"s":"{{{new string('z', 32)}}}"},"maxValues":{"s":"{{{new string('z', 32)}}}{{{"\U0010FFFF"}}}"},"nullCount":{"s":0}}""",
        System.Text.RegularExpressions.Regex.Unescape(Stats("SELECT repeat('z', 100) AS s")));

    [Fact]
    public void Stats_OfNestedAndUnboundable_LeaveOutWhatCannotBeSaid() => Assert.Equal(
        """{"numRecords":2,"minValues":{"st":{"a":1,"in":{"b":"x"}}},"maxValues":{"st":{"a":1,"in":{"b":"x"}}},"nullCount":{"st":{"a":1,"in":{"b":1}},"n":0,"inf":0}}""",
        Stats("SELECT {'a': 1, 'in': {'b': 'x'}, 'l': [1]} AS st, 'NaN'::DOUBLE AS n, 'inf'::DOUBLE AS inf UNION ALL SELECT NULL, 1, '-inf'::DOUBLE"));

    [Fact]
    public void Stats_OfManyColumns_CoverTheFirst32() =>
        Assert.Equal(32, System.Text.Json.JsonDocument.Parse(Stats($"SELECT {string.Join(", ", Enumerable.Range(0, 50).Select(i => $"{i} AS c{i}"))}")).RootElement.GetProperty("nullCount").EnumerateObject().Count());

    /// <summary>A dictionary only where values come again and again; a new value in every row is written plainly, without one being tried for long.</summary>
    [Fact]
    public void Files_OfFewAndOfManyValues_HaveADictionaryAndNone()
    {
        lake.Append(lake.Table(), "SELECT 'customer ' || (i % 9000) AS few, 'item ' || (i % 15000) AS many, i AS id FROM range(100000) r(i)");
        var file = Path.Combine(lake.Folder, "bronze", "t", lake.Table().Latest()!.Files[0].Path);
        Assert.Equal("few|PLAIN_DICTIONARY\nid|PLAIN\nmany|PLAIN", lake.Rows($"SELECT path_in_schema, encodings FROM parquet_metadata({Duck.SqlText.Literal(file)}) WHERE path_in_schema IN ('few', 'id', 'many') GROUP BY ALL ORDER BY 1"));
        Assert.Equal("100000|9000|15000", lake.Rows(lake.Table().Latest()!, "count(*), count(DISTINCT few), count(DISTINCT many)"));
    }
}
