using System.Globalization;
using FlowForge.Pipelines;

namespace FlowForge.Benchmarks;

/// <summary>What keys cost: processor time of a job that keeps one row of each key, beside that of the same rows without keys.</summary>
internal sealed class KeysBenchmark : IBenchmark
{
    public string Name => "keys";
    public string About => "processor time of jobs with dedupe_keys against the same rows appended without keys";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 20_000L : long.TryParse(Environment.GetEnvironmentVariable("FLOWFORGE_ROWS"), out var wanted) ? wanted : 1_000_000L;
        var rounds = isShort ? 1 : 5;
        using var place = new IngestPlace();
        var file = place.Make("in.parquet", rows, "PARQUET");
        IReadOnlyList<string> unique = ["id"], twins = ["customer", "code"];
        foreach (var (what, change) in new (string, Func<IngestDefinition, IngestDefinition>)[]
        {
            ("merge, no twins", j => j with { WriteMode = Pipelines.WriteMode.Merge, DedupeKeys = unique }),
            ("merge, with twins", j => j with { WriteMode = Pipelines.WriteMode.Merge, DedupeKeys = twins }),
            ("append, no twins", j => j with { DedupeKeys = unique }),
            ("append, with twins", j => j with { DedupeKeys = twins }),
            ("incremental merge, with twins", j => j with { WriteMode = Pipelines.WriteMode.Merge, DedupeKeys = twins, IncrementalMode = IncrementalMode.Incremental, WatermarkColumn = "at" }),
            ("incremental append without keys", j => j with { IncrementalMode = IncrementalMode.Incremental, WatermarkColumn = "at", NullCursor = NullCursor.Include }),
        })
        {
            foreach (var again in new[] { false, true })
                yield return new Ratio(string.Create(CultureInfo.InvariantCulture, $"{what}{(again ? ", the same rows once more" : "")}"), Best(j => change(j), again), Best(j => j, again), "ms", LessIsBetter: true);
        }

        double Best(Func<IngestDefinition, IngestDefinition> change, bool again) => Enumerable.Range(0, rounds).Min(_ => place.Processor(file, "parquet", change, again)) * 1e3;
    }
}
