using FlowForge.Duck;

namespace FlowForge.Lake.Tests;

/// <summary>Two writers on one version: the first commits, then the second. What may go together, and what the table holds afterwards.</summary>
public sealed class ConflictMatrixTests : IDisposable
{
    private const string Rows = "it changed rows that this commit had read";
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    /// <summary>Second writer, first writer, the reason of the conflict or null, the rows afterwards.</summary>
    private static readonly (string Second, string First, string? Conflict, string After)[] Matrix =
    [
        ("append", "append", null, "1a 2b 3c 4d 50append 50append"), ("append", "overwrite", null, "50append 60overwrite"), ("append", "merge", null, "1merge 2b 3c 4d 50append 70merge"),
        ("append", "delete", null, "1a 3c 4d 50append"), ("append", "optimize", null, "1a 2b 3c 4d 50append"), ("append", "restore", null, "1a 2b 50append"), ("append", "partitions", null, "50append 50partitions"), ("append", "alter", null, "1a 2b 3c 4d 50append"),
        ("overwrite", "append", Rows, "1a 2b 3c 4d 50append"), ("overwrite", "overwrite", Rows, "60overwrite"), ("overwrite", "merge", Rows, "1merge 2b 3c 4d 70merge"), ("overwrite", "optimize", null, "60overwrite"),
        ("merge", "append", Rows, "1a 2b 3c 4d 50append"), ("merge", "overwrite", Rows, "60overwrite"), ("merge", "merge", Rows, "1merge 2b 3c 4d 70merge"), ("merge", "delete", Rows, "1a 3c 4d"), ("merge", "restore", Rows, "1a 2b"),
        ("merge", "optimize", "which this commit rewrites, is no longer part of the table", "1a 2b 3c 4d"), ("merge", "alter", "it changed the table's schema or settings", "1a 2b 3c 4d"),
        ("delete", "append", Rows, "1a 2b 3c 4d 50append"), ("delete", "delete", Rows, "1a 3c 4d"), ("delete", "optimize", "which this commit rewrites, is no longer part of the table", "1a 2b 3c 4d"),
        ("optimize", "append", null, "1a 2b 3c 4d 50append"), ("optimize", "merge", "which this commit rewrites, is no longer part of the table", "1merge 2b 3c 4d 70merge"), ("optimize", "optimize", "which this commit rewrites, is no longer part of the table", "1a 2b 3c 4d"),
        ("partitions", "append", Rows, "1a 2b 3c 4d 50append"), ("partitions", "optimize", "which this commit rewrites, is no longer part of the table", "1a 2b 3c 4d"),
    ];

    [Fact]
    public void Commit_OnTopOfAnother_PassesOrConflictsAsTheTableSays()
    {
        var number = 0;
        foreach (var (second, first, conflict, after) in Matrix)
        {
            var name = $"bronze.t{number++}";
            lake.Append(lake.Table(name), "SELECT 1 AS id, 'a' AS v, 'x' AS p UNION ALL SELECT 2, 'b', 'x'", new WriteOptions { PartitionBy = ["p"] });
            lake.Append(lake.Table(name), "SELECT 3 AS id, 'c' AS v, 'x' AS p UNION ALL SELECT 4, 'd', 'x'");
            using var late = lake.Fresh(name).Begin();
            var commit = Prepare(late, second);
            switch (first)
            {
                case "optimize": lake.Fresh(name).Optimize(lake.Session); break;
                case "restore": lake.Fresh(name).Restore(0); break;
                case "alter": lake.Fresh(name).Alter(lake.Session, [new TableAlteration.AddConstraint("c", "id > 0")]); break;
                default:
                    using (var early = lake.Fresh(name).Begin()) early.Commit(Prepare(early, first));
                    break;
            }
            if (conflict is null) late.Commit(commit);
            else Assert.Contains(conflict, Assert.Throws<TableConflictException>(() => late.Commit(commit)).Message);
            Assert.Equal((second, first, after), (second, first, lake.Rows(lake.Fresh(name).Latest()!, "string_agg(id || v, ' ' ORDER BY id, v)")));
        }
    }

    private CommitOptions Prepare(TableTransaction transaction, string operation)
    {
        switch (operation)
        {
            case "append":
                transaction.Write(lake.Session, "SELECT 50 AS id, 'append' AS v, 'x' AS p");
                return new CommitOptions();
            case "overwrite":
                transaction.Write(lake.Session, "SELECT 60 AS id, 'overwrite' AS v, 'x' AS p", new WriteOptions { Mode = CommitMode.Overwrite });
                return new CommitOptions { Mode = CommitMode.Overwrite };
            case "merge":
                transaction.Merge(lake.Session, "SELECT 1 AS id, 'merge' AS v, 'x' AS p UNION ALL SELECT 70, 'merge', 'x'", new MergeOptions { Keys = ["id"] });
                return new CommitOptions { Mode = CommitMode.Replace };
            case "delete":
                transaction.Delete(lake.Session, "id = 2");
                return new CommitOptions { Mode = CommitMode.Replace };
            case "partitions":
                transaction.Write(lake.Session, "SELECT 50 AS id, 'partitions' AS v, 'x' AS p", new WriteOptions { Mode = CommitMode.Replace });
                transaction.ReplacePartitions();
                return new CommitOptions { Mode = CommitMode.Replace };
            default:
                var files = transaction.Base!.Files;
                transaction.Write(lake.Session, $"SELECT * FROM {transaction.Base.ScanSql()}", new WriteOptions { Mode = CommitMode.Replace });
                return new CommitOptions { Mode = CommitMode.Replace, Remove = files, DataChange = false, Operation = "OPTIMIZE" };
        }
    }
}
