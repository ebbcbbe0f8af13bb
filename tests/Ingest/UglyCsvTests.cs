using System.Text;
using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>CSV files that break other tools.</summary>
public sealed class UglyCsvTests : IDisposable
{
    private const string Csv = """
        source_type: file_local
        format: csv
        config: { path: in.csv }
        """;

    private const string Quarantine = """
        source_type: file_local
        format: csv
        error_handling: quarantine
        quarantine_path: quarantine/things
        config: { path: in.csv }
        """;

    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private async Task<JobOutcome> LoadAsync(string content, string yaml = Csv)
    {
        _bench.Write("in.csv", content);
        return await _bench.RunAsync(yaml);
    }

    private async Task<JobOutcome> LoadAsync(byte[] content, string yaml = Csv)
    {
        _bench.Write("in.csv", content);
        return await _bench.RunAsync(yaml);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("  \r\n ")]
    public async Task Run_FileWithoutRecords_LoadsNothingAndMakesNoTable(string content)
    {
        var outcome = await LoadAsync(content);
        Assert.Equal(new RowCounts(0, 0), outcome.Counts);
        Assert.Null(outcome.TableVersion);
        Assert.Equal("the files hold no records", outcome.Note);
    }

    [Fact]
    public async Task Run_HeaderOnly_MakesAnEmptyTable()
    {
        var outcome = await LoadAsync("id,name\n");
        Assert.Equal(new RowCounts(0, 0), outcome.Counts);
        Assert.Equal("id VARCHAR, name VARCHAR", _bench.Schema());
        Assert.Empty(_bench.Query("FROM {t}"));
    }

