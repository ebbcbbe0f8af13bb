namespace FlowForge.Lake.Tests;

public sealed class CommitTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    [Fact]
    public void Append_NewTable_MakesVersionZero()
    {
        var table = lake.Table();
        Assert.Null(table.Latest());

        var result = lake.Append(table, "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL");

        Assert.Equal(new CommitResult(0, false, 2, result.BytesAdded, 1, 0), result);
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal(0, snapshot.Version);
        Assert.Equal(2, snapshot.Rows);
        Assert.Equal("a integer, b string", snapshot.Schema.ToString());
        Assert.Equal("1|x\n2|∅", lake.Rows(snapshot, rest: "ORDER BY a"));
    }

    [Fact]
    public void Append_Twice_KeepsBothAndTimeTravels()
    {
        var table = lake.Table();
        lake.Append(table, "SELECT 1 AS a");
        lake.Append(table, "SELECT 2 AS a");

        Assert.Equal("1\n2", lake.Rows(lake.Fresh().Latest()!, rest: "ORDER BY a"));
        Assert.Equal("1", lake.Rows(lake.Fresh().At(0)!));
        Assert.Null(lake.Fresh().At(2));
    }

    [Fact]
    public void Overwrite_OtherSchema_ReplacesRowsAndSchema()
    {
        var table = lake.Table();
        lake.Append(table, "SELECT 1 AS a");
        lake.Overwrite(table, "SELECT 'n' AS b, 2.5::DECIMAL(4,1) AS c");

        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal("b string, c decimal(4,1)", snapshot.Schema.ToString());
        Assert.Equal("n|2.5", lake.Rows(snapshot));
        Assert.Equal("1", lake.Rows(lake.Fresh().At(0)!));
    }

    [Fact]
    public void Append_NewColumn_OlderRowsAreNull()
    {
        var table = lake.Table();
        lake.Append(table, "SELECT 1 AS a");
        lake.Append(table, "SELECT 'new' AS b, 2 AS a");
        lake.Append(table, "SELECT 3 AS a");

        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal("a integer, b string", snapshot.Schema.ToString());
        Assert.Equal("1|∅\n2|new\n3|∅", lake.Rows(snapshot, rest: "ORDER BY a"));
        Assert.Equal("1", lake.Rows(table.At(0)!));
    }

    [Fact]
    public void Append_NarrowerType_IsCastToTheTables()
    {
        var table = lake.Table();
        lake.Append(table, "SELECT 1::BIGINT AS a, 1.5::DOUBLE AS d");
        lake.Append(table, "SELECT 2::TINYINT AS a, 3::INTEGER AS d");
        Assert.Equal("1|1.5\n2|3", lake.Rows(table.Latest()!, rest: "ORDER BY a"));
    }

    [Fact]
    public void Append_WiderType_IsRefusedAndNothingIsPublished()
    {
        var table = lake.Table();
        lake.Append(table, "SELECT 1::INTEGER AS a");

        var error = Assert.Throws<SchemaMismatchException>(() => lake.Append(table, "SELECT 'x' AS a"));

        Assert.Equal("Column 'a' of bronze.t is integer in the table and string in the new rows, which does not fit into it without loss. Cast the column in the query, or overwrite the table.", error.Message);
        Assert.Equal(0, lake.Fresh().Latest()!.Version);
        Assert.Equal(2, Directory.GetFiles(table.Location, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Commit_SameTransaction_IsDoneOnce()
    {
        var table = lake.Table();
        var options = new CommitOptions { Transaction = ("p/j", 1) };
        Assert.False(lake.Append(table, "SELECT 1 AS a", commit: options).AlreadyCommitted);

        Assert.True(lake.Append(table, "SELECT 1 AS a", commit: options).AlreadyCommitted);

        Assert.Equal("1", lake.Rows(lake.Fresh().Latest()!));
        Assert.Equal(1, lake.Fresh().TransactionVersion("p/j"));
        Assert.Null(lake.Fresh().TransactionVersion("p/other"));
    }

    [Fact]
    public void Commit_AppendAndAppendAtOnce_BothPass()
    {
        using var first = lake.Table().Begin();
        using var second = lake.Fresh().Begin();
        first.Write(lake.Session, "SELECT 1 AS a");
        second.Write(lake.Session, "SELECT 2 AS a");
        Assert.Equal(0, first.Commit(new CommitOptions { Transaction = ("p/a", 1) }).Version);
        Assert.Equal(1, second.Commit(new CommitOptions { Transaction = ("p/b", 1) }).Version);
        Assert.Equal("1\n2", lake.Rows(lake.Fresh().Latest()!, rest: "ORDER BY a"));
    }

    [Fact]
    public void Commit_SameApplicationInBetween_Conflicts()
    {
        using var first = lake.Table().Begin();
        using var second = lake.Fresh().Begin();
        first.Write(lake.Session, "SELECT 1 AS a");
        second.Write(lake.Session, "SELECT 2 AS a");
        first.Commit(new CommitOptions { Transaction = ("p/a", 1) });

        var error = Assert.Throws<TableConflictException>(() => second.Commit(new CommitOptions { Transaction = ("p/a", 2) }));

        Assert.Equal("The commit to bronze.t conflicts with version 0: the same job (p/a) committed it. Nothing was published; run the job again from the new version.", error.Message);
    }

    [Fact]
    public void Commit_OverwriteAfterAppendInBetween_Conflicts()
    {
        lake.Append(lake.Table(), "SELECT 0 AS a");
        using var overwrite = lake.Table().Begin();
        overwrite.Write(lake.Session, "SELECT 9 AS a", new WriteOptions { Mode = CommitMode.Overwrite });
        lake.Append(lake.Fresh(), "SELECT 1 AS a");

        var error = Assert.Throws<TableConflictException>(() => overwrite.Commit(new CommitOptions { Mode = CommitMode.Overwrite }));

        Assert.Equal("The commit to bronze.t conflicts with version 1: it changed rows that this commit had read. Nothing was published; run the job again from the new version.", error.Message);
        Assert.Equal("0\n1", lake.Rows(lake.Fresh().Latest()!, rest: "ORDER BY a"));
    }

    [Fact]
    public void Commit_AppendAfterOverwriteWithOtherSchemaInBetween_IsRefused()
    {
        lake.Append(lake.Table(), "SELECT 0 AS a");
        using var append = lake.Table().Begin();
        append.Write(lake.Session, "SELECT 1 AS a");
        lake.Overwrite(lake.Fresh(), "SELECT 'x' AS a");
        Assert.Throws<SchemaMismatchException>(() => append.Commit(new CommitOptions()));
        Assert.Equal("x", lake.Rows(lake.Fresh().Latest()!));
    }

    [Fact]
    public void Commit_State_IsReadBackWithFilesSeen()
    {
        var table = lake.Table();
        List<SeenFile> seen = [];
        for (var i = 1; i <= 12; i++)
        {
            seen.Add(new SeenFile($"in/{i}.csv", i, null, DateTimeOffset.UnixEpoch.AddDays(i), "ab" + i, i));
            var state = new JobState { Pipeline = "p", Job = "j", RunId = "r" + i, Rows = new RowEquation(3, 1, 1, 1, 0), Cursor = "c" + i, FilesSeen = seen };
            lake.Append(table, $"SELECT {i} AS a", commit: new CommitOptions { Transaction = ("p/j", i), State = state });
        }
        var read = lake.Fresh().Latest()!.StateOf("p/j")!;
        Assert.Equal(seen, read.FilesSeen);
        Assert.Equal(("r12", "c12", 12L, 11L, true), (read.RunId, read.Cursor, read.TransactionVersion, read.TableVersion, read.Rows.Balanced));
        Assert.Equal("r5", lake.Fresh().At(4)!.State!.RunId);
        Assert.Equal(5, lake.Fresh().At(4)!.State!.FilesSeen.Count);
        Assert.Equal("read=3 loaded=1 rejected=1 deduplicated=1 filtered=0", lake.Fresh().History(1)[0].Info["rows"]);
        // Twelve entries lie in a few merged segments, not in twelve lists of all.
        Assert.True(Directory.GetFiles(Path.Combine(table.Location, "_flowforge", "state"), "*.seen.json").Sum(f => new FileInfo(f).Length) < 12 * 12 * 60);
    }

    [Fact]
    public void Commit_EmptyRows_MakesAnEmptyTable()
    {
        var table = lake.Table();
        lake.Append(table, "SELECT 1 AS a, 'x' AS p WHERE false", new WriteOptions { PartitionBy = ["p"] });
        var snapshot = lake.Fresh().Latest()!;
        Assert.Empty(snapshot.Files);
        Assert.Equal("a INTEGER, p VARCHAR", string.Join(", ", lake.Session.Describe($"SELECT * FROM {snapshot.ScanSql()}").Select(c => $"{c.Name} {c.Type}")));
        Assert.Equal("", lake.Rows(snapshot));
    }

    [Fact]
    public void Checkpoint_AfterTenCommits_IsEnoughWithoutTheFirstEntries()
    {
        var table = lake.Table();
        for (var i = 0; i < 23; i++) lake.Append(table, $"SELECT {i} AS a, 'v{i % 3}' AS p", new WriteOptions { PartitionBy = ["p"] }, new CommitOptions { Transaction = ("p/j", i) });
        Assert.Null(table.LastCheckpointError);
        lake.Validate();
        lake.Tampered = true;
        var log = Path.Combine(table.Location, "_delta_log");
        Assert.True(File.Exists(Path.Combine(log, "00000000000000000020.checkpoint.parquet")));
        var before = lake.Rows(lake.Fresh().Latest()!, rest: "ORDER BY a");
        for (var i = 0; i < 20; i++) File.Delete(Path.Combine(log, $"{i:D20}.json"));

        var snapshot = lake.Fresh().Latest()!;

        Assert.Equal(22, snapshot.Version);
        Assert.Equal(23, snapshot.Files.Count);
        Assert.Equal(before, lake.Rows(snapshot, rest: "ORDER BY a"));
        Assert.Equal(22, lake.Fresh().TransactionVersion("p/j"));
        Assert.Equal(23, snapshot.Rows);
        Assert.Equal("Version 5 of bronze.t can no longer be read: its log entries were cleaned away. The oldest readable version is 10.", Assert.Throws<LakeException>(() => lake.Fresh().At(5)).Message);
    }
}
