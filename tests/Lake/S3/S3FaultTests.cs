using FlowForge.Lake.S3;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Lake.Tests.S3;

/// <summary>The network between a writer and the bucket fails: answers are lost, puts land late, bodies break off or stall.</summary>
public sealed class S3FaultTests : IDisposable
{
    private const string First = "_delta_log/00000000000000000001.json";
    private readonly S3TestLake _lake;
    private readonly FaultyWire _wire;
    private readonly LakeTable _table;

    public S3FaultTests(CephServer server)
    {
        _lake = new S3TestLake(server);
        _wire = new FaultyWire(server.Endpoint);
        _table = Store().Table(TableName.Parse("bronze.t"));
        _lake.Append(_table, "SELECT 0 AS a");
    }

    [Fact]
    public void Commit_AnswerLostAndTheLogUnreadable_KeepsItsFilesAndTheNextAttemptFindsThem()
    {
        var entries = 0;
        _wire.Rule = (method, path) => !path.EndsWith(First, StringComparison.Ordinal) || (method != "PUT" && entries == 0) ? Fault.None
            : method == "PUT" && Interlocked.Increment(ref entries) == 1 ? Fault.LoseAnswer : Fault.Cut;
        var e = Fails();
        Assert.InRange(entries, 2, int.MaxValue);
        Assert.Equal(("FF2704", true), (e.Code, e.IsTransient));
        Assert.DoesNotContain(_wire.Requests, r => r.StartsWith("DELETE", StringComparison.Ordinal));

        _wire.Rule = (_, _) => Fault.None;
        Assert.Equal((1L, true), Commit(_table));
        Assert.Equal("0\n1\n1", _lake.Rows(_lake.Table("b").Latest()!, "a", "ORDER BY a"));
        Assert.Equal("f", _lake.Table("b").Latest()!.StateOf("p/j")!.FilesSeen.Single().Path);
        NothingIsLeft(named: 2);
    }

    [Fact]
    public async Task Commit_PutThatLandsLater_KeepsItsFilesUntilItDoes()
    {
        _wire.Rule = (method, path) => method == "PUT" && path.Contains(First, StringComparison.Ordinal) ? Fault.Later : Fault.None;
        Fails();
        _wire.Rule = (_, _) => Fault.None;
        // The version is nobody's yet, so no sweep may decide.
        Assert.Equal(0, _table.CleanLeftovers());
        Assert.Empty(_table.Vacuum(new VacuumOptions { Retention = TimeSpan.FromSeconds(-60) }).Files);
        Assert.Contains(200, await _wire.DeliverAsync());
        Assert.Equal((1L, true), Commit(_table));
        Assert.Equal("0\n1\n1", _lake.Rows(_lake.Table("b").Latest()!, "a", "ORDER BY a"));
        NothingIsLeft(named: 2);
    }

    [Fact]
    public async Task Commit_PutThatComesTooLate_IsRefusedAndItsFilesGo()
    {
        _wire.Rule = (method, path) => method == "PUT" && path.Contains(First, StringComparison.Ordinal) ? Fault.Later : Fault.None;
        Fails();
        _wire.Rule = (_, _) => Fault.None;
        Assert.Equal((1L, false), Commit(_table));
        Assert.All(await _wire.DeliverAsync(), code => Assert.Equal(412, code));
        Assert.Equal("0\n1\n1", _lake.Rows(_lake.Table("b").Latest()!, "a", "ORDER BY a"));
        NothingIsLeft(named: 2);
    }

    [Theory]
    [InlineData(Fault.None)]
    [InlineData(Fault.Cut)]
    public void Alter_AnswerLost_IsDoneOnce(Fault repeated)
    {
        var puts = 0;
        _wire.Rule = (method, path) => method != "PUT" || !path.EndsWith(First, StringComparison.Ordinal) ? Fault.None : Interlocked.Increment(ref puts) == 1 ? Fault.LoseAnswer : repeated;
        Assert.Equal(1, _table.Alter(_lake.Session, [new TableAlteration.AddConstraint("positive", "a >= 0")]));
        Assert.InRange(puts, 2, int.MaxValue);
        var latest = _lake.Table("b").Latest()!;
        Assert.Equal((1L, "0"), (latest.Version, _lake.Rows(latest, "a")));
        NothingIsLeft(named: 1);
    }

    [Theory]
    [InlineData(Fault.None)]
    [InlineData(Fault.Cut)]
    public void Restore_AnswerLost_IsDoneOnce(Fault repeated)
    {
        Assert.Equal((1L, false), Commit(_table));
        var puts = 0;
        _wire.Rule = (method, path) => method != "PUT" || !path.EndsWith("_delta_log/00000000000000000002.json", StringComparison.Ordinal) ? Fault.None : Interlocked.Increment(ref puts) == 1 ? Fault.LoseAnswer : repeated;
        var restored = _table.Restore(0);
        Assert.Equal((2L, 0, 1), (restored.Version, restored.FilesAdded, restored.FilesRemoved));
        Assert.InRange(puts, 2, int.MaxValue);
        var latest = _lake.Table("b").Latest()!;
        Assert.Equal((2L, "0"), (latest.Version, _lake.Rows(latest, "a")));
        NothingIsLeft(named: 2);
    }

    [Fact]
    public void Upload_AnswerLost_IsFoundAgain()
    {
        var puts = 0;
        _wire.Rule = (method, path) => method == "PUT" && path.Contains("/part-", StringComparison.Ordinal) && Interlocked.Increment(ref puts) == 1 ? Fault.LoseAnswer : Fault.None;
        Assert.Equal((1L, false), Commit(_table));
        Assert.Equal(2, puts);
        _wire.Rule = (method, path) => method == "PUT" && path.Contains("/part-", StringComparison.Ordinal) ? Fault.LoseAnswer : Fault.None;
        _lake.Append(_table, "SELECT 2 AS a");
        Assert.Equal("0\n1\n1\n2", _lake.Rows(_lake.Table("b").Latest()!, "a", "ORDER BY a"));
        NothingIsLeft(named: 3);
    }

