using System.Text;
using System.Text.Json;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Types;

namespace FlowForge.Ingest.Tests;

/// <summary>The JSON splitter counts what the decoder decodes, however damaged the text and however it is cut.</summary>
public sealed class JsonLawTests
{
    private static int Cases => Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 300_000 : 8_000;

    [Fact]
    public void SplitAndDecode_RandomDamage_CountTheSame()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            var (text, whole) = RandomJson(random);
            var bytes = Encoding.UTF8.GetBytes(text);
            if (JsonLayout.Find(new FileSample(bytes, true)) is not { } shape) continue;
            var layout = new JsonFileLayout(shape);
            List<TargetColumn> targets = [new("a", ColumnType.Text), new("b", ColumnType.Text)];
            var rows = new RowBuilder(targets, false);
            var decoder = layout.Decoder(targets);
            int counted = 0, good = 0;
            foreach (var (chunk, records, isLast) in Chunks(bytes[(int)shape.DataOffset..], layout.Splitter(1 << 20), random))
            {
                rows.StartChunk(0, counted + 1);
                decoder.Decode(chunk, 0, isLast, rows);
                var decoded = rows.EndChunk(records);
                Assert.True(decoded.Records == records, $"seed {seed}: the splitter counts {records}, the decoder {decoded.Records} in {Encoding.UTF8.GetString(chunk)} ({shape.Shape})");
                counted += records;
                good += decoded.Batch?.Length ?? 0;
                decoded.Batch?.Dispose();
            }
            if (whole is { } expected) Assert.True(expected == counted && expected == good, $"seed {seed}: {counted} records, {good} good, {expected} expected in {text}");
        }
    }

    private static IEnumerable<(byte[] Bytes, int Records, bool IsLast)> Chunks(byte[] bytes, IRecordSplitter splitter, Random random)
    {
        var at = 0;
        var filled = 0;
        while (true)
        {
            filled = Math.Min(bytes.Length, filled + random.Next(1, 60));
            var ended = filled == bytes.Length;
            var split = splitter.Split(bytes.AsSpan(at, filled - at), ended);
            Assert.True(!ended || split.Consumed == filled - at);
            var chunk = bytes[at..(at + split.Consumed)];
            at += split.Consumed;
            if (split.Records > 0) yield return (chunk, split.Records, ended);
            if (ended) yield break;
        }
    }

    /// <summary>A text, and how many records it holds when it is whole.</summary>
    private static (string Text, int? Records) RandomJson(Random random)
    {
        var count = random.Next(0, 12);
        var records = Enumerable.Range(0, count).Select(_ => RandomObject(random, 2)).ToList();
        var text = random.Next(3) switch
        {
            0 => "[" + string.Join(random.Next(2) == 0 ? "," : " ,\n ", records) + "]" + (random.Next(2) == 0 ? "\n" : ""),
            1 => string.Join("\n", records) + (random.Next(2) == 0 ? "\n" : ""),
            _ => string.Join("\r\n\r\n", records),
        };
        if (random.Next(2) == 0) return (text, count);
        var damaged = new StringBuilder(text);
        for (var n = random.Next(1, 4); n > 0 && damaged.Length > 0; n--)
        {
            var at = random.Next(damaged.Length);
            if (random.Next(3) == 0) damaged.Length = at;
            else if (random.Next(2) == 0) damaged.Remove(at, 1);
            else damaged.Insert(at, "{}[]\",:\\\n x1"[random.Next(12)]);
        }
        return (damaged.ToString(), null);
    }

    private static string RandomObject(Random random, int depth) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["a"] = RandomValue(random, depth), ["b\""] = RandomValue(random, depth), ["b"] = RandomValue(random, depth),
    });

    private static object? RandomValue(Random random, int depth) => random.Next(depth > 0 ? 9 : 6) switch
    {
        0 => null,
        1 => random.Next(),
        2 => "plain",
        3 => "brackets ]}[{ \" \\ , \n end",
        4 => true,
        5 => random.NextDouble(),
        6 => new[] { RandomValue(random, depth - 1), RandomValue(random, depth - 1) },
        _ => new Dictionary<string, object?> { ["x"] = RandomValue(random, depth - 1) },
    };
}
