using System.Globalization;
using FlowForge.Lake.S3;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Lake.Tests.S3;

public sealed class S3LakeTests(CephServer server)
{
    [Fact]
    public void Table_WholeLifeInABucket_IsTheSameFromAnotherMachine()
    {
        using var lake = new S3TestLake(server);
        lake.Store().Check();
        var table = lake.Table();
        Assert.False(table.Exists);
        // A value that is no plain name, a NULL and a text that reads like one: folders, keys and copies must agree.
        lake.Append(table, "SELECT i, ['a b=c/ä%', NULL, 'NULL'][i % 3 + 1] AS p, i * 10 AS v FROM range(90) t(i)", new WriteOptions { PartitionBy = ["p"] });
        for (var n = 1; n <= 10; n++) lake.Append(table, $"SELECT {(n * 100).ToString(CultureInfo.InvariantCulture)} AS i, 'more' AS p, 1 AS v");
        using (var merge = table.Begin())
        {
            var counts = merge.Merge(lake.Session, "SELECT * FROM (VALUES (0, 'a b=c/ä%', -1), (5000, 'new', 7)) s(i, p, v)", new MergeOptions { Keys = ["i"] });
            Assert.Equal((1L, 1L), (counts.Inserted, counts.Updated));
            merge.Commit(new CommitOptions { Operation = "MERGE", Transaction = ("p/j", 1), State = new JobState { Pipeline = "p", Job = "j", RunId = "r", Cursor = "5000", FilesSeen = [new SeenFile("f", 1, null, null, "00", 1)] } });
        }
        Assert.NotNull(table.Optimize(lake.Session));

        var other = lake.Table("b").Latest()!;
        Assert.Equal(12, other.Version);
        Assert.Equal("101|101", lake.Rows(other, "count(*), count(DISTINCT i)"));
        Assert.Equal("a b=c/ä%|30\nNULL|30\nmore|10\nnew|1",
            lake.Rows(other, "p, count(*)", "WHERE p IS NOT NULL GROUP BY p ORDER BY p <> 'a b=c/ä%', p"));
        Assert.Equal("30", lake.Rows(other, "count(*)", "WHERE p IS NULL"));
        Assert.Equal("-1\n7", lake.Rows(other, "v", "WHERE i IN (0, 5000) ORDER BY i"));
        Assert.Equal("5000", other.StateOf("p/j")!.Cursor);
        Assert.Equal(90, lake.Table("b").At(0)!.Rows);
        Assert.Equal(["bronze.t"], lake.Store("b").Tables().Select(t => t.ToString()));
        lake.Validate();

        // A person on the other machine goes back, and the first one sees it.
        lake.Table("b").Restore(0);
        Assert.Equal("90", lake.Rows(table.Latest()!, "count(*)"));
        Assert.Null(table.Latest()!.StateOf("p/j"));
        var removed = lake.Table("b").Vacuum(new VacuumOptions { Retention = TimeSpan.FromSeconds(-60) });
        Assert.NotEmpty(removed.Files);
        Assert.Equal("90", lake.Rows(lake.Table("c").Latest()!, "count(*)"));
        Assert.Equal(table.Latest()!.Files.Select(f => "bronze/t/" + f.Path).Order(StringComparer.Ordinal), lake.Keys().Where(k => k.EndsWith(".parquet", StringComparison.Ordinal) && !k.Contains("/_delta_log/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        lake.Validate(filesOfOldVersions: false);
    }

    [Fact]
    public void PutIfAbsent_EightAtOnce_OneWinsEachName()
    {
        using var lake = new S3TestLake(server);
        var stores = Enumerable.Range(0, 8).Select(i => lake.Table("m" + i).Files).ToArray();
        for (var name = 0; name < 10; name++)
        {
            var won = 0;
            Parallel.For(0, stores.Length, new ParallelOptions { MaxDegreeOfParallelism = stores.Length }, i =>
            {
                if (stores[i].PutIfAbsent($"x/{name}", [(byte)i])) Interlocked.Increment(ref won);
            });
            Assert.Equal(1, won);
        }
    }

    [Fact]
    public void Commit_WritersOfFourMachinesAtOnce_AllAppendsAreThereOnce()
    {
        using var lake = new S3TestLake(server);
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, writer =>
        {
            using var session = lake.Connect();
            var table = lake.Table("m" + writer);
            for (var i = 0; i < 4; i++)
            {
                using var transaction = table.Begin();
                transaction.Write(session, $"SELECT {writer} AS w, {i} AS i");
                transaction.Commit(new CommitOptions { Transaction = ("p/" + writer, i), State = new JobState { Pipeline = "p", Job = "j" + writer, RunId = "r" } });
            }
        });
        var snapshot = lake.Table("z").Latest()!;
        Assert.Equal(15, snapshot.Version);
        Assert.Equal("16|16", lake.Rows(snapshot, "count(*), count(DISTINCT (w, i))"));
        lake.Validate();
    }

    [Fact]
    public void Write_LargeFile_GoesAndComesInParts()
    {
        using var lake = new S3TestLake(server);
        lake.Append(lake.Table(), "SELECT i, hash(i) AS a, hash(i + 1) AS b, hash(i + 2) AS c FROM range(1000000) t(i)", new WriteOptions { Compression = "none" });
        var file = Assert.Single(lake.Table("b").Latest()!.Files);
        Assert.InRange(file.Bytes, 40L << 20, 100L << 20);
        Assert.Equal("1000000|499999500000", lake.Rows(lake.Table("b").Latest()!, "count(*), sum(i)", "WHERE a = hash(i) AND c = hash(i + 2)"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(lake.Folder("a"), "bronze", "t", file.Path)), File.ReadAllBytes(Path.Combine(lake.Folder("b"), "bronze", "t", file.Path)));
    }

    [Fact]
    public void Read_MoreThanTheCacheMayTake_IsRefusedAndFilesOneByOneAreNot()
    {
        using var lake = new S3TestLake(server);
        var table = lake.Table();
        for (var n = 0; n < 6; n++) lake.Append(table, $"SELECT {n} AS n, i, hash(i) AS h FROM range(20000) t(i)", new WriteOptions { Compression = "none" });
        var bytes = table.Latest()!.Bytes;
        var small = lake.Options with { CacheBytes = bytes / 2, CacheGrace = TimeSpan.Zero };
        var snapshot = lake.Store("b", small).Table(TableName.Parse("bronze.t")).Latest()!;
        var refused = Assert.Throws<LakeStorageException>(() => snapshot.ScanSql());
        Assert.Equal(("FF2705", false), (refused.Code, refused.IsTransient));
        Assert.Matches($"^6 data files of [0-9.]+ MB are to be read at once, and the lake's cache in {lake.Folder("b")} may take [0-9.]+ MB, of which 0 KB are in use\\. Raise Lake:CacheBytes, or read less at once", refused.Message);
        foreach (var file in snapshot.Files)
        {
            Assert.Equal("20000", lake.Session.Scalar<long>($"SELECT count(*) FROM {snapshot.ScanSql([file])}").ToString(CultureInfo.InvariantCulture));
            Assert.InRange(Copies("b").Sum(f => f.Length), file.Bytes, bytes / 2);
        }

        // What somebody holds stays; then there is no room for anything else.
        var other = lake.Store("c", small with { CacheBytes = bytes * 3 / 4 });
        var held = other.Table(TableName.Parse("bronze.t"));
        var reading = held.Latest()!;
        using (held.Hold(reading))
        {
            _ = reading.ScanSql([.. reading.Files.Take(4)]);
            // Another reader may wait for the room; the one that takes it would wait for itself.
            Assert.True(Assert.Throws<LakeStorageException>(() => held.Latest()!.ScanSql([held.Latest()!.Files[5]])).IsTransient);
            Assert.False(Assert.Throws<LakeStorageException>(() => reading.ScanSql([reading.Files[5]])).IsTransient);
            Assert.Equal(reading.Files.Take(4).Select(f => f.Path).Order(StringComparer.Ordinal), Copies("c").Select(f => f.Name).Order(StringComparer.Ordinal));
        }
        _ = held.Latest()!.ScanSql([held.Latest()!.Files[5]]);
        Assert.InRange(Copies("c").Length, 1, 4);

        FileInfo[] Copies(string machine) => new DirectoryInfo(Path.Combine(lake.Folder(machine), "bronze", "t")).GetFiles("*.parquet");
    }

    [Fact]
    public async Task Read_CopyThatWentAway_ComesAgain()
    {
        using var lake = new S3TestLake(server);
        var table = lake.Table();
        lake.Append(table, "SELECT 1 AS a");
        File.Delete(Path.Combine(lake.Folder("a"), "bronze", "t", table.Latest()!.Files[0].Path));
        Assert.Equal("1", lake.Rows(table.Latest()!));
        await lake.Client.DeleteObjectAsync(S3TestLake.Bucket, $"{lake.Options.Prefix}/bronze/t/{table.Latest()!.Files[0].Path}", TestContext.Current.CancellationToken);
        var gone = Assert.Throws<FileNotFoundException>(() => lake.Table("b").Latest()!.ScanSql());
        Assert.Equal($"{lake.Options} has no object {lake.Options.Prefix}/bronze/t/{table.Latest()!.Files[0].Path}, which a version of a table names. It was removed by hand or by vacuum; restore it from a backup or a version of the bucket.", gone.Message);
    }

    [Fact]
    public void Read_LogThatNamesAFileOutsideTheTable_IsRefused()
    {
        using var lake = new S3TestLake(server);
        lake.Append(lake.Table(), "SELECT 1 AS a");
        var entry = """{"add":{"path":"../../../../evil.parquet","partitionValues":{},"size":4,"modificationTime":0,"dataChange":true}}""" + "\n";
        Assert.True(lake.Table().Files.PutIfAbsent("_delta_log/00000000000000000001.json", System.Text.Encoding.UTF8.GetBytes(entry)));
        var refused = Assert.Throws<LakeException>(() => lake.Table("b").Latest()!.ScanSql());
        Assert.Equal($"The log of {lake.Options}/bronze/t names the file '../../../../evil.parquet', which is no plain path below the table. The log is damaged, or was made by somebody else.", refused.Message);
    }

    [Theory]
    [InlineData("s3://", "Lake:Root 's3://' does not name a bucket.")]
    [InlineData("s3://Big_Bucket/x", "Lake:Root 's3://Big_Bucket/x' does not name a bucket.")]
    [InlineData("s3://bucket/a/../b", "The prefix of Lake:Root 's3://bucket/a/../b' has an empty part, '.' or '..'.")]
    [InlineData("s3://bucket/a//b", "The prefix of Lake:Root 's3://bucket/a//b' has an empty part, '.' or '..'.")]
    public void Parse_BadRoot_SaysWhatIsWrong(string root, string message) => Assert.StartsWith(message, Assert.Throws<LakeException>(() => S3LakeOptions.Parse(root)).Message);

    [Fact]
    public void Parse_GoodRoots_BucketAndPrefix()
    {
        Assert.Equal(("lake-1", "a/b", "s3://lake-1/a/b"), S3LakeOptions.Parse("s3://lake-1/a/b/") is { } full ? (full.Bucket, full.Prefix, full.ToString()) : default);
        Assert.Equal(("lake", ""), S3LakeOptions.Parse("s3://lake") is { } bare ? (bare.Bucket, bare.Prefix) : default);
        Assert.Null(S3LakeOptions.Parse("/data/lake"));
    }
}
