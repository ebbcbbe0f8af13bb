using FlowForge.Catalog;
using FlowForge.Ingest.Tests;

namespace FlowForge.Formats.Tests;

/// <summary>Workbooks that SheetJS wrote, through a whole ingest.</summary>
public sealed class ExcelTests(PeerFiles peers) : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Yaml(string config = "", string more = "") => $$"""
        source_type: file_local
        partition_mode: none
        error_handling: quarantine
        quarantine_path: quarantine/things
        {{more}}
        config: { path: "data/*"{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    private Task<JobOutcome> RunAsync(string config = "", string more = "") => _bench.RunAsync(Yaml(config, "format: excel\n" + more));

    [Fact]
    public async Task FirstVisibleSheet_IsRead_WithDatesErrorsFormulasAndGaps()
    {
        _bench.Write("data/book.xlsx", peers["book.xlsx"]);
        Assert.Equal(new RowCounts(5, 4, 1), (await RunAsync()).Counts);
        Assert.Equal("id BIGINT, name VARCHAR, day DATE, at TIMESTAMP, amount DOUBLE, name_2 VARCHAR, ok BOOLEAN", _bench.Schema());
        Assert.Equal(
        [
            "1|Ärger & Söhne|2024-02-29|2024-02-29 12:34:57|1.1|007|True|1", "2|line\nbreak|NULL|NULL|3|NULL|False|2", "4|NULL|NULL|NULL|-0.25|NULL|NULL|4", "5|after a gap|NULL|NULL|1E+21|NULL|NULL|5",
        ], _bench.Query("SELECT id, name, day, date_trunc('second', \"at\"), amount, name_2, ok, _ff_record FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal(["3|ERROR_CELL|Cell E4: the value is the error #DIV/0!.|amount"], _bench.Rejects("SELECT record, reason, message, column_name FROM {t}"));
    }

    [Theory]
    [InlineData("sheet: Other, range: 'B2:C4'", "a BIGINT, b BIGINT", "10|20 30|40")]
    [InlineData("sheet: other, range: 'B2:C'", "a BIGINT, b BIGINT", "10|20 30|40 50|60")]
    [InlineData("sheet: '3', header_row: 0", "a VARCHAR, b VARCHAR, c VARCHAR", "NULL|10|20 NULL|30|40 NULL|a|b x|NULL|NULL y|50|60")]
    [InlineData("sheet: 3, header_row: 2", "a_2 VARCHAR, a BIGINT, b BIGINT", "NULL|10|20 NULL|30|40 y|50|60")]
    public async Task SheetRangeAndHeader_AreChosen(string config, string schema, string rows)
    {
        _bench.Write("data/book.xlsx", peers["book.xlsx"]);
        await RunAsync(config);
        Assert.Equal(schema.Split(", ").Order(), _bench.Schema().Split(", ").Order());
        Assert.Equal(rows.Split(' '), _bench.Query($"SELECT {string.Join(", ", schema.Split(", ").Select(c => c.Split(' ')[0]))} FROM {{t}} ORDER BY ALL NULLS FIRST"));
    }

    [Fact]
    public async Task MergedCells_AreFilledWhenAsked()
    {
        _bench.Write("data/book.xlsx", peers["book.xlsx"]);
        await RunAsync("merged: fill");
        Assert.Equal(["4|merged"], _bench.Query("SELECT id, name FROM {t} WHERE id = 4"));
    }

    [Fact]
    public async Task SharedTexts_OfALargeSheet_AndAZipOfWorkbooks()
    {
        using var zip = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(zip, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
            using (var member = archive.CreateEntry("in/large.xlsx").Open()) member.Write(peers["large.xlsx"]);
        _bench.Write("data/books.zip", zip.ToArray());
        _bench.Write("data/large.xlsx", peers["large.xlsx"]);
        var outcome = await RunAsync();
        Assert.True(outcome.Counts == new RowCounts(60_000, 60_000), $"{outcome.Counts} {(outcome.Counts.Rejected > 0 ? string.Join(" ", _bench.Rejects("SELECT file, reason, message FROM {t}")) : "")}");
        Assert.Equal(["30000|30000|text 29999"], _bench.Query("SELECT count(DISTINCT id), count(DISTINCT text), max(text) FILTER (WHERE id = 29999) FROM {t}"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_bench.Root, "temporary"), "texts-*"));
    }

    [Fact]
    public async Task WhatIsNoWorkbook_IsRejectedAsAWhole()
    {
        _bench.Write("data/a.xlsx", peers["old.xls"]);
        _bench.Write("data/b.xlsx", "id,name\n1,a\n");
        _bench.Write("data/c.xlsx", peers["book.xlsx"][..4000]);
        _bench.Write("data/d.xlsx", peers["book.xlsx"]);
        Assert.Equal(new RowCounts(5, 2, 3), (await RunAsync("sheet: Other, range: 'B2:C4'")).Counts);
        Assert.Equal(["data/a.xlsx|OLD_EXCEL|The file is an old workbook (.xls), or one that is locked with a password.", "data/b.xlsx|BROKEN_EXCEL|The file is no workbook: it is not packed as one.", "data/c.xlsx|BROKEN_EXCEL|The workbook is damaged"],
            _bench.Rejects("SELECT file, reason, CASE WHEN file LIKE '%c.xlsx' THEN left(message, 23) ELSE message END FROM {t} ORDER BY file"));
    }

    [Fact]
    public async Task WorkbookWithADigitThatChanged_IsRejectedAsAWhole()
    {
        using var book = new MemoryStream();
        await book.WriteAsync(peers["book.xlsx"], TestContext.Current.CancellationToken);
        var part = "";
        using (var zip = new System.IO.Compression.ZipArchive(book, System.IO.Compression.ZipArchiveMode.Update, leaveOpen: true))
        {
            foreach (var entry in zip.Entries.Where(e => e.FullName.StartsWith("xl/worksheets/sheet", StringComparison.Ordinal)).ToList())
            {
                using var reader = new StreamReader(entry.Open());
                var sheet = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
                if (!sheet.Contains("<v>30</v>", StringComparison.Ordinal)) continue;
                part = entry.FullName;
                reader.Dispose();
                entry.Delete();
                using var writer = new StreamWriter(zip.CreateEntry(part, System.IO.Compression.CompressionLevel.NoCompression).Open());
                await writer.WriteAsync(sheet);
            }
        }
        var bytes = book.ToArray();
        bytes[bytes.AsSpan().IndexOf("<v>30</v>"u8) + 3] = (byte)'8';
        _bench.Write("data/a.xlsx", bytes);
        Assert.Equal(new RowCounts(1, 0, 1), (await RunAsync("sheet: Other, range: 'B2:C3'")).Counts);
        Assert.Equal(["BROKEN_EXCEL|True"], _bench.Rejects($"SELECT reason, message LIKE 'The workbook is damaged: the checksum of {part} is ________, the archive''s directory says ________.' FROM {{t}}"));
    }

    [Fact]
    public async Task TextWithoutEnd_IsRefused()
    {
        using var book = new MemoryStream();
        await book.WriteAsync(peers["book.xlsx"], TestContext.Current.CancellationToken);
        using (var zip = new System.IO.Compression.ZipArchive(book, System.IO.Compression.ZipArchiveMode.Update, leaveOpen: true))
        {
            zip.GetEntry("xl/sharedStrings.xml")?.Delete();
            using var texts = new StreamWriter(zip.CreateEntry("xl/sharedStrings.xml").Open());
            await texts.WriteAsync($"<sst><si><t>{new string('x', 1_000_001)}</t></si></sst>");
        }
        _bench.Write("data/book.xlsx", book.ToArray());
        Assert.Equal(new RowCounts(1, 0, 1), (await RunAsync()).Counts);
        Assert.Equal(["BROKEN_EXCEL|The workbook is damaged: a text of it has more than 1000000 characters."], _bench.Rejects("SELECT reason, message FROM {t}"));
    }

    [Fact]
    public async Task SheetThatIsNotThere_SaysWhichAre()
    {
        _bench.Write("data/book.xlsx", peers["book.xlsx"]);
        Assert.Equal(new RowCounts(1, 0, 1), (await RunAsync("sheet: None")).Counts);
        Assert.Equal(["NO_SHEET|The workbook has no sheet 'None'. Its sheets are: Hidden, Orders, Other."], _bench.Rejects("SELECT reason, message FROM {t}"));
    }
}
