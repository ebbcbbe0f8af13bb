using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Lake.Tests;

namespace FlowForge.Interop.Tests;

/// <summary>What happens to a table in its life; every version is read again by the other program.</summary>
public sealed class HistoryTests(DeltaPeer peer) : IDisposable
{
    private readonly PeerLake _both = new(peer);

    public void Dispose() => _both.Dispose();

    private CommitResult Append(string sql, WriteOptions? write = null, CommitOptions? commit = null) => _both.Lake.Append(_both.Lake.Fresh(), sql, write, commit);

    private void Merge(string sql, MergeOptions options)
    {
        using var transaction = _both.Lake.Fresh().Begin();
        transaction.Merge(_both.Lake.Session, sql, options);
        transaction.Commit(new CommitOptions { Mode = CommitMode.Replace, Operation = "MERGE" });
    }

    [Fact]
    public void Read_EveryVersionOfALife_IsTheSame()
    {
        Append("SELECT i, 'v' || i AS s, i % 3 AS p FROM range(100) t(i)", new WriteOptions { PartitionBy = ["p"] });
        Append("SELECT i, 'w' || i AS s, i % 3 AS p, i * 1.5 AS added FROM range(100, 150) t(i)");
        Merge("SELECT i, 'm' || i AS s, i % 3 AS p, NULL::DECIMAL(20,1) AS added FROM range(140, 160) t(i)", new MergeOptions { Keys = ["i"] });
        Merge("SELECT i, 'gone' AS s, i % 3 AS p, NULL::DECIMAL(20,1) AS added FROM range(0, 150, 7) t(i)", new MergeOptions { Keys = ["i"], DeleteMissing = true });
        using (var transaction = _both.Lake.Fresh().Begin())
        {
            transaction.Delete(_both.Lake.Session, "i < 20");
            transaction.Commit(new CommitOptions { Mode = CommitMode.Replace, Operation = "DELETE" });
        }
        Append("SELECT i, 'after' AS s, i % 3 AS p FROM range(1000, 1010) t(i)", commit: new CommitOptions { Transaction = ("p/j", 1), State = new JobState { Pipeline = "p", Job = "j", RunId = "r", Rows = new RowEquation(10, 10, 0, 0, 0) } });
        Assert.NotNull(_both.Lake.Fresh().Optimize(_both.Lake.Session));
        _both.Lake.Fresh().Restore(1);
        _both.Lake.Overwrite(_both.Lake.Fresh(), "SELECT 'other' AS only", []);
        Append("SELECT 'more' AS only, [1, NULL] AS list");
        for (var i = 0; i < 12; i++) Append($"SELECT 'n{i}' AS only");
        Assert.True(File.Exists(Path.Combine(_both.Lake.Table().Location, "_delta_log", $"{20:D20}.checkpoint.parquet")));
        _both.SameEverywhere();
        _both.SameWithoutKernel();
    }

    [Fact]
    public void Read_ThousandsOfVersions_AreTheSame()
    {
        var versions = Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 10_000 : 2_000;
        var table = new ForeignTable(_both.Lake);
        var adds = Enumerable.Range(0, 3).Select(i => System.Text.Json.JsonSerializer.Serialize(table.Add($"part-{i}.parquet", $"SELECT {i}::BIGINT AS a"))).ToList();
        table.Entry(0, """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""", ForeignTable.Metadata(ForeignTable.Field("a", "long")), adds[0]);
        for (var v = 1; v < versions; v++) table.Entry(v, $$$"""{"remove":{"path":"part-{{{(v - 1) % 3}}}.parquet","deletionTimestamp":1700000000000,"dataChange":true}}""", adds[v % 3]);
        Append("SELECT 77::BIGINT AS a");
        Assert.True(File.Exists(table.Log($"{versions:D20}.checkpoint.parquet")));
        Append("SELECT 78::BIGINT AS a");
        Assert.Equal([$"{(versions - 1) % 3}", "77", "78"], _both.Same());
        Assert.Equal([$"{100 % 3}"], _both.Same(version: 100));
        _both.SameWithoutKernel();
    }