    [Theory]
    [InlineData("id,name\n1,Ann\n")]
    [InlineData("id,name\n1,Ann")]
    [InlineData("id,name\r\n1,Ann\r\n")]
    [InlineData("id,name\r\n1,Ann")]
    [InlineData("id,name\r\n1,Ann\r")]
    [InlineData("id,name\r1,Ann\r")]
    [InlineData("\uFEFFid,name\n1,Ann\n")]
    [InlineData("id;name\n1;Ann\n")]
    [InlineData("id\tname\n1\tAnn\n")]
    [InlineData("id|name\n1|Ann\n")]
    [InlineData("\"id\",\"name\"\n\"1\",\"Ann\"\n")]
    [InlineData("id,name\n\n1,Ann\n\n\n")]
    [InlineData("id,name\r\n\r\n1,Ann\r\n\r\n")]
    public async Task Run_OneRowInSomeDialect_IsLoaded(string content)
    {
        var outcome = await LoadAsync(content);
        Assert.Equal(new RowCounts(1, 1), outcome.Counts);
        Assert.Equal("id BIGINT, name VARCHAR", _bench.Schema());
        Assert.Equal(["1|Ann"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task Run_QuotesLineBreaksAndUnicode_KeepEveryCharacter()
    {
        var outcome = await LoadAsync("a,b\n\"x,1\",\"say \"\"hi\"\"\"\n\"two\nlines\",\"🦊 ümläut\"\n\"two\r\nlines\",日本\n");
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal(["x,1|say \"hi\"|1", "two\nlines|🦊 ümläut|2", "two\r\nlines|日本|3"], _bench.Query("SELECT a, b, _ff_record FROM {t} ORDER BY _ff_record", withReserved: true));
    }

    [Fact]
    public async Task Run_EmptyAndQuotedEmpty_AreNullAndEmptyText()
    {
        await LoadAsync("a,b\n1,x\n,\"\"\n\"\",\n");
        Assert.Equal("a BIGINT, b VARCHAR", _bench.Schema());
        Assert.Equal(["1|x", "NULL|", "NULL|NULL"], _bench.Query("SELECT a, b FROM {t} ORDER BY _ff_record", withReserved: true));
    }

    [Fact]
    public async Task Run_RaggedRows_AreRejectedWithTheirTextAndPhysicalNumber()
    {
        var outcome = await LoadAsync("a,b,c\n1,2,3\n4,5\n6,7,8,9\n\n10,11,12\n", Quarantine);
        Assert.Equal(new RowCounts(4, 2, 2), outcome.Counts);
        Assert.Equal("quarantine/things", outcome.RejectsTable);
        Assert.Equal(["1|2|3|1", "10|11|12|4"], _bench.Query("SELECT a, b, c, _ff_record FROM {t} ORDER BY _ff_record", withReserved: true));
        Assert.Equal(
            ["MISSING_COLUMNS|The record has 2 values, 3 are expected.|4,5|in.csv|2|12", "TOO_MANY_COLUMNS|The record has 4 values, 3 are expected.|6,7,8,9|in.csv|3|16"],
            _bench.Rejects("SELECT reason, message, raw, file, record, byte_offset FROM {t} ORDER BY record"));
    }

    [Fact]
    public async Task Run_RaggedRowsWithErrorHandlingFail_PublishesNothingAndShowsTheFirst()
    {
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("a,b,c\n1,2,3\n4,5\n"));
        Assert.Equal("FF2020", failure.Code);
        Assert.Equal("1 of 2 records do not fit, and nothing was published. The first: in.csv, record 2 (byte 12): The record has 2 values, 3 are expected.: 4,5", failure.Message);
        Assert.False(failure.Transient);
        Assert.Null(_bench.Lake.Table(new(FlowForge.Lake.Layer.Bronze, "things")).Latest());
        Assert.Contains("Warning: 1 of 2 records are rejected (1 MISSING_COLUMNS):", _bench.Log.Text);
    }

    [Fact]
    public async Task Run_ShortRowsWithNullPadding_EndInNulls()
    {
        var outcome = await LoadAsync("a,b,c\n1,2,3\n4,5\n", """
            source_type: file_local
            format: csv
            config: { path: in.csv, null_padding: true }
            """);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(["1|2|3", "4|5|NULL"], _bench.Query("FROM {t} ORDER BY a"));
    }

    [Fact]
    public async Task Run_QuoteThatNeverCloses_CostsItsLineAndNoMore()
    {
        var lines = string.Concat(Enumerable.Range(1, 5000).Select(i => i == 100 ? "100,\"open\n" : $"{i},text {i}\n"));
        var outcome = await LoadAsync("id,text\n" + lines, Quarantine);
        Assert.Equal(new RowCounts(5000, 4999, 1), outcome.Counts);
        Assert.Equal(["BROKEN_QUOTES|100,\"open|100"], _bench.Rejects("SELECT reason, raw, record FROM {t}"));
        Assert.Equal(["4999|1|5000"], _bench.Query("SELECT count(*), min(id), max(id) FROM {t} WHERE id = _ff_record", withReserved: true));
    }

    [Fact]
    public async Task Run_QuotesInsideTheFile_CostOnlyDamagedLines()
    {
        var outcome = await LoadAsync("id,text\n1,\"open\n2,plain\n3,\"fine\"\n4,5\" disk\n5,\"x\"y\n6,end\n", Quarantine);
        Assert.Equal(new RowCounts(6, 4, 2), outcome.Counts);
        Assert.Equal(["2|plain", "3|fine", "4|5\" disk", "6|end"], _bench.Query("SELECT id, text FROM {t} ORDER BY id"));
        Assert.Equal(["1,\"open|1", "5,\"x\"y|5"], _bench.Rejects("SELECT raw, record FROM {t} ORDER BY record"));
    }

    [Fact]
    public async Task Run_InvalidUtf8_RejectsTheRecordOnly()
    {
        var outcome = await LoadAsync([.. "id,text\n1,ok\n2,"u8, 0xff, 0xfe, .. "\n3,ok\n"u8], Quarantine);
        Assert.Equal(new RowCounts(3, 2, 1), outcome.Counts);
        Assert.Equal(["INVALID_UTF8|2|13"], _bench.Rejects("SELECT reason, record, byte_offset FROM {t}"));
    }

    [Fact]
    public async Task Run_NulBytes_AreKept()
    {
        var outcome = await LoadAsync([.. "id,text\n1,a"u8, 0, .. "b\n2,c\n"u8]);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(["1|3", "2|1"], _bench.Query("SELECT id, length(text) FROM {t} ORDER BY id"));
    }

    [Theory]
    [InlineData("latin-1")]
    [InlineData("windows-1252")]
    [InlineData("utf-16le")]
    [InlineData("utf-16be")]
    public async Task Run_OtherEncoding_IsTranscoded(string name)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var encoding = name switch { "latin-1" => Encoding.Latin1, "windows-1252" => Encoding.GetEncoding(1252), "utf-16le" => Encoding.Unicode, _ => Encoding.BigEndianUnicode };
        await LoadAsync(encoding.GetBytes("id,name\n1,Zoë\n2,Müller\n"), $$"""
            source_type: file_local
            format: csv
            config: { path: in.csv, encoding: {{name}} }
            """);
        Assert.Equal(["1|Zoë", "2|Müller"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Run_Utf16WithByteOrderMark_IsKnownByItself()
    {
        await LoadAsync([0xff, 0xfe, .. Encoding.Unicode.GetBytes("id,name\n1,Zoë\n")]);
        Assert.Equal(["1|Zoë"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task Run_DuplicateAndEmptyColumnNames_BecomeUnique()
    {
        await LoadAsync("id,id,,Total Cost,total-cost\n1,2,3,4,5\n");
        Assert.Equal("id BIGINT, id_1 BIGINT, column2 BIGINT, total_cost BIGINT, total_cost_2 BIGINT", _bench.Schema());
        Assert.Equal(["1|2|3|4|5"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task Run_HugeFieldOverManyChunks_IsKept()
    {
        var huge = new string('x', 5_000_000);
        var outcome = await LoadAsync($"id,text\n1,\"{huge}\n{huge}\"\n2,{huge}\n");
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(["1|10000001", "2|5000000"], _bench.Query("SELECT id, length(text) FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Run_LineLongerThanAllowed_RejectsTheFile()
    {
        var outcome = await LoadAsync("id,text\n1,ok\n2," + new string('x', 3_000_000) + "\n3,ok\n", """
            source_type: file_local
            format: csv
            error_handling: quarantine
            quarantine_path: quarantine/things
            config: { path: in.csv, max_record_bytes: 1048576 }
            """);
        Assert.Equal(new RowCounts(1, 0, 1), outcome.Counts);
        Assert.Equal(["RECORD_TOO_LONG|Record 2, which starts at byte 13, is longer than 1048576 bytes."], _bench.Rejects("SELECT reason, message FROM {t}"));
    }

    [Fact]
    public async Task Run_ThousandColumns_AreLoaded()
    {
        var names = string.Join(",", Enumerable.Range(0, 1000).Select(i => $"c{i}"));
        var values = string.Join(",", Enumerable.Range(0, 1000));
        await LoadAsync($"{names}\n{values}\n{values}\n");
        Assert.Equal(["2|0|1998"], _bench.Query("SELECT count(*), sum(c0), sum(c999) FROM {t}"));
    }

    [Fact]
    public async Task Run_SingleColumn_EmptyLinesAreNulls()
    {
        var outcome = await LoadAsync("name\nAnn\n\nBob\n", """
            source_type: file_local
            format: csv
            config: { path: in.csv, header: true, delimiter: "," }
            """);
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal(["Ann", "NULL", "Bob"], _bench.Query("SELECT name FROM {t} ORDER BY _ff_record", withReserved: true));
    }

    [Fact]
    public async Task Run_CommentsAndSkippedLines_AreNoRecords()
    {
        var outcome = await LoadAsync("Report of May\nid,name\n# a note\n1,Ann\n#2,\"Bob\n3,Cid\n", """
            source_type: file_local
            format: csv
            config: { path: in.csv, skip: 1, comment: "#", header: true }
            """);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(["1|Ann|1", "3|Cid|2"], _bench.Query("SELECT id, name, _ff_record FROM {t} ORDER BY id", withReserved: true));
    }

    [Fact]
    public async Task Run_EuropeanNumbers_AreRead()
    {
        await LoadAsync("a;b\n1.234,5;x\n-7,25;y\n", """
            source_type: file_local
            format: csv
            config: { path: in.csv, decimal_separator: ",", thousands: "." }
            """);
        Assert.Equal("a DOUBLE, b VARCHAR", _bench.Schema());
        Assert.Equal(["-7.25|y", "1234.5|x"], _bench.Query("FROM {t} ORDER BY a"));
    }

    [Fact]
    public async Task Run_NullStrings_AreNull()
    {
        await LoadAsync("a,b\n1,NA\nNA,\"NA\"\n", """
            source_type: file_local
            format: csv
            config: { path: in.csv, null_strings: ["", "NA"] }
            """);
        Assert.Equal("a BIGINT, b VARCHAR", _bench.Schema());
        Assert.Equal(["1|NULL", "NULL|NA"], _bench.Query("FROM {t} ORDER BY a"));
    }
}
