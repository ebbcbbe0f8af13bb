using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>The demo's real data.</summary>
public sealed class RealFilesTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Config(string format, string file) => $$"""
        source_type: file_local
        format: {{format}}
        config: { path: {{Bench.DemoData}}/{{file}} }
        """;

    [Fact]
    public async Task RunAsync_FlightsJsonArray_LoadsEveryRecordTyped()
    {
        var outcome = await _bench.RunAsync(Config("json", "flights-200k.json"));
        Assert.Equal(new RowCounts(200000, 200000), outcome.Counts);
        Assert.Equal("delay BIGINT, distance BIGINT, time DOUBLE", _bench.Schema());
    }

    [Fact]
    public async Task RunAsync_AirportsCsv_LoadsEveryRecordTyped()
    {
        var outcome = await _bench.RunAsync(Config("csv", "airports.csv"));
        Assert.Equal(new RowCounts(3376, 3376), outcome.Counts);
        Assert.Equal("iata VARCHAR, name VARCHAR, city VARCHAR, state VARCHAR, country VARCHAR, latitude DOUBLE, longitude DOUBLE", _bench.Schema());
    }

    [Fact]
    public async Task RunAsync_MoviesJson_KeepsEveryRecord()
    {
        var outcome = await _bench.RunAsync(Config("json", "movies.json"));
        Assert.Equal(new RowCounts(3201, 3201), outcome.Counts);
        Assert.Equal("title VARCHAR, us_gross BIGINT, worldwide_gross BIGINT, us_dvd_sales BIGINT, production_budget BIGINT, release_date DATE, mpaa_rating VARCHAR, running_time_min BIGINT, "
            + "distributor VARCHAR, source VARCHAR, major_genre VARCHAR, creative_type VARCHAR, director VARCHAR, rotten_tomatoes_rating BIGINT, imdb_rating DOUBLE, imdb_votes BIGINT", _bench.Schema());
        Assert.Equal("US Gross", _bench.Lake.Table(new(FlowForge.Lake.Layer.Bronze, "things")).Latest()!.Schema.Find("us_gross")!.OriginalName);
        Assert.Equal(["The Land Girls|1998-06-12"], _bench.Query("SELECT title, release_date FROM {t} WHERE _ff_record = 1", withReserved: true));
    }

    [Fact]
    public async Task RunAsync_WeatherCsv_LoadsEveryRecordTyped()
    {
        var outcome = await _bench.RunAsync(Config("csv", "weather.csv"));
        Assert.Equal(new RowCounts(2922, 2922), outcome.Counts);
        Assert.Equal("location VARCHAR, date DATE, precipitation DOUBLE, temp_max DOUBLE, temp_min DOUBLE, wind DOUBLE, weather VARCHAR", _bench.Schema());
    }

    [Fact]
    public async Task RunAsync_FlightsParquet_LoadsEveryRow()
    {
        var outcome = await _bench.RunAsync(Config("parquet", "flights-3m.parquet"));
        Assert.Equal(new RowCounts(3000000, 3000000), outcome.Counts);
        Assert.Equal("date TIMESTAMP, delay BIGINT, distance BIGINT, origin VARCHAR, destination VARCHAR", _bench.Schema());
    }
}
