using FlowForge.Lake.S3;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Lake.Tests.S3;

/// <summary>A cache that is smaller than what is read through it, by several processes' stores over one folder.</summary>
public sealed class S3CacheTests(CephServer server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Read_EightReadersTwoStoresASmallCacheAndAnOldVersionHeld_AllEndAndTheLimitHolds()
    {
        using var lake = new S3TestLake(server);
        var table = lake.Table();
        // More than one checkpoint, and an old version whose files are not those of the newest.
        for (var n = 0; n < 12; n++) lake.Append(table, $"SELECT {n} AS _p, i, hash(i) AS h FROM range(5000) t(i)", new WriteOptions { Compression = "none", PartitionBy = ["_p"] });
        Assert.NotNull(table.Optimize(lake.Session, new OptimizeOptions { SortBy = ["h"] }));
        var bytes = table.Latest()!.Bytes;
        var options = lake.Options with { CacheBytes = bytes / 2, CacheGrace = TimeSpan.Zero };
        LakeStore[] stores = [lake.Store("b", options), lake.Store("b", options)];
        var old = stores[0].Table(TableName.Parse("bronze.t")).At(11)!;
        using var held = stores[0].Table(TableName.Parse("bronze.t")).Hold(old);
        _ = old.ScanSql([old.Files[0]]);
        var most = 0L;
        using var stop = new CancellationTokenSource();
        var watch = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                // While nobody else may change anything.
                using (new MachineLock(Path.Combine(lake.Folder("b"), "_flowforge", "cache.lock")).Enter()) most = Math.Max(most, Copies(lake).Sum(Length));
                await Task.Delay(5);
            }
        }, TestContext.Current.CancellationToken);
        var readers = Enumerable.Range(0, 8).Select(reader => Task.Factory.StartNew(() =>
        {
            using var session = lake.Connect();
            var mine = stores[reader % 2].Table(TableName.Parse("bronze.t"));
            for (var i = 0; i < 6; i++)
            {
                var snapshot = i % 2 == 0 ? mine.Latest()! : mine.At(11)!;
                var file = snapshot.Files[((reader * 5) + i) % snapshot.Files.Count];
                while (true)
                {
                    using var hold = mine.Hold(snapshot);
                    try
                    {
                        Assert.Equal(5000L, session.Scalar<long>($"SELECT count(*) FROM {snapshot.ScanSql([file])} WHERE h = hash(i)"));
                        break;
                    }
                    catch (LakeStorageException e) when (e.IsTransient)
                    {
                        Thread.Sleep(Random.Shared.Next(10, 50));
                    }
                }
            }
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        await Task.WhenAll(readers).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await watch;
        Assert.InRange(most, 1, options.CacheBytes);
        Assert.Contains(Copies(lake), f => f.EndsWith(old.Files[0].Path, StringComparison.Ordinal));
        // Checkpoints are read once and kept nowhere; a partition column may begin as the log's folder does.
        Assert.DoesNotContain(Copies(lake), f => f.Contains("_delta_log", StringComparison.Ordinal) || f.EndsWith(".fetching", StringComparison.Ordinal));
        Assert.Contains(Copies(lake), f => f.Contains($"{Path.DirectorySeparatorChar}_p=", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(lake.Folder("b"), "bronze", "t", "_flowforge", "borrowed")));
    }

    [Fact]
    public void HoldCopies_ReaderThatTakesLong_KeepsWhatItReadsAndNoMore()
    {
        using var lake = new S3TestLake(server);
        var table = lake.Table();
        for (var n = 0; n < 3; n++) lake.Append(table, $"SELECT {n} AS n, i, hash(i) AS h FROM range(5000) t(i)", new WriteOptions { Compression = "none" });
        var small = lake.Store("b", lake.Options with { CacheBytes = table.Latest()!.Bytes / 2, CacheGrace = TimeSpan.Zero }).Table(TableName.Parse("bronze.t"));
        var (slow, quick) = (small.Latest()!, small.Latest()!);
        using (slow.HoldCopies())
        {
            var scan = slow.ScanSql([slow.Files[0]]);
            Assert.True(Assert.Throws<LakeStorageException>(() => quick.ScanSql([quick.Files[1]])).IsTransient);
            Assert.Equal(5000L, lake.Session.Scalar<long>($"SELECT count(*) FROM {scan} WHERE n = 0"));
        }
        // What is read through it later is not held any more.
        _ = slow.ScanSql([slow.Files[2]]);
        _ = quick.ScanSql([quick.Files[1]]);
        Assert.EndsWith(quick.Files[1].Path, Assert.Single(Copies(lake)), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(lake.Folder("b"), "_flowforge", "copies")));
    }

    [Fact]
    public void Optimize_TableLargerThanTheCache_Works()
    {
        using var lake = new S3TestLake(server);
        var table = lake.Table();
        for (var p = 0; p < 4; p++)
            for (var n = 0; n < 2; n++) lake.Append(table, $"SELECT {p} AS p, i, hash(i) AS h FROM range(5000) t(i)", new WriteOptions { Compression = "none", PartitionBy = ["p"] });
        var small = lake.Store("b", lake.Options with { CacheBytes = table.Latest()!.Bytes * 3 / 8, CacheGrace = TimeSpan.Zero }).Table(TableName.Parse("bronze.t"));
        var done = small.Optimize(lake.Session)!;
        Assert.Equal((4, 8, 40000L), (done.FilesAdded, done.FilesRemoved, done.RowsAdded));
        Assert.Equal("40000|4", lake.Rows(lake.Table("c").Latest()!, "count(*), count(DISTINCT p)"));
        lake.Validate();
    }

    [Fact]
    public void Fetch_RoomTakenByAnotherStoreAndByADeadOne_IsSeen()
    {
        using var lake = new S3TestLake(server);
        var table = lake.Table();
        for (var n = 0; n < 4; n++) lake.Append(table, $"SELECT {n} AS n, i, hash(i) AS h FROM range(5000) t(i)", new WriteOptions { Compression = "none" });
        var bytes = table.Latest()!.Bytes;
        var options = lake.Options with { CacheBytes = bytes * 5 / 8, CacheGrace = TimeSpan.Zero };
        var (one, two) = (lake.Store("b", options).Table(TableName.Parse("bronze.t")), lake.Store("b", options).Table(TableName.Parse("bronze.t")));
        // What a killed process was bringing: its holder is gone, so its room is free.
        var dead = Path.Combine(lake.Folder("b"), "bronze", "t", $"part.parquet.{Guid.NewGuid():n}.fetching");
        Directory.CreateDirectory(Path.GetDirectoryName(dead)!);
        using (var file = File.Create(dead)) file.SetLength(bytes / 2);
        var (first, second) = (one.Latest()!, two.Latest()!);
        using (one.Hold(first))
        {
            _ = first.ScanSql([.. first.Files.Take(2)]);
            Assert.False(File.Exists(dead));
            using (two.Hold(second))
            {
                Assert.True(Assert.Throws<LakeStorageException>(() => second.ScanSql([second.Files[2]])).IsTransient);
                _ = second.ScanSql([second.Files[1]]);
            }
        }
        using (two.Hold(second)) _ = second.ScanSql([.. second.Files.Skip(2)]);
        Assert.InRange(Copies(lake).Sum(Length), 1, options.CacheBytes);
        Assert.Empty(Directory.GetFiles(Path.Combine(lake.Folder("b"), "_flowforge", "copies")));
    }

    private static string[] Copies(S3TestLake lake) => Directory.GetFiles(Path.Combine(lake.Folder("b"), "bronze"), "*.parquet*", SearchOption.AllDirectories).Where(f => !f.Contains($"{Path.DirectorySeparatorChar}_flowforge{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).ToArray();

    // A file that goes between listing and looking takes no room.
    private static long Length(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}
