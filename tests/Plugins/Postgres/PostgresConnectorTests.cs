using System.Diagnostics;
using System.Globalization;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace FlowForge.Plugins.Tests.Postgres;

/// <summary>The postgres connector against a real server.</summary>
public sealed class PostgresConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly PostgresServer _server;
    private readonly string _database;

    public PostgresConnectorTests(PostgresServer server)
    {
        _server = server.Ready();
        _database = server.NewDatabase();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private PostgresSpec Spec => new() { Host = PostgresServer.Host, Port = _server.Port, Database = _database, User = PostgresServer.User, Password = new Secret(PostgresServer.Password) };

    private PostgresConnector Open(Func<PostgresSpec, PostgresSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(Spec)));

    private void Sql(string sql) => _server.Sql(sql, _database);

    private Task<List<object?[]>> ReadAsync(ReadRequest request, Func<PostgresSpec, PostgresSpec>? change = null) => RowSourceAcceptance.ReadAsync(Open(change), request, Stop);

    private static ReadRequest Table(string name) => new() { Table = name };

    [Fact]
    public async Task ReadAsync_AllCommonTypes_AreExact()
    {
        Sql("""
            CREATE TYPE mood AS ENUM ('sad', 'ok');
            CREATE DOMAIN positive AS int CHECK (VALUE > 0);
            CREATE TYPE pair AS (a int, b text);
            CREATE TABLE t (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric(12,3), big numeric(38,10), free numeric, m money, c char(4), v varchar(9), t text,
              d date, ts timestamp, tz timestamptz, ti time, tt timetz, iv interval, u uuid, j json, jb jsonb, by bytea, e mood, p positive, i inet, o oid, q pair, r int4range, bits bit(4),
              ai int4[], at text[], an numeric[], ae mood[], ad date[]);
            INSERT INTO t VALUES (true, -2, 2147483647, -9223372036854775808, 1.5, -0.1, 123456789.125, 1234567890123456789012345678.0123456789, 12345678901234567890.000120, '$1,234.56', 'ab', 'grün', E'a\tb',
              '1969-12-31', '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00.123456+02', '23:59:59.999999', '10:00+02', '1 year 2 mons 3 days 04:05:06.5', '00112233-4455-6677-8899-aabbccddeeff',
              '{"a": 1}', '{"b":  [1, null]}', '\x00ff', 'ok', 7, '10.0.0.1/8', 4294967295, (1, 'x'), '[1,5)', B'1010', '{1,NULL,3}', '{a,NULL,"c d"}', '{1.50,2}', '{sad,ok}', '{2024-01-01}'),
              (NULL, 0, 0, 0, 'NaN', 'Infinity', -0.001, -0.0000000001, 0, '-$0.01', '', '', '', '0001-01-01', '0001-01-01', '0001-01-01 00:00+00', '00:00', '00:00+00', '-1 day', '00000000-0000-0000-0000-000000000000',
              'null', '[]', '', 'sad', NULL, '::1', 0, NULL, 'empty', B'0000', '{}', '{}', '{}', NULL, '{}');
            """);
        var rows = await ReadAsync(Table("t"));
        Assert.Equal(2, rows.Count);
        Assert.Equal<object?>([
            true, (short)-2, 2147483647, long.MinValue, 1.5f, -0.1, 123456789.125m, "1234567890123456789012345678.0123456789", "12345678901234567890.000120", 1234.56m, "ab  ", "grün", "a\tb",
            new DateOnly(1969, 12, 31), new DateTime(2024, 2, 29, 12, 0, 0).AddTicks(1_234_560), new DateTime(2024, 2, 29, 10, 0, 0, DateTimeKind.Utc).AddTicks(1_234_560), new TimeOnly(863_999_999_990), "10:00:00+02",
            new CalendarInterval(14, 3, 14_706_500_000_000), Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "{\"a\": 1}", "{\"b\": [1, null]}", new byte[] { 0, 255 }, "ok", 7, "10.0.0.1/8", 4294967295L,
            "{\"a\":1,\"b\":\"x\"}", "[1,5)", "1010", new List<object?> { 1, null, 3 }, new List<object?> { "a", null, "c d" }, new List<object?> { "1.50", "2" }, new List<object?> { "sad", "ok" }, new List<object?> { new DateOnly(2024, 1, 1) },
        ], rows[0]);
        Assert.Equal<object?>([
            null, (short)0, 0, 0L, float.NaN, double.PositiveInfinity, -0.001m, -0.0000000001m, "0", -0.01m, "    ", "", "", new DateOnly(1, 1, 1), new DateTime(1, 1, 1), new DateTime(1, 1, 1, 0, 0, 0, DateTimeKind.Utc),
            new TimeOnly(0), "00:00:00+00", new CalendarInterval(0, -1, 0), Guid.Empty, "null", "[]", Array.Empty<byte>(), "sad", null, "::1/128", 0L, null, "empty", "0000",
            new List<object?>(), new List<object?>(), new List<object?>(), null, new List<object?>(),
        ], rows[1]);
    }

    [Fact]
    public async Task ReadAsync_NumericText_KeepsNaNAndInfinity()
    {
        Sql("CREATE TABLE t (i int, n numeric(5,2), f numeric); INSERT INTO t VALUES (1, 'NaN', '-Infinity'), (2, -0.50, 1e-20), (3, 100, 123456.7e10), (4, 0, 10000)");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Table("t")));
        Assert.Equal("Table public.t: column n holds NaN, which decimals do not have.", failure.Message);
        Assert.Equal("Set numeric: text, or leave the rows out with a query.", failure.Suggestion);
        var rows = await ReadAsync(Table("t"), s => s with { Numeric = NumericForm.Text });
        Assert.Equal(["NaN|-Infinity", "-0.50|0.00000000000000000001", "100.00|1234567000000000", "0.00|10000"], rows.Select(r => $"{r[1]}|{r[2]}"));
        var doubles = await ReadAsync(new ReadRequest(), s => s with { Numeric = NumericForm.Double, Query = "SELECT f FROM t WHERE i > 1 ORDER BY i;" });
        Assert.Equal<object?>([1e-20, 1234567000000000.0, 10000.0], doubles.Select(r => r[0]));
    }

    [Fact]
    public async Task ReadAsync_RandomNumerics_AreThoseThatTheServerWrites()
    {
        Sql("CREATE TABLE t (n numeric(38,12), f numeric, s text); INSERT INTO t SELECT n, n, n::text FROM (SELECT ((random() - 0.5) * 10 ^ (random() * 24 - 12)::int)::numeric(38,12) n FROM generate_series(1, 5000)) x");
        foreach (var row in await ReadAsync(Table("t")))
        {
            Assert.Equal(decimal.Parse((string)row[2]!, CultureInfo.InvariantCulture), row[0]);
            Assert.Equal(row[2], row[1]);
        }
    }

    [Fact]
    public async Task ReadAsync_ArrayOfTwoDimensions_IsRefusedOrJson()
    {
        Sql("CREATE TABLE t (a int[]); INSERT INTO t VALUES ('{{1,2},{3,4}}')");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Table("t")));
        Assert.Equal("Table public.t: column a holds an array of 2 dimensions.", failure.Message);
        Assert.Equal("[[1,2],[3,4]]", (await ReadAsync(Table("t"), s => s with { Arrays = ArrayForm.Json }))[0][0]);
    }

    [Fact]
    public async Task ReadAsync_ValueThatDoesNotFitWhileTheNextRangeIsAskedFor_NamesTheColumn()
    {
        Sql("CREATE TABLE t (n numeric(9,2), pad text); INSERT INTO t SELECT CASE WHEN i = 5 THEN 'NaN'::numeric ELSE i END, repeat('x', 200) FROM generate_series(1, 100000) i");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Table("t"), s => s with { Parallelism = 2 }));
        Assert.Equal("Table public.t: column n holds NaN, which decimals do not have.", failure.Message);
        Assert.Contains(_fixture.Lines, l => l.StartsWith("debug: Table public.t: ", StringComparison.Ordinal) && l.EndsWith(" parts, 2 readers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadAsync_LargeTable_ReadsEachRowOnceOnOneSnapshotWhileItChanges()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, pad text, n int DEFAULT 0); INSERT INTO t (id, pad) SELECT i, repeat('x', 100) FROM generate_series(1, 200000) i");
        var writing = Task.Run(() => Sql("UPDATE t SET n = n + 1; DELETE FROM t WHERE id % 2 = 0; INSERT INTO t SELECT i, 'new' FROM generate_series(300001, 320000) i"), Stop);
        var rows = await ReadAsync(Table("t"), s => s with { Parallelism = 3 });
        await writing;
        Assert.Contains(_fixture.Lines, l => l.StartsWith("debug: Table public.t: ", StringComparison.Ordinal) && l.EndsWith(" parts, 3 readers", StringComparison.Ordinal));
        // Whichever snapshot it was: a whole one.
        var ids = rows.Select(r => (int)r[0]!).ToHashSet();
        Assert.Equal(rows.Count, ids.Count);
        Assert.Contains(rows.Count, new[] { 200_000, 120_000, 100_000 });
        Assert.Single(rows.Where(r => (int)r[0]! <= 200_000).Select(r => r[2]).Distinct());
    }

    [Fact]
    public async Task ReadAsync_PartitionedTable_GivesAllPartitionsOnce()
    {
        Sql("CREATE TABLE p (id int, d text) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (50000); CREATE TABLE p2 (d text, id int); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (50000) TO (100000); INSERT INTO p SELECT i, repeat('y', 200) FROM generate_series(0, 99999) i; ANALYZE p");
        var rows = await ReadAsync(Table("p"));
        Assert.Equal(Enumerable.Range(0, 100_000), rows.Select(r => (int)r[0]!).Order());
        Assert.All(rows, r => Assert.Equal(200, ((string)r[1]!).Length));
    }

    [Fact]
    public async Task ReadAsync_From_IsInclusiveAndTyped()
    {
        Sql("CREATE TABLE t (id int, at timestamptz, \"It's\" text); INSERT INTO t SELECT i, '2024-01-01Z'::timestamptz + i * interval '1 hour', CASE i WHEN 3 THEN 'o''c' ELSE 'a' END FROM generate_series(0, 9) i; INSERT INTO t VALUES (99, NULL, NULL)");
        var rows = await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("at", "2024-01-01T07:00:00.000000Z") });
        Assert.Equal<object?>([7, 8, 9], rows.Select(r => r[0]).Order());
        Assert.Equal<object?>([9, 99], (await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("at", "2024-01-01T09:00:00Z") { IncludeNulls = true } })).Select(r => r[0]).Order());
        Assert.Equal(11, (await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("at", null) })).Count);
        Assert.Equal([3], (await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("It's", "o'c") })).Select(r => (int)r[0]!));
        Sql("CREATE TABLE w (k text COLLATE \"en-x-icu\"); INSERT INTO w VALUES ('a'), ('B'), ('c')");
        Assert.Equal<object?>(["a", "c"], (await ReadAsync(new ReadRequest { Table = "w", From = new Watermark("k", "a") })).Select(r => r[0]));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest { Table = "t", From = new Watermark("nope", "1") }));
        Assert.Equal("Table public.t has no column nope to read by. It has: id, at, It's.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_RowLargerThanTheBuffer_IsWhole()
    {
        Sql("CREATE TABLE t (a text, b bytea); INSERT INTO t SELECT repeat('ü', 3000000), decode(repeat('ab', 2000000), 'hex'); INSERT INTO t VALUES ('x', 'y')");
        var rows = await ReadAsync(Table("t"));
        Assert.Equal((3_000_000, 2_000_000), (((string)rows[0][0]!).Length, ((byte[])rows[0][1]!).Length));
        Assert.Equal("x", rows[1][0]);
    }

    [Fact]
    public async Task ReadAsync_Cancelled_EndsWithinTwoSecondsAndLeavesNoConnection()
    {
        using var cancel = new CancellationTokenSource();
        var connector = Open(s => s with { Query = "SELECT i, repeat('x', 50) FROM generate_series(1, 100000000) i" });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var batch in connector.ReadAsync(new ReadRequest(), cancel.Token))
            {
                batch.Rows.Dispose();
                cancel.CancelAfter(TimeSpan.Zero);
            }
        });
        var clock = Stopwatch.StartNew();
        while (_server.Sql($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{_database}' AND application_name = 'FlowForge'") != "0")
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "The server still reads for us.");
            await Task.Delay(20, Stop);
        }
    }

    [Fact]
    public async Task DiscoverAsync_ListsTablesWithColumnsKeysAndSizes()
    {
        Sql("""
            CREATE TABLE a (x int, y text NOT NULL, n numeric(10,2), PRIMARY KEY (y, x)); INSERT INTO a SELECT i, 'y', 1 FROM generate_series(1, 100) i; ANALYZE a;
            CREATE TABLE b (k text NOT NULL UNIQUE, v int UNIQUE); CREATE VIEW c AS SELECT x FROM a;
            CREATE SCHEMA s; CREATE TABLE s.d (z bool); CREATE TABLE s.hidden (z bool); CREATE SCHEMA other; CREATE TABLE other.e (q int);
            CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT USAGE ON SCHEMA s TO reader; GRANT SELECT ON a, b, c, s.d TO reader;
            """.Replace("reader", "reader_" + _database, StringComparison.Ordinal));
        var tables = new List<DiscoveredTable>();
        await foreach (var table in Open(s => s with { Schemas = ["public", "s"], User = "reader_" + _database, Password = new Secret("r") }).DiscoverAsync(Stop)) tables.Add(table);
        Assert.Equal(["a", "b", "c", "s.d"], tables.Select(t => t.Name));
        Assert.Equal(["x integer", "y text", "n numeric(10,2)"], tables[0].Columns.Select(c => $"{c.Name} {c.Type}"));
        Assert.Equal([false, false, true], tables[0].Columns.Select(c => c.Nullable));
        Assert.Equal(["y", "x"], tables[0].Keys);
        Assert.Equal((100L, true), (tables[0].Rows, tables[0].Bytes > 0));
        Assert.Equal(["k"], tables[1].Keys);
        Assert.Equal((null, null, 0), (tables[2].Rows, tables[2].Bytes, tables[2].Keys.Count));
    }

    [Fact]
    public async Task TestAsync_GoodAndBadSettings_SayWhatIs()
    {
        Sql("CREATE TABLE a (x int)");
        Assert.Matches(@"^PostgreSQL \d+\.\d+, 1 readable tables in public$", await Open().TestAsync(Stop));
        var at = $"127.0.0.1:{_server.Port}/";
        await FailsAsync(s => s with { Password = new Secret("wrong") }, at + $"{_database}: password authentication failed for user \"flowforge\" [28P01]", "Check user, password and the server's pg_hba.conf.");
        await FailsAsync(s => s with { Database = "none" }, at + "none: database \"none\" does not exist [3D000]", "Check database.");
        await FailsAsync(s => s with { Host = "no-such-host.invalid" }, $"no-such-host.invalid:{_server.Port}/{_database}: no host of that name is known.", "Check host.");
        await FailsAsync(s => s with { Port = FreePort.Take() }, null, "Check host and port, and whether the server runs.");
        await FailsAsync(s => s with { SslMode = SslUse.Require }, null, "Check ssl_mode: the server may offer no encryption.");
        await FailsAsync(s => s with { Password = default }, null, "Set password.");

        async Task FailsAsync(Func<PostgresSpec, PostgresSpec> change, string? message, string suggestion)
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => Open(change).TestAsync(Stop));
            if (message is not null) Assert.Equal(message, failure.Message);
            Assert.DoesNotContain(PostgresServer.Password, failure.ToString(), StringComparison.Ordinal);
            Assert.Equal(suggestion, failure.Suggestion);
        }
    }

    [Fact]
    public async Task ReadAsync_WrongRequests_AreNamed()
    {
        var missing = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Table("nope")));
        Assert.Equal($"There is no table nope in {_database} (schemas public) that the login can see.", missing.Message);
        var query = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest(), s => s with { Query = "SELECT nope" }));
        Assert.Equal("The query: column \"nope\" does not exist [42703]", query.Message);
        var twice = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest(), s => s with { Query = "SELECT 1 AS a, 2 AS a" }));
        Assert.Equal("The query gives column a 2 times.", twice.Message);
        var nothing = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest()));
        Assert.Equal("Neither table_name nor query is given.", nothing.Message);
        var late = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest(), s => s with { Query = "SELECT 1 / (100000 - i) AS x FROM generate_series(1, 100000) i" }));
        Assert.Equal("The query: division by zero [22012]", late.Message);
    }

    [Fact]
    public async Task ReadAsync_ServerGoesAway_IsTransient()
    {
        var failure = await Assert.ThrowsAsync<TransientException>(async () =>
        {
            await foreach (var batch in Open(s => s with { Query = "SELECT i FROM generate_series(1, 100000000) i" }).ReadAsync(new ReadRequest(), Stop))
            {
                batch.Rows.Dispose();
                _server.Sql($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_database}' AND application_name = 'FlowForge'");
            }
        });
        Assert.StartsWith("The query: ", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The connection that holds the snapshot, the readers' own, and each part: by our own socket and by the driver.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1,127.0.0.1")]
    public async Task ReadAsync_WaitsForTheConnectionsPaceBeforeEachPart(string host)
    {
        Sql("CREATE TABLE t (id int, pad text); ALTER TABLE t ALTER COLUMN pad SET STORAGE PLAIN; INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i");
        using var connector = Open(s => s with { Host = host, Parallelism = 2 });
        var rows = 0;
        await foreach (var batch in connector.ReadAsync(Table("t"), Stop))
            using (batch.Rows) rows += batch.Rows.Length;
        var parts = int.Parse(Assert.Single(_fixture.Lines, l => l.EndsWith(" parts, 2 readers", StringComparison.Ordinal)).Split(' ')[^4], CultureInfo.InvariantCulture);
        Assert.Equal((20_000, true, 1L + 2 + parts), (rows, parts > 1, _fixture.Waits));
    }

    /// <summary>Which reader meets it is chance: the one that was stopped for it must not be the one that is heard.</summary>
    [Fact]
    public async Task ReadAsync_OneOfSeveralReadersFails_SaysWhy()
    {
        Sql("CREATE TABLE t (id int, n numeric(8,2), pad text); ALTER TABLE t ALTER COLUMN pad SET STORAGE PLAIN; INSERT INTO t SELECT i, CASE WHEN i = 30000 THEN numeric 'NaN' ELSE 1 END, repeat('x', 1000) FROM generate_series(1, 30000) i");
        for (var run = 0; run < 8; run++)
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Table("t"), s => s with { Parallelism = 2 }));
            Assert.StartsWith("Table public.t: column n holds ", failure.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>A peer that vanishes says nothing: the system has to ask for it while rows are awaited. Linux shows when it will, in hundredths of a second.</summary>
    [Fact]
    public async Task ReadAsync_WhileRowsAreAwaited_AsksForASilentPeer()
    {
        Assert.SkipUnless(File.Exists("/proc/net/tcp"), "The system does not show its timers.");
        Sql("CREATE TABLE t (id int, pad text); ALTER TABLE t ALTER COLUMN pad SET STORAGE PLAIN; INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 30000) i");
        await using var rows = Open(s => s with { Parallelism = 2 }).ReadAsync(Table("t"), Stop).GetAsyncEnumerator(Stop);
        Assert.True(await rows.MoveNextAsync());
        rows.Current.Rows.Dispose();
        var ports = _server.Sql($"SELECT client_port FROM pg_stat_activity WHERE datname = '{_database}' AND application_name = 'FlowForge'").Split('\n').Select(p => int.Parse(p, CultureInfo.InvariantCulture).ToString("X4", CultureInfo.InvariantCulture)).ToHashSet();
        var timers = File.ReadLines("/proc/net/tcp").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(f => ports.Contains(f[1].Split(':')[^1])).Select(f => f[5]).ToList();
        // The driver's connection that holds the snapshot, and the readers' own.
        Assert.Equal(3, timers.Count);
        Assert.All(timers, t => Assert.True(t.StartsWith("02:", StringComparison.Ordinal) && int.Parse(t[3..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= 3_000, t));
    }

    /// <summary>By TCP and by the Unix socket the rows come over a socket of our own; several hosts are left to the driver. What comes must not tell which.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1,127.0.0.1")]
    [InlineData("")]
    public async Task ReadAsync_EachWayToTheServer_GivesTheSame(string host)
    {
        Func<PostgresSpec, PostgresSpec> there = s => s with { Host = host.Length == 0 ? _server.Folder : host, Parallelism = 2 };
        Sql("CREATE TABLE t (id int, pad text, n numeric(9,2)); INSERT INTO t SELECT i, CASE WHEN i % 3 > 0 THEN repeat('ü', i % 700) END, i / 4.0 FROM generate_series(1, 40000) i; INSERT INTO t VALUES (0, repeat('z', 1000000), NULL)");
        var rows = await ReadAsync(Table("t"), there);
        Assert.Equal(Enumerable.Range(0, 40_001), rows.Select(r => (int)r[0]!).Order());
        Assert.All(rows.Where(r => (int)r[0]! > 0), r => Assert.Equal(((int)r[0]! % 3 > 0 ? new string('ü', (int)r[0]! % 700) : null, decimal.Round((int)r[0]! / 4m, 2)), ((string?)r[1], (decimal)r[2]!)));
        Assert.Equal((1_000_000, null), (((string)rows.Single(r => (int)r[0]! == 0)[1]!).Length, rows.Single(r => (int)r[0]! == 0)[2]));
        Assert.Empty(await ReadAsync(new ReadRequest(), s => there(s) with { Query = "SELECT id FROM t WHERE id < 0" }));
        var late = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest(), s => there(s) with { Query = "SELECT 1 / (30000 - id) AS x, pad FROM t ORDER BY id" }));
        Assert.Equal(("The query: division by zero [22012]", (string?)null), (late.Message, late.Suggestion));
        var denied = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest(), s => there(s) with { Query = "SELECT convert_from('\\xff', 'UTF8') AS x" }));
        Assert.Equal("The query: invalid byte sequence for encoding \"UTF8\": 0xff [22021]", denied.Message);
    }

    [Fact]
    public async Task ReadAsync_CancelledBeforeTheFirstRow_EndsTheStatementOnTheServer()
    {
        using var cancel = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            await foreach (var batch in Open(s => s with { Query = "SELECT i FROM (SELECT 1 AS i, pg_sleep(600)) AS x" }).ReadAsync(new ReadRequest(), cancel.Token)) batch.Rows.Dispose();
        }, Stop);
        const string asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = '{0}' AND wait_event = 'PgSleep'";
        while (_server.Sql(string.Format(CultureInfo.InvariantCulture, asleep, _database)) == "0") await Task.Delay(20, Stop);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(60), Stop));
        while (_server.Sql(string.Format(CultureInfo.InvariantCulture, asleep, _database)) != "0") await Task.Delay(20, Stop);
    }
}
