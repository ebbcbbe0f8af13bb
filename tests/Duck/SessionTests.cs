using FlowForge.Columnar;

namespace FlowForge.Duck.Tests;

public sealed class SessionTests : IDisposable
{
    private readonly DuckDatabase _database = DuckDatabase.Open();
    private readonly DuckSession _session;

    public SessionTests() => _session = _database.Connect();

    public void Dispose()
    {
        _session.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void LibraryVersion_Is_ThePinnedOne() => Assert.Equal("v1.5.6", DuckDatabase.LibraryVersion);

    [Fact]
    public void Execute_SeveralStatements_ReturnsRowsChangedByTheLast()
    {
        Assert.Equal(0, _session.Execute("CREATE TABLE t(a INTEGER); -- a comment\n"));
        Assert.Equal(3, _session.Execute("CREATE OR REPLACE TABLE t(a INTEGER); INSERT INTO t VALUES (1), (2), (3)"));
        Assert.Equal(2, _session.Execute("UPDATE t SET a = a + 1 WHERE a > $1", default, 1));
        Assert.Equal(7L, _session.Scalar<long>("SELECT sum(a) FROM t") - 1);
        Assert.Equal(0, _session.Execute("SELECT * FROM t"));
        Assert.Equal(0, _session.Execute(" -- nothing"));
    }

    [Fact]
    public void Execute_WrongNumberOfArguments_SaysBothNumbers()
    {
        var few = Assert.Throws<ArgumentException>(() => _session.Execute("SELECT $1 + $2", default, 1));
        Assert.Equal("The statement has 2 parameters, 1 values were given. (Parameter 'args')", few.Message);
        var many = Assert.Throws<ArgumentException>(() => _session.Execute("SELECT $1", default, 1, 2));
        Assert.Equal("The statement has 1 parameters, 2 values were given. (Parameter 'given')", many.Message);
    }

    [Fact]
    public void Execute_SyntaxError_CarriesKindSqlAndPosition()
    {
        const string sql = "SELECT 1;\nSELECT 2 FORM x WHERE";
        var e = Assert.Throws<DuckException>(() => _session.Execute(sql));
        Assert.Equal(DuckErrorKind.Parser, e.Kind);
        Assert.Equal(sql, e.Sql);
        Assert.StartsWith("Parser Error: syntax error at", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Position);
    }

    [Fact]
    public void Execute_UnknownTable_IsCatalogErrorWithPosition()
    {
        const string sql = "SELECT *\nFROM nowhere";
        var e = Assert.Throws<DuckException>(() => _session.Execute(sql));
        Assert.Equal(DuckErrorKind.Catalog, e.Kind);
        Assert.Equal(sql.IndexOf("nowhere", StringComparison.Ordinal), e.Position);
    }

    [Fact]
    public void Query_Range_StreamsAllRows()
    {
        using var reader = _session.Query("SELECT i, 'text number ' || i AS t, CASE WHEN i % 3 = 0 THEN NULL ELSE i::DOUBLE END AS d FROM range(100000) r(i)");
        long rows = 0, sum = 0, nulls = 0;
        foreach (var batch in reader)
        {
            using (batch)
            {
                var ids = (Int64Array)batch.Column("i");
                foreach (var id in ids.Values) sum += id;
                Assert.Equal($"text number {ids.Values[0]}", ((StringArray)batch.Column("t")).GetString(0));
                nulls += batch.Column("d").NullCount;
                rows += batch.Length;
            }
        }
        Assert.Equal(100_000, rows);
        Assert.Equal(100_000, reader.RowsRead);
        Assert.Equal(4_999_950_000, sum);
        Assert.Equal(33_334, nulls);
    }

    [Fact]
    public void Query_SecondStatementWhileReaderOpen_IsRefused()
    {
        using (_session.Query("SELECT * FROM range(1000000)"))
        {
            var e = Assert.Throws<InvalidOperationException>(() => _session.Execute("SELECT 1"));
            Assert.Equal("A reader of this session is still open: dispose it first, or use another session for another stream.", e.Message);
        }
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void RegisterSource_ViewAndFunction_GiveTheBatches()
    {
        var schema = new Schema([new Field("id", Int32Type.Default), new Field("name", StringType.Default)]);
        IEnumerable<RecordBatch> Batches()
        {
            for (var b = 0; b < 5; b++)
            {
                var builder = new RecordBatchBuilder(schema);
                for (var i = 0; i < 3000; i++) builder.AppendRow(b * 3000 + i, i % 7 == 0 ? null : $"a somewhat long name {i}");
                yield return builder.Build();
            }
        }
        _session.RegisterSource("my source", schema, Batches);
        Assert.Equal(15_000, _session.Scalar<long>("SELECT count(*) FROM \"my source\""));
        Assert.Equal(112_492_500, _session.Scalar<long>("SELECT sum(id) FROM \"my source\"()"));
        Assert.Equal(2145, _session.Scalar<long>("SELECT count(*) FROM \"my source\" WHERE name IS NULL"));
        Assert.Equal("a somewhat long name 2999", _session.Scalar<string>("SELECT name FROM \"my source\" WHERE id = 14999"));
        _session.UnregisterSource("my source");
        Assert.Equal(DuckErrorKind.Catalog, Assert.Throws<DuckException>(() => _session.Execute("FROM \"my source\"")).Kind);
    }

    [Fact]
    public void RegisterSource_Throws_GivesTheOriginalAsInner()
    {
        var schema = new Schema([new Field("id", Int32Type.Default)]);
        var boom = new InvalidOperationException("boom");
        _session.RegisterSource("s", schema, () => throw boom);
        var e = Assert.Throws<DuckException>(() => _session.Scalar<long>("SELECT sum(id) FROM s"));
        Assert.Equal("Source 's' failed: boom", e.Message);
        Assert.Equal(DuckErrorKind.Managed, e.Kind);
        Assert.Same(boom, e.InnerException);
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Cancel_InTheMiddle_ThrowsAndSessionStaysUsable()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        var e = Assert.Throws<OperationCanceledException>(() => _session.Scalar<long>("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b", stop.Token));
        Assert.Equal(stop.Token, e.CancellationToken);
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Describe_DoesNotRun_AndTypesText()
    {
        var columns = _session.Describe("SELECT 1::DECIMAL(9,2) AS a, [1] AS b, {'x y': 1} AS c, error('ran') AS d");
        Assert.Equal([new("a", "DECIMAL(9,2)"), new("b", "INTEGER[]"), new("c", "STRUCT(\"x y\" INTEGER)"), new("d", "INTEGER")], columns);
    }
}
