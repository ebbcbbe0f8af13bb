namespace FlowForge.Duck.Tests;

public sealed class DatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ff-duck-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Open_TheMachinesTimeZone_DecidesNothing()
    {
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        Assert.Equal("UTC", session.Scalar<string>("SELECT current_setting('TimeZone')"));
        session.Execute("SET TimeZone = 'Asia/Tokyo'");
        using var other = database.Connect();
        Assert.Equal("UTC", other.Scalar<string>("SELECT current_setting('TimeZone')"));
    }

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
        Assert.StartsWith(Path.Combine(temp, $"duck-{Environment.ProcessId}-"), session.Scalar<string>("SELECT current_setting('temp_directory')"), StringComparison.Ordinal);
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
        Assert.NotEmpty(Directory.GetFiles(temp, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Open_InMemoryDatabases_SpillApartAndTheirFoldersGo()
    {
        var temp = Path.Combine(_folder, "spill");
        string?[] folders;
        using (var first = DuckDatabase.Open(new DuckOptions { TempDirectory = temp }))
        using (var second = DuckDatabase.Open(new DuckOptions { TempDirectory = temp }))
        using (var third = DuckDatabase.Open())
        using (var fourth = DuckDatabase.Open())
        {
            folders = [.. new[] { first, second, third, fourth }.Select(Folder)];
            Assert.Equal(4, folders.Distinct().Count());
            Assert.All(folders, f => Assert.True(Path.IsPathRooted(f) && Directory.Exists(f), f));
        }
        Assert.All(folders, f => Assert.False(Directory.Exists(f), f));

        static string? Folder(DuckDatabase database)
        {
            using var session = database.Connect();
            return session.Scalar<string>("SELECT current_setting('temp_directory')");
        }
    }

    [Fact]
    public async Task Spill_OfTwoDatabasesAtOnce_GivesBothTheirRows()
    {
        var temp = Path.Combine(_folder, "spill");
        var counts = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            using var database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = 64L << 20, Threads = 1, TempDirectory = temp });
            using var session = database.Connect();
            // It spills into its own folder nevertheless.
            session.Confine([]);
            return session.Scalar<long>("SELECT count(*) FROM (SELECT hash(i) AS h, i FROM range(4000000) r(i) ORDER BY h) AS sorted WHERE h IS NOT NULL AND i >= 0");
        })));
        Assert.Equal([4_000_000, 4_000_000], counts);
        Assert.Empty(Directory.GetDirectories(temp));
    }

    [Fact]
    public void Confine_FilesElsewhere_AreOutOfReachForEverySession()
    {
        var (inside, outside) = (Directory.CreateDirectory(Path.Combine(_folder, "in[1]")).FullName, Path.Combine(_folder, "out.txt"));
        File.WriteAllText(Path.Combine(inside, "a.txt"), "mine");
        File.WriteAllText(outside, "secret");
        File.WriteAllText(Path.Combine(_folder, "one.txt"), "one");
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        session.Confine([inside], [Path.Combine(_folder, "one.txt")]);
        using var other = database.Connect();
        foreach (var each in new[] { session, other })
        {
            Assert.Equal("mine", each.Scalar<string>($"SELECT content FROM read_text({SqlText.Literal(SqlText.GlobSafe(Path.Combine(inside, "a.txt")))})"));
            Assert.Equal("one", each.Scalar<string>($"SELECT content FROM read_text({SqlText.Literal(Path.Combine(_folder, "one.txt"))})"));
            foreach (var sql in new[] { $"SELECT content FROM read_text('{outside}')", $"SELECT content FROM read_text('{inside}/../out.txt')", $"FROM glob('{_folder}/*')", $"COPY (SELECT 1) TO '{outside}2'", $"ATTACH '{_folder}/x.db'" })
                Assert.Contains("disabled by configuration", Assert.Throws<DuckException>(() => each.Execute(sql)).Message, StringComparison.Ordinal);
            Assert.Throws<DuckException>(() => each.Execute("SET enable_external_access = true"));
            Assert.Throws<DuckException>(() => each.Execute("SET allowed_directories = ['/']"));
            each.Execute("SET threads = 2; SET TimeZone = 'UTC'");
        }
    }

    [Fact]
    public void LateDatabase_ThatCouldNotBeOpened_IsOpenedByTheNextUse()
    {
        var temp = Path.Combine(_folder, "late");
        File.WriteAllText(temp, "in the way");
        using var database = new LateDatabase(new DuckOptions { TempDirectory = temp });
        Assert.ThrowsAny<IOException>(database.Connect);
        File.Delete(temp);
        using var session = database.Connect();
        Assert.Equal(1, session.Scalar<int>("SELECT 1"));
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
    public async Task Lease_Grow_TakesTheSharesThatNobodyHasAndGivesThemBack()
    {
        using var factory = new DuckFactory(new DuckBudget { MemoryBytes = 768L << 20, Threads = 2, ParallelJobs = 3, SpillDirectory = _folder });
        using (var first = await factory.LeaseAsync("first", ct: TestContext.Current.CancellationToken))
        {
            using var session = first.Database.Connect();
            Assert.Equal(256L << 20, first.Grow(1, TimeSpan.Zero, default));
            Assert.Equal("256.0 MiB", session.Scalar<string>("SELECT current_setting('memory_limit')"));
            using (var second = await factory.LeaseAsync("second", ct: TestContext.Current.CancellationToken))
            {
                Assert.Equal(512L << 20, first.Grow(2L << 30, TimeSpan.Zero, default));
                Assert.Equal(256L << 20, second.Grow(300L << 20, TimeSpan.Zero, default));
                Assert.Equal("512.0 MiB", session.Scalar<string>("SELECT current_setting('memory_limit')"));
            }
            Assert.Equal(768L << 20, first.Grow(2L << 30, TimeSpan.Zero, default));
            Assert.Equal("768.0 MiB", session.Scalar<string>("SELECT current_setting('memory_limit')"));
        }
        var leases = new List<DuckLease>();
        for (var i = 0; i < 3; i++) leases.Add(await factory.LeaseAsync("again", ct: TestContext.Current.CancellationToken));
        Assert.False(factory.LeaseAsync("more", ct: new CancellationToken(true)).IsCompletedSuccessfully);
        foreach (var lease in leases) lease.Dispose();
        using var small = factory.OpenSmall("small");
        Assert.Equal(256L << 20, small.Grow(2L << 30, TimeSpan.Zero, default));
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
