using System.Diagnostics;
using FlowForge.Lake.S3;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Lake.Tests.S3;

/// <summary>The writer of <see cref="CrashTests"/> over a bucket, killed at random moments.</summary>
public sealed class S3CrashTests(CephServer server)
{
    private const int RowsPerCommit = 500;

    [Fact]
    public void Write_KilledAtRandomMoments_EveryCommitIsThereOnceAndLeftoversGo()
    {
        using var lake = new S3TestLake(server);
        var random = new Random(20261121);
        var kills = Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 60 : 3;
        var committed = -1L;
        for (var kill = 0; kill < kills; kill++)
        {
            using var writer = CrashTests.Start(lake.Folder("writer"), (S3LakeOptions.EnvironmentVariable, lake.Options.ToEnvironment()));
            var until = committed + 1 + random.Next(1, 5);
            var table = lake.Table("reader");
            var clock = Stopwatch.StartNew();
            while ((table.TransactionVersion("p/crash") ?? -1) < until && !writer.HasExited)
            {
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(120), "The writer made no progress in 120 s.");
                Thread.Sleep(2);
            }
            Assert.False(writer.HasExited, "The writer ended by itself: " + (writer.HasExited ? writer.StandardOutput.ReadToEnd() : ""));
            Thread.SpinWait(random.Next(10_000_000));
            writer.Kill();
            writer.WaitForExit();
            var snapshot = lake.Table("reader").Latest()!;
            committed = snapshot.TransactionVersion("p/crash")!.Value;
            Assert.Equal($"{(committed + 1) * RowsPerCommit}|{committed + 1}|{(committed + 1) * RowsPerCommit}", lake.Rows(snapshot, "count(*), count(DISTINCT n), count(DISTINCT (n, i))"));
            Assert.Equal(committed + 1, snapshot.StateOf("p/crash")!.FilesSeen.Count);
            if (lake.Table("reader", "silver.m").Latest() is { } merged)
                Assert.Equal($"{RowsPerCommit}|{RowsPerCommit}|1|{merged.TransactionVersion("p/merge")}", lake.Rows(merged, "count(*), count(DISTINCT i), count(DISTINCT n), max(n)"));
        }
        foreach (var name in (string[])["bronze.t", "silver.m"])
        {
            var last = lake.Table("writer", name);
            // A put of the writer that was killed last may still land until its version is somebody else's.
            lake.Append(last, $"FROM {last.Latest()!.ScanSql()} LIMIT 0");
            last.CleanLeftovers();
            var folder = name.Replace('.', '/') + "/";
            var named = Enumerable.Range(0, (int)last.Latest()!.Version + 1).SelectMany(v => last.At(v)!.Files).Select(f => folder + f.Path).ToHashSet();
            Assert.Equal(named, lake.Keys().Where(k => k.StartsWith(folder, StringComparison.Ordinal) && k.EndsWith(".parquet", StringComparison.Ordinal) && !k.Contains("/_delta_log/", StringComparison.Ordinal)).ToHashSet());
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(lake.Folder("writer"), folder, "_flowforge", "staging")));
        }
        lake.Validate();
    }
}
