using System.Diagnostics;
using FlowForge.Duck;

namespace FlowForge.Lake.Tests;

/// <summary>A writer process is killed at random moments; its table must hold each commit's rows exactly once.</summary>
public sealed class CrashTests
{
    private const string FolderVariable = "FLOWFORGE_LAKE_CRASH_FOLDER";
    private const int RowsPerCommit = 500;

    [Fact]
    public void Write_KilledAtRandomMoments_EveryCommitIsThereOnceAndLeftoversGo()
    {
        using var lake = new TestLake();
        var random = new Random(20261121);
        var kills = Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 100 : 6;
        var committed = -1L;
        for (var kill = 0; kill < kills; kill++)
        {
            using var writer = Start(lake.Folder);
            // Kill once it has gone on from where the one before was killed, at a random moment of a commit.
            var until = committed + 1 + random.Next(1, 12);
            var table = lake.Fresh();
            var clock = Stopwatch.StartNew();
            while ((table.TransactionVersion("p/crash") ?? -1) < until && !writer.HasExited)
            {
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "The writer made no progress in 60 s.");
                Thread.Sleep(2);
            }
            Assert.False(writer.HasExited, "The writer ended by itself: " + (writer.HasExited ? writer.StandardOutput.ReadToEnd() : ""));
            Thread.SpinWait(random.Next(3_000_000));
            writer.Kill();
            writer.WaitForExit();
            var snapshot = lake.Fresh().Latest()!;
            committed = snapshot.TransactionVersion("p/crash")!.Value;
            Assert.Equal($"{(committed + 1) * RowsPerCommit}|{committed + 1}|{(committed + 1) * RowsPerCommit}", lake.Rows(snapshot, "count(*), count(DISTINCT n), count(DISTINCT (n, i))"));
            Assert.Equal(committed + 1, snapshot.StateOf("p/crash")!.FilesSeen.Count);
            if (lake.Fresh("silver.m").Latest() is not { } merged) continue;
            // Each merge sets every row to its own number: a half one would show two numbers, a repeated one too many rows.
            Assert.Equal($"{RowsPerCommit}|{RowsPerCommit}|1|{merged.TransactionVersion("p/merge")}", lake.Rows(merged, "count(*), count(DISTINCT i), count(DISTINCT n), max(n)"));
        }
        Assert.True(lake.Fresh("silver.m").Exists);
        foreach (var name in (string[])["bronze.t", "silver.m"])
        {
            var last = lake.Fresh(name);
            last.CleanLeftovers();
            // Nothing lies there that no version names: vacuum without retention would leave the newest version's files, and finds only files of older ones.
            var named = Enumerable.Range(0, (int)last.Latest()!.Version + 1).SelectMany(v => last.At(v)!.Files).Select(f => Path.Combine(last.Location, f.Path)).ToHashSet();
            Assert.Equal(named, Directory.GetFiles(last.Location, "*.parquet", SearchOption.AllDirectories).Where(f => !f.Contains("_delta_log")).ToHashSet());
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(last.Location, "_flowforge", "staging")));
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(last.Location, "_flowforge", "tmp")));
        }
    }

    /// <summary>The writer: this test in a process of its own, which the test above kills.</summary>
    [Fact(Explicit = true)]
    public void Writer_UntilKilled()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (folder is null) Assert.Skip("Runs only as the child of the crash test.");
        var parent = Process.GetProcessById(int.Parse(Environment.GetEnvironmentVariable("FLOWFORGE_LAKE_CRASH_PARENT")!, System.Globalization.CultureInfo.InvariantCulture));
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        // The options of a bucket, when the lake is in one, come by the environment too.
        var store = new LakeStore(folder, Lake.S3.S3LakeOptions.FromEnvironment());
        var table = store.Table(TableName.Parse("bronze.t"));
        var merged = store.Table(TableName.Parse("silver.m"));
        while (!parent.HasExited)
        {
            using var transaction = table.Begin();
            var n = (transaction.Base?.TransactionVersion("p/crash") ?? -1) + 1;
            transaction.Write(session, $"SELECT {n} AS n, i, i % 3 AS p FROM range({RowsPerCommit}) t(i)", new WriteOptions { PartitionBy = ["p"] });
            var seen = transaction.Base?.StateOf("p/crash")?.FilesSeen ?? [];
            var state = new JobState { Pipeline = "p", Job = "crash", RunId = "r" + n, FilesSeen = [.. seen, new SeenFile("f" + n, n, null, null, "00", RowsPerCommit)] };
            transaction.Commit(new CommitOptions { Transaction = ("p/crash", n), State = state });
            if (n % 6 == 5) table.Optimize(session);
            using var merge = merged.Begin();
            merge.Merge(session, $"SELECT i, {n} AS n FROM range({RowsPerCommit}) t(i)", new MergeOptions { Keys = ["i"], Write = new WriteOptions { TargetFileBytes = 2048 } });
            merge.Commit(new CommitOptions { Transaction = ("p/merge", n), Operation = "MERGE" });
        }
    }

    internal static Process Start(string folder, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"{typeof(CrashTests).FullName}.{nameof(Writer_UntilKilled)}", "-explicit", "only"]) { RedirectStandardOutput = true };
        start.Environment[FolderVariable] = folder;
        start.Environment["FLOWFORGE_LAKE_CRASH_PARENT"] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
