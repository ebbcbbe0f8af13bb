using FlowForge.Lake.Schema;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake.Tests;

public sealed class ChangeTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    private (MergeCounts Counts, CommitResult Commit) Merge(string source, MergeOptions? options = null)
    {
        using var transaction = lake.Fresh().Begin();
        var counts = transaction.Merge(lake.Session, source, options ?? new MergeOptions { Keys = ["id"] });
        return (counts, transaction.Commit(new CommitOptions { Operation = "MERGE" }));
    }

    private List<string> Paths()
    {
        var snapshot = lake.Fresh().Latest()!;
        return [.. snapshot.Files.Select(snapshot.ReadPath)];
    }

    private string Rows(string select = "*") => lake.Rows(lake.Fresh().Latest()!, select, "ORDER BY ALL");

    [Fact]
    public void Merge_NewTable_InsertsAll()
    {
        Assert.Equal(new MergeCounts(2, 2, 0, 0, 0, 0), Merge("SELECT 1 AS id, 'a' AS v UNION ALL SELECT 2, 'b'").Counts);
        Assert.Equal("1|a\n2|b", Rows());
    }

    [Fact]
    public void Merge_AllCases_ChangesOnlyTouchedFiles()
    {
        lake.Append(lake.Table(), "SELECT i::INTEGER AS id, 'old' || i AS v, 'r0' AS _ff_run FROM range(0, 10) t(i)");
        lake.Append(lake.Table(), "SELECT i::INTEGER AS id, 'old' || i AS v, 'r0' AS _ff_run FROM range(10, 20) t(i)");
        var untouched = lake.Table().Latest()!.Files[1].Path;

        var (counts, commit) = Merge(
            "SELECT * FROM (VALUES (1, 'new', 'r1', 'U'), (2, 'old2', 'r1', 'U'), (3, '', 'r1', 'D'), (99, 'ins', 'r1', 'U'), (77, '', 'r1', 'D'), (NULL, 'nokey', 'r1', 'U')) t(id, v, _ff_run, op)",
            new MergeOptions { Keys = ["id"], DeleteWhen = "op = 'D'", ControlColumns = ["op"] });

        Assert.Equal(new MergeCounts(6, 2, 1, 1, 1, 1), counts);
        Assert.Equal(1, commit.FilesRemoved);
        var snapshot = lake.Fresh().Latest()!;
        Assert.Contains(untouched, snapshot.Files.Select(f => f.Path));
        Assert.Equal("1|new|r1\n2|old2|r0\n99|ins|r1\n∅|nokey|r1", lake.Rows($"SELECT id, v, _ff_run FROM {snapshot.ScanSql(true)} WHERE id IS NULL OR id IN (1, 2, 3, 99, 77) ORDER BY id"));
        Assert.Equal(21, snapshot.Rows);
    }

    [Theory]
    [InlineData("merge", 5, 4)]
    [InlineData("delete", 3, 2)]
    [InlineData("history", 7, 6)]
    [InlineData("types", 4, 3)]
    public void Change_ThatWritesAnotherNumberOfRowsThanItMust_PublishesNothing(string change, long expected, long written)
    {
        const string Current = ", TIMESTAMPTZ '2020-01-01' AS valid_from, NULL::TIMESTAMPTZ AS valid_to, true AS is_current";
        lake.Append(lake.Table(), $"SELECT i::INTEGER AS id, 'v' || i AS v{(change == "history" ? Current : "")} FROM range(3) t(i)");
        // A row more than there is: as if one got lost between the file and the rows that are written.
        var log = Path.Combine(lake.Folder, "bronze", "t", "_delta_log", $"{0:D20}.json");
        var text = File.ReadAllText(log);
        Assert.Contains("""\"numRecords\":3""", text);
        File.WriteAllText(log, text.Replace("""\"numRecords\":3""", """\"numRecords\":4""", StringComparison.Ordinal));
        lake.Tampered = true;

        using var transaction = lake.Fresh().Begin();
        var error = Assert.Throws<LostRowsException>(() => Run());

        Assert.Equal($"The rows do not add up, and nothing was published: the change of bronze.t was to write {expected} rows, and its files have {written}.", error.Message);
        Assert.Equal(0, lake.Fresh().Latest()!.Version);

        void Run()
        {
            const string Source = "SELECT * FROM (VALUES (1, 'new'), (2, 'v2'), (7, 'seven')) t(id, v)";
            switch (change)
            {
                case "merge": transaction.Merge(lake.Session, Source, new MergeOptions { Keys = ["id"] }); break;
                case "delete": transaction.Delete(lake.Session, "id = 1"); break;
                case "history": transaction.MergeHistory(lake.Session, Source + " UNION ALL SELECT 8, 'eight'", new HistoryOptions { Keys = ["id"], EffectiveFrom = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) }); break;
                default: transaction.ChangeTypes(lake.Session, new TableSchema([new TableColumn("id", DuckTypes.ToDelta("BIGINT"))])); break;
            }
        }
    }

    [Fact]
    public void Merge_NewTableAndDeletions_AreIgnored()
    {
        var (counts, _) = Merge("SELECT * FROM (VALUES (1, 'a', false), (2, 'b', true), (3, 'c', NULL)) t(id, v, gone)", new MergeOptions { Keys = ["id"], DeleteWhen = "gone", ControlColumns = ["gone"] });
        Assert.Equal(new MergeCounts(3, 2, 0, 0, 0, 1), counts);
        Assert.Equal("1|a\n3|c", Rows());
    }

    [Fact]
    public void Merge_SourceWithoutAColumn_KeepsOldValuesAndAddsNewColumns()
    {
        lake.Append(lake.Table(), "SELECT 1 AS id, 'a' AS v, 10 AS n UNION ALL SELECT 2, 'b', 20");
        Merge("SELECT 1 AS id, 'A' AS v, true AS extra UNION ALL SELECT 3, 'c', NULL");
        Assert.Equal("1|A|10|True\n2|b|20|∅\n3|c|∅|∅", Rows());
    }

    [Fact]
    public void Merge_DeleteMissing_RemovesRowsTheSourceLacks()
    {
        lake.Append(lake.Table(), "SELECT i AS id, 'v' AS v FROM range(5) t(i)");
        var (counts, _) = Merge("SELECT 1 AS id, 'v' AS v UNION ALL SELECT 9, 'v'", new MergeOptions { Keys = ["id"], DeleteMissing = true });
        Assert.Equal(new MergeCounts(2, 1, 0, 1, 4, 0), counts);
        Assert.Equal("1|v\n9|v", Rows());
    }

    [Fact]
    public void Merge_RowsOfOneKeyOfWhichSomeAreAsTheSource_ChangesOnlyTheOthers()
    {
        lake.Append(lake.Table(), "SELECT * FROM (VALUES (1, 'new', 'r0'), (1, 'old', 'r0'), (2, 'same', 'r0'), (2, 'same', 'r0'), (3, 'x', 'r0')) t(id, v, _ff_run)");
        var (counts, _) = Merge("SELECT * FROM (VALUES (1, 'new', 'r1'), (2, 'same', 'r1'), (4, 'four', 'r1')) s(id, v, _ff_run)");
        Assert.Equal(new MergeCounts(3, 1, 1, 1, 0, 0), counts);
        Assert.Equal("1|new|r0\n1|new|r1\n2|same|r0\n2|same|r0\n3|x|r0\n4|four|r1", lake.Rows($"SELECT id, v, _ff_run FROM {lake.Fresh().Latest()!.ScanSql(true)} ORDER BY ALL"));
    }

    [Fact]
    public void Merge_RowsOfOneKeyAllChangedOrAllAsTheSource_KeepsThoseThatAreAsTheSource()
    {
        lake.Append(lake.Table(), "SELECT * FROM (VALUES (1, 'old', 'r0'), (1, 'older', 'r0'), (2, 'same', 'r0'), (2, 'same', 'r0'), (3, 'gone', 'r0'), (3, 'gone', 'r0')) t(id, v, _ff_run)");
        var (counts, _) = Merge("SELECT * FROM (VALUES (1, 'new', 'r1', false), (2, 'same', 'r1', false), (3, 'gone', 'r1', true), (5, '', 'r1', true)) s(id, v, _ff_run, gone)",
            new MergeOptions { Keys = ["id"], DeleteWhen = "gone", ControlColumns = ["gone"] });
        Assert.Equal(new MergeCounts(4, 0, 1, 1, 2, 1), counts);
        Assert.Equal("1|new|r1\n1|new|r1\n2|same|r0\n2|same|r0", lake.Rows($"SELECT id, v, _ff_run FROM {lake.Fresh().Latest()!.ScanSql(true)} ORDER BY ALL"));
    }

    [Fact]
    public void Merge_DeleteMissingWithSomeRowsChanged_KeepsThoseThatAreAsTheSource()
    {
        lake.Append(lake.Table(), "SELECT i AS id, 'v' || i AS v, 'r0' AS _ff_run FROM range(4) t(i)");
        var (counts, _) = Merge("SELECT * FROM (VALUES (1, 'v1', 'r1'), (2, 'new', 'r1')) s(id, v, _ff_run)", new MergeOptions { Keys = ["id"], DeleteMissing = true });
        Assert.Equal(new MergeCounts(2, 0, 1, 1, 2, 0), counts);
        Assert.Equal("1|v1|r0\n2|new|r1", lake.Rows($"SELECT id, v, _ff_run FROM {lake.Fresh().Latest()!.ScanSql(true)} ORDER BY ALL"));
    }

    [Fact]
    public void Merge_LargeFile_KeepsTheDictionariesThatItHas()
    {
        lake.Session.Execute("SET threads = 1");
        lake.Append(lake.Table(), "SELECT i AS id, 'group ' || i % 900 AS g FROM range(130000) t(i)");
        Assert.Equal(2824, DictionarySize.Of(lake.Session, Paths(), default));
        Merge("SELECT 7::BIGINT AS id, 'another' AS g");
        var file = Paths().Single();
        Assert.Equal("g|True\nid|False",
            lake.Rows($"SELECT path_in_schema, dictionary_page_offset IS NOT NULL FROM parquet_metadata('{file}') WHERE row_group_num_rows > 100000 ORDER BY ALL"));
        Assert.Equal("130000|another", lake.Rows($"SELECT count(*), max(g) FILTER (WHERE id = 7) FROM {lake.Fresh().Latest()!.ScanSql()}"));
    }

    [Fact]
    public void DictionarySize_SmallFilesOrLargeDictionaries_AreLeftToDuckDb()
    {
        lake.Session.Execute("SET threads = 1");
        lake.Append(lake.Table(), "SELECT i AS id FROM range(1000) t(i)");
        Assert.Null(DictionarySize.Of(lake.Session, [Paths()[0]], default));
        lake.Append(lake.Table(), "SELECT i % 9000 AS id FROM range(130000) t(i)");
        Assert.Null(DictionarySize.Of(lake.Session, Paths(), default));
        Assert.Null(DictionarySize.Of(lake.Session, [], default));
    }

    [Fact]
    public void Merge_NothingChanges_CommitsNoFiles()
    {
        lake.Append(lake.Table(), "SELECT 1 AS id, NULL::VARCHAR AS v");
        var (counts, commit) = Merge("SELECT 1 AS id, NULL::VARCHAR AS v");
        Assert.Equal(new MergeCounts(1, 0, 0, 1, 0, 0), counts);
        Assert.Equal((0, 0), (commit.FilesAdded, commit.FilesRemoved));
    }

    [Fact]
    public void Merge_KeyTwiceInSource_IsRefused()
    {
        lake.Append(lake.Table(), "SELECT 1 AS id, 'a' AS v");
        var error = Assert.Throws<LakeException>(() => Merge("SELECT 1 AS id, 'x' AS v UNION ALL SELECT 1, 'y'"));
        Assert.Equal("Key {'id': 1} occurs 2 times in the rows to merge into bronze.t, so it is not clear which one wins. Deduplicate them by the key first.", error.Message);
    }

    [Fact]
    public void Merge_KeyWithNull_IsOneRowHoweverOftenItComes()
    {
        lake.Append(lake.Table(), "SELECT 1 AS id, 'x' AS part, 'a' AS v UNION ALL SELECT 5, 'y', 'e'");
        const string Source = "SELECT * FROM (VALUES (1, NULL, 'n'), (NULL, NULL, 'none'), (5, 'y', 'e')) s(id, part, v)";
        var keys = new MergeOptions { Keys = ["id", "part"] };
        Assert.Equal(new MergeCounts(3, 2, 0, 1, 0, 0), Merge(Source, keys).Counts);
        Assert.Equal(new MergeCounts(3, 0, 0, 3, 0, 0), Merge(Source, keys).Counts);
        Assert.Equal(new MergeCounts(3, 0, 1, 2, 0, 0), Merge(Source.Replace("'n'", "'new'", StringComparison.Ordinal), keys).Counts);
        Assert.Equal("1|x|a\n1|∅|new\n5|y|e\n∅|∅|none", Rows());
        Assert.Equal(new MergeCounts(1, 0, 0, 0, 1, 0), Merge("SELECT 1 AS id, NULL::VARCHAR AS part, NULL::VARCHAR AS v, true AS gone", keys with { DeleteWhen = "gone", ControlColumns = ["gone"] }).Counts);
        Assert.Equal("1|x|a\n5|y|e\n∅|∅|none", Rows());
        var error = Assert.Throws<LakeException>(() => Merge("SELECT NULL::INTEGER AS id, NULL::VARCHAR AS part, 'x' AS v UNION ALL SELECT NULL, NULL, 'y'", keys));
        Assert.Equal("Key {'id': NULL, 'part': NULL} occurs 2 times in the rows to merge into bronze.t, so it is not clear which one wins. Deduplicate them by the key first.", error.Message);
    }

    [Fact]
    public void Merge_KeyThatIsNullInAllRows_LooksOnlyIntoFilesWithNull()
    {
        lake.Append(lake.Table(), "SELECT 1 AS id, 'a' AS v");
        lake.Append(lake.Table(), "SELECT NULL::INTEGER AS id, 'b' AS v");
        var untouched = lake.Table().Latest()!.Files[0].Path;
        Assert.Equal(new MergeCounts(1, 0, 1, 0, 0, 0), Merge("SELECT NULL::INTEGER AS id, 'c' AS v").Counts);
        Assert.Contains(untouched, lake.Fresh().Latest()!.Files.Select(f => f.Path));
        Assert.Equal("1|a\n∅|c", Rows());
    }

    [Fact]
    public void Merge_EmptyTextInAPartitionColumn_IsTheRowThatIsThere()
    {
        var options = new MergeOptions { Keys = ["id", "country"], Write = new WriteOptions { PartitionBy = ["country"] } };
        const string Source = "SELECT 1 AS id, '' AS country, 'a' AS v UNION ALL SELECT 2, 'de', ''";
        Assert.Equal(new MergeCounts(2, 2, 0, 0, 0, 0), Merge(Source, options).Counts);
        Assert.Equal(new MergeCounts(2, 0, 0, 2, 0, 0), Merge(Source, options).Counts);
        Assert.Equal(new MergeCounts(2, 0, 0, 2, 0, 0), Merge(Source, options with { Keys = ["id"] }).Counts);
        Assert.Equal("1|∅|a\n2|de|", Rows("id, country, v"));
    }

    [Fact]
    public void Merge_AppendInBetween_Conflicts()
    {
        lake.Append(lake.Table(), "SELECT 1 AS id, 'a' AS v");
        using var merge = lake.Fresh().Begin();
        merge.Merge(lake.Session, "SELECT 2 AS id, 'b' AS v", new MergeOptions { Keys = ["id"] });
        lake.Append(lake.Table(), "SELECT 2 AS id, 'other' AS v");
        Assert.Throws<TableConflictException>(() => merge.Commit(new CommitOptions()));
        Assert.Equal("1|a\n2|other", Rows());
    }

    [Fact]
    public void Merge_PartitionedTable_MovesRowsBetweenPartitions()
    {
        lake.Append(lake.Table(), "SELECT i AS id, 'p' || (i % 3) AS p FROM range(9) t(i)", new WriteOptions { PartitionBy = ["p"] });
        Merge("SELECT 0 AS id, 'p2' AS p UNION ALL SELECT 100, 'p9'");
        Assert.Equal("p0|2\np1|3\np2|4\np9|1", lake.Rows(lake.Fresh().Latest()!, "p, count(*)", "GROUP BY p ORDER BY p"));
    }

    [Fact]
    public void Delete_ByCondition_RewritesOnlyWhatItMust()
    {
        lake.Append(lake.Table(), "SELECT 1 AS id, 'r' AS _ff_run UNION ALL SELECT 2, 'r'");
        lake.Append(lake.Table(), "SELECT 3 AS id, 'r' AS _ff_run");
        lake.Append(lake.Table(), "SELECT 4 AS id, NULL::VARCHAR AS _ff_run");
        using (var transaction = lake.Fresh().Begin())
        {
            Assert.Equal(2, transaction.Delete(lake.Session, "id IN (1, 3)"));
            var commit = transaction.Commit(new CommitOptions { Operation = "DELETE" });
            Assert.Equal((1, 2), (commit.FilesAdded, commit.FilesRemoved));
        }
        Assert.Equal("2\n4", Rows());
        Assert.Equal("DELETE", lake.Fresh().History(1)[0].Operation);
    }

    [Fact]
    public void ReplacePartitions_LeavesTheOthers()
    {
        lake.Append(lake.Table(), "SELECT i AS id, 'p' || (i % 3) AS p FROM range(9) t(i) UNION ALL SELECT 50, NULL", new WriteOptions { PartitionBy = ["p"] });
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.Write(lake.Session, "SELECT 100 AS id, 'p1' AS p UNION ALL SELECT 200, NULL", new WriteOptions { Mode = CommitMode.Replace });
            transaction.ReplacePartitions();
            transaction.Commit(new CommitOptions());
        }
        Assert.Equal("0|p0\n2|p2\n3|p0\n5|p2\n6|p0\n8|p2\n100|p1\n200|∅", Rows());
    }

    [Fact]
    public void MergeHistory_ChangedAndMissingThings_AreClosedAndOpened()
    {
        void Run(string source, int day, bool closeMissing = false)
        {
            using var transaction = lake.Fresh().Begin();
            transaction.MergeHistory(lake.Session, source, new HistoryOptions { Keys = ["id"], EffectiveFrom = new DateTimeOffset(2026, 1, day, 0, 0, 0, TimeSpan.Zero), CloseMissing = closeMissing });
            transaction.Commit(new CommitOptions { Operation = "MERGE" });
        }
        lake.Session.Execute("SET TimeZone='UTC'");
        Run("SELECT 1 AS id, 'a' AS v UNION ALL SELECT 2, 'b'", 1);
        Run("SELECT 1 AS id, 'a' AS v UNION ALL SELECT 2, 'B' UNION ALL SELECT 3, 'c'", 2);
        Run("SELECT 2 AS id, 'B' AS v UNION ALL SELECT 3, 'C'", 3, closeMissing: true);
        Assert.Equal(
            "1|a|2026-01-01|2026-01-03|False\n2|B|2026-01-02|∅|True\n2|b|2026-01-01|2026-01-02|False\n3|C|2026-01-03|∅|True\n3|c|2026-01-02|2026-01-03|False",
            Rows("id, v, strftime(valid_from, '%Y-%m-%d') AS f, strftime(valid_to, '%Y-%m-%d') AS t, is_current"));
    }

    [Fact]
    public void MergeHistory_ThingWithNullInItsKey_IsOneThing()
    {
        MergeCounts Run(string v, int day)
        {
            using var transaction = lake.Fresh().Begin();
            var counts = transaction.MergeHistory(lake.Session, $"SELECT 1 AS id, NULL::VARCHAR AS part, '{v}' AS v", new HistoryOptions { Keys = ["id", "part"], EffectiveFrom = new DateTimeOffset(2026, 1, day, 0, 0, 0, TimeSpan.Zero) });
            transaction.Commit(new CommitOptions { Operation = "MERGE" });
            return counts;
        }
        lake.Session.Execute("SET TimeZone='UTC'");
        Run("a", 1);
        Assert.Equal(new MergeCounts(1, 0, 0, 1, 0, 0), Run("a", 2));
        Assert.Equal(new MergeCounts(1, 0, 1, 0, 0, 0), Run("b", 3));
        Assert.Equal("a|False\nb|True", Rows("v, is_current"));
    }

    [Fact]
    public void MergeHistory_RunThatBeganEarlierAndCommitsLater_EndsNothingBeforeItBegan()
    {
        void Run(string source, int day)
        {
            using var transaction = lake.Fresh().Begin();
            transaction.MergeHistory(lake.Session, source, new HistoryOptions { Keys = ["id"], EffectiveFrom = new DateTimeOffset(2026, 1, day, 0, 0, 0, TimeSpan.Zero) });
            transaction.Commit(new CommitOptions { Operation = "MERGE" });
        }
        lake.Session.Execute("SET TimeZone='UTC'");
        Run("SELECT 1 AS id, 'a' AS v", 1);
        Run("SELECT 1 AS id, 'b' AS v", 3);
        Run("SELECT 1 AS id, 'c' AS v UNION ALL SELECT 2, 'x'", 2);
        Run("SELECT 1 AS id, 'd' AS v", 4);
        Assert.Equal(
            "1|a|2026-01-01 00:00:00.000000|2026-01-03 00:00:00.000000|False\n1|b|2026-01-03 00:00:00.000000|2026-01-03 00:00:00.000001|False\n1|c|2026-01-03 00:00:00.000001|2026-01-04 00:00:00.000000|False\n1|d|2026-01-04 00:00:00.000000|∅|True\n2|x|2026-01-03 00:00:00.000001|∅|True",
            Rows("id, v, strftime(valid_from, '%Y-%m-%d %H:%M:%S.%f') AS f, strftime(valid_to, '%Y-%m-%d %H:%M:%S.%f') AS t, is_current"));
    }

    [Fact]
    public void ChangeTypes_Widens_AllRowsAndNewOnes()
    {
        lake.Append(lake.Table(), "SELECT 1::INTEGER AS id, 5::INTEGER AS v");
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.ChangeTypes(lake.Session, new TableSchema([new TableColumn("v", PrimitiveType.String)]));
            transaction.Write(lake.Session, "SELECT 2 AS id, 'text' AS v");
            transaction.Commit(new CommitOptions());
        }
        Assert.Equal("id integer, v string", lake.Fresh().Latest()!.Schema.ToString());
        Assert.Equal("1|5\n2|text", Rows());
        Assert.Equal("1|5", lake.Rows(lake.Fresh().At(0)!));
    }

    [Fact]
    public void ChangeTypes_ThenMergeOrDelete_WorksOnTheNewRows()
    {
        lake.Append(lake.Table(), "SELECT i::INTEGER AS id, i::INTEGER AS v, 'p' || (i % 2) AS p FROM range(6) t(i)", new WriteOptions { PartitionBy = ["p"] });
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.ChangeTypes(lake.Session, new TableSchema([new TableColumn("v", PrimitiveType.String)]));
            Assert.Equal(new MergeCounts(3, 1, 1, 1, 0, 0), transaction.Merge(lake.Session, "SELECT * FROM (VALUES (1, 'one', 'p1'), (2, '2', 'p0'), (9, 'nine', 'p1')) t(id, v, p)", new MergeOptions { Keys = ["id"] }));
            Assert.Equal("One merge, delete or replacement of partitions is possible in a commit. Commit, and begin another transaction.",
                Assert.Throws<InvalidOperationException>(() => transaction.Delete(lake.Session, "id = 1")).Message);
            transaction.Commit(new CommitOptions());
        }
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.ChangeTypes(lake.Session, new TableSchema([new TableColumn("id", PrimitiveType.Long)]));
            Assert.Equal(2, transaction.Delete(lake.Session, "p = 'p0' AND id >= 2"));
            transaction.Commit(new CommitOptions());
        }
        Assert.Equal("id long, v string, p string", lake.Fresh().Latest()!.Schema.ToString());
        Assert.Equal("0|0|p0\n1|one|p1\n3|3|p1\n5|5|p1\n9|nine|p1", Rows());
    }

    [Fact]
    public void ChangeTypes_ThenMergeHistory_KeepsEachRowOnce()
    {
        var day = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.MergeHistory(lake.Session, "SELECT 1 AS id, 1 AS v UNION ALL SELECT 2, 2", new HistoryOptions { Keys = ["id"], EffectiveFrom = day });
            transaction.Commit(new CommitOptions());
        }
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.ChangeTypes(lake.Session, new TableSchema([new TableColumn("v", PrimitiveType.String)]));
            transaction.MergeHistory(lake.Session, "SELECT 1 AS id, 'x' AS v UNION ALL SELECT 2, '2'", new HistoryOptions { Keys = ["id"], EffectiveFrom = day.AddDays(1) });
            transaction.Commit(new CommitOptions());
        }
        Assert.Equal("1|1|False\n1|x|True\n2|2|True", Rows("id, v, is_current"));
    }

    [Fact]
    public void MergeHistory_KeyTwiceInTheFirstLoad_IsRefused()
    {
        using var transaction = lake.Fresh().Begin();
        Assert.StartsWith("Key {'id': 1} occurs 2 times", Assert.Throws<LakeException>(() =>
            transaction.MergeHistory(lake.Session, "SELECT 1 AS id UNION ALL SELECT 1", new HistoryOptions { Keys = ["id"], EffectiveFrom = DateTimeOffset.UnixEpoch })).Message);
    }
}
