using System.Numerics;

namespace FlowForge.Columnar.Tests;

public sealed class ArrayTests
{
    [Fact]
    public void Dispose_EveryColumn_ThrowsOnUse()
    {
        var batch = Samples.Batch(0, 10);
        var columns = batch.Arrays.ToArray();
        var inner = ((ListArray)batch.Column("ll")).Values;
        batch.Dispose();
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Column(0));
        foreach (var column in columns)
        {
            Assert.Throws<ObjectDisposedException>(() => column.GetObject(0));
            Assert.Throws<ObjectDisposedException>(() => column.NullCount);
            Assert.Throws<ObjectDisposedException>(() => column.Data);
            Assert.Throws<ObjectDisposedException>(() => column.Slice(0, 1));
        }
        Assert.Throws<ObjectDisposedException>(() => inner.GetObject(0));
        Assert.Throws<ObjectDisposedException>(() => ((Int32Array)columns[6]).Values.Length);
    }

    [Fact]
    public void Slice_OfSlice_ReadsItsWindow()
    {
        using var batch = Samples.Batch(0, 100);
        using var a = batch.Slice(10, 60);
        using var b = a.Slice(5, 31);
        Samples.AssertRows(b, 15);
        Assert.Equal(Enumerable.Range(15, 31).Count(i => i % 5 == 3), b.Column("s").NullCount);
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => b.Column(6).Slice(30, 2));
        Assert.StartsWith("A slice of 2 values from 30 leaves an array of 31.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Index_OutOfRange_ThrowsWithTheLength()
    {
        using var batch = Samples.Batch(0, 3);
        foreach (var column in batch.Arrays)
        {
            Assert.StartsWith("Index 3 is outside an array of 3 values.", Assert.Throws<ArgumentOutOfRangeException>(() => column.IsNull(3)).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => column.GetObject(-1));
        }
    }

    [Fact]
    public void RecordBatch_ColumnsThatDoNotFit_SayWhich()
    {
        var schema = new Schema([new Field("a", Int32Type.Default), new Field("b", StringType.Default)]);
        static IArrowArray Ints(int n)
        {
            var builder = new Int32Array.Builder();
            for (var i = 0; i < n; i++) builder.Append(i);
            return builder.Build();
        }
        Assert.StartsWith("The schema has 2 columns, 1 were given.", Assert.Throws<ArgumentException>(() => new RecordBatch(schema, [Ints(1)], 1)).Message, StringComparison.Ordinal);
        Assert.StartsWith("Column 'a' has 2 values in a batch of 1 rows.", Assert.Throws<ArgumentException>(() => new RecordBatch(schema, [Ints(2), Ints(1)], 1)).Message, StringComparison.Ordinal);
        Assert.StartsWith("Column 'b' is string in the schema, the array is int32.", Assert.Throws<ArgumentException>(() => new RecordBatch(schema, [Ints(1), Ints(1)], 1)).Message, StringComparison.Ordinal);
        using var batch = Samples.Batch(0, 1);
        Assert.StartsWith("No column 'nope'. There are: n, b, i8,", Assert.Throws<KeyNotFoundException>(() => batch.Column("nope")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Extend_AmongNullsAndOverBatches_HoldsWhatWasWritten()
    {
        var builder = new Int32Array.Builder();
        for (var batch = 0; batch < 2; batch++)
        {
            Enumerable.Range(0, 100).ToArray().CopyTo(builder.Extend(100));
            builder.AppendNull();
            builder.Append(Enumerable.Range(200, 1000).ToArray());
            builder.Extend(0);
            using var array = (Int32Array)builder.Build();
            Assert.Equal((1101, 1), (array.Length, array.NullCount));
            Assert.Equal([.. Enumerable.Range(0, 100), null, .. Enumerable.Range(200, 1000)], Enumerable.Range(0, array.Length).Select(i => (int?)array.GetObject(i)));
        }
    }

    [Fact]
    public void AppendRow_ValueThatDoesNotFit_LeavesTheRowOutAndGoesOn()
    {
        var schema = new Schema([new Field("a", Int32Type.Default), new Field("s", new StructType([new Field("x", Int8Type.Default), new Field("y", new ListType(BooleanType.Default))])), new Field("d", new Decimal128Type(4, 1))]);
        var builder = new RecordBatchBuilder(schema);
        var good = new Dictionary<string, object?> { ["x"] = 1, ["y"] = new List<object?> { true } };
        builder.AppendRow(1, good, 1.5m);
        Assert.StartsWith("Column 'd', row 1: A Decimal value does not fit a column of decimal128(4, 1): 1.55 has more than 1 decimal places.",
            Assert.Throws<ArgumentException>(() => builder.AppendRow(2, good, 1.55m)).Message, StringComparison.Ordinal);
        Assert.StartsWith("Column 'd', row 1: A Decimal value does not fit a column of decimal128(4, 1): 1000.0 has more digits than decimal128(4, 1).",
            Assert.Throws<ArgumentException>(() => builder.AppendRow(2, null, 1000.0m)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => builder.AppendRow(2, new Dictionary<string, object?> { ["x"] = 300, ["y"] = null }, 1m));
        Assert.Throws<ArgumentException>(() => builder.AppendRow(2, new Dictionary<string, object?> { ["x"] = 1, ["y"] = new List<object?> { true, "no" } }, 1m));
        Assert.Throws<ArgumentException>(() => builder.AppendRow("2", null, 1m));
        Assert.Throws<ArgumentException>(() => builder.AppendRow(2.5, null, 1m));
        Assert.Throws<ArgumentException>(() => builder.AppendRow(1));
        builder.AppendRow(null, null, null);
        builder.AppendRow(3L, good, -999.9m);
        using var batch = builder.Build();
        Assert.Equal([1, null, 3], Enumerable.Range(0, 3).Select(batch.Column(0).GetObject));
        Assert.Equal([1.5m, null, -999.9m], Enumerable.Range(0, 3).Select(batch.Column(2).GetObject));
        Assert.Equal([true], (List<object?>)((Dictionary<string, object?>)batch.Column(1).GetObject(2)!)["y"]!);
        Assert.Null(batch.Column(1).GetObject(1));
    }

    [Theory]
    [InlineData("0", 0, "0", "0")]
    [InlineData("-5", 3, "-0.005", "-0.005")]
    [InlineData("123450", 2, "1234.50", "1234.50")]
    [InlineData("79228162514264337593543950335", 0, "79228162514264337593543950335", "79228162514264337593543950335")]
    [InlineData("79228162514264337593543950336", 0, null, "79228162514264337593543950336")]
    [InlineData("10000000000000000000000000000000000000", 37, "1", "1.0000000000000000000000000000000000000")]
    [InlineData("12", -3, "12000", "12000")]
    [InlineData("-170141183460469231731687303715884105728", 0, null, "-170141183460469231731687303715884105728")]
    public void Decimal_ToDecimalAndText_AreExact(string unscaled, int scale, string? value, string text)
    {
        var number = Int128.Parse(unscaled, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(value is not null, Decimal128Array.TryToDecimal(number, scale, out var result));
        if (value is not null) Assert.Equal(decimal.Parse(value, System.Globalization.CultureInfo.InvariantCulture), result);
        Assert.Equal(text, Decimal128Array.ToText(number, scale));
        using var array = new ArrayOf(number, scale).Array;
        var boxed = array.GetObject(0);
        if (value is null && scale == 0) Assert.Equal((BigInteger)number, boxed);
    }

    private sealed class ArrayOf
    {
        public ArrayOf(Int128 value, int scale)
        {
            var builder = new Decimal128Array.Builder(new Decimal128Type(38, scale));
            builder.Append(value);
            Array = (Decimal128Array)builder.Build();
        }

        public Decimal128Array Array { get; }
    }

    [Fact]
    public void Bits_CopyAndCount_AgreeWithTheSimpleWay()
    {
        var random = new Random(7);
        var source = new byte[64];
        random.NextBytes(source);
        for (var round = 0; round < 2000; round++)
        {
            var (from, to) = (random.Next(100), random.Next(100));
            var length = random.Next(400 - 100);
            var target = new byte[64];
            random.NextBytes(target);
            var expected = (byte[])target.Clone();
            for (var i = 0; i < length; i++)
                if (Bits.Get(source, from + i)) Bits.Set(expected, to + i);
                else Bits.Clear(expected, to + i);
            Bits.Copy(source, from, target, to, length);
            Assert.Equal(expected, target);
            Assert.Equal(Enumerable.Range(from, length).Count(i => Bits.Get(source, i)), Bits.Count(source, from, length));
        }
    }

    [Theory]
    [InlineData(0, 0, 0, "00:00:00")]
    [InlineData(14, -3, 3_661_000_000_001, "1 year 2 months -3 days 01:01:01.000000001")]
    [InlineData(-1, 1, -500_000_000, "-1 month 1 day -00:00:00.5")]
    public void CalendarInterval_Text(int months, int days, long ns, string text) => Assert.Equal(text, new CalendarInterval(months, days, ns).ToString());
}
