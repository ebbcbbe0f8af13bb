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
        var kills = Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 60 : 6;
        var committed = -1L;
        for (var kill = 0; kill < kills; kill++)
        {
            using var writer = Start(lake.Folder);
            // Kill once it has gone on from where the one before was killed, at a random moment of a commit.
            var until = committed + 1 + random.Next(1, 12);
            var table = lake.Fresh();
            var clock = Stopwatch.StartNew();
            while ((table.Latest()?.Version ?? -1) < until && !writer.HasExited)
            {
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "The writer made no progress in 60 s.");
                Thread.Sleep(2);
            }
            Assert.False(writer.HasExited, "The writer ended by itself: " + (writer.HasExited ? writer.StandardOutput.ReadToEnd() : ""));
            Thread.SpinWait(random.Next(3_000_000));
            writer.Kill();
            writer.WaitForExit();
            var snapshot = lake.Fresh().Latest()!;
            committed = snapshot.Version;
            Assert.Equal($"{(committed + 1) * RowsPerCommit}|{committed + 1}|{(committed + 1) * RowsPerCommit}", lake.Rows(snapshot, "count(*), count(DISTINCT n), count(DISTINCT (n, i))"));
            Assert.Equal(committed, snapshot.TransactionVersion("p/crash"));
            Assert.Equal(committed + 1, snapshot.StateOf("p/crash")!.FilesSeen.Count);
        }
        var last = lake.Fresh();
        last.CleanLeftovers();
        var named = last.Latest()!.Files.Select(f => Path.Combine(last.Location, f.Path)).ToHashSet();
        Assert.Equal(named, Directory.GetFiles(last.Location, "*.parquet", SearchOption.AllDirectories).Where(f => !f.Contains("_delta_log")).ToHashSet());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(last.Location, "_flowforge", "staging")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(last.Location, "_flowforge", "tmp")));
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
        var table = new LakeStore(folder).Table(TableName.Parse("bronze.t"));
        while (!parent.HasExited)
        {
            using var transaction = table.Begin();
            var n = (transaction.Base?.TransactionVersion("p/crash") ?? -1) + 1;
            transaction.Write(session, $"SELECT {n} AS n, i, i % 3 AS p FROM range({RowsPerCommit}) t(i)", new WriteOptions { PartitionBy = ["p"] });
            var seen = transaction.Base?.StateOf("p/crash")?.FilesSeen ?? [];
            var state = new JobState { Pipeline = "p", Job = "crash", RunId = "r" + n, FilesSeen = [.. seen, new SeenFile("f" + n, n, null, null, "00", RowsPerCommit)] };
            transaction.Commit(new CommitOptions { Transaction = ("p/crash", n), State = state });
        }
    }

    private static Process Start(string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"{typeof(CrashTests).FullName}.{nameof(Writer_UntilKilled)}", "-explicit", "only"]) { RedirectStandardOutput = true };
        start.Environment[FolderVariable] = folder;
        start.Environment["FLOWFORGE_LAKE_CRASH_PARENT"] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }
}
