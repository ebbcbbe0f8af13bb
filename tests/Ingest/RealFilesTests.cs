using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>The demo's real data.</summary>
public sealed class RealFilesTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task RunAsync_FlightsJsonArray_LoadsEveryRecordTyped()
    {
        var outcome = await _bench.RunAsync($$"""
            source_type: file_local
            format: json
            config: { path: {{Bench.DemoData}}/flights-200k.json }
            """);
        Assert.Equal(new RowCounts(200000, 200000), outcome.Counts);
        TestContext.Current.SendDiagnosticMessage(_bench.Schema());
    }

    [Fact]
    public async Task RunAsync_AirportsCsv_LoadsEveryRecordTyped()
    {
        var outcome = await _bench.RunAsync($$"""
            source_type: file_local
            format: csv
            config: { path: {{Bench.DemoData}}/airports.csv }
            """);
        Assert.Equal(new RowCounts(3376, 3376), outcome.Counts);
        TestContext.Current.SendDiagnosticMessage(_bench.Schema());
    }

    [Fact]
    public async Task RunAsync_MoviesJson_LoadsEveryRecordTyped()
    {
        var outcome = await _bench.RunAsync($$"""
            source_type: file_local
            format: json
            config: { path: {{Bench.DemoData}}/movies.json }
            """);
        Assert.Equal(new RowCounts(3201, 3201), outcome.Counts);
        TestContext.Current.SendDiagnosticMessage(_bench.Schema());
    }

    [Fact]
    public async Task RunAsync_FlightsParquet_LoadsEveryRow()
    {
        var outcome = await _bench.RunAsync($$"""
            source_type: file_local
            format: parquet
            config: { path: {{Bench.DemoData}}/flights-3m.parquet }
            """);
        Assert.Equal(new RowCounts(3000000, 3000000), outcome.Counts);
        TestContext.Current.SendDiagnosticMessage(_bench.Schema());
    }
}
