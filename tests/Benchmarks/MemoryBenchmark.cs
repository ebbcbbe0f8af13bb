using System.Diagnostics;
using FlowForge.Columnar;
using FlowForge.Duck;

namespace FlowForge.Benchmarks;

/// <summary>Peak memory of streams in and out, at one size and at five times that size.</summary>
internal sealed class MemoryBenchmark : IBenchmark
{
    public string Name => "memory";
    public string About => "resident memory while many rows stream in and out at once; peer: a fifth of the rows";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 500_000L : 30_000_000L;
        Stream(rows / 5);
        var small = Stream(rows);
        var large = Stream(rows * 5);
        yield return new Ratio($"{rows * 5 / 1e6:N0} M rows in and out", large, small, "MiB", 1.25, LessIsBetter: true);
    }

    /// <summary>Managed source → DuckDB → managed batches; the highest resident memory in MiB, sampled every few batches.</summary>
    private static double Stream(long rows)
    {
        using var database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = 512L << 20 });
        using var session = database.Connect();
        var schema = new Schema([new Field("i", Int64Type.Default), new Field("t", StringType.Default)]);
        session.RegisterSource("managed", schema, () => Make(schema, rows));
        using var reader = session.Query("SELECT i + 1 AS i, t || '!' AS t FROM managed");
        long seen = 0, peak = 0, count = 0;
        while (reader.Next() is { } batch)
        {
            using (batch) seen += batch.Length;
            if (count++ % 200 == 0) peak = Math.Max(peak, Resident());
        }
        if (seen != rows) throw new InvalidOperationException($"{seen} rows came back of {rows}.");
        return Math.Max(peak, Resident()) / 1048576.0;
    }

    private static IEnumerable<RecordBatch> Make(Schema schema, long rows)
    {
        for (long at = 0; at < rows; at += 8192)
        {
            var ids = new Int64Array.Builder();
            var texts = new StringArray.Builder();
            var count = (int)Math.Min(8192, rows - at);
            for (var i = 0; i < count; i++)
            {
                ids.Append(at + i);
                texts.Append("row of a stream"u8);
            }
            yield return new RecordBatch(schema, [ids.Build(), texts.Build()], count);
        }
    }

    private static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
