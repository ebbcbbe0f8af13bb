namespace FlowForge.Lake.Tests;

public sealed class MaintenanceTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    private string Rows() => lake.Rows(lake.Fresh().Latest()!, rest: "ORDER BY ALL");

    private int ParquetFiles() => Directory.GetFiles(lake.Table().Location, "part-*.parquet", SearchOption.AllDirectories).Length;

    [Fact]
    public void Optimize_SmallFiles_BecomeOneAPartitionAndAppendsDoNotConflict()
    {
        for (var i = 0; i < 6; i++) lake.Append(lake.Table(), $"SELECT {i} AS a, 'p{i % 2}' AS p, 'r' AS _ff_run", new WriteOptions { PartitionBy = ["p"] });
        using var append = lake.Fresh().Begin();
        append.Write(lake.Session, "SELECT 99 AS a, 'p0' AS p, 'r' AS _ff_run");

        var commit = lake.Fresh().Optimize(lake.Session)!;

        Assert.Equal((2, 6), (commit.FilesAdded, commit.FilesRemoved));
        append.Commit(new CommitOptions());
        Assert.Equal("0|p0\n1|p1\n2|p0\n3|p1\n4|p0\n5|p1\n99|p0", Rows());
        Assert.Contains("\"dataChange\":false", File.ReadAllText(Path.Combine(lake.Table().Location, "_delta_log", "00000000000000000006.json")));
        Assert.Null(lake.Fresh("bronze.none").Optimize(lake.Session));
    }

    [Fact]
    public void Optimize_SortBy_SortsEachPartitionOnceAndLeavesAHeldVersionReadable()
    {
        for (var i = 0; i < 4; i++) lake.Append(lake.Table(), $"SELECT (j * 7919) % 1000 AS a, 'p' || (j % 2) AS p FROM range({i * 250}, {(i + 1) * 250}) t(j)", new WriteOptions { PartitionBy = ["p"] });
        using var hold = lake.Fresh().Hold(3);
        var sorted = lake.Fresh().Optimize(lake.Session, new OptimizeOptions { SortBy = ["A"] })!;
        Assert.Equal((2, 8), (sorted.FilesAdded, sorted.FilesRemoved));
        Assert.Null(lake.Fresh().Optimize(lake.Session, new OptimizeOptions { SortBy = ["a"] }));
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal("1000|499500", lake.Rows(snapshot, "count(*), sum(a)"));
        foreach (var file in snapshot.Files) Assert.Equal("0", lake.Rows($"SELECT count(*) FROM (SELECT a < lag(a) OVER (ORDER BY file_row_number) AS wrong FROM '{lake.Table().Files.ReadPath(file.Path)}') WHERE wrong"));
        Assert.Equal("Table bronze.t has no column 'z' to sort by. Its columns: a, p.", Assert.Throws<LakeException>(() => lake.Fresh().Optimize(lake.Session, new OptimizeOptions { SortBy = ["z"] })).Message);
        // One more file: its partition is sorted anew, the other is left alone.
        lake.Append(lake.Table(), "SELECT 5000 AS a, 'p1' AS p");
        Assert.Equal((1, 2), lake.Fresh().Optimize(lake.Session, new OptimizeOptions { SortBy = ["a"] }) is { } again ? (again.FilesAdded, again.FilesRemoved) : default);

        lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero });
        lake.Tampered = true;
        Assert.Equal("1000|499500", lake.Rows(lake.Fresh().At(3)!, "count(*), sum(a)"));
        lake.Validate(filesOfOldVersions: false);
    }

    [Fact]
    public void Optimize_TargetSize_MakesFilesOfAboutThatSize()
    {
        for (var i = 0; i < 8; i++) lake.Append(lake.Table(), $"SELECT hash(j) AS a FROM range({i * 20000}, {(i + 1) * 20000}) t(j)");
        var size = lake.Table().Latest()!.Files.Max(f => f.Bytes);
        lake.Fresh().Optimize(lake.Session, new OptimizeOptions { TargetFileBytes = 2 * size + size / 2 });
        var files = lake.Fresh().Latest()!.Files;
        Assert.Equal(4, files.Count);
        Assert.All(files, f => Assert.InRange(f.Bytes, size, 2 * size + size / 2));
    }

    [Fact]
    public void Vacuum_VersionRestoredMeanwhile_KeepsItsFiles()
    {
        lake.Tampered = true;
        for (var i = 0; i < 5; i++) lake.Overwrite(lake.Table(), $"SELECT {i} AS a");
        // Versions by the order in which their files would go.
        var order = Enumerable.Range(0, 4).OrderBy(v => lake.Fresh().At(v)!.Files[0].Path, StringComparer.Ordinal).ToList();
        using var hold = lake.Fresh().Hold(4);
        IDisposable? late = null;

        var result = lake.Fresh().Vacuum(new VacuumOptions
        {
            Retention = TimeSpan.Zero,
            Removed = count =>
            {
                if (count != 1 || late is not null) return;
                lake.Fresh().Restore(order[2]);
                late = lake.Fresh().Hold(order[3]);
            },
        });

        late!.Dispose();
        Assert.Equal(order.Take(2).Select(v => lake.Fresh().At(v)!.Files[0].Path), result.Files);
        Assert.Equal($"{order[2]}", Rows());
        Assert.Equal($"{order[3]}", lake.Rows(lake.Fresh().At(order[3])!));
        Assert.Empty(lake.Fresh().PlanRestore(order[3]).Missing);
    }

    [Fact]
    public void Vacuum_WithinRetention_TakesNothing()
    {
        lake.Append(lake.Table(), "SELECT 1 AS a");
        lake.Overwrite(lake.Table(), "SELECT 2 AS a");
        Assert.Empty(lake.Fresh().Vacuum().Files);
        Assert.Equal("1", lake.Rows(lake.Fresh().At(0)!));
    }

    [Fact]
    public void Vacuum_PastRetention_TakesOldFilesButNotHeldOnes()
    {
        lake.Tampered = true;
        for (var i = 0; i < 4; i++) lake.Overwrite(lake.Table(), $"SELECT {i} AS a");
        File.WriteAllText(Path.Combine(lake.Table().Location, "part-stray.parquet"), "left by another tool");
        using var hold = lake.Fresh().Hold(1);

        var dry = lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero, DryRun = true });
        Assert.Equal(3, dry.Files.Count);
        Assert.Contains("part-stray.parquet", dry.Files);
        Assert.Equal(5, ParquetFiles());

        var result = lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero });

        Assert.Equal(dry.Files, result.Files);
        Assert.Equal(2, ParquetFiles());
        Assert.Equal("3", Rows());
        Assert.Equal("1", lake.Rows(lake.Fresh().At(1)!));
        hold!.Dispose();
        Assert.Single(lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero }).Files);
        Assert.Equal([lake.Fresh().At(0)!.Files[0].Path], lake.Fresh().PlanRestore(0).Missing);
        Assert.Equal("Version 0 of bronze.t cannot be restored: 1 of its 1 files were removed by vacuum: " + lake.Fresh().At(0)!.Files[0].Path + ". Restore a version that is younger, or bring the files back from a backup.",
            Assert.Throws<LakeException>(() => lake.Fresh().Restore(0)).Message);
        lake.Validate(filesOfOldVersions: false);
    }

    [Fact]
    public void Vacuum_LongerRetentionThanTheTables_KeepsWhatItPromises()
    {
        lake.Tampered = true;
        lake.Append(lake.Table(), "SELECT 0 AS a");
        var entry = Path.Combine(lake.Table().Location, "_delta_log", $"{0:D20}.json");
        File.WriteAllText(entry, File.ReadAllText(entry).Replace("\"configuration\":{", "\"configuration\":{\"delta.deletedFileRetentionDuration\":\"interval 0 seconds\"", StringComparison.Ordinal));
        for (var i = 1; i <= 11; i++) lake.Overwrite(lake.Fresh(), $"SELECT {i} AS a");
        // Written long ago and replaced just now; the checkpoint of version 10 knows nothing of that any more.
        foreach (var file in Directory.GetFiles(lake.Table().Location, "part-*.parquet")) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-40));
        Assert.Single(lake.Fresh().Log.Latest()!.Tombstones);

        Assert.Empty(lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.FromHours(1) }).Files);
        Assert.Equal("3", lake.Rows(lake.Fresh().At(3)!));
        Assert.Equal(11, lake.Fresh().Vacuum().Files.Count);
        Assert.Equal("11", Rows());
    }

    [Fact]
    public void Vacuum_StatesFromBeforeTheOldestEntry_StayForRestore()
    {
        lake.Tampered = true;
        for (var i = 0; i < 25; i++)
            lake.Append(lake.Table(), $"SELECT {i} AS a", commit: i is 1 or 4 or 22 ? new CommitOptions { Transaction = ("p/j", i), State = new JobState { Pipeline = "p", Job = "j", RunId = "r", Cursor = "c" + i } } : null);
        var log = Path.Combine(lake.Table().Location, "_delta_log");
        foreach (var version in Enumerable.Range(0, 24)) File.SetLastWriteTimeUtc(Path.Combine(log, $"{version:D20}.json"), DateTime.UtcNow.AddDays(-40));
        Log.LogCleanup.Clean(lake.Table().Files, DateTimeOffset.UtcNow.AddDays(-30));
        Assert.Throws<LakeException>(() => lake.Fresh().At(19));
        var states = Path.Combine(lake.Table().Location, "_flowforge", "state");
        Assert.Equal(3, Directory.GetFiles(states).Length);

        // Only that of version 1 is of no version that can be read.
        Assert.Single(lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero }).Files);
        Assert.Equal("c4", lake.Fresh().PlanRestore(20).States["p/j"].Then!.Cursor);
        lake.Fresh().Restore(20);
        Assert.Equal("c4", lake.Fresh().Latest()!.StateOf("p/j")!.Cursor);
    }

    [Fact]
    public void Restore_StateThatIsGone_IsRefusedUnlessStatesAreKept()
    {
        lake.Tampered = true;
        for (var i = 1; i <= 2; i++)
            lake.Append(lake.Table(), $"SELECT {i} AS a", commit: new CommitOptions { Transaction = ("p/j", i), State = new JobState { Pipeline = "p", Job = "j", RunId = "r" + i, Cursor = "c" + i } });
        var state = Directory.GetFiles(Path.Combine(lake.Table().Location, "_flowforge", "state")).Single(f => File.ReadAllText(f).Contains("\"c1\"", StringComparison.Ordinal));
        File.Delete(state);
        Assert.Null(lake.Fresh().PlanRestore(0).States["p/j"].Then);
        Assert.Equal($"Version 0 of bronze.t cannot be restored with the state of p/j: _flowforge/state/{Path.GetFileName(state)} was removed by vacuum. Keep the jobs' states where they are, restore a version that is younger, or bring the file back from a backup.",
            Assert.Throws<LakeException>(() => lake.Fresh().Restore(0)).Message);
        Assert.Equal(1, lake.Fresh().Latest()!.Version);
        // A vacuum does not stumble over what an earlier one took.
        Assert.Empty(lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero }).Files);
        lake.Fresh().Restore(0, keepStates: true);
        Assert.Equal(("1", "c2"), (Rows(), lake.Fresh().Latest()!.StateOf("p/j")!.Cursor));
    }

    [Fact]
    public void Restore_OlderVersion_BringsRowsSchemaAndStateBack()
    {
        for (var i = 1; i <= 3; i++)
        {
            var state = new JobState { Pipeline = "p", Job = "j", RunId = "r" + i, Cursor = "c" + i };
            lake.Append(lake.Table(), $"SELECT {i} AS a{(i == 3 ? ", 'x' AS extra" : "")}", commit: new CommitOptions { Transaction = ("p/j", i), State = state });
        }
        var commit = lake.Fresh().Restore(1, new Dictionary<string, string> { ["why"] = "test" });

        Assert.Equal((3L, 0, 1), (commit.Version, commit.FilesAdded, commit.FilesRemoved));
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal("a integer", snapshot.Schema.ToString());
        Assert.Equal("1\n2", Rows());
        Assert.Equal("c2", snapshot.StateOf("p/j")!.Cursor);
        Assert.Equal(3, snapshot.TransactionVersion("p/j"));
        Assert.Equal(("RESTORE", "test"), (lake.Fresh().History(1)[0].Operation, lake.Fresh().History(1)[0].Info["why"]));
        lake.Fresh().Restore(2);
        Assert.Equal("1|∅\n2|∅\n3|x", Rows());
    }

    [Fact]
    public void Restore_KeepingStates_LeavesTheCursorWhereItIs()
    {
        for (var i = 1; i <= 3; i++)
            lake.Append(lake.Table(), $"SELECT {i} AS a", commit: new CommitOptions { Transaction = ("p/j", i), State = new JobState { Pipeline = "p", Job = "j", RunId = "r" + i, Cursor = "c" + i } });
        var plan = lake.Fresh().PlanRestore(0);
        Assert.Equal((0, 2, 0, 3L, 1L), (plan.Added.Count, plan.Removed.Count, plan.Missing.Count, plan.From.Rows, plan.To.Rows));
        Assert.Equal(("c3", "c1"), (plan.States["p/j"].Now!.Cursor, plan.States["p/j"].Then!.Cursor));
        lake.Fresh().Restore(0, keepStates: true);
        Assert.Equal(("1", "c3"), (Rows(), lake.Fresh().Latest()!.StateOf("p/j")!.Cursor));
        Assert.Equal("Table bronze.t has no version 9 to restore.", Assert.Throws<LakeException>(() => lake.Fresh().PlanRestore(9)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Restore_WhileAJobAppends_TheJobsCommitFailsOnlyWhenItsStateWentBack(bool keepStates)
    {
        CommitOptions Commit(int i) => new() { Transaction = ("p/j", i), State = new JobState { Pipeline = "p", Job = "j", RunId = "r" + i, Cursor = "c" + i } };
        for (var i = 1; i <= 2; i++) lake.Append(lake.Table(), $"SELECT {i} AS a", commit: Commit(i));
        using var append = lake.Fresh().Begin();
        append.Write(lake.Session, "SELECT 3 AS a");
        lake.Fresh().Restore(0, keepStates: keepStates);
        if (keepStates) append.Commit(Commit(3));
        else Assert.Equal("The commit to bronze.t conflicts with version 2: it set the state of the same job (p/j). Nothing was published; run the job again from the new version.",
            Assert.Throws<TableConflictException>(() => append.Commit(Commit(3))).Message);
        Assert.Equal(keepStates ? "1\n3" : "1", Rows());
    }

    [Fact]
    public void At_Time_FindsTheVersionThatStoodThen()
    {
        lake.Append(lake.Table(), "SELECT 1 AS a");
        lake.Append(lake.Table(), "SELECT 2 AS a");
        var times = lake.Table().History().Select(v => v.Committed).ToList();
        Assert.Equal(0, lake.Fresh().At(times[1])!.Version);
        Assert.Equal(1, lake.Fresh().At(times[0].AddSeconds(1))!.Version);
        Assert.Null(lake.Fresh().At(times[1].AddSeconds(-1)));
    }

    [Fact]
    public void History_Paged_GoesBackwards()
    {
        for (var i = 0; i < 5; i++) lake.Append(lake.Table(), $"SELECT {i} AS a");
        var table = lake.Fresh();
        Assert.Equal([4, 3], table.History(2).Select(v => v.Version));
        Assert.Equal([2, 1], table.History(2, before: 3).Select(v => v.Version));
        Assert.Equal((1, 0, 1L), (table.History(1)[0].FilesAdded, table.History(1)[0].FilesRemoved, table.History(1)[0].RowsAdded));
    }

    [Fact]
    public void LogCleanup_OldEntries_GoUpToTheLastCheckpointBeforeTheCut()
    {
        lake.Tampered = true;
        for (var i = 0; i < 25; i++) lake.Append(lake.Table(), $"SELECT {i} AS a");
        var log = Path.Combine(lake.Table().Location, "_delta_log");
        var old = DateTime.UtcNow.AddDays(-40);
        foreach (var version in Enumerable.Range(0, 24)) File.SetLastWriteTimeUtc(Path.Combine(log, $"{version:D20}.json"), old);
        var before = Rows();

        var removed = Log.LogCleanup.Clean(lake.Table().Files, DateTimeOffset.UtcNow.AddDays(-30));

        // 20 entries and the checkpoint of version 10; the newest commit before the cut is 23, the newest checkpoint before that 20.
        Assert.Equal(21, removed);
        Assert.Equal(before, Rows());
        Assert.Equal(20, lake.Fresh().At(20)!.Version);
        Assert.Equal([24, 23, 22, 21, 20], lake.Fresh().History().Select(v => v.Version));
        Assert.Throws<LakeException>(() => lake.Fresh().At(19));
        Assert.Equal(0, Log.LogCleanup.Clean(lake.Table().Files, DateTimeOffset.UtcNow.AddDays(-30)));
    }

    [Fact]
    public void Latest_TableDeletedAndMadeAnew_IsTheNewOne()
    {
        var table = lake.Table();
        for (var i = 0; i < 3; i++) lake.Append(table, $"SELECT {i} AS a");
        Directory.Delete(table.Location, recursive: true);
        Assert.Null(table.Latest());
        lake.Append(lake.Fresh(), "SELECT 'new' AS b");
        Assert.Equal("new", lake.Rows(table.Latest()!));
    }

    [Fact]
    public void Commit_LogWithAGap_IsRefused()
    {
        lake.Tampered = true;
        for (var i = 0; i < 4; i++) lake.Append(lake.Table(), $"SELECT {i} AS a");
        File.Delete(Path.Combine(lake.Table().Location, "_delta_log", $"{2:D20}.json"));
        var error = Assert.Throws<LakeException>(() => lake.Append(lake.Fresh(), "SELECT 9 AS a"));
        Assert.Equal("The log of bronze.t has no entry for version 2, but later ones. Restore the file from a backup; nothing is written to a damaged log.", error.Message);
    }

    [Fact]
    public void Latest_LogThatCannotBeReadFromItsBegin_IsNotTakenForAnEmptyTable()
    {
        lake.Tampered = true;
        lake.Append(lake.Table(), "SELECT 1 AS a");
        var log = Path.Combine(lake.Table().Location, "_delta_log");
        File.Move(Path.Combine(log, $"{0:D20}.json"), Path.Combine(log, $"{7:D20}.json"));
        Assert.StartsWith("The log of bronze.t does not begin with version 0", Assert.Throws<LakeException>(() => lake.Append(lake.Fresh(), "SELECT 9 AS a")).Message);
    }

    [Fact]
    public void Vacuum_WithoutRetention_LeavesFilesOfACommitOnTheWay()
    {
        lake.Append(lake.Table(), "SELECT 1 AS a");
        using var transaction = lake.Fresh().Begin();
        transaction.Write(lake.Session, "SELECT 2 AS a");
        // As if it had just moved its file: announced and published, its entry not yet there.
        var staged = transaction.Staged[0];
        var folder = Directory.GetDirectories(Path.Combine(lake.Table().Location, "_flowforge", "staging")).Single();
        File.WriteAllText(Path.Combine(folder, "manifest.json"), $$"""{"BaseVersion":0,"Paths":["{{staged.Path}}"]}""");
        File.Copy(Directory.GetFiles(folder, "*.parquet", SearchOption.AllDirectories).Single(), Path.Combine(lake.Table().Location, staged.Path));
        Assert.Empty(lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero }).Files);
        File.Delete(Path.Combine(lake.Table().Location, staged.Path));
    }
}
