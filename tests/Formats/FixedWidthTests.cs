using System.Text;
using FlowForge.Catalog;
using FlowForge.Ingest.Tests;

namespace FlowForge.Formats.Tests;

/// <summary>Fixed-width text through a whole ingest.</summary>
public sealed class FixedWidthTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private Task<JobOutcome> RunAsync(string config = "", string more = "") => _bench.RunAsync(Yaml(config, more));

    private static string Yaml(string config = "", string more = "") => $$"""
        source_type: file_local
        format: fixed_width
        partition_mode: none
        error_handling: quarantine
        quarantine_path: quarantine/things
        {{more}}
        config: { path: "data/*", columns: { id: 1-4, name: 5-12, day: 13-22, amount: 23-30 }{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    [Fact]
    public async Task Lines_BecomeRows_WithTypesFound()
    {
        _bench.Write("data/a.txt", "\ufeffHEAD\r\n   1Ärger   2024-02-29   12.50\r\n# note\r\n   2        2024-03-01    -7\r\n\r\n 00x日本      2024-03-02   9999");
        Assert.Equal(new RowCounts(3, 3), (await RunAsync("skip: 1, comment: '#', null_strings: ['9999']")).Counts);
        Assert.Equal("id VARCHAR, name VARCHAR, day DATE, amount DOUBLE", _bench.Schema());
        Assert.Equal(["1|Ärger|2024-02-29|12.5|1", "2|NULL|2024-03-01|-7|2", "00x|日本|2024-03-02|NULL|3"], _bench.Query("SELECT id, name, day, amount, _ff_record FROM {t} ORDER BY _ff_record", withReserved: true));
    }

    [Fact]
    public async Task LinesThatDoNotFit_AreRejects_AndReplayed()
    {
        _bench.Write("data/a.txt", "   1abc     2024-02-29   12.50\n   2abc\n   3abc     2024-02-29   12.50and more\n   4abc     2024-02-29   12.50\n");
        Assert.Equal(new RowCounts(4, 2, 2), (await RunAsync("long_lines: reject")).Counts);
        Assert.Equal(["2|LINE_TOO_SHORT|The line has 7 characters, and the column amount begins at 23.|   2abc|amount", "3|LINE_TOO_LONG|The line has 38 characters, and its last column ends at 30.|   3abc     2024-02-29   12.50and more|NULL"],
            _bench.Rejects("SELECT record, reason, message, raw, column_name FROM {t} ORDER BY record").Select(r => r));
        Assert.Equal(new RowCounts(2, 2), (await _bench.ReplayAsync(Yaml("short_lines: fill"))).Counts);
        Assert.Equal(["1|1", "2|2", "3|3", "4|4"], _bench.Query("SELECT _ff_record, id FROM {t} ORDER BY 1", withReserved: true));
    }

    [Fact]
    public async Task Encoding_AndRecordsWithoutLineEnds()
    {
        _bench.Write("data/a.txt", Encoding.Latin1.GetBytes("   1é       2024-02-29   12.50   2ü       2024-03-01    1.00"));
        Assert.Equal(new RowCounts(2, 2), (await RunAsync("encoding: latin-1, record_bytes: 30")).Counts);
        Assert.Equal(["é", "ü"], _bench.Query("SELECT name FROM {t} ORDER BY name"));
        _bench.Write("data/b.txt", Encoding.Latin1.GetBytes("   3é       2024-02-29   12.50\n   4e       2024-02-29   12.50\n"));
        var outcome = await RunAsync();
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal(["1|INVALID_ENCODING|The line is no text in utf-8."], _bench.Rejects("SELECT record, reason, message FROM {t}"));
    }

    [Theory]
    [InlineData("reject")]
    [InlineData("fill")]
    public async Task LastRecordThatIsCut_IsAReject(string shortLines)
    {
        // 28 of 30 bytes: the amount would be 12 instead of 12.50.
        _bench.Write("data/a.txt", "   1abc     2024-02-29   12.50   2abc     2024-03-01   12.");
        _bench.Write("data/b.txt", "   3abc     2024-02-29   12.50   4abc     2024-03-01    1.00\r\n\u001a");
        Assert.Equal(new RowCounts(4, 3, 1), (await RunAsync($"record_bytes: 30, short_lines: {shortLines}")).Counts);
        Assert.Equal(["1|12.5", "3|12.5", "4|1"], _bench.Query("SELECT id, amount FROM {t} ORDER BY id"));
        Assert.Equal(["2|RECORD_CUT|The file ends after 28 of the 30 bytes of its last record.|   2abc     2024-03-01   12."], _bench.Rejects("SELECT record, reason, message, raw FROM {t}"));
    }

    [Theory]
    [InlineData("columns: { a: x-3 }", "The column a has the positions \"x-3\".")]
    [InlineData("columns: { a: 5-3 }", "The column a has the positions \"5-3\".")]
    [InlineData("columns: { a: 1 }, encoding: utf-16", "Files in utf-16 cannot be read as fixed-width text: a line end is not one byte.")]
    [InlineData("columns: {}", "'columns' must be at least 1 items, but is 0.")]
    [InlineData("trim: both", "'columns' is missing.")]
    public async Task WrongSettings_AreNamed(string config, string message)
    {
        _bench.Write("data/a.txt", "1\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync($"source_type: file_local\nformat: fixed_width\nconfig: {{ path: 'data/*', {config} }}"));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }
}
