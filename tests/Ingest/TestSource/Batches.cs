using System.Globalization;
using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.TestSource;

public sealed record BatchesSpec
{
    [Setting("Rows in all")]
    public long Rows { get; init; } = 100;

    [Setting("Rows of a batch")]
    public int Batch { get; init; } = 1000;

    [Setting("Fail, once, after so many rows")]
    public long? FailAfter { get; init; }

    [Setting("Hang, deaf to everything, after so many rows")]
    public long? HangAfter { get; init; }

    [Setting("Only numbers, as fast as can be")]
    public bool Plain { get; init; }
}

/// <summary>Arrow batches with a column of each kind; reading can resume. How it was asked is noted in <c>reads.txt</c>.</summary>
[Connector("test_batches")]
public sealed class Batches(ConnectorContext<BatchesSpec> context) : IBatchSource, IResume
{
    private static readonly Schema Wide = new(
    [
        new Field("id", Int64Type.Default, false), new Field("Name", StringType.Default), new Field("amount", new Decimal128Type(20, 4)), new Field("at", new TimestampType(TimeUnit.Microsecond, "UTC")),
        new Field("day", Date32Type.Default), new Field("uid", UuidType.Default), new Field("tags", new ListType(StringType.Default)),
        new Field("address", new StructType([new Field("city", StringType.Default), new Field("zip", Int32Type.Default)])), new Field("blob", BinaryType.Default), new Field("span", new IntervalType(IntervalUnit.MonthDayNanosecond)), new Field("nothing", NullType.Default),
    ]);

    private static readonly Schema Narrow = new([new Field("id", Int64Type.Default, false), new Field("a", Int32Type.Default), new Field("b", DoubleType.Default), new Field("c", StringType.Default)]);

    public ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken) => new(context.Settings.Plain ? Narrow : Wide);

    public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var settings = context.Settings;
        await File.AppendAllTextAsync(Path.Combine(context.BaseDirectory, "reads.txt"), $"{request.Table} {request.Cursor}\n", cancellationToken);
        var marker = Path.Combine(context.BaseDirectory, "failed.txt");
        var at = request.Cursor is { } cursor ? long.Parse(cursor, CultureInfo.InvariantCulture) : 0;
        var plain = settings.Plain ? Plain(settings.Batch) : null;
        while (at < settings.Rows)
        {
            if (settings.FailAfter <= at && !File.Exists(marker))
            {
                await File.WriteAllTextAsync(marker, "", cancellationToken);
                throw new TransientException("The line went dead.");
            }
            if (settings.HangAfter <= at) Thread.Sleep(Timeout.Infinite);
            var count = (int)Math.Min(settings.Batch, settings.Rows - at);
            var batch = plain is null ? Make(at, count) : plain.Slice(0, count);
            at += count;
            yield return new SourceBatch(batch, at.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static RecordBatch Make(long from, int count)
    {
        var builder = new RecordBatchBuilder(Wide);
        for (var id = from; id < from + count; id++)
            builder.AppendRow(id, id % 7 == 3 ? null : $"näme {id}", id / 4m, DateTime.UnixEpoch.AddSeconds(id), new DateOnly(2024, 1, 1).AddDays((int)(id % 1000)), new Guid((int)id, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
                new object[] { "a", $"t{id}" }, new Dictionary<string, object?> { ["city"] = "Ulm", ["zip"] = (int)id }, new byte[] { 1, (byte)id }, new CalendarInterval(14, (int)(id % 30), 1_500_000_000), null);
        return builder.Build();
    }

    private static RecordBatch Plain(int count)
    {
        var builder = new RecordBatchBuilder(Narrow);
        for (var i = 0; i < count; i++) builder.AppendRow((long)i, i % 1000, i * 0.5, "value " + (i % 5000).ToString(CultureInfo.InvariantCulture));
        return builder.Build();
    }
}
