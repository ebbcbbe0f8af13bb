namespace FlowForge.Duck.Tests;

public sealed class SqlReferencesTests
{
    [Theory]
    [InlineData("SELECT * FROM bronze.flights", "bronze.flights")]
    [InlineData("FROM silver.a", "silver.a")]
    [InlineData("TABLE x", "x")]
    [InlineData("SELECT 1", "")]
    [InlineData("SELECT * FROM a, b JOIN c.d USING (k) ASOF JOIN e ON a.t > e.t, LATERAL (FROM f)", "a b c.d e f")]
    [InlineData("FROM a UNION ALL FROM b EXCEPT SELECT * FROM c INTERSECT FROM d", "a b c d")]
    [InlineData("SELECT (SELECT max(x) FROM s1) FROM t WHERE y IN (FROM s2) AND EXISTS (FROM s3) ORDER BY (SELECT 1 FROM s4)", "s1 t s2 s3 s4")]
    [InlineData("WITH a AS (FROM b.c), d AS MATERIALIZED (FROM a) SELECT * FROM a JOIN d USING (k)", "b.c")]
    [InlineData("WITH a AS (FROM a) FROM a", "a")]
    [InlineData("WITH a AS (FROM b), b AS (FROM a) FROM b", "b")]
    [InlineData("WITH A AS (SELECT 1) FROM a, s.a", "s.a")]
    [InlineData("SELECT * FROM (WITH x AS (FROM y) FROM x) q, x", "y x")]
    [InlineData("WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r, u WHERE i < 5) FROM r, v", "u v")]
    [InlineData("SELECT * FROM bronze.t AS x WHERE x.a > (SELECT avg(t.a) FROM bronze.t)", "bronze.t")]
    [InlineData("FROM \"Weird.Schema\".\"a\"\"b\"", "Weird.Schema.a\"b")]
    [InlineData("SELECT list_transform([1], x -> x + (SELECT min(i) FROM k)) FROM range(3)", "k")]
    [InlineData("FROM (VALUES (1)) v(a)", "")]
    [InlineData("SELECT sum(x) OVER (PARTITION BY g ORDER BY (SELECT 1 FROM w)) FROM t QUALIFY row_number() OVER () = (SELECT 1 FROM q)", "w t q")]
    public void Tables_OfSelects_AreAllOnceWithoutCtes(string sql, string expected)
    {
        var tables = SqlReferences.Tables(sql).Select(t => t.ToString()).Order(StringComparer.Ordinal);
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), tables);
    }

    [Theory]
    [InlineData("SELECT 1 FORM x", "syntax error at or near \"x\"", 14)]
    [InlineData("SELECT 'äöü€😀' FORM x", "syntax error at or near \"x\"", 21)]
    [InlineData("SELECT a\nFROM t\nWHERE AND", "syntax error at or near \"AND\"", 22)]
    [InlineData("SELECT (", "syntax error at end of input", 8)]
    public void Tables_SyntaxError_GivesMessageAndPosition(string sql, string message, int position)
    {
        var e = Assert.Throws<DuckException>(() => SqlReferences.Tables(sql));
        Assert.Equal((DuckErrorKind.Parser, message, (int?)position), (e.Kind, e.Message, e.Position));
    }

    [Theory]
    [InlineData("DROP TABLE x", "The SQL must be one SELECT (WITH, FROM and VALUES are fine); this is another statement.")]
    [InlineData("SELECT 1; SELECT 2", "The SQL must be one SELECT; the text holds 2 statements.")]
    [InlineData(" -- nothing", "The SQL must be one SELECT; the text holds 0 statements.")]
    public void Tables_NotOneSelect_SaysSo(string sql, string message)
    {
        var e = Assert.Throws<DuckException>(() => SqlReferences.Tables(sql));
        Assert.Equal((DuckErrorKind.InvalidInput, message), (e.Kind, e.Message));
    }

    [Fact]
    public void Tables_FromManyThreads_IsSafe() =>
        Parallel.For(0, 200, i => Assert.Equal($"t{i}", Assert.Single(SqlReferences.Tables($"FROM t{i}")).Table));
}
