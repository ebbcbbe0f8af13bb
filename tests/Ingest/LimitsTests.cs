using System.Text;
using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>Very many columns, very large values and surprises very late in a file.</summary>
public sealed class LimitsTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Csv(string config = "", string more = "") => $$"""
        source_type: file_local
        format: csv
        partition_mode: none
        error_handling: quarantine
        quarantine_path: quarantine/things
        {{more}}
        config: { path: a.csv, header: true, delimiter: ","{{config}} }
        """;

    [Fact]
    public async Task TenThousandColumns_AreLoaded()
    {
        const int Columns = 10_000;
        var text = new StringBuilder(string.Join(",", Enumerable.Range(0, Columns).Select(i => "c" + i))).Append('\n');
        for (var row = 0; row < 3; row++) text.AppendJoin(',', Enumerable.Range(0, Columns).Select(i => i == 9_999 ? $"last {row}" : (i + row).ToString(System.Globalization.CultureInfo.InvariantCulture))).Append('\n');
        text.Append("1,2,3\n");
        _bench.Write("a.csv", text.ToString());
        Assert.Equal(new RowCounts(4, 3, 1), (await _bench.RunAsync(Csv())).Counts);
        Assert.Equal(["0|9998|last 0", "1|9999|last 1", "2|10000|last 2"], _bench.Query("SELECT c0, c9998, c9999 FROM {t} ORDER BY c0"));
        Assert.Equal(["The record has 3 values, 10000 are expected."], _bench.Rejects("SELECT message FROM {t}"));
    }

    [Theory]
    [InlineData(10_000, "")]
    [InlineData(3_000, "t")]
    public async Task ThousandsOfColumnsOfManyRows_NeedNoMoreThanTheDefaultMemory(int columns, string prefix)
    {
        const int Rows = 2_000;
        using (var file = new StreamWriter(Path.Combine(_bench.Workspace, "a.csv")))
        {
            file.Write(string.Join(",", Enumerable.Range(0, columns).Select(i => "c" + i)) + "\n");
            var rest = string.Concat(Enumerable.Range(1, columns - 1).Select(i => $",{prefix}{i % 10}"));
            for (var row = 0; row < Rows; row++) file.Write($"{row}{rest}\n");
        }
        Assert.Equal(new RowCounts(Rows, Rows), (await _bench.RunAsync(Csv())).Counts);
        Assert.Equal([$"2000|1999000|{prefix}9|{prefix}9"], _bench.Query($"SELECT count(*), sum(c0), min(c{columns - 1}), max(c{columns - 1}) FROM {{t}}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"")]
    public async Task HundredMegabyteField_IsRefusedWithItsLimit_AndLittleMemory(string quote)
    {
        var path = Path.Combine(_bench.Workspace, "a.csv");
        using (var file = new StreamWriter(path))
        {
            file.Write($"id,v\n1,ok\n2,{quote}");
            var some = new string('x', 1 << 20);
            for (var i = 0; i < 100; i++) file.Write(some);
            file.Write($"{quote}\n3,ok\n");
        }
        var before = GC.GetTotalAllocatedBytes();
        Assert.Equal(new RowCounts(1, 0, 1), (await _bench.RunAsync(Csv())).Counts);
        Assert.True(GC.GetTotalAllocatedBytes() - before < 300 << 20, $"{(GC.GetTotalAllocatedBytes() - before) >> 20} MiB were allocated.");
        Assert.Equal(["RECORD_TOO_LONG|Record 2, which starts at byte 10, is longer than 16777216 bytes."], _bench.Rejects("SELECT reason, message FROM {t}"));
    }

    [Fact]
    public async Task FieldWithinARaisedLimit_IsLoadedWhole()
    {
        var value = string.Concat(Enumerable.Range(0, 4_000_000).Select(i => (char)('a' + i % 26) + ",\n\"\"ü")).ToString();
        _bench.Write("a.csv", $"id,v\n1,\"{value}\"\n2,x\n");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Csv(", max_record_bytes: 60000000"))).Counts);
        var plain = value.Replace("\"\"", "\"", StringComparison.Ordinal);
        Assert.Equal([$"1|{plain.Length}|{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(plain)))}"], _bench.Query("SELECT id, length(v), sha256(v) FROM {t} WHERE id = 1"));
    }

    [Fact]
    public async Task TextAfterAMillionNumbers_WidensTheColumnAndDropsNothing()
    {
        const int Rows = 1_000_000;
        using (var file = new StreamWriter(Path.Combine(_bench.Workspace, "a.csv")))
        {
            file.Write("id,n,d\n");
            for (var i = 0; i < Rows; i++) file.Write($"{i},{i % 1000},2024-01-{1 + i % 28:D2}\n");
            file.Write("1000000,n/a,2024-02-30\n");
        }
        Assert.Equal(new RowCounts(Rows + 1, Rows + 1), (await _bench.RunAsync(Csv())).Counts);
        Assert.Equal("id BIGINT, n VARCHAR, d VARCHAR", _bench.Schema());
        Assert.Equal(["1000001|1000001|500000500000|n/a"], _bench.Query("SELECT count(*), count(DISTINCT id), sum(id), max(n) FROM {t}"));
    }

    [Fact]
    public async Task DeepJson_IsRefusedRecordByRecord()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);
        _bench.Write("a.ndjson", $"{{\"a\":1}}\n{{\"a\":{deep}}}\n{{\"a\":2}}\n{new string('{', 100_000)}\n{{\"a\":3}}\n");
        var outcome = await _bench.RunAsync("source_type: file_local\nformat: ndjson\npartition_mode: none\nerror_handling: quarantine\nquarantine_path: quarantine/things\nconfig: { path: a.ndjson }");
        Assert.Equal(new RowCounts(5, 3, 2), outcome.Counts);
        Assert.Equal(["1", "2", "3"], _bench.Query("SELECT a FROM {t} ORDER BY a"));
    }
}
