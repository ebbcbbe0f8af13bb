using System.Diagnostics;
using FlowForge.Plugins.Odbc;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(MariaDbServer))]

namespace FlowForge.Plugins.Tests.Odbc;

/// <summary>The odbc connector against MariaDB and PostgreSQL.</summary>
public sealed class OdbcConnectorTests(MariaDbServer maria, PostgresServer postgres) : IDisposable
{
    private const string PostgresLibrary = "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so", SqliteLibrary = "/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so";
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private OdbcSpec Maria(string database) => new()
    {
        Driver = "MariaDB Unicode", Server = MariaDbServer.Host, Port = maria.Port, Database = database, User = MariaDbServer.User, Password = new Secret(MariaDbServer.Password),
    };

    private OdbcSpec Postgres(string database)
    {
        ReadyServers.Need(File.Exists(PostgresLibrary), "The ODBC driver of PostgreSQL", "unixodbc odbc-postgresql");
        return new OdbcSpec { Driver = "PostgreSQL Unicode", Server = PostgresServer.Host, Port = postgres.Ready().Port, Database = database, User = PostgresServer.User, Password = new Secret(PostgresServer.Password) };
    }

    private OdbcConnector Open(OdbcSpec spec) => new(_fixture.Context(spec));

    private Task<List<object?[]>> ReadAsync(OdbcSpec spec, ReadRequest request) => RowSourceAcceptance.ReadAsync(Open(spec), request, Stop);

    private const string Numbers = "INSERT INTO orders SELECT i, concat('note ', i), i / 4.0 FROM (SELECT a.n + 100 * b.n + 1 AS i FROM (SELECT seq AS n FROM seq_0_to_99) a, (SELECT seq AS n FROM seq_0_to_99) b) x";

    [Fact]
    public async Task Connector_Postgres_PassesTheAcceptanceSuite()
    {
        var database = postgres.Ready().NewDatabase();
        postgres.Sql("CREATE TABLE orders (id int PRIMARY KEY, note varchar(40), amount numeric(12,3), t text); INSERT INTO orders SELECT i, 'note ' || i, i / 4.0, 'text' FROM generate_series(1, 10000) i; CREATE VIEW big AS SELECT * FROM orders WHERE id > 10", database);
        await RowSourceAcceptance.CheckAsync(() => Open(Postgres(database)), new ReadRequest { Table = "orders" }, cancellationToken: Stop);
    }

    [Fact]
    public async Task ReadAsync_WaitsForTheConnectionsPaceOnceAStatement()
    {
        var database = maria.Ready().NewDatabase();
        maria.Sql("CREATE TABLE a (i int); CREATE TABLE b (i int); INSERT INTO a VALUES (1), (2)", database);
        using var connector = Open(Maria(database));
        await connector.SchemaAsync(new ReadRequest { Table = "a" }, Stop);
        Assert.Equal(1, _fixture.Waits);
        await foreach (var batch in connector.ReadAsync(new ReadRequest { Table = "a" }, Stop)) batch.Rows.Dispose();
        Assert.Equal(2, _fixture.Waits);
        await connector.TestAsync(Stop);
        Assert.Equal(3, _fixture.Waits);
        await foreach (var _ in connector.DiscoverAsync(Stop)) { }
        Assert.Equal(6, _fixture.Waits);
    }