    [Fact]
    public void Read_RenamedAndDroppedColumns_AreTheSame()
    {
        Append("SELECT 1 AS a, 'x' AS b, {'f': 5, 'g': 6} AS s, 'p' AS p, [{'k': 1}] AS l, MAP {'m': {'z': 1}} AS m", new WriteOptions { PartitionBy = ["p"] });
        _both.Lake.Fresh().Alter(_both.Lake.Session, [new TableAlteration.RenameColumn("a", "order id"), new TableAlteration.DropColumn("b"), new TableAlteration.RenameColumn("p", "region"), new TableAlteration.MoveColumn("s", null)], allowUpgrade: true);
        _both.Same();
        Append("SELECT 2 AS \"order id\", 'new' AS b, 'q' AS region, {'f': 7, 'g': 8} AS s, [{'k': 2}] AS l, MAP {'n': {'z': 2}} AS m");
        for (var i = 3; i < 13; i++) Append($"SELECT {i} AS \"order id\", 'q' AS region, {{'f': {i}, 'g': NULL}} AS s");
        _both.Lake.Fresh().Optimize(_both.Lake.Session);
        _both.SameEverywhere();
        _both.SameWithoutKernel();
        Assert.Equal("2", _both.Peer.Value($"SELECT `order id` FROM {_both.Of()} WHERE b = 'new' AND region = 'q'"));
    }

    [Fact]
    public void Read_ConstraintsAndNotNull_AreNoObstacle()
    {
        Append("SELECT 5 AS a, 'x' AS b");
        _both.Lake.Fresh().Alter(_both.Lake.Session, [new TableAlteration.AddConstraint("big", "a > 3"), new TableAlteration.SetNotNull("b"), new TableAlteration.SetAppendOnly()], allowUpgrade: true);
        Append("SELECT 6 AS a, 'y' AS b");
        _both.SameEverywhere();
    }

    [Fact]
    public void Read_ChangedTypes_AreTheSameInEveryVersion()
    {
        Append("SELECT 1::SMALLINT AS a, 1.5::FLOAT AS f, 1.25::DECIMAL(5,2) AS d, DATE '2020-01-01' AS t, 'x' AS p", new WriteOptions { PartitionBy = ["p"] });
        Append("SELECT 2::SMALLINT AS a, 'nan'::FLOAT AS f, NULL::DECIMAL(5,2) AS d, NULL::DATE AS t, NULL::VARCHAR AS p");
        using (var transaction = _both.Lake.Fresh().Begin())
        {
            transaction.ChangeTypes(_both.Lake.Session, TableSchema.FromDuck([("a", "BIGINT"), ("f", "DOUBLE"), ("d", "DECIMAL(30,5)"), ("t", "VARCHAR")]));
            transaction.Write(_both.Lake.Session, "SELECT 9223372036854775807 AS a, 0.1::DOUBLE AS f, 12345678901234567890.12345::DECIMAL(30,5) AS d, 'text' AS t, 'y' AS p");
            transaction.Commit(new CommitOptions { Mode = CommitMode.Replace });
        }
        Assert.Equal(["1|1.5|1.25|\"2020-01-01\"|\"x\"", "2|NaN|∅|∅|∅", "9223372036854775807|0.1|12345678901234567890.12345|\"text\"|\"y\""], _both.Same());
        _both.SameEverywhere();
    }

    [Fact]
    public void Read_HistoryOfThings_IsTheSame()
    {
        for (var day = 1; day <= 3; day++)
        {
            using var transaction = _both.Lake.Fresh().Begin();
            transaction.MergeHistory(_both.Lake.Session, $"SELECT i AS id, 'v' || (i * {day} % 4) AS v FROM range(10) t(i)", new HistoryOptions { Keys = ["id"], EffectiveFrom = new DateTimeOffset(2024, 1, day, 0, 0, 0, TimeSpan.Zero) });
            transaction.Commit(new CommitOptions { Mode = CommitMode.Replace });
        }
        _both.SameEverywhere();
    }

    [Fact]
    public void Read_LogCleanedBelowACheckpointAndAfterVacuum_IsTheSame()
    {
        for (var i = 0; i < 23; i++) Append($"SELECT {i} AS a, 'v{i % 3}' AS p", new WriteOptions { PartitionBy = ["p"] });
        _both.Lake.Fresh().Optimize(_both.Lake.Session);
        _both.Lake.Tampered = true;
        var log = Path.Combine(_both.Lake.Table().Location, "_delta_log");
        for (var i = 0; i < 20; i++) File.Delete(Path.Combine(log, $"{i:D20}.json"));
        _both.SameEverywhere(from: 20);
        _both.SameWithoutKernel();
        _both.Lake.Fresh().Vacuum(new VacuumOptions { Retention = TimeSpan.Zero });
        _both.Same();
        File.Delete(Path.Combine(log, "_last_checkpoint"));
        _both.Same();
    }

    [Fact]
    public void Read_EmptyTables_HaveTheirColumns()
    {
        Append("SELECT 1 AS a, 'x' AS p WHERE false", new WriteOptions { PartitionBy = ["p"] });
        var answer = _both.Peer.Ask($"SELECT * FROM {_both.Of()}");
        Assert.Equal(("a p", 0), (string.Join(' ', answer.Names), answer.Rows.Count));
    }
}
