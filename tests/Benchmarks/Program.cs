using FlowForge.Benchmarks;
using FlowForge.Benchmarks.Pages;

// Usage: Benchmarks [--short] [name …]. Prints ratios to a peer measured in the same run; exits 1 when one misses its target.
var isShort = args.Contains("--short");
var names = args.Where(a => !a.StartsWith("--", StringComparison.Ordinal)).ToArray();
IBenchmark[] all = [new OutBenchmark(), new InBenchmark(), new MemoryBenchmark(), new LakeBenchmark(), new TemporalLoadBenchmark(), new IngestBenchmark(), new IngestMemoryBenchmark(), new KeysBenchmark(), new PostgresBenchmark(), new PagesBenchmark(), new NotebookBenchmark(), new ChangesBenchmark(), new ChangesMemoryBenchmark(), new ConnectorsBenchmark(), new TransferBenchmark(), new ListingBenchmark()];
var failed = false;
foreach (var benchmark in all.Where(b => names.Length == 0 || names.Contains(b.Name)))
{
    Console.WriteLine($"{benchmark.Name}: {benchmark.About}");
    foreach (var line in benchmark.Run(isShort))
    {
        Console.WriteLine(line.ToString());
        // A short run shows that the benchmark works; its figures are noise.
        failed |= !isShort && line.Missed;
    }
    Console.WriteLine();
}
return failed ? 1 : 0;