    [Fact]
    public async Task ReadAsync_MariaDbTypes_AreExact()
    {
        var database = maria.Ready().NewDatabase();
        maria.Sql("""
            CREATE TABLE t (b bit(1), ti tinyint, ut tinyint unsigned, si smallint unsigned, i int unsigned, l bigint, ul bigint unsigned, f float, d double, n decimal(38,10), c char(4), v varchar(20) CHARACTER SET latin1,
              day date, dt datetime(6), ts timestamp(3) NULL, y year, tm time(3), x varbinary(4), e enum('a','b'), j json, txt longtext, bin longblob);
            INSERT INTO t VALUES (b'1', -128, 255, 65535, 4294967295, -9223372036854775808, 18446744073709551615, 1.5, -0.1, 1234567890123456789012345678.0123456789, 'ab', 'grün', '2024-02-29', '2024-02-29 12:34:56.123456',
              '2024-02-29 12:34:56.789', 2024, '-838:59:59.001', x'00FF', 'b', '{"a": 1}', concat(repeat('ü', 100000), '😀'), repeat(x'00AB', 50000)),
              (b'0', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, -0.5, '', '', '1000-01-01', '9999-12-31 23:59:59.999999', NULL, NULL, '00:00', '', NULL, NULL, '', NULL);
            """, database);
        var rows = await ReadAsync(Maria(database), new ReadRequest { Table = "t" });
        Assert.Equal(2, rows.Count);
        Assert.Equal<object?>([true, (short)-128, (short)255, 65535, 4294967295L, long.MinValue, 18446744073709551615m, 1.5f, -0.1, "1234567890123456789012345678.0123456789", "ab", "grün", new DateOnly(2024, 2, 29),
            new DateTime(2024, 2, 29, 12, 34, 56).AddTicks(1_234_560), new DateTime(2024, 2, 29, 12, 34, 56, 789)], rows[0][..15]);
        Assert.Equal(("-838:59:59.001", "b", "{\"a\": 1}"), ((string?)rows[0][16], (string?)rows[0][18], (string?)rows[0][19]));
        Assert.Equal(new byte[] { 0, 255 }, rows[0][17]);
        Assert.Equal(new string('ü', 100_000) + "😀", rows[0][20]);
        Assert.Equal(100_000, ((byte[])rows[0][21]!).Length);
        Assert.Equal<object?>([false, null, null, null, null, null, null, null, null, -0.5m, "", "", new DateOnly(1000, 1, 1), new DateTime(9999, 12, 31, 23, 59, 59).AddTicks(9_999_990), null, null], rows[1][..16]);
        Assert.Equal((null, null, "", null), (rows[1][18], rows[1][19], (string?)rows[1][20], rows[1][21]));
    }

    [Fact]
    public async Task ReadAsync_PostgresTypes_AreExact()
    {
        var database = postgres.Ready().NewDatabase();
        postgres.Sql("CREATE TABLE t (b bool, i int8, n numeric(20,4), d date, ts timestamp, u uuid, v varchar(9), t text, x bytea); INSERT INTO t VALUES (true, -9223372036854775808, -12345.6789, '1969-12-31', '2024-02-29 12:00:00.123456', '00112233-4455-6677-8899-aabbccddeeff', 'grün', repeat('ü', 9000), '\\x00ff'), (false, 0, 0, '0001-01-01', NULL, NULL, '', '', NULL)", database);
        var rows = await ReadAsync(Postgres(database), new ReadRequest { Table = "t" });
        Assert.Equal<object?>([true, long.MinValue, -12345.6789m, new DateOnly(1969, 12, 31), new DateTime(2024, 2, 29, 12, 0, 0).AddTicks(1_234_560), Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "grün"], rows[0][..7]);
        Assert.Equal(new byte[] { 0, 255 }, rows[0][8]);
        Assert.Equal<object?>([false, 0L, 0m, new DateOnly(1, 1, 1), null, null, ""], rows[1][..7]);
    }

    [Fact]
    public async Task ReadAsync_From_IsInclusiveInBothDatabases()
    {
        var m = maria.Ready().NewDatabase();
        var p = postgres.Ready().NewDatabase();
        const string make = "CREATE TABLE t (i int, at timestamp NULL); INSERT INTO t VALUES (1, '2024-01-01 00:00:00'), (2, '2024-01-02 00:00:00'), (10, '2024-01-03 00:00:00'), (NULL, NULL)";
        maria.Sql(make, m);
        postgres.Sql(make, p);
        foreach (var spec in new[] { Maria(m), Postgres(p) })
        {
            Assert.Equal<object?>([2, 10], (await ReadAsync(spec, new ReadRequest { Table = "t", From = new Watermark("i", "2") })).Select(r => r[0]).Order());
            Assert.Equal<object?>([2, 10], (await ReadAsync(spec, new ReadRequest { Table = "t", From = new Watermark("at", "2024-01-02 00:00:00") })).Select(r => r[0]).Order());
            Assert.Equal(2, (await ReadAsync(spec, new ReadRequest { Table = "t", From = new Watermark("i", "10") { IncludeNulls = true } })).Count);
            Assert.Equal(4, (await ReadAsync(spec, new ReadRequest { Table = "t", From = new Watermark("i", null) })).Count);
        }
    }

