using FlowForge.Columnar;

namespace FlowForge.Duck.Tests;

public sealed class FunctionTests : IDisposable
{
    private readonly DuckDatabase _database = DuckDatabase.Open();
    private readonly DuckSession _session;

    public FunctionTests() => _session = _database.Connect();

    public void Dispose()
    {
        _session.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void RegisterScalar_Spans_ComputesAndMasksNulls()
    {
        _session.RegisterScalar<long, long>("twice", (input, output) => { for (var i = 0; i < input.Length; i++) output[i] = input[i] * 2; });
        _session.RegisterScalar<double, int, double>("scale", (x, n, output) => { for (var i = 0; i < x.Length; i++) output[i] = x[i] * n[i]; });
        Assert.Equal(2 * 4_999_950_000L, _session.Scalar<long>("SELECT sum(twice(i)) FROM range(100000) r(i)"));
        Assert.Equal(66_666, _session.Scalar<long>("SELECT count(twice(CASE WHEN i % 3 = 0 THEN NULL ELSE i END)) FROM range(100000) r(i)"));
        Assert.Null(_session.Rows("SELECT twice(NULL)")[0][0]);
        Assert.Equal(4, _session.Scalar<long>("SELECT twice(2)"));
        Assert.Equal(33_333L, _session.Scalar<long>("SELECT count(scale(CASE WHEN i % 3 = 0 THEN NULL ELSE i END, CASE WHEN i % 3 = 1 THEN NULL ELSE i::INT END)) FROM range(100000) r(i)"));
        Assert.Equal(5.0, _session.Scalar<double>("SELECT scale(2.5, 2::INT)"));
    }

    [Fact]
    public void RegisterScalar_IsSeenByOtherSessions()
    {
        _session.RegisterScalar<int, int>("plus_one", (input, output) => { for (var i = 0; i < input.Length; i++) output[i] = input[i] + 1; });
        using var other = _database.Connect();
        Assert.Equal(2, other.Scalar<int>("SELECT plus_one(1)"));
    }

    [Fact]
    public void RegisterScalar_Throws_GivesTheOriginalAsInner()
    {
        var boom = new FormatException("not a moon");
        _session.RegisterScalar<int, int>("bad", (_, _) => throw boom);
        var e = Assert.Throws<DuckException>(() => _session.Rows("SELECT bad(i::INT) FROM range(10) r(i)"));
        Assert.Equal(("Function 'bad' failed: not a moon", DuckErrorKind.Managed), (e.Message, e.Kind));
        Assert.Same(boom, e.InnerException);
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void RegisterScalar_Arrays_TakesAndGivesAnyType()
    {
        _session.RegisterScalar("initials", [new ListType(StringType.Default), StringType.Default], StringType.Default, args =>
        {
            var (names, between) = ((ListArray)args[0], (StringArray)args[1]);
            var result = new StringArray.Builder();
            for (var i = 0; i < names.Length; i++)
                result.Append(names.GetObject(i) is List<object?> list ? string.Join(between.GetString(i) ?? "-", list.Select(n => ((string?)n)?[..1])) : null);
            return result.Build();
        });
        Assert.Equal("A.B", _session.Scalar<string>("SELECT initials(['Ada', 'Bob'], '.')"));
        Assert.Equal("A-", _session.Scalar<string>("SELECT initials(['Ada', NULL], NULL)"));
        Assert.Null(_session.Rows("SELECT initials(NULL, '.')")[0][0]);
        Assert.Equal(10_000, _session.Scalar<long>("SELECT count(*) FROM range(10000) r(i) WHERE initials(['x' || i, 'y'], '+') = 'x+y'"));
    }

    [Fact]
    public void RegisterScalar_ArrayOfWrongLength_IsAnError()
    {
        _session.RegisterScalar("short", [Int32Type.Default], Int32Type.Default, _ => new Int32Array.Builder().Build());
        var e = Assert.Throws<DuckException>(() => _session.Rows("SELECT short(1)"));
        Assert.Equal("Function 'short' failed: it gave 0 values of int32 for 1 of int32", e.Message);
    }

    [Fact]
    public void RegisterScalar_UnknownType_IsRefused()
    {
        var e = Assert.Throws<ArgumentException>(() => _session.RegisterScalar<Guid, long>("g", (_, _) => { }));
        Assert.Equal("A scalar function over spans takes bool, integers, float and double, not Guid; use the form over arrays.", e.Message);
    }

    [Fact]
    public void RegisterTable_ArgumentsDecideTheColumns()
    {
        _session.RegisterTable("count_down", [Int64Type.Default, StringType.Default], args =>
        {
            var schema = new Schema([new Field((string)args[1]!, Int64Type.Default)]);
            return new TableFunctionResult(schema, _ => CountDown(schema, (long)args[0]!));
        });
        Assert.Equal([3L, 2L, 1L], _session.Rows("SELECT n FROM count_down(3, 'n')").Select(r => r[0]));
        using var other = _database.Connect();
        Assert.Equal(50_005_000L, other.Scalar<long>("SELECT sum(x) FROM count_down(10000, 'x')"));
        Assert.Equal([new DuckColumn("y", "BIGINT")], other.Describe("FROM count_down(1, 'y')"));
        var e = Assert.Throws<DuckException>(() => other.Rows("FROM count_down(1, NULL)"));
        Assert.Equal(DuckErrorKind.Managed, e.Kind);
        Assert.StartsWith("A table function could not be bound: ", e.Message, StringComparison.Ordinal);
        Assert.IsType<ArgumentNullException>(e.InnerException);
    }

    private static IEnumerable<RecordBatch> CountDown(Schema schema, long from)
    {
        var builder = new RecordBatchBuilder(schema);
        for (; from > 0; from--) builder.AppendRow(from);
        yield return builder.Build();
    }
}
