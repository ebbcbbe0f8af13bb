using FlowForge.Lake;

namespace FlowForge.Interop.Tests;

/// <summary>Partition values come from the log: texts there, of whatever type, with whatever characters, in paths that are encoded.</summary>
public sealed class PartitionTests(DeltaPeer peer) : IDisposable
{
    private readonly PeerLake _both = new(peer);

    public void Dispose() => _both.Dispose();

    [Fact]
    public void Read_EvilPartitionValues_AreTheSame()
    {
        string[] values = ["a/b", "c=d", "e%20f", "ü€😀", "quote'\"", "..", "sp ace", "tail ", "__HIVE_DEFAULT_PARTITION__", "NULL", "new\nline", "x:y*?", new('l', 230), new('%', 80), "A", "a", "a+b", "a&b#c", "back\\slash", "{[]}"];
        var rows = string.Join(" UNION ALL ", values.Select((v, i) => $"SELECT {i} AS i, '{v.Replace("'", "''", StringComparison.Ordinal)}' AS p")) + " UNION ALL SELECT 98, NULL UNION ALL SELECT 99, ''";
        _both.Lake.Append(_both.Lake.Table(), rows, new WriteOptions { PartitionBy = ["p"] });
        Assert.Equal(values.Length + 2, _both.Same().Count);
        foreach (var value in values)
            Assert.Equal("1", _both.Peer.Value($"SELECT count() FROM {_both.Of()} WHERE p = {PeerLake.Quote(value)}"));
        Assert.Equal("2", _both.Peer.Value($"SELECT count() FROM {_both.Of()} WHERE p IS NULL"));
    }

    [Theory]
    [InlineData("date", "DATE '2024-01-31'", "DATE '1969-12-31'")]
    [InlineData("ntz", "TIMESTAMP '2024-01-31 10:11:12.5'", "TIMESTAMP '1969-12-31 23:59:59.999999'")]
    [InlineData("tz", "TIMESTAMPTZ '2024-01-31 10:11:12.000001+05'", "TIMESTAMPTZ '1969-12-31 23:59:59+00'")]
    [InlineData("boolean", "true", "false")]
    [InlineData("long", "-7::BIGINT", "9223372036854775807::BIGINT")]
    [InlineData("int", "2147483647::INTEGER", "0::INTEGER")]
    [InlineData("short", "(-32768)::SMALLINT", "0::SMALLINT")]
    [InlineData("byte", "(-128)::TINYINT", "127::TINYINT")]
    [InlineData("decimal", "1.50::DECIMAL(5,2)", "-0.05::DECIMAL(5,2)")]
    [InlineData("widedecimal", "'999999999.999999999'::DECIMAL(18,9)", "'-0.000000001'::DECIMAL(18,9)")]
    [InlineData("double", "0.1::DOUBLE", "-1.5e300::DOUBLE")]
    [InlineData("float", "0.1::FLOAT", "16777216::FLOAT")]
    [InlineData("nan", "'nan'::DOUBLE", "'-inf'::DOUBLE")]
    [InlineData("string", "'x'", "'0001'")]
    public void Read_PartitionOfEveryType_IsTheSame(string name, string one, string other)
    {
        _both.Lake.Append(_both.Lake.Table($"bronze.{name}"), $"SELECT 1 AS a, {one} AS p UNION ALL SELECT 2, {other} UNION ALL SELECT 3, NULL", new WriteOptions { PartitionBy = ["p"] });
        Assert.Equal(3, _both.Same($"bronze.{name}").Count);
    }

    [Fact]
    public void Read_PartitionOfADecimalBeyond64Bits_HasTheRightTextInTheLog()
    {
        // This ClickHouse swaps the two halves of such a number on its way from delta-kernel, so that its own reading says nothing about the table; the text is the protocol's.
        _both.Lake.Append(_both.Lake.Table(), "SELECT 1 AS a, '12345678901234567890123456.789012345678'::DECIMAL(38,12) AS p", new WriteOptions { PartitionBy = ["p"] });
        Assert.Contains("\"partitionValues\":{\"p\":\"12345678901234567890123456.789012345678\"}", File.ReadAllText(Path.Combine(_both.Lake.Table().Location, "_delta_log", $"{0:D20}.json")), StringComparison.Ordinal);
        Assert.Equal("Nullable(Decimal(38, 12))", _both.Peer.Ask($"SELECT p FROM {_both.Of()}").Types[0]);
    }

    [Fact]
    public void Read_TwoPartitionColumnsAmongOthers_KeepTheColumnOrder()
    {
        _both.Lake.Append(_both.Lake.Table(), "SELECT 2024 AS y, 'v' AS v, 'north' AS r, 1.5 AS z UNION ALL SELECT 2023, NULL, 'so/uth %', 2.5", new WriteOptions { PartitionBy = ["r", "y"] });
        Assert.Equal(["2023|∅|\"so/uth %\"|2.5", "2024|\"v\"|\"north\"|1.5"], _both.Same());
        // Where a partition value is NULL, ClickHouse's older reader of the log ends with an error.
        _both.SameWithoutKernel();
        Assert.Equal("v", _both.Peer.Value($"SELECT v FROM {_both.Of()} WHERE y = 2024 AND r = 'north'"));
    }
}