    [Fact]
    public async Task DiscoverAsync_MariaDb_ListsColumnsAndKeys()
    {
        var database = maria.Ready().NewDatabase();
        maria.Sql("CREATE TABLE a_b (x int, y varchar(5) NOT NULL, PRIMARY KEY (y, x)); CREATE TABLE axb (z int); CREATE VIEW v AS SELECT z FROM axb", database);
        var tables = new List<DiscoveredTable>();
        using var connector = Open(Maria(database));
        await foreach (var table in connector.DiscoverAsync(Stop)) tables.Add(table);
        // This driver gives key columns in the order of the table.
        Assert.Equal(["a_b: x, y (x, y)", "axb: z ()", "v: z ()"], tables.Select(t => $"{t.Name}: {string.Join(", ", t.Columns.Select(c => c.Name))} ({string.Join(", ", t.Keys)})").Order());
        Assert.Matches(@"^MariaDB .+ by .*maodbc.*, 3 tables$", await connector.TestAsync(Stop));
    }

    [Fact]
    public async Task ReadAsync_Cancelled_Ends()
    {
        var database = maria.Ready().NewDatabase();
        // This driver takes the whole result in before it gives a row: the cancellation meets it there.
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var connector = Open(Maria(database) with { Query = "SELECT a.seq AS x FROM seq_1_to_100000 a, seq_1_to_100000 b" });
            await foreach (var batch in connector.ReadAsync(new ReadRequest(), cancel.Token))
                batch.Rows.Dispose();
        });
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"It took {clock.Elapsed}.");
    }

    [Fact]
    public async Task Connector_WrongSettings_AreNamed()
    {
        var database = maria.Ready().NewDatabase();
        maria.Sql("CREATE TABLE t (d date); SET sql_mode=''; INSERT INTO t VALUES ('0000-00-00')", database);
        var password = await Assert.ThrowsAsync<TerminalException>(() => Open(Maria(database) with { Password = new Secret("wrong;DATABASE=x") }).TestAsync(Stop));
        Assert.Contains("Access denied for user 'flowforge'", password.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong;", password.ToString(), StringComparison.Ordinal);
        var driver = await Assert.ThrowsAsync<TerminalException>(() => Open(Maria(database) with { Driver = "No such" }).TestAsync(Stop));
        Assert.Equal("Check driver against what odbcinst -q -d lists, or dsn against odbc.ini.", driver.Suggestion);
        var neither = await Assert.ThrowsAsync<TerminalException>(() => Open(Maria(database) with { Driver = null }).TestAsync(Stop));
        Assert.Equal("One of driver and dsn is needed, and not both.", neither.Message);
        var path = await Assert.ThrowsAsync<TerminalException>(() => Open(Maria(database) with { Driver = "/tmp/evil.so" }).TestAsync(Stop));
        Assert.Equal("driver is \"/tmp/evil.so\": a path, where the name of an installed driver is needed.", path.Message);
        var option = await Assert.ThrowsAsync<TerminalException>(() => Open(Maria(database) with { Options = new Dictionary<string, string> { ["Driver"] = "/tmp/evil.so" } }).TestAsync(Stop));
        Assert.Equal("\"Driver\" cannot be given in options.", option.Message);
        var missing = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Maria(database), new ReadRequest { Table = "nope" }));
        Assert.Contains($"Table '{database}.nope' doesn't exist", missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TerminalException>(() => Open(Maria(database) with { Port = FreePort.Take() }).TestAsync(Stop));
        Assert.Null((await Record.ExceptionAsync(() => ReadAsync(Maria(database), new ReadRequest { Table = "t" }))) is not (null or TerminalException) ? "another kind of failure" : null);
    }

    [Fact]
    public async Task ReadAsync_Sqlite_WorksThroughItsDriver()
    {
        ReadyServers.Need(File.Exists(SqliteLibrary), "The ODBC driver of SQLite", "unixodbc libsqliteodbc");
        var rows = await ReadAsync(new OdbcSpec { Driver = "SQLite3", Database = Path.Combine(_fixture.Folder, "a.db"), Query = "SELECT 1 AS a, 'x' AS b" }, new ReadRequest());
        Assert.Equal("1 x", $"{rows[0][0]} {rows[0][1]}");
    }
}
