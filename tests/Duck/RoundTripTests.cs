using FlowForge.Columnar;

namespace FlowForge.Duck.Tests;

/// <summary>Every DuckDB type out as Arrow and in again, compared by DuckDB itself.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly DuckDatabase _database = DuckDatabase.Open();
    private readonly DuckSession _session;

    public RoundTripTests() => _session = _database.Connect();

    public void Dispose()
    {
        _session.Dispose();
        _database.Dispose();
    }

    /// <summary>DuckDB's own table of the extremes of each type; left out: types refused by name below.</summary>
    public static TheoryData<string, string> AllTypes()
    {
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        var data = new TheoryData<string, string>();
        foreach (var column in session.Describe("FROM test_all_types()"))
        {
            if (column.Name is "union" or "bignum" or "uhugeint" or "geometry" or "variant") continue;
            data.Add(column.Name, column.Type);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(AllTypes))]
    public void TestAllTypes_EachColumn_ComesBackEqual(string column, string type)
    {
        var quoted = SqlText.Identifier(column);
        // Types that travel as another are compared as that one; a HUGEINT of 39 digits comes out but is no DECIMAL(38, 0) to go in.
        var expected = type is "BIT" or "TIME WITH TIME ZONE" ? quoted + "::VARCHAR" : quoted;
        var rows = type == "HUGEINT" ? $"(SELECT {quoted} // 2 AS {quoted} FROM test_all_types())" : "test_all_types()";
        RoundTrip($"SELECT {quoted} AS v FROM {rows}", $"SELECT {expected} AS v FROM {rows}");
    }

    [Theory]
    [InlineData("union", "Column 'union': A column of DuckDB type UNION has no Arrow form here: cast it, for example to VARCHAR.")]
    [InlineData("bignum", "Column 'bignum': A column of DuckDB type BIGNUM has no Arrow form here: cast it, for example to VARCHAR.")]
    [InlineData("uhugeint", "A UHUGEINT of 2^127 or more does not fit decimal128: cast the column to VARCHAR.")]
    public void TestAllTypes_WithoutArrowForm_SayWhatToDo(string column, string message)
    {
        var e = Assert.Throws<DuckException>(() => _session.Rows($"SELECT {SqlText.Identifier(column)} FROM test_all_types()"));
        Assert.Equal(message, e.Message);
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Theory]
    [InlineData("(i % 100)::TINYINT")]
    [InlineData("(i % 2 = 0)")]
    [InlineData("((i % 250) * 3.5)::DECIMAL(4,1)")]
    [InlineData("(i * 3.5)::DECIMAL(9,2)")]
    [InlineData("(i * 3.5)::DECIMAL(18,3)")]
    [InlineData("(i * 3.5)::DECIMAL(38,4)")]
    [InlineData("CASE WHEN i % 3 = 0 THEN NULL ELSE 'value ' || i END")]
    [InlineData("CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN repeat('ä😀', i::INT % 500) ELSE 'exactly 12 b' END")]
    [InlineData("encode('blob ' || i)")]
    [InlineData("CASE WHEN i % 3 = 0 THEN NULL ELSE range(i % 7) END")]
    [InlineData("CASE WHEN i % 3 = 0 THEN NULL ELSE list_transform(range(i % 5), x -> list_transform(range(x), y -> 'nested text ' || y)) END")]
    [InlineData("CASE WHEN i % 3 = 0 THEN NULL ELSE {'a': i, 'b': CASE WHEN i % 2 = 0 THEN NULL ELSE 'text of ' || i END, 'c': {'d': [i, NULL]}} END")]
    [InlineData("CASE WHEN i % 3 = 0 THEN NULL ELSE map([i, i + 1], ['a', NULL]) END")]
    [InlineData("[i, i + 1, NULL]::BIGINT[3]")]
    [InlineData("[{'k': i, 'v': ['x', NULL]}, NULL]")]
    [InlineData("{'a': 1, 'b': 'a constant struct'}")]
    [InlineData("uuid()")]
    [InlineData("INTERVAL (i) DAY + INTERVAL (i % 12) MONTH + INTERVAL (i) MICROSECOND")]
    [InlineData("(TIMESTAMP '2024-02-29 12:00:00' + INTERVAL (i) HOUR)::TIMESTAMP_NS")]
    [InlineData("(TIMESTAMP '2024-02-29 12:00:00' + INTERVAL (i) HOUR)::TIMESTAMPTZ")]
    [InlineData("CASE WHEN i % 5 = 0 THEN NULL ELSE (CASE i % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'green' ELSE 'blue' END)::ENUM('red', 'green', 'blue') END")]
    [InlineData("NULL")]
    public void ManyRows_OfEachType_ComeBackEqual(string expression)
    {
        // 20,000 rows: several batches, chunks cut at odd places by the filter.
        _session.Execute($"CREATE TABLE t AS SELECT i, {expression} AS v FROM range(20000) r(i) WHERE i % 11 <> 0");
        RoundTrip("SELECT i, v FROM t ORDER BY i", "FROM t");
    }

    [Fact]
    public void HugeInt_Of39Digits_ComesOutExactAndIsRefusedAsDecimal()
    {
        const string largest = "170141183460469231731687303715884105727";
        Assert.Equal(System.Numerics.BigInteger.Parse(largest, System.Globalization.CultureInfo.InvariantCulture), _session.Rows($"SELECT {largest}::HUGEINT")[0][0]);
        using var other = _database.Connect();
        using var reader = other.Query($"SELECT {largest}::HUGEINT AS h");
        _session.RegisterSource("back", reader.Schema, () => reader);
        var e = Assert.Throws<DuckException>(() => _session.Execute("CREATE TABLE x AS FROM back"));
        Assert.Equal($"Source 'back' failed: Column 'h': {largest} has more digits than decimal128(38, 0).", e.Message);
    }

    private void RoundTrip(string query, string expected)
    {
        using var other = _database.Connect();
        using var reader = other.Query(query);
        // Slices at odd offsets exercise every writer's offset.
        _session.RegisterSource("back", reader.Schema, () => reader.SelectMany(Cut));
        _session.Execute("CREATE TABLE came AS FROM back");
        Assert.Equal(0, _session.Scalar<long>($"SELECT count(*) FROM (({expected}) EXCEPT ALL (FROM came))"));
        Assert.Equal(0, _session.Scalar<long>($"SELECT count(*) FROM ((FROM came) EXCEPT ALL ({expected}))"));

        // Put together again, a slice begins anywhere in what DuckDB is given.
        using var third = _database.Connect();
        using var again = third.Query(query);
        _session.RegisterSource("back", again.Schema, _ => again.SelectMany(Cut), gathers: true);
        _session.Execute("CREATE TABLE gathered AS FROM back");
        Assert.Equal(0, _session.Scalar<long>("SELECT count(*) FROM ((FROM came) EXCEPT ALL (FROM gathered))"));
        Assert.Equal(0, _session.Scalar<long>("SELECT count(*) FROM ((FROM gathered) EXCEPT ALL (FROM came))"));
    }

    private static IEnumerable<RecordBatch> Cut(RecordBatch batch)
    {
        using (batch)
        {
            var first = Math.Min(batch.Length, batch.Length / 2 + 3);
            yield return batch.Slice(0, first);
            yield return batch.Slice(first, batch.Length - first);
        }
    }
}
