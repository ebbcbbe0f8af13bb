using FlowForge.Columnar;

namespace FlowForge.Duck.Tests;

public sealed class ValueTests : IDisposable
{
    private readonly DuckDatabase _database = DuckDatabase.Open();
    private readonly DuckSession _session;

    public ValueTests() => _session = _database.Connect();

    public void Dispose()
    {
        _session.Dispose();
        _database.Dispose();
    }

    public static TheoryData<object?, string, string> Parameters() => new()
    {
        { null, "NULL", "INTEGER" },
        { true, "true", "BOOLEAN" },
        { (sbyte)-5, "-5", "TINYINT" },
        { (byte)250, "250", "UTINYINT" },
        { (short)-500, "-500", "SMALLINT" },
        { (ushort)60000, "60000", "USMALLINT" },
        { 7, "7", "INTEGER" },
        { 4_000_000_000u, "4000000000", "UINTEGER" },
        { long.MinValue, "-9223372036854775808", "BIGINT" },
        { ulong.MaxValue, "18446744073709551615", "UBIGINT" },
        { Int128.MaxValue, "170141183460469231731687303715884105727", "HUGEINT" },
        { 1.5f, "1.5", "FLOAT" },
        { double.NegativeInfinity, "-inf", "DOUBLE" },
        { 123.4500m, "123.4500", "DECIMAL(7,4)" },
        { -0.001m, "-.001", "DECIMAL(3,3)" },
        { decimal.MaxValue, "79228162514264337593543950335", "DECIMAL(29,0)" },
        { "it's \"ä\" 😀", "it's \"ä\" 😀", "VARCHAR" },
        { "", "", "VARCHAR" },
        { "a\0b", "a\0b", "VARCHAR" },
        { new byte[] { 0, 65, 255 }, "\\x00A\\xFF", "BLOB" },
        { Array.Empty<byte>(), "", "BLOB" },
        { new DateOnly(1, 1, 1), "0001-01-01", "DATE" },
        { new TimeOnly(23, 59, 59, 999, 999), "23:59:59.999999", "TIME" },
        { new DateTime(2024, 2, 29, 1, 2, 3), "2024-02-29 01:02:03", "TIMESTAMP" },
        { new DateTime(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc), "2024-02-29 01:02:03+00", "TIMESTAMP WITH TIME ZONE" },
        { new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(2)), "2024-02-28 23:02:03+00", "TIMESTAMP WITH TIME ZONE" },
        { TimeSpan.FromHours(-1.5), "-01:30:00", "INTERVAL" },
        { new CalendarInterval(14, 3, 5_000_000), "1 year 2 months 3 days 00:00:00.005", "INTERVAL" },
        { Guid.Parse("80000000-4455-6677-8899-aabbccddeeff"), "80000000-4455-6677-8899-aabbccddeeff", "UUID" },
        { new object?[] { 1, null, 3 }, "[1, NULL, 3]", "INTEGER[]" },
        { new List<string>(), "[]", "VARCHAR[]" },
        { new[] { new[] { 1L }, [] }, "[[1], []]", "BIGINT[][]" },
        { DayOfWeek.Friday, "Friday", "VARCHAR" },
    };

    [Theory]
    [MemberData(nameof(Parameters))]
    public void Bind_EachType_ArrivesAsText(object? value, string text, string type)
    {
        _session.Execute("SET TimeZone = 'UTC'");
        var row = _session.Rows("SELECT CASE WHEN $1 IS NULL THEN 'NULL' ELSE $1::VARCHAR END, typeof($1)", default, value)[0];
        Assert.Equal(text, row[0]);
        if (value is not null) Assert.Equal(type.Trim('"'), row[1]);
    }

    [Fact]
    public void Bind_UnknownType_SaysWhich() =>
        Assert.StartsWith("A System.Version cannot be bound as a DuckDB parameter.", Assert.Throws<ArgumentException>(() => _session.Rows("SELECT $1", default, new Version(1, 0))).Message, StringComparison.Ordinal);

    [Fact]
    public void Rows_EachType_IsThePromisedClrType()
    {
        var row = _session.Rows("""
            SELECT 1::TINYINT, 2::UINTEGER, 3::BIGINT, 4::UBIGINT, 5::HUGEINT, 1.5::FLOAT, 2.5::DOUBLE, 1.25::DECIMAL(9,2), true, 'text', NULL,
                DATE '2024-02-29', TIME '01:02:03', TIMESTAMP '2024-02-29 01:02:03.000004', TIMESTAMPTZ '2024-02-29 01:02:03+02', INTERVAL 1 MONTH, 'a'::BLOB,
                '00112233-4455-6677-8899-aabbccddeeff'::UUID, [1, NULL], {'a': 1, 'b': [{'c': 2::SMALLINT}]}, MAP {'k': 1}, 'x'::ENUM('x', 'y'), '0101'::BIT, TIMETZ '01:02:03+02', [1, 2]::INT[2],
                170141183460469231731687303715884105727::HUGEINT, 'infinity'::TIMESTAMP, '-infinity'::DATE
            """)[0];
        object?[] expected =
        [
            1L, 2L, 3L, 4m, 5m, 1.5, 2.5, 1.25m, true, "text", null,
            new DateOnly(2024, 2, 29), new TimeSpan(1, 2, 3), new DateTime(2024, 2, 29, 1, 2, 3).AddMicroseconds(4), new DateTime(2024, 2, 28, 23, 2, 3, DateTimeKind.Utc), new CalendarInterval(1, 0, 0), "a"u8.ToArray(),
            Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), new List<object?> { 1L, null }, null, new Dictionary<string, object?> { ["k"] = 1L }, "x", "0101", "01:02:03+02:00", new List<object?> { 1L, 2L },
            System.Numerics.BigInteger.Pow(2, 127) - 1, DateTime.MaxValue, DateOnly.MinValue,
        ];
        for (var i = 0; i < expected.Length; i++)
        {
            if (i == 19) continue;
            Assert.Equal(expected[i], row[i]);
            if (row[i] is DateTime stamp) Assert.Equal(i == 14 ? DateTimeKind.Utc : DateTimeKind.Unspecified, stamp.Kind);
        }
        var structure = Assert.IsType<Dictionary<string, object?>>(row[19]);
        Assert.Equal(1L, structure["a"]);
        Assert.Equal(2L, Assert.IsType<Dictionary<string, object?>>(Assert.Single(Assert.IsType<List<object?>>(structure["b"])))["c"]);
    }

    [Fact]
    public void Scalar_Conversions_AreExactOrRefused()
    {
        Assert.Equal(6, _session.Scalar<int>("SELECT sum(i) FROM (VALUES (1), (2), (3)) v(i)"));
        Assert.Equal(6L, _session.Scalar<long?>("SELECT 6"));
        Assert.Null(_session.Scalar<long?>("SELECT NULL"));
        Assert.Equal(0, _session.Scalar<long>("SELECT 1 WHERE false"));
        Assert.Equal(Int128.MaxValue, _session.Scalar<Int128>("SELECT 170141183460469231731687303715884105727::HUGEINT"));
        Assert.Equal(new TimeOnly(1, 2), _session.Scalar<TimeOnly>("SELECT TIME '01:02'"));
        var large = Assert.Throws<InvalidCastException>(() => _session.Scalar<int>("SELECT 3000000000"));
        Assert.Equal("The query gave 3000000000 (Int64), which does not fit Int32.", large.Message);
        var kind = Assert.Throws<InvalidCastException>(() => _session.Scalar<Guid>("SELECT 'x'"));
        Assert.Equal("The query gave x (String), which does not fit Guid.", kind.Message);
    }

    [Theory]
    [InlineData("a", "\"a\"")]
    [InlineData("a\"b; DROP TABLE x --", "\"a\"\"b; DROP TABLE x --\"")]
    [InlineData("SELECT", "\"SELECT\"")]
    [InlineData("ä 😀\n", "\"ä 😀\n\"")]
    public void Identifier_AnyName_IsOneColumn(string name, string quoted)
    {
        Assert.Equal(quoted, SqlText.Identifier(name));
        Assert.Equal(name, Assert.Single(_session.Describe($"SELECT 1 AS {quoted}")).Name);
    }

    [Fact]
    public void Identifier_EmptyOrNul_IsRefused()
    {
        Assert.StartsWith("A name must not be empty.", Assert.Throws<ArgumentException>(() => SqlText.Identifier("")).Message, StringComparison.Ordinal);
        Assert.StartsWith("SQL text cannot hold a NUL character; bind it as a parameter.", Assert.Throws<ArgumentException>(() => SqlText.Identifier("a\0")).Message, StringComparison.Ordinal);
        Assert.Equal("\"a\".\"b.c\"", SqlText.QualifiedName("a", "b.c"));
    }

    public static TheoryData<object?> Literals() => new(new object?[]
    {
        null, true, -5, long.MinValue, ulong.MaxValue, Int128.MinValue, 1.5f, float.NaN, 0.1, double.MaxValue, double.PositiveInfinity, 1.10m, "it's\n\\ 😀", "",
        new byte[] { 0, 255 }, new DateOnly(2024, 2, 29), new TimeOnly(1, 2, 3, 4, 5), new DateTime(2024, 2, 29, 1, 2, 3, 4, 5), new DateTime(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc),
        new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(-3)), Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
    });

    [Theory]
    [MemberData(nameof(Literals))]
    public void Literal_EachType_EqualsItsParameter(object? value) =>
        Assert.True(_session.Scalar<bool>($"SELECT {SqlText.Literal(value)} IS NOT DISTINCT FROM $1", default, value));

    [Theory]
    [InlineData("SELECT *\n  FROM t\nWHERE nope = 1", "nope")]
    [InlineData("SELECT a, b, missing_column FROM t", "missing_column")]
    public void Error_Position_PointsAtThePlace(string sql, string at)
    {
        _session.Execute("CREATE TABLE t(a INT, b INT)");
        var e = Assert.Throws<DuckException>(() => _session.Execute(sql));
        Assert.Equal((DuckErrorKind.Binder, sql.IndexOf(at, StringComparison.Ordinal)), (e.Kind, e.Position));
    }

    [Fact]
    public void Error_PositionInALongLine_IsFoundThroughTheWindow()
    {
        _session.Execute("CREATE TABLE t(a INT)");
        var sql = "SELECT " + string.Join(", ", Enumerable.Repeat("a", 100)) + ", missing_column, " + string.Join(", ", Enumerable.Repeat("a + 1", 100)) + " FROM t";
        var e = Assert.Throws<DuckException>(() => _session.Execute(sql));
        Assert.Equal(sql.IndexOf("missing_column", StringComparison.Ordinal), e.Position);
    }
}
