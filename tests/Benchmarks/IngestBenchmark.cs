using FlowForge.Pipelines;

namespace FlowForge.Benchmarks;

/// <summary>Ingest of files into bronze against DuckDB's plain COPY of the same file to Parquet.</summary>
internal sealed class IngestBenchmark : IBenchmark
{
    public string Name => "ingest";
    public string About => "managed ingest (land, hash, split, prove, record numbers, statistics, commit) against COPY (MB/s of input)";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 20_000L : long.Parse(Environment.GetEnvironmentVariable("FLOWFORGE_ROWS") ?? "2000000");
        using var place = new IngestPlace();
        var rounds = isShort ? 1 : 3;
        var only = Environment.GetEnvironmentVariable("FLOWFORGE_FORMATS")?.Split(',');
        if (Wanted("csv"))
        {
            var csv = place.Make("in.csv", rows, "CSV, HEADER");
            yield return place.Measure("CSV, landed, types inferred", csv, "csv", "read_csv", rounds, 0.60, j => j);
            yield return place.Measure("CSV in place, types given", csv, "csv", "read_csv", rounds, 0.85, j => j with { Landing = LandingMode.Reference, SchemaMode = SchemaMode.User, UserSchema = IngestPlace.Columns });
        }
        if (Wanted("json")) yield return place.Measure("NDJSON, landed, types inferred", place.Make("in.json", rows, "JSON"), "json", "read_json", rounds, 0.60, j => j);
        if (Wanted("parquet")) yield return place.Measure("Parquet, landed", place.Make("in.parquet", rows * 2, "PARQUET"), "parquet", "read_parquet", rounds, 0.80, j => j);

        bool Wanted(string format) => only is null || only.Contains(format);
    }
}
