using FlowForge.Catalog;
using FlowForge.Duck;

namespace FlowForge.Ingest.Tests;

/// <summary>Parquet of other writers (<c>cases/parquet</c>: npm hyparquet-writer 0.x and parquetjs), and every type that DuckDB can write.</summary>
public sealed class ParquetCasesTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private Task<JobOutcome> RunAsync(string path, string more = "") => _bench.RunAsync($$"""
        source_type: file_local
        format: parquet
        partition_mode: none
        {{more}}
        config: { path: "{{path}}" }
        """);

    private void Put(string name) => _bench.Write("data/" + name + ".parquet", File.ReadAllBytes(Path.Combine(Bench.RepoRoot, "tests", "Ingest", "cases", "parquet", name + ".parquet")));

    private void Write(string name, string select, string options = "")
    {
        Directory.CreateDirectory(Path.Combine(_bench.Workspace, "data"));
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        session.Execute($"COPY ({select}) TO {SqlText.Literal(Path.Combine(_bench.Workspace, "data", name))} (FORMAT parquet{options})");
    }

    [Fact]
    public async Task Hyparquet_Values_AreKept()
    {
        Put("hyparquet-basic");
        Assert.Equal(new RowCounts(5, 5), (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal("id INTEGER, big BIGINT, d DOUBLE, f FLOAT, b BOOLEAN, s VARCHAR, t TIMESTAMP, j VARCHAR", _bench.Schema());
        Assert.Equal(
        [
            """1|1|1.5|1.5|True|a|1970-01-01 00:00:00|{"a":1}""", "2|-2|NaN|2.5|False||2024-02-29 12:34:56.789|[1,2]", "3|9007199254740993|Infinity|NULL|NULL|ü🦊|NULL|NULL",
            "4|NULL|-0|-0.25|True|NULL|1900-01-01 00:00:00|\"x\"", "5|5|1E+308|0|False|a|9999-12-31 23:59:59|5",
        ], _bench.Query("SELECT * FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Hyparquet_DecimalInInt32AndDates_AreKept()
    {
        Put("hyparquet-logical");
        Assert.Equal(new RowCounts(3, 3), (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal("id INTEGER, dec32 DECIMAL(9,2), day DATE", _bench.Schema());
        Assert.Equal(["1|123.00|0001-01-01", "2|-45.00|2024-02-29", "3|0.00|9999-12-31"], _bench.Query("SELECT * FROM {t} ORDER BY id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("landing: reference")]
    public async Task Names_WithSignsOfPatterns_MeanTheirOwnFile(string more)
    {
        Write("orders1.parquet", "SELECT 1 AS id, 'first' AS s");
        Write("orders[1].parquet", "SELECT 2 AS id, 'second' AS s");
        Write("orders?.parquet", "SELECT 3 AS id, 'third' AS s");
        Assert.Equal(new RowCounts(3, 3), (await RunAsync("data/*.parquet", more)).Counts);
        Assert.Equal(["1|first|data/orders1.parquet", "2|second|data/orders[1].parquet", "3|third|data/orders?.parquet"], _bench.Query("SELECT id, s, _ff_file FROM {t} ORDER BY id", withReserved: true));
        Write("more[1].parquet", "SELECT 4 AS id, TIMESTAMP_NS '2024-01-01 00:00:00.000000001' AS s");
        Assert.Equal(new RowCounts(1, 1), (await RunAsync("data/more*.parquet", more)).Counts);
        Assert.Equal(["4|2024-01-01 00:00:00.000000001"], _bench.Query("SELECT id, s FROM {t} WHERE id = 4"));
    }

    [Fact]
    public async Task Hyparquet_FileWithoutRowGroups_MakesAnEmptyTable()
    {
        Put("hyparquet-no-rows");
        Assert.Equal(default, (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal("id INTEGER, s VARCHAR", _bench.Schema());
        Put("hyparquet-uncompressed");
        Assert.Equal(new RowCounts(2, 2), (await RunAsync("data/*.parquet")).Counts);
    }

    [Fact]
    public async Task Parquetjs_NestedAndLogicalTypes_AreKept()
    {
        Put("parquetjs-nested");
        Assert.Equal(new RowCounts(2, 2), (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal("""id BIGINT, name VARCHAR, at TIMESTAMP, day DATE, clock VARCHAR, price DECIMAL(10,2), tags VARCHAR[], items STRUCT("sku" VARCHAR, "n" INTEGER)[], u8 SMALLINT, u64 DECIMAL(20,0), bytes BLOB""", _bench.Schema());
        Assert.Equal(["""1|one|2024-02-29 12:34:56.789|2024-02-29|01:02:03.004|12.34|["a","b"]|[{"sku":"x","n":1},{"sku":"y","n":null}]|255|9007199254740991|00FF""", "2|NULL|1970-01-01 00:00:00|1970-01-01|00:00:00|-0.01|[]|[]|0|NULL|NULL"],
            _bench.Query("SELECT * REPLACE (to_json(tags) AS tags, to_json(items) AS items, hex(bytes) AS bytes) FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Parquetjs_Int96_IsATimestamp()
    {
        Put("parquetjs-int96");
        Assert.Equal(new RowCounts(3, 3), (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal(["1|1900-01-01 23:59:59", "2|1970-01-01 00:00:00", "3|2024-02-29 12:34:56.789"], _bench.Query("SELECT id, \"at\" FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task EveryTypeOfDuckDb_ComesWithItsValues()
    {
        const string Select = """
            SELECT 1::TINYINT AS i8, -2::SMALLINT AS i16, 3::INTEGER AS i32, 4::BIGINT AS i64, 255::UTINYINT AS u8, 65535::USMALLINT AS u16, 4294967295::UINTEGER AS u32, 18446744073709551615::UBIGINT AS u64,
                1.5::FLOAT AS f, 2.5::DOUBLE AS d, 1.23::DECIMAL(4,2) AS d4, 12345.6789::DECIMAL(18,4) AS d18, 12345678901234567890.123456789::DECIMAL(38,9) AS d38, true AS b, 'ü' AS s, '\x00\xFF'::BLOB AS bytes,
                DATE '0001-01-01' AS day, TIME '12:34:56.789' AS clock, TIMESTAMP '2024-02-29 12:34:56.789012' AS at, TIMESTAMPTZ '2024-02-29 12:34:56+02' AS instant, TIMESTAMP_S '2024-01-01 00:00:00' AS at_s, TIMESTAMP_MS '2024-01-01 00:00:00.5' AS at_ms, TIMESTAMP_NS '2024-01-01 00:00:00.123456' AS at_ns,
                '0189c0de-0000-7000-8000-000000000001'::UUID AS uid, INTERVAL '1 month 2 days' AS span, [1, NULL, 3] AS list, {'a': 1, 'b': ['x']} AS struct, MAP {'k': 1.5} AS map, 'red'::ENUM('red', 'green') AS color, [{'x': [1]}] AS deep, NULL::INTEGER AS nothing
            """;
        Write("a.parquet", Select);
        Assert.Equal(new RowCounts(1, 1), (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal("i8 TINYINT, i16 SMALLINT, i32 INTEGER, i64 BIGINT, u8 SMALLINT, u16 INTEGER, u32 BIGINT, u64 DECIMAL(20,0), f FLOAT, d DOUBLE, d4 DECIMAL(4,2), d18 DECIMAL(18,4), d38 DECIMAL(38,9), b BOOLEAN, s VARCHAR, bytes BLOB, day DATE, clock VARCHAR, "
            + "at TIMESTAMP, instant TIMESTAMPTZ, at_s TIMESTAMP, at_ms TIMESTAMP, at_ns TIMESTAMP, uid VARCHAR, span VARCHAR, list INTEGER[], struct STRUCT(\"a\" INTEGER, \"b\" VARCHAR[]), map MAP(VARCHAR, DECIMAL(2,1)), color VARCHAR, deep STRUCT(\"x\" INTEGER[])[], nothing INTEGER", _bench.Schema());
        Assert.Equal(["""1|-2|3|4|255|65535|4294967295|18446744073709551615|1.5|2.5|1.23|12345.6789|12345678901234567890.123456789|True|ü|00FF|0001-01-01|12:34:56.789|2024-02-29 12:34:56.789012|2024-02-29 10:34:56|2024-01-01 00:00:00|2024-01-01 00:00:00.5|2024-01-01 00:00:00.123456|0189c0de-0000-7000-8000-000000000001|1 month 2 days|[1,null,3]|{"a":1,"b":["x"]}|{"k":1.5}|red|[{"x":[1]}]|NULL"""],
            _bench.Query("SELECT * REPLACE (hex(bytes) AS bytes, to_json(list) AS list, to_json(struct) AS struct, to_json(map) AS map, to_json(deep) AS deep) FROM {t}"));
    }

    [Fact]
    public async Task RowGroupsOfEverySizeAndCodec_GiveEveryRowItsNumber()
    {
        foreach (var (codec, i) in new[] { "uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli" }.Select((c, i) => (c, i)))
            Write($"{i}.parquet", $"SELECT i AS id, '{codec}' AS codec, CASE WHEN i % 3 > 0 THEN 'w' || i % 7 END AS word FROM range(5000) r(i)", $", COMPRESSION {codec}, ROW_GROUP_SIZE 2048");
        Write("6.parquet", "SELECT i AS id, 'empty' AS codec, '' AS word FROM range(0) r(i)");
        Assert.Equal(new RowCounts(30_000, 30_000), (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal(["6|30000|30000"], _bench.Query("SELECT count(DISTINCT codec), count(*), count(*) FILTER (WHERE _ff_record = id + 1 AND (word IS NULL) = (id % 3 = 0)) FROM {t}", withReserved: true));
    }

    [Fact]
    public async Task ColumnsWithNamesOfOurOwn_AreKept()
    {
        Write("a.parquet", "SELECT 1 AS a, 2 AS file_row_number, 3 AS \"A b\", 4 AS filename, 5 AS _ff_path");
        Assert.Equal(new RowCounts(1, 1), (await RunAsync("data/*.parquet")).Counts);
        Write("b.parquet", "SELECT 6 AS a, 7 AS file_row_number, 8 AS \"A b\", 9 AS filename, 10 AS _ff_path");
        Write("c.parquet", "SELECT 11 AS a");
        Assert.Equal(new RowCounts(2, 2), (await RunAsync("data/*.parquet")).Counts);
        Assert.Equal("a INTEGER, file_row_number INTEGER, a_b INTEGER, filename INTEGER, ff_path INTEGER", _bench.Schema());
        Assert.Equal(["1|2|3|4|5|1|data/a.parquet", "6|7|8|9|10|1|data/b.parquet", "11|NULL|NULL|NULL|NULL|1|data/c.parquet"], _bench.Query("SELECT * EXCLUDE (_ff_run, _ff_file, _ff_record), _ff_record, _ff_file FROM {t} ORDER BY a", withReserved: true));
    }

    [Fact]
    public async Task InstantsInNanoseconds_AreToldOnceAndTimesWithoutZoneAreKept()
    {
        const string Told = "Warning: Column at has instants in nanoseconds: the table keeps microseconds, and what is finer is cut off. Where it counts, let the source give them as texts or as whole numbers of nanoseconds.";
        foreach (var name in new[] { "a.parquet", "b.parquet" })
        {
            Write(name, "SELECT 1 AS id, TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS at");
            InUtc(name);
        }
        await RunAsync("data/*.parquet");
        Assert.Equal(("id INTEGER, at TIMESTAMPTZ", 1), (_bench.Schema(), _bench.Log.Text.Split(Told).Length - 1));
        Assert.Equal(["2024-01-01 00:00:00.123456"], _bench.Query("SELECT DISTINCT \"at\" AT TIME ZONE 'UTC' FROM {t}"));

        Write("c.parquet", "SELECT 1 AS id, TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS at, TIMESTAMPTZ '2024-01-01 00:00:00.123456+00' AS utc");
        await _bench.RunAsync(Bench.Job("source_type: file_local\nformat: parquet\npartition_mode: none\nconfig: { path: data/c.parquet }", "others"));
        Assert.Equal(("id INTEGER, at VARCHAR, utc TIMESTAMPTZ", 1), (_bench.Schema("others"), _bench.Log.Text.Split(Told).Length - 1));
        Assert.Equal(["2024-01-01 00:00:00.123456789"], _bench.Query("SELECT \"at\" FROM {t}", "others"));
    }

    // DuckDB writes nanoseconds without a zone only: the footer's word for that is made the other one.
    private void InUtc(string name)
    {
        var path = Path.Combine(_bench.Workspace, "data", name);
        var bytes = File.ReadAllBytes(path);
        byte[] withoutZone = [0x12, 0x1C, 0x3C, 0x00, 0x00];
        var at = bytes.AsSpan().IndexOf(withoutZone);
        Assert.True(at > 0 && bytes.AsSpan(at + 1).IndexOf(withoutZone) < 0);
        bytes[at] = 0x11;
        File.WriteAllBytes(path, bytes);
    }

    [Theory]
    [InlineData("SELECT 1 AS id, 'x'::VARIANT AS v", "VARIANT")]
    [InlineData("SELECT 1 AS id, union_value(a := 1) AS v", "STRUCT(\"\" UTINYINT, \"a\" INTEGER)")]
    [InlineData("SELECT 1 AS id, {'in': [union_value(a := 1)]} AS v", "STRUCT(\"in\" STRUCT(\"\" UTINYINT, \"a\" INTEGER)[])")]
    public async Task TypeThatNoTableHas_IsToldWithFileAndColumn(string select, string type)
    {
        Write("a.parquet", select);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => RunAsync("data/*.parquet"));
        Assert.Equal(("FF2133", $"Column 'v' of data/a.parquet has the type {type}, which a table cannot keep. Nothing was published.",
            "Let the source write it as a text, a number, a time or a STRUCT of these; or declare the columns in user_schema, this one as VARCHAR or not at all."), (failure.Code, failure.Message, failure.Suggestion));
        Assert.Equal(new RowCounts(1, 1), (await RunAsync("data/*.parquet", "schema_mode: user\nuser_schema: { id: int }")).Counts);
    }
}
