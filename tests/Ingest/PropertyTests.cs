using System.Globalization;
using System.Text;
using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>Random tables in random dialects with random damage, through the whole job: the rows add up, and every good row has its values.</summary>
public sealed class PropertyTests
{
    private static int Cases => Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 3000 : 1000;

    [Fact]
    public async Task Run_RandomTables_AddUpAndKeepTheirValues()
    {
        // The same tables each time, unless other ones are asked for.
        var first = int.Parse(Environment.GetEnvironmentVariable("FLOWFORGE_SEED") ?? "0", CultureInfo.InvariantCulture);
        // Tables of a lake of their own for each hundred, so that folders stay small.
        for (var from = first; from < first + Cases; from += 100)
        {
            using var bench = Bench.Quick();
            await Run(bench, from, Math.Min(from + 100, first + Cases));
        }
    }

    private static async Task Run(Bench bench, int from, int to)
    {
        for (var seed = from; seed < to; seed++)
        {
            var table = new RandomTable(new Random(seed));
            var name = $"t{seed}";
            bench.Write($"{name}.csv", table.Bytes);
            var outcome = await bench.RunAsync(Bench.Job($$"""
                source_type: file_local
                format: csv
                error_handling: quarantine
                quarantine_path: quarantine/{{name}}
                partition_mode: none
                config: { path: {{name}}.csv, header: true, delimiter: "{{(table.Delimiter == "\t" ? "\\t" : table.Delimiter)}}" }
                """, name));
            var expected = CsvModel.Parse(table.Text, table.Delimiter);
            var columns = expected[0].Values!.Count;
            var records = expected.Skip(1).ToList();
            var good = records.Where(r => r.Values?.Count == columns).ToList();
            Assert.True(new RowCounts(records.Count, good.Count, records.Count - good.Count) == outcome.Counts, $"seed {seed}: {outcome.Counts}, expected {good.Count} of {records.Count} in {table.Text}\n{bench.Log.Text[Math.Max(0, bench.Log.Text.Length - 1500)..]}");
            var schema = bench.Schema(name).Split(", ").Select(c => c[(c.IndexOf(' ') + 1)..]).ToList();
            var rows = bench.Query("SELECT * EXCLUDE (_ff_run, _ff_file, _ff_record) FROM {t} ORDER BY _ff_record", name, withReserved: true);
            for (var i = 0; i < good.Count; i++)
                Assert.True(Shown(good[i].Values!, schema) == rows[i], $"seed {seed}, row {i}: {Shown(good[i].Values!, schema)} became {rows[i]} ({bench.Schema(name)})");
            if (records.Count == good.Count) continue;
            Assert.Equal(records.Where(r => r.Values?.Count != columns).Select(r => r.Raw), bench.Rejects("SELECT raw FROM {t} ORDER BY record", $"quarantine/{name}"));
        }
    }

    /// <summary>A row as it must come out, given its texts and the types that were found.</summary>
    private static string Shown(List<(string Text, bool Quoted)> values, List<string> types) => string.Join("|", values.Select((v, i) => types[i] switch
    {
        _ when v.Text.Length == 0 && !v.Quoted => "NULL",
        "VARCHAR" => v.Text,
        _ when v.Text.Length == 0 => "NULL",
        "DOUBLE" => double.Parse(v.Text, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        "BOOLEAN" => bool.Parse(v.Text).ToString(),
        "TIMESTAMP" => DateTime.Parse(v.Text, CultureInfo.InvariantCulture).ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
        var t when t.StartsWith("DECIMAL", StringComparison.Ordinal) => Scaled(v.Text, int.Parse(t.Split(',')[1].TrimEnd(')'), CultureInfo.InvariantCulture)),
        _ => v.Text.Trim(),
    }));

    private static string Scaled(string text, int scale)
    {
        var parts = text.Trim().Split('.');
        return scale == 0 ? parts[0] : $"{parts[0]}.{(parts.Length > 1 ? parts[1] : "").PadRight(scale, '0')}";
    }

    private sealed class RandomTable
    {
        private static readonly string[] Words = ["", "plain", "a b", "quo\"te", "com,ma", "semi;colon", "two\nlines", "two\r\nlines", "tab\there", "ümläut", "日本", "🦊", "'", "\\", "pipe|", "007", "\"", " x "];
        private readonly Random _random;

        public RandomTable(Random random)
        {
            _random = random;
            Delimiter = random.Next(4) switch { 0 => ";", 1 => "\t", 2 => "|", _ => "," };
            var lineEnd = random.Next(2) == 0 ? "\n" : "\r\n";
            var quoteAll = random.Next(4) == 0;
            var kinds = Enumerable.Range(0, random.Next(2, 8)).Select(_ => random.Next(8)).ToArray();
            var rows = random.Next(10) == 0 ? 0 : random.Next(1, random.Next(4) == 0 ? 400 : 20);
            var damage = random.Next(3) == 0 ? 0.05 : 0;
            var text = new StringBuilder(string.Join(Delimiter, kinds.Select((_, i) => $"col {i}")) + lineEnd);
            for (var r = 0; r < rows; r++)
            {
                var row = string.Join(Delimiter, kinds.Select(k => Write(Value(k), quoteAll)));
                if (random.NextDouble() < damage) row = Damage(row);
                text.Append(row).Append(r == rows - 1 && random.Next(2) == 0 ? "" : lineEnd);
            }
            Text = text.ToString();
            Bytes = [.. random.Next(5) == 0 ? Encoding.UTF8.Preamble : default, .. Encoding.UTF8.GetBytes(Text)];
        }

        public string Delimiter { get; }
        public string Text { get; }
        public byte[] Bytes { get; }

        private string Value(int kind) => _random.Next(12) == 0 ? "" : kind switch
        {
            0 => _random.Next(-1000, 1000).ToString(CultureInfo.InvariantCulture),
            1 => _random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
            2 => (_random.NextDouble() * 1000).ToString("R", CultureInfo.InvariantCulture),
            3 => new DateTime(2000, 1, 1).AddDays(_random.Next(9000)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            4 => new DateTime(2000, 1, 1).AddSeconds(_random.Next()).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            5 => _random.Next(2) == 0 ? "true" : "False",
            6 => _random.Next(40) == 0 ? Words[_random.Next(Words.Length)] : $"{_random.Next(100000)}.{_random.Next(100):00}",
            _ => Words[_random.Next(Words.Length)],
        };

        private string Write(string value, bool quoteAll) =>
            quoteAll || value.Contains(Delimiter) || value.AsSpan().ContainsAny("\"\n\r") ? $"\"{value.Replace("\"", "\"\"")}\"" : value;

        private string Damage(string row) => _random.Next(5) switch
        {
            0 => row + Delimiter + "more",
            1 => row[..Math.Max(0, row.LastIndexOf(Delimiter, StringComparison.Ordinal))],
            2 => "\"" + row,
            3 => row + "\"",
            _ => row.Insert(_random.Next(row.Length + 1), "\""),
        };
    }
}
