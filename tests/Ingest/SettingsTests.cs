using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Fields of a job that say how things are landed, written and read.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Csv(string more = "", string config = "") => $$"""
        source_type: file_local
        format: csv
        partition_mode: none
        {{more}}
        config: { path: "data/**/*.csv"{{config}} }
        """;

    [Theory]
    [InlineData("{timestamp}_{filename}", "20260304T050607Z_a.csv", "20260304T050607Z_a_2.csv")]
    [InlineData("{filename}", "a.csv", "a_2.csv")]
    [InlineData("raw-{filename}.{timestamp}", "raw-a.csv.20260304T050607Z", "raw-a.csv_2.20260304T050607Z")]
    public async Task FilenamePattern_NamesTheLandedFiles_AndEqualNamesStayApart(string pattern, params string[] expected)
    {
        _bench.Write("data/x/a.csv", "id\n1\n");
        _bench.Write("data/y/a.csv", "id\n2\n");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Csv($"filename_pattern: \"{pattern}\""))).Counts);
        var landed = Directory.GetFiles(Path.Combine(_bench.Lake.LandingFolder, "test", "things", "2026", "03", "04")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);
        Assert.Equal(expected.Order(StringComparer.Ordinal), landed);
        Assert.Equal(["1|data/x/a.csv", "2|data/y/a.csv"], _bench.Query("SELECT id, _ff_file FROM {t} ORDER BY id", withReserved: true));
    }

    [Theory]
    [InlineData("none", "UNCOMPRESSED")]
    [InlineData("gzip", "GZIP")]
    [InlineData("snappy", "SNAPPY")]
    [InlineData("zstd", "ZSTD")]
    public async Task Compression_IsThatOfTheTablesFiles(string compression, string codec)
    {
        _bench.Write("data/a.csv", "id,v\n" + string.Concat(Enumerable.Range(0, 500).Select(i => $"{i},text {i % 3}\n")));
        await _bench.RunAsync(Csv($"compression: {compression}"));
        var table = _bench.Lake.Table(new TableName(Layer.Bronze, "things"));
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        var files = Directory.GetFiles(table.Location, "*.parquet");
        Assert.Equal([codec], session.Rows($"SELECT DISTINCT compression FROM parquet_metadata({SqlText.LiteralList(files)})").Select(r => (string)r[0]!));
    }

    [Fact]
    public async Task Reload_ReadsAgainWhatWasLoaded()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        await _bench.RunAsync(Csv());
        Assert.Equal("nothing new", (await _bench.RunAsync(Csv())).Note);
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(Csv(config: ", reload: true"))).Counts);
        Assert.Equal(["1", "1"], _bench.Query("FROM {t}"));
        Assert.Equal("nothing new", (await _bench.RunAsync(Csv())).Note);
    }

    [Fact]
    public async Task DateAndTimestampFormats_AreThoseOfTheFile()
    {
        _bench.Write("data/a.csv", "day;at\n31/12/2023;2023.12.31 23h59\n01/02/2024;2024.02.01 00h00\n");
        await _bench.RunAsync(Csv(config: ", delimiter: \";\", date_format: \"%d/%m/%Y\", timestamp_format: \"%Y.%m.%d %Hh%M\""));
        Assert.Equal("day DATE, at TIMESTAMP", _bench.Schema());
        Assert.Equal(["2023-12-31|2023-12-31 23:59:00", "2024-02-01|2024-02-01 00:00:00"], _bench.Query("SELECT * FROM {t} ORDER BY day"));
    }

    [Fact]
    public async Task Formats_DoNotTouchOtherColumns_AndAValueWrittenOtherwiseMakesItsColumnText()
    {
        const string Config = ", header: true, delimiter: \";\", date_format: \"%d/%m/%Y\"";
        _bench.Write("data/a.csv", "day;iso;late\n31/12/2023;2024-01-01;01/02/2024\n");
        await _bench.RunAsync(Csv(config: Config));
        Assert.Equal("day DATE, iso DATE, late DATE", _bench.Schema());
        // The table's type is kept, and its rows too when it widens. The surprise comes behind the sample.
        _bench.Write("data/b.csv", "day;iso;late\n" + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"0{1 + i % 9}/02/2024;2024-02-0{1 + i % 9};02/02/2024\n")) + "03/02/2024;2024-02-03;2024-02-05\n");
        Assert.Equal(new RowCounts(60_001, 60_001), (await _bench.RunAsync(Csv(config: Config))).Counts);
        Assert.Equal("day DATE, iso DATE, late VARCHAR", _bench.Schema());
        Assert.Equal(["2024-02-01", "02/02/2024", "2024-02-05"], _bench.Query("SELECT DISTINCT late, min(iso) FROM {t} GROUP BY late ORDER BY min(iso), late").Select(r => r.Split('|')[0]));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Csv(config: ", reload: true, date_format: \"%q\"")));
        Assert.Equal(("FF2001", true), (failure.Code, failure.Message.StartsWith("config.date_format: '%q' has an unknown part '%q'.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ForceToParquetFalse_LandsOnly_AndTheTableComesWhenItIsWanted()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        var outcome = await _bench.RunAsync(Csv("force_to_parquet: false"));
        Assert.Equal(((string?)null, "1 files landed only"), (outcome.Table, outcome.Note));
        Assert.Empty(_bench.Lake.Tables());
        _bench.RunTime = _bench.RunTime.AddDays(1);
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(Csv())).Counts);
    }

    [Fact]
    public async Task LastWatermarkValue_IsWhereTheFirstRunStarts_AndNoLaterOne()
    {
        const string Yaml = "source_type: test_tables\nincremental_mode: incremental\nwatermark_column: n\nlast_watermark_value: \"2\"\nconfig: { table_name: t }";
        _bench.Write("tables/t.csv", "n:long\n1\n2\n3\n");
        Assert.Equal(2, (await _bench.RunAsync(Yaml)).Counts.Loaded);
        _bench.Write("tables/t.csv", "n:long\n1\n2\n2\n3\n4\n");
        Assert.Equal(1, (await _bench.RunAsync(Yaml)).Counts.Loaded);
        Assert.Equal(["2", "3", "4"], _bench.Query("FROM {t} ORDER BY n"));
        Assert.Equal("t n 3 True", (await File.ReadAllLinesAsync(Path.Combine(_bench.Workspace, "reads.txt"), TestContext.Current.CancellationToken))[^1]);
    }
}
