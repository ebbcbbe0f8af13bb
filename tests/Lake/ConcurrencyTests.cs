using System.Diagnostics;
using FlowForge.Lake.Files;

namespace FlowForge.Lake.Tests;

public sealed class ConcurrencyTests
{
    [Fact]
    public void Commit_FourWritersAtOnce_AllAppendsAreThereOnce()
    {
        using var lake = new TestLake();
        Parallel.For(0, 4, writer =>
        {
            using var session = lake.Database.Connect();
            // Each has its own memory of the log, as another process would.
            var table = lake.Fresh();
            for (var i = 0; i < 12; i++)
            {
                using var transaction = table.Begin();
                transaction.Write(session, $"SELECT {writer} AS w, {i} AS i");
                transaction.Commit(new CommitOptions { Transaction = ("p/" + writer, i), State = new JobState { Pipeline = "p", Job = "j" + writer, RunId = "r" } });
            }
        });
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal(47, snapshot.Version);
        Assert.Equal("48|48", lake.Rows(snapshot, "count(*), count(DISTINCT (w, i))"));
    }

    [Fact]
    public void Latest_TableMadeBetweenTwoLooks_IsThere()
    {
        using var lake = new TestLake();
        lake.Append(lake.Table(), "SELECT 1 AS a");
        Assert.Equal(0, new LakeTable(new MadeMeanwhile(lake.Table().Location), "bronze.t").Latest()!.Version);
    }

    /// <summary>A table whose first entry comes after the look at it, and before the listing.</summary>
    private sealed class MadeMeanwhile(string folder) : IFileStore
    {
        private readonly LocalFileStore files = new(folder);
        private bool isThere;
        private int listings;

        public string Root => files.Root;
        public string StagingFolder => files.StagingFolder;
        public byte[]? Read(string path) => isThere ? files.Read(path) : null;
        public bool Exists(string path) => isThere && files.Exists(path);
        public bool PutIfAbsent(string path, ReadOnlySpan<byte> content) => throw new NotSupportedException();
        public void Put(string path, ReadOnlySpan<byte> content) => throw new NotSupportedException();
        public void Publish(string localFile, string path) => throw new NotSupportedException();
        public void Settle(string folder) => throw new NotSupportedException();
        public void Delete(string path) => throw new NotSupportedException();
        public string ReadPath(string path) => files.ReadPath(path);

        public IEnumerable<StoredFile> List(string folder, bool recursive = false)
        {
            // The checkpoint is looked for before the entries; the last listing is the one that counts.
            if (listings++ > 0) isThere = true;
            return isThere ? files.List(folder, recursive) : [];
        }
    }

    [Fact]
    public void Commit_OverwritesAtOnce_OneWinsEachTime()
    {
        using var lake = new TestLake();
        lake.Append(lake.Table(), "SELECT -1 AS w");
        var won = 0;
        Parallel.For(0, 4, writer =>
        {
            using var session = lake.Database.Connect();
            using var transaction = lake.Fresh().Begin();
            transaction.Write(session, $"SELECT {writer} AS w", new WriteOptions { Mode = CommitMode.Overwrite });
            try
            {
                transaction.Commit(new CommitOptions { Mode = CommitMode.Overwrite });
                Interlocked.Increment(ref won);
            }
            catch (TableConflictException)
            {
                // One of the others came first.
            }
        });
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal(won, snapshot.Version);
        Assert.InRange(won, 1, 4);
        Assert.Single(snapshot.Files);
    }

    [Fact]
    public void Write_DiskFull_FailsAndKeepsTheOldVersion()
    {
        var mount = Directory.CreateTempSubdirectory("flowforge-full").FullName;
        if (!Run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", mount))
        {
            Directory.Delete(mount);
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", "A small file system cannot be mounted here (needs root).");
            Assert.Fail("CI must be able to mount a tmpfs.");
        }
        try
        {
            using var lake = new TestLake();
            var table = new LakeStore(mount).Table(TableName.Parse("bronze.t"));
            lake.Append(table, "SELECT 1 AS a, 'x' AS s");
            Assert.ThrowsAny<Exception>(() => lake.Append(table, "SELECT i::INTEGER AS a, md5(i::VARCHAR) AS s FROM range(1000000) t(i)"));
            // Full to the last byte: even the commit's own small files have no room.
            using (var transaction = table.Begin())
            {
                transaction.Write(lake.Session, "SELECT 2 AS a, 'y' AS s");
                File.WriteAllBytes(Path.Combine(mount, "filler"), []);
                FillUp(Path.Combine(mount, "filler"));
                Assert.ThrowsAny<IOException>(() => transaction.Commit(new CommitOptions { Transaction = ("p/j", 1), State = new JobState { Pipeline = "p", Job = "j", RunId = "r" } }));
            }
            Assert.Equal("1|x", lake.Rows(new LakeStore(mount).Table(TableName.Parse("bronze.t")).Latest()!));
            File.Delete(Path.Combine(mount, "filler"));
            lake.Append(table, "SELECT 3 AS a, 'z' AS s");
            Assert.Equal("1|x\n3|z", lake.Rows(table.Latest()!, rest: "ORDER BY a"));
            new LogValidator(table.Location, lake.Session).Run();
            Assert.Equal(2, Directory.GetFiles(table.Location, "*.parquet", SearchOption.AllDirectories).Length);
        }
        finally
        {
            Run("umount", mount);
            Directory.Delete(mount);
        }
    }

    private static void FillUp(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
