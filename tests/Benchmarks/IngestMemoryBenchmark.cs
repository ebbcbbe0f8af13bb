using System.Globalization;
using FlowForge.Duck;

namespace FlowForge.Benchmarks;

/// <summary>The most memory that this process held while a file of two gigabytes was ingested with the runtime's default settings; the peer is the limit.</summary>
internal sealed class IngestMemoryBenchmark : IBenchmark
{
    private const double LimitMiB = 1024;

    public string Name => "ingest-memory";
    public string About => "peak resident memory while 2 GB are ingested (whole process, .NET and DuckDB); peer: 1 GiB";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        if (!OperatingSystem.IsLinux()) yield break;
        foreach (var (format, options, rows) in new[] { ("csv", "CSV, HEADER", 17_500_000L), ("json", "JSON", 8_500_000L) })
        {
            using var place = new IngestPlace(new DuckBudget { MemoryBytes = 1L << 30, ParallelJobs = 2 });
            var path = place.Make("in." + format, isShort ? 20_000 : rows, options);
            var gigabytes = new FileInfo(path).Length / 1e9;
            if (!PeakMemory.TryReset()) yield break;
            place.Ingest(path, format, j => j);
            yield return new Ratio(string.Create(CultureInfo.InvariantCulture, $"{format}, {gigabytes:N1} GB, landed, types inferred"), PeakMemory.Get(), LimitMiB, "MiB", 1, LessIsBetter: true);
        }
    }
}