    [Fact]
    public void Upload_CompletionOfPartsLost_IsFoundAgainAndAnAbortThatFailsHidesNothing()
    {
        const string Large = "SELECT CAST(i AS INTEGER) AS a, hash(i) AS h, hash(i + 1) AS k FROM range(1100000) t(i)";
        var write = new WriteOptions { Compression = "none" };
        var completed = 0;
        _wire.Rule = (method, path) => method == "POST" && path.Contains("uploadId=", StringComparison.Ordinal) ? (Interlocked.Increment(ref completed) == 1 ? Fault.LoseAnswer : Fault.Cut) : Fault.None;
        _lake.Append(_table, Large, write);
        Assert.InRange(completed, 2, int.MaxValue);
        Assert.Equal(1100001, _lake.Table("b").Latest()!.Rows);

        _wire.Rule = (method, path) => path.Contains("uploadId=", StringComparison.Ordinal) && method is "POST" or "DELETE" ? Fault.Cut : Fault.None;
        var e = Assert.Throws<LakeStorageException>(() => _lake.Append(_table, Large, write));
        Assert.Equal(("FF2704", true), (e.Code, e.IsTransient));
        Assert.StartsWith($"The lake {_lake.Options} at {_wire.Endpoint.GetLeftPart(UriPartial.Authority)} cannot be reached: ", e.Message);
        _wire.Rule = (_, _) => Fault.None;
        Assert.Equal(1, _table.Latest()!.Version);
    }

    [Theory]
    [InlineData(Fault.BreakBody)]
    [InlineData(Fault.StallBody)]
    public void Read_BodyBreaksOrStalls_GoesOnWhereItEnded(Fault fault)
    {
        _lake.Append(_table, "SELECT CAST(i AS INTEGER) AS a FROM range(5000) t(i)", new WriteOptions { Compression = "none" });
        var data = _table.Latest()!.Files[1].Path;
        // Entries of the log are read as a whole, again from their beginning.
        var (gets, entries) = (0, 0);
        _wire.Rule = (method, path) => method == "GET" && ((path.EndsWith(data, StringComparison.Ordinal) && Interlocked.Increment(ref gets) <= 2)
            || (path.EndsWith(First, StringComparison.Ordinal) && Interlocked.Increment(ref entries) == 1)) ? fault : Fault.None;
        var snapshot = Store("b").Table(TableName.Parse("bronze.t")).Latest()!;
        Assert.Equal("5001|12497500", _lake.Rows(snapshot, "count(*), sum(a)"));
        Assert.Equal((3, 2), (gets, entries));
        foreach (var file in snapshot.Files) Assert.Equal(File.ReadAllBytes(Path.Combine(_lake.Folder("a"), "bronze", "t", file.Path)), File.ReadAllBytes(Path.Combine(_lake.Folder("b"), "bronze", "t", file.Path)));
    }

    [Fact]
    public void Read_BodyAlwaysBreaks_IsAPassingErrorAndNothingStaysHere()
    {
        _lake.Append(_table, "SELECT CAST(i AS INTEGER) AS a FROM range(5000) t(i)", new WriteOptions { Compression = "none" });
        var file = _table.Latest()!.Files[1];
        _wire.Rule = (method, path) => method == "GET" && path.EndsWith(file.Path, StringComparison.Ordinal) ? Fault.BreakBody : Fault.None;
        var snapshot = Store("b").Table(TableName.Parse("bronze.t")).Latest()!;
        var e = Assert.Throws<LakeStorageException>(() => snapshot.ScanSql([file]));
        Assert.Equal(("FF2704", true), (e.Code, e.IsTransient));
        Assert.StartsWith($"The lake {_lake.Options} at {_wire.Endpoint.GetLeftPart(UriPartial.Authority)} cannot be read: the answer for {_lake.Options.Prefix}/bronze/t/{file.Path} ", e.Message);
        Assert.EndsWith(". It is tried again; check the network when it stays so.", e.Message);
        Assert.Empty(Directory.GetFiles(_lake.Folder("b"), "*.parquet*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(Path.Combine(_lake.Folder("b"), "_flowforge", "copies")));
    }

    private LakeStore Store(string machine = "a") => _lake.Store(machine, _lake.Options with { Endpoint = _wire.Endpoint, Retries = 1, StallTime = TimeSpan.FromSeconds(2) });

    private LakeStorageException Fails() => Assert.Throws<LakeStorageException>(() => Commit(_table));

    private (long Version, bool AlreadyCommitted) Commit(LakeTable table)
    {
        using var transaction = table.Begin();
        transaction.Write(_lake.Session, "SELECT 1 AS a FROM range(2)");
        var result = transaction.Commit(new CommitOptions
        {
            Transaction = ("p/j", 1), State = new JobState { Pipeline = "p", Job = "j", RunId = "r", FilesSeen = [new SeenFile("f", 1, null, null, "00", 2)] },
        });
        return (result.Version, result.AlreadyCommitted);
    }

    private void NothingIsLeft(int named)
    {
        _table.CleanLeftovers();
        Assert.Equal(named, _lake.Keys().Count(k => k.EndsWith(".parquet", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_lake.Folder("a"), "bronze", "t", "_flowforge", "staging")));
        _lake.Validate();
    }

    public void Dispose()
    {
        _wire.Dispose();
        _lake.Dispose();
    }
}
