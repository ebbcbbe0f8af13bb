namespace FlowForge.Columnar.Tests;

/// <summary>Batches with every type, with nulls, and what they hold as CLR values.</summary>
internal static class Samples
{
    public static readonly Schema Schema = new(
    [
        new Field("n", NullType.Default),
        new Field("b", BooleanType.Default),
        new Field("i8", Int8Type.Default),
        new Field("u8", UInt8Type.Default),
        new Field("i16", Int16Type.Default),
        new Field("u16", UInt16Type.Default),
        new Field("i32", Int32Type.Default, false),
        new Field("u32", UInt32Type.Default),
        new Field("i64", Int64Type.Default, true, new Dictionary<string, string> { ["unit"] = "mm", ["ü"] = "😀" }),
        new Field("u64", UInt64Type.Default),
        new Field("f16", HalfFloatType.Default),
        new Field("f32", FloatType.Default),
        new Field("f64", DoubleType.Default),
        new Field("dec", new Decimal128Type(20, 3)),
        new Field("date", Date32Type.Default),
        new Field("date64", Date64Type.Default),
        new Field("t32", new Time32Type(TimeUnit.Millisecond)),
        new Field("t64", new Time64Type(TimeUnit.Microsecond)),
        new Field("ts", new TimestampType(TimeUnit.Microsecond)),
        new Field("tz", new TimestampType(TimeUnit.Millisecond, "Europe/Berlin")),
        new Field("dur", new DurationType(TimeUnit.Millisecond)),
        new Field("iv", new IntervalType(IntervalUnit.MonthDayNanosecond)),
        new Field("s", StringType.Default),
        new Field("z", BinaryType.Default),
        new Field("fix", new FixedSizeBinaryType(3)),
        new Field("id", UuidType.Default),
        new Field("l", new ListType(Int32Type.Default)),
        new Field("ll", new ListType(new ListType(StringType.Default))),
        new Field("st", new StructType([new Field("x", Int32Type.Default), new Field("y", StringType.Default)])),
        new Field("m", new MapType(StringType.Default, Int32Type.Default)),
        new Field("dict", new DictionaryType(Int32Type.Default, StringType.Default)),
        new Field("ld", new ListType(new DictionaryType(Int32Type.Default, StringType.Default))),
    ], new Dictionary<string, string> { ["origin"] = "FlowForge" });

    private static readonly Guid Id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    public static object?[] Row(int i) => i % 5 == 3
        ? [.. Schema.FieldsList.Select(f => f.Name == "i32" ? (object?)i : null)]
        : [
            null, i % 2 == 0, (sbyte)-i, (byte)(200 + i % 50), (short)(i * -7), (ushort)(65000 + i % 500), i, 4_000_000_000u + (uint)i, 9_007_199_254_740_993L + i, ulong.MaxValue - (ulong)i,
            (Half)1.5, i * 0.25f, i * 0.1, i + 0.125m, new DateOnly(2024, 2, 29).AddDays(i), new DateOnly(1969, 12, 31), new TimeOnly(1, 2, 3, 4), new TimeOnly(23, 59, 59).Add(TimeSpan.FromMicroseconds(7)),
            new DateTime(2024, 2, 29, 12, 0, 0).AddMicroseconds(i), DateTime.SpecifyKind(new DateTime(1969, 12, 31, 23, 59, 59, 999), DateTimeKind.Utc), TimeSpan.FromMilliseconds(-i), new CalendarInterval(i, -i, i * 1000L),
            i % 3 == 0 ? "" : $"text ä😀 {i}", new byte[] { 0, (byte)i, 255 }, new byte[] { 1, 2, (byte)i }, Id,
            new List<object?> { i, null, i + 1 }, new List<object?> { new List<object?> { "a" }, null, new List<object?>() },
            new Dictionary<string, object?> { ["x"] = i, ["y"] = i % 2 == 0 ? null : "odd" }, new Dictionary<string, object?> { ["k"] = i, ["none"] = null }, i % 2 == 0 ? "even" : "odd",
            new List<object?> { "even", null },
        ];

    public static RecordBatch Batch(int from, int count)
    {
        var builder = new RecordBatchBuilder(Schema);
        for (var i = from; i < from + count; i++) builder.AppendRow(Row(i));
        return builder.Build();
    }

    public static void AssertRows(RecordBatch batch, int from)
    {
        for (var r = 0; r < batch.Length; r++)
        {
            var expected = Row(from + r);
            for (var c = 0; c < expected.Length; c++)
            {
                var actual = batch.Column(c).GetObject(r);
                Assert.True(Same(expected[c], actual), $"{Schema.FieldsList[c].Name}[{from + r}]: expected {expected[c]}, got {actual}");
            }
        }
    }

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (byte[] x, byte[] y) => x.AsSpan().SequenceEqual(y),
        (List<object?> x, List<object?> y) => x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second)),
        (Dictionary<string, object?> x, Dictionary<string, object?> y) => x.Count == y.Count && x.All(p => y.TryGetValue(p.Key, out var v) && Same(p.Value, v)),
        (DateTime x, DateTime y) => x == y && x.Kind == y.Kind,
        _ => Equals(a, b),
    };
}
