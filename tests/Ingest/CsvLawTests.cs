using System.Text;
using FlowForge.Columnar;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Csv;
using FlowForge.Ingest.Types;

namespace FlowForge.Ingest.Tests;

/// <summary>Splitter and decoder against the model, on random bytes of the kind that hurts, in random portions.</summary>
public sealed class CsvLawTests
{
    private static int Cases => Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 400_000 : 8_000;

    [Fact]
    public void SplitAndDecode_RandomDamage_AgreeWithTheModel()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            var delimiter = random.Next(4) switch { 0 => ";", 1 => "||", _ => "," };
            var escape = random.Next(4) == 0 ? '\\' : '"';
            var text = RandomText(random, delimiter, random.Next(4) == 0 ? "\r\n" : "\n", random.Next(1, 120));
            Check(text, delimiter, escape, seed, random);
        }
    }

    private static void Check(string text, string delimiter, char escape, int seed, Random random)
    {
        var expected = CsvModel.Parse(text, delimiter, '"', escape);
        var columns = expected.FirstOrDefault(r => r.Values is not null)?.Values!.Count ?? 2;
        var dialect = new CsvDialect { Delimiter = Encoding.UTF8.GetBytes(delimiter), Escape = (byte)escape, SingleColumn = columns == 1 };
        if (columns == 1) expected = CsvModel.Parse(text, delimiter, '"', escape);
        var names = Enumerable.Range(0, columns).Select(i => $"c{i}").ToList();
        var layout = new CsvFileLayout(new CsvLayout(dialect, new CsvValues { NullStrings = [] }, names, true, 0, 1 << 20));
        var targets = names.Select(n => new TargetColumn(n, ColumnType.Text)).ToList();
        var rows = new RowBuilder(targets, false);
        var decoder = layout.Decoder(targets);
        var good = new List<string>();
        var rejected = new List<string?>();
        var numbers = new List<long>();
        long counted = 0;
        using var stream = new TrickleStream(Encoding.UTF8.GetBytes(text), random);
        foreach (var chunk in Chunks(stream, layout.Splitter(1 << 20), random))
        {
            rows.StartChunk(0, counted + 1);
            decoder.Decode(chunk.Bytes, 0, chunk.IsLast, rows);
            var decoded = rows.EndChunk(chunk.Records);
            Assert.True(decoded.Records == chunk.Records, $"seed {seed}: the splitter counts {chunk.Records}, the decoder {decoded.Records} in {Show(text)}");
            counted += chunk.Records;
            rejected.AddRange(decoded.Rejects.Select(r => r.Raw));
            if (decoded.Batch is not { } batch) continue;
            for (var r = 0; r < batch.Length; r++)
            {
                good.Add(string.Join("¦", Enumerable.Range(0, columns).Select(c => ((StringArray)batch.Column(c)).GetString(r))));
                numbers.Add(((Int64Array)batch.Column(columns)).GetValue(r)!.Value);
            }
            batch.Dispose();
        }
        Assert.True(expected.Count == counted, $"seed {seed}: {counted} records, the model has {expected.Count} in {Show(text)}");
        var wanted = expected.Select((r, i) => (Row: r, Number: i + 1)).Where(r => r.Row.Values?.Count == columns).ToList();
        Assert.Equal(wanted.Select(r => string.Join("¦", r.Row.Values!.Select(v => v.Text))), good);
        Assert.Equal(wanted.Select(r => (long)r.Number), numbers);
        Assert.Equal(expected.Where(r => r.Values?.Count != columns).Select(r => r.Raw), rejected);
    }

    // Small portions, as a large file gives: whatever has been read is split, the rest waits.
    private static IEnumerable<(byte[] Bytes, int Records, bool IsLast)> Chunks(TrickleStream stream, IRecordSplitter splitter, Random random)
    {
        var buffer = new List<byte>();
        var portion = new byte[64];
        while (true)
        {
            var read = stream.Read(portion, 0, random.Next(1, 64));
            buffer.AddRange(portion.AsSpan(0, read));
            var bytes = buffer.ToArray();
            var split = splitter.Split(bytes, read == 0);
            Assert.True(read > 0 || split.Consumed == bytes.Length);
            buffer.RemoveRange(0, split.Consumed);
            if (split.Records > 0) yield return (bytes[..split.Consumed], split.Records, read == 0);
            if (read == 0) yield break;
        }
    }

    private static string RandomText(Random random, string delimiter, string lineEnd, int pieces)
    {
        var text = new StringBuilder();
        for (var i = 0; i < pieces; i++)
        {
            text.Append(random.Next(14) switch
            {
                0 or 1 or 2 => delimiter,
                3 or 4 => lineEnd,
                5 => "\"",
                6 => "\"\"",
                7 => $"{delimiter}\"a\"{delimiter}",
                8 => $"{lineEnd}\"x{delimiter}y{lineEnd}z\"{delimiter}",
                9 => "\\",
                10 => random.Next(3) == 0 ? "\r" : " ",
                11 => new string('q', random.Next(40)),
                _ => random.Next(1000).ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
        }
        return text.ToString();
    }

    private static string Show(string text) => text.Replace("\r", "␍", StringComparison.Ordinal).Replace("\n", "␊", StringComparison.Ordinal);

    private sealed class TrickleStream(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, random.Next(1, 50)));
    }
}
