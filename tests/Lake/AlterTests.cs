namespace FlowForge.Lake.Tests;

public sealed class AlterTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    private string Rows() => lake.Rows(lake.Fresh().Latest()!, rest: "ORDER BY ALL");

    private long Alter(params TableAlteration[] alterations) => lake.Fresh().Alter(lake.Session, alterations, allowUpgrade: true);

    [Fact]
    public void Alter_RenameDropReorder_KeepFilesAndOldVersionsReadable()
    {
        lake.Append(lake.Table(), "SELECT 1 AS a, 'x' AS b, {'f': 5, 'g': 6} AS s, 'p' AS p", new WriteOptions { PartitionBy = ["p"] });
        var files = lake.Table().Latest()!.Files.Count;
        Assert.Equal("Column 'a' cannot get another name without column mapping, which bronze.t does not use yet: older Delta readers cannot read such a table. Allow the upgrade, or write the table anew under another schema.",
            Assert.Throws<LakeException>(() => lake.Fresh().Alter(lake.Session, [new TableAlteration.RenameColumn("a", "id")])).Message);
        Assert.Equal(1, Alter(new TableAlteration.RenameColumn("a", "order id"), new TableAlteration.DropColumn("b"), new TableAlteration.RenameColumn("p", "region"), new TableAlteration.MoveColumn("s", null)));

        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal(["s", "order id", "region"], snapshot.Schema.Columns.Select(c => c.Name));
        Assert.Equal(["region"], snapshot.PartitionColumns);
        Assert.Equal("5|1|p", lake.Rows(snapshot, "s.f, \"order id\", region"));
        Assert.Equal("1|x|p", lake.Rows(lake.Fresh().At(0)!, "a, b, p"));
        Assert.Equal(files, snapshot.Files.Count);
        // New rows lie beside the old files; a column that comes back under the old name is another one.
        lake.Append(lake.Fresh(), "SELECT 2 AS \"order id\", 'new' AS b, 'q' AS region, {'f': 7, 'g': 8} AS s");
        Assert.Equal("5|1|p|∅\n7|2|q|new", lake.Rows(lake.Fresh().Latest()!, "s.f, \"order id\", region, b", "ORDER BY 1"));
        for (var i = 3; i < 11; i++) lake.Append(lake.Fresh(), $"SELECT {i} AS \"order id\", 'q' AS region");
        Assert.NotNull(lake.Fresh().Optimize(lake.Session));
        Assert.Equal("10|55|5|new", lake.Rows(lake.Fresh().Latest()!, "count(*), sum(\"order id\"), min(s.f), max(b)"));
        lake.Fresh().Restore(0);
        Assert.Equal("1|x|p", lake.Rows(lake.Fresh().Latest()!, "a, b, p"));
    }

    [Fact]
    public void Alter_WhatCannotBe_SaysWhy()
    {
        lake.Append(lake.Table(), "SELECT 1 AS a, 'x' AS p, 'r' AS _ff_run", new WriteOptions { PartitionBy = ["p"] });
        Alter(new TableAlteration.AddConstraint("positive", "a > 0"));
        string Why(TableAlteration alteration) => Assert.Throws<LakeException>(() => Alter(alteration)).Message;
        Assert.Equal("Column 'a' of bronze.t cannot be taken out: the CHECK constraint positive (a > 0) names it. Drop that first.", Why(new TableAlteration.DropColumn("a")));
        Assert.Equal("Table bronze.t is partitioned by 'p', so the column cannot be taken out. Overwrite the table with other partitions.", Why(new TableAlteration.DropColumn("p")));
        Assert.Equal("Table bronze.t has a column 'p' already.", Why(new TableAlteration.RenameColumn("a", "P")));
        Assert.Equal("Table bronze.t has no column 'z'. Its columns: a, p.", Why(new TableAlteration.MoveColumn("z", null)));
        Assert.Equal("Column '_ff_run' belongs to FlowForge and stays as it is.", Why(new TableAlteration.DropColumn("_ff_run")));
        Assert.Equal("The expression 'a IN (SELECT 1)' has a sub-query; a constraint looks at one row.", Why(new TableAlteration.AddConstraint("q", "a IN (SELECT 1)")));
        foreach (var (expression, wrong) in new[]
        {
            ("EXISTS (TABLE `/etc/hosts.csv`)", "it holds a sub-query, and it may use the row's own columns only"),
            ("true), false) OR EXISTS (TABLE `/etc/hosts.csv`) OR coalesce((true", "syntax error at or near \")\""),
            ("true) LIMIT (1", "it is more than one expression"),
        })
            Assert.StartsWith($"The expression '{expression}' is no condition over the columns of a row: {wrong}", Why(new TableAlteration.AddConstraint("q", expression)), StringComparison.Ordinal);
        Assert.Equal("Table bronze.t has no constraint 'q'.", Why(new TableAlteration.DropConstraint("q")));
        Assert.StartsWith("Table bronze.t has the CHECK constraint q (nosuch(a)), which DuckDB cannot evaluate (", Why(new TableAlteration.AddConstraint("q", "nosuch(a)")));
        Assert.Equal(1, lake.Fresh().Latest()!.Version);
    }

    [Fact]
    public void Write_RowsThatBreakARule_PublishNothing()
    {
        lake.Append(lake.Table(), "SELECT 5 AS a, 'x' AS b");
        Assert.Equal("1 of the rows for bronze.t break the CHECK constraint big (a > 7), for example {\"a\":5,\"b\":\"x\"}. Nothing was published; mend these rows or leave them out by a filter or a check.",
            Assert.Throws<RowRuleException>(() => Alter(new TableAlteration.AddConstraint("big", "a > 7"))).Message);
        Alter(new TableAlteration.AddConstraint("big", "`a` > 3"), new TableAlteration.SetNotNull("b"));
        Assert.Equal("2 of the rows for bronze.t break the CHECK constraint big (`a` > 3), for example {\"a\":1,\"b\":\"x\"}. Nothing was published; mend these rows or leave them out by a filter or a check.",
            Assert.Throws<RowRuleException>(() => lake.Append(lake.Fresh(), "SELECT unnest([1, 9, NULL]) AS a, 'x' AS b")).Message);
        Assert.Contains("break NOT NULL of column b, for example {\"a\":9", Assert.Throws<RowRuleException>(() => lake.Append(lake.Fresh(), "SELECT 9 AS a")).Message);
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.Merge(lake.Session, "SELECT 5 AS a, NULL::VARCHAR AS b", new MergeOptions { Keys = ["a"] });
            Assert.Throws<RowRuleException>(() => transaction.Commit(new CommitOptions()));
        }
        lake.Append(lake.Fresh(), "SELECT 9 AS a, 'y' AS b");
        Assert.Equal("5|x\n9|y", Rows());
        Assert.Equal((1, 3), (lake.Fresh().Latest()!.LogState.Protocol.MinReaderVersion, lake.Fresh().Latest()!.LogState.Protocol.MinWriterVersion));
        Alter(new TableAlteration.DropConstraint("big"), new TableAlteration.SetNotNull("b", false));
        lake.Append(lake.Fresh(), "SELECT 1 AS a");
        Assert.Equal(3, lake.Fresh().Latest()!.Rows);
    }

    [Fact]
    public void Commit_AppendThatBeganBeforeARule_IsHeldAgainstIt()
    {
        lake.Append(lake.Table(), "SELECT 5 AS a");
        using var append = lake.Fresh().Begin();
        append.Write(lake.Session, "SELECT -1 AS a");
        Alter(new TableAlteration.AddConstraint("positive", "a > 0"));
        Assert.Throws<RowRuleException>(() => append.Commit(new CommitOptions()));
        using var other = lake.Fresh().Begin();
        other.Write(lake.Session, "SELECT 6 AS a");
        Alter(new TableAlteration.DropConstraint("positive"), new TableAlteration.RenameColumn("a", "b"));
        Assert.Equal("The commit to bronze.t conflicts with version 2: it changed the schema or the settings of a table whose columns are mapped. Nothing was published; run the job again from the new version.",
            Assert.Throws<TableConflictException>(() => other.Commit(new CommitOptions())).Message);
        Assert.Equal("5", Rows());
    }

    [Fact]
    public void AppendOnly_RefusesChangesButNotAppendsAndCompaction()
    {
        lake.Append(lake.Table(), "SELECT 1 AS a");
        Alter(new TableAlteration.SetAppendOnly());
        lake.Append(lake.Fresh(), "SELECT 2 AS a");
        const string refused = "Table bronze.t allows appends only (delta.appendOnly = true); rows in it can be neither changed nor removed.";
        Assert.Equal(refused, Assert.Throws<LakeException>(() => lake.Overwrite(lake.Fresh(), "SELECT 3 AS a")).Message);
        Assert.Equal(refused, Assert.Throws<LakeException>(() => lake.Fresh().Restore(0)).Message);
        using (var transaction = lake.Fresh().Begin())
        {
            transaction.Delete(lake.Session, "a = 1");
            Assert.Equal(refused, Assert.Throws<LakeException>(() => transaction.Commit(new CommitOptions { Mode = CommitMode.Replace })).Message);
        }
        Assert.NotNull(lake.Fresh().Optimize(lake.Session));
        Assert.Equal("1\n2", Rows());
    }

    [Fact]
    public void Write_ForeignInvariantsAndGeneratedColumns_AreRespectedOrRefused()
    {
        var table = new ForeignTable(lake);
        table.Entry(0, """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""",
            ForeignTable.Metadata("""{"name":"x","type":"integer","nullable":true,"metadata":{"delta.invariants":"{\\\"expression\\\": { \\\"expression\\\": \\\"x > 3\\\"} }"}}""".Replace("\\\\\\\"", "\\\"")));
        lake.Append(lake.Fresh(), "SELECT 4 AS x");
        Assert.Contains("break the invariant of column x (x > 3)", Assert.Throws<RowRuleException>(() => lake.Append(lake.Fresh(), "SELECT 3 AS x")).Message);
        var generated = new ForeignTable(lake, "g");
        generated.Entry(0, """{"protocol":{"minReaderVersion":1,"minWriterVersion":4}}""", ForeignTable.Metadata("""{"name":"x","type":"integer","nullable":true,"metadata":{"delta.generationExpression":"1+1"}}"""));
        Assert.Equal("Table bronze.g has delta.generationExpression on column x, so it cannot be written here without breaking it. Use the tool that made it, or drop the feature there.",
            Assert.Throws<LakeException>(() => lake.Append(lake.Fresh("bronze.g"), "SELECT 2 AS x")).Message);
    }
}
