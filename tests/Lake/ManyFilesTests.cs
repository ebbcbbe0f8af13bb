using System.Diagnostics;

namespace FlowForge.Lake.Tests;

public sealed class ManyFilesTests
{
    [Theory]
    [InlineData("lake", 1500)]
    [InlineData("a=lake", 600)]
    public void Scan_ManyPartitions_PlansAndReads(string folder, int partitions)
    {
        using var lake = new TestLake(folder) { Tampered = true };
        lake.Append(lake.Table(), $"SELECT i AS a, 'key ' || (i % {partitions}) AS p FROM range({partitions * 2}) t(i)", new WriteOptions { PartitionBy = ["p"] });
        var snapshot = lake.Fresh().Latest()!;
        Assert.True(snapshot.Files.Count >= partitions);
        var clock = Stopwatch.StartNew();
        Assert.Equal($"{partitions * 2}|{partitions}", lake.Rows(snapshot, "count(*), count(DISTINCT p)"));
        Assert.Equal("5|key 5", lake.Rows(snapshot, rest: "WHERE p = 'key 5' ORDER BY a LIMIT 1"));
        // Older files without the new column go the longer way; values must still meet their rows.
        lake.Append(lake.Table(), "SELECT -1 AS a, 'key 7' AS p, 'x' AS extra");
        Assert.Equal($"-1|key 7|x\n7|key 7|∅\n{partitions + 7}|key 7|∅", lake.Rows(lake.Fresh().Latest()!, rest: "WHERE p = 'key 7' ORDER BY a"));
        Assert.Equal($"{(partitions * 2) + 1}|0", lake.Rows(lake.Fresh().Latest()!, $"count(*), count(*) FILTER (WHERE a >= 0 AND p <> 'key ' || (a % {partitions}))"));
        TestContext.Current.SendDiagnosticMessage($"{snapshot.Files.Count} files read in {clock.Elapsed}");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"took {clock.Elapsed}");
    }
}
