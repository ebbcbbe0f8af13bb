namespace FlowForge.Duck.Tests;

public sealed class DatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ff-duck-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Open_FileTwiceInOneProcess_IsRefusedUntilClosed()
    {
        var path = Path.Combine(_folder, "a.db");
        var database = DuckDatabase.Open(new DuckOptions { Path = path });
        var session = database.Connect();
        session.Execute("CREATE TABLE t AS SELECT 42 AS a");
        var e = Assert.Throws<DuckException>(() => DuckDatabase.Open(new DuckOptions { Path = Path.Combine(_folder, ".", "a.db") }));
        Assert.Equal((DuckErrorKind.Io, $"The database file {path} is already open in this process: use its sessions instead of opening it twice."), (e.Kind, e.Message));
        // An open session keeps the database open.
        database.Dispose();
        Assert.Equal(42, session.Scalar<int>("SELECT a FROM t"));
        Assert.Throws<DuckException>(() => DuckDatabase.Open(new DuckOptions { Path = path }));
        Assert.Throws<ObjectDisposedException>(database.Connect);
        session.Dispose();
        using var again = DuckDatabase.Open(new DuckOptions { Path = path, ReadOnly = true });
        using var reader = again.Connect();
        Assert.Equal(42, reader.Scalar<int>("SELECT a FROM t"));
        Assert.Equal(DuckErrorKind.InvalidInput, Assert.Throws<DuckException>(() => reader.Execute("DROP TABLE t")).Kind);
    }

    [Fact]
    public void Open_NotADatabase_IsAnIoError()
    {
        var path = Path.Combine(_folder, "text.db");
        File.WriteAllText(path, new string('x', 20_000));
        var e = Assert.Throws<DuckException>(() => DuckDatabase.Open(new DuckOptions { Path = path }));
        Assert.Equal(DuckErrorKind.Io, e.Kind);
        // The path is free again after a failure.
        File.Delete(path);
        DuckDatabase.Open(new DuckOptions { Path = path }).Dispose();
    }

    [Theory]
    [InlineData("no_such_setting", "1", DuckErrorKind.InvalidInput, "Invalid Input Error: The following options were not recognized: no_such_setting")]
    [InlineData("threads", "many", DuckErrorKind.Settings, "DuckDB knows no setting 'threads' or refuses the value 'many'.")]
    public void Open_WrongSetting_SaysWhich(string name, string value, DuckErrorKind kind, string message)
    {
        var e = Assert.Throws<DuckException>(() => DuckDatabase.Open(new DuckOptions { Settings = new Dictionary<string, string> { [name] = value } }));
        Assert.Equal((kind, message), (e.Kind, e.Message));
    }

    [Fact]
    public void Open_Options_AreInForce()
    {
        var temp = Path.Combine(_folder, "spill");
        using var database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = 200L << 20, Threads = 1, TempDirectory = temp, PreserveInsertionOrder = false });
        using var session = database.Connect();
        Assert.Equal("200.0 MiB", session.Scalar<string>("SELECT current_setting('memory_limit')"));
        Assert.Equal(1, session.Scalar<int>("SELECT current_setting('threads')"));
        Assert.False(session.Scalar<bool>("SELECT current_setting('preserve_insertion_order')"));
        Assert.Equal(temp, session.Scalar<string>("SELECT current_setting('temp_directory')"));
        Assert.False(session.Scalar<bool>("SELECT current_setting('autoinstall_known_extensions')"));
    }

    [Fact]
    public void MemoryLimit_SortBeyondIt_SpillsIntoTheFolder()
    {
        var temp = Path.Combine(_folder, "spill");
        using var database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = 64L << 20, Threads = 2, TempDirectory = temp });
        using var session = database.Connect();
        using var reader = session.Query("SELECT hash(i) AS h, i FROM range(8000000) r(i) ORDER BY h");
        reader.Next()!.Dispose();
        Assert.NotEmpty(Directory.GetFiles(temp));
    }

    [Fact]
    public void MemoryLimit_BeyondDiskLimit_IsOutOfMemoryAndSessionStaysUsable()
    {
        using var database = DuckDatabase.Open(new DuckOptions
        {
            MemoryLimitBytes = 32L << 20, Threads = 1, TempDirectory = Path.Combine(_folder, "spill"), SpillLimitBytes = 1_000_000,
        });
        using var session = database.Connect();
        var e = Assert.Throws<DuckException>(() => session.Execute("CREATE TABLE t AS SELECT hash(i) AS h, i FROM range(8000000) r(i) ORDER BY h"));
        Assert.Equal(DuckErrorKind.OutOfMemory, e.Kind);
        Assert.Equal(1, session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public async Task Lease_SharesAreLimitedAndSpillFoldersGo()
    {
        using var factory = new DuckFactory(new DuckBudget { MemoryBytes = 512L << 20, Threads = 2, ParallelJobs = 2, SpillDirectory = _folder });
        Assert.Equal((256L << 20, 2), (factory.JobMemoryBytes, factory.JobThreads));
        var ct = TestContext.Current.CancellationToken;
        var first = await factory.LeaseAsync("bronze.a/b", ct: ct);
        using var second = await factory.LeaseAsync("b", o => o with { PreserveInsertionOrder = false }, ct);
        var third = factory.LeaseAsync("c", ct: ct);
        Assert.False(third.IsCompleted);
        using (var session = first.Database.Connect())
        {
            Assert.Equal("256.0 MiB", session.Scalar<string>("SELECT current_setting('memory_limit')", ct));
            Assert.StartsWith(Path.Combine(_folder, $"duck-{Environment.ProcessId}-"), session.Scalar<string>("SELECT current_setting('temp_directory')", ct), StringComparison.Ordinal);
        }
        // Outside the shares: at once.
        using (factory.OpenSmall("api")) { }
        using var stop = new CancellationTokenSource(20);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => factory.LeaseAsync("d", ct: stop.Token));
        first.Dispose();
        first.Dispose();
        using (await third) Assert.Equal(2, Directory.GetDirectories(_folder).Length);
        Assert.Single(Directory.GetDirectories(_folder));
    }

    [Fact]
    public void RemoveLeftovers_OfGoneProcesses_LeavesOthers()
    {
        using var factory = new DuckFactory(new DuckBudget { SpillDirectory = _folder });
        Directory.CreateDirectory(Path.Combine(_folder, "duck-2147483600-aa-old"));
        Directory.CreateDirectory(Path.Combine(_folder, $"duck-{Environment.ProcessId}-bb-mine"));
        Directory.CreateDirectory(Path.Combine(_folder, "something-else"));
        Assert.Equal(1, factory.RemoveLeftovers());
        Assert.Equal(2, Directory.GetDirectories(_folder).Length);
    }
}
