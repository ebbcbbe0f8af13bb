using System.Diagnostics;
using FlowForge.Plugins.Sqlite;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Sqlite;

/// <summary>The sqlite connector on real database files.</summary>
public sealed class SqliteConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private SqliteConnector Open(string? query = null, string file = "a.db") => new(_fixture.Context(new SqliteSpec { File = file, Query = query }));

    private Task<List<object?[]>> ReadAsync(ReadRequest request, string? query = null) => RowSourceAcceptance.ReadAsync(Open(query), request, Stop);

    private void Sql(string sql, string file = "a.db") => SqliteFile.Run(Path.Combine(_fixture.Folder, file), sql);

    [Fact]
    public async Task ReadAsync_Types_AreWhatTheValuesProve()
    {
        Sql("""
            CREATE TABLE t (i INT, b BOOLEAN, notb BOOLEAN, r REAL, n NUMERIC, t TEXT, x BLOB, lie INTEGER, mix, empty DOUBLE, none);
            INSERT INTO t VALUES (9223372036854775807, 1, 2, 1.5, 3, 'grün', x'00ff', 'text', 'a', NULL, NULL), (NULL, 0, 0, -1, 2.5, '', x'', 7, x'CAFE', NULL, NULL);
            """);
        using var connector = Open();
        Assert.Equal("i: int64, b: bool, notb: int64, r: double, n: double, t: string, x: binary, lie: string, mix: string, empty: double, none: string",
            (await connector.SchemaAsync(new ReadRequest { Table = "t" }, Stop)).ToString());
        var rows = await ReadAsync(new ReadRequest { Table = "t" });
        Assert.Equal<object?>([long.MaxValue, true, 2L, 1.5, 3.0, "grün", new byte[] { 0, 255 }, "text", "a", null, null], rows[0]);
        Assert.Equal<object?>([null, false, 0L, -1.0, 2.5, "", Array.Empty<byte>(), "7", "X'CAFE'", null, null], rows[1]);
    }

    [Fact]
    public async Task ReadAsync_WaitsForTheConnectionsPaceOnceAStatement()
    {
        Sql("CREATE TABLE t (i INT); INSERT INTO t VALUES (1), (2)");
        using var connector = Open();
        await connector.SchemaAsync(new ReadRequest { Table = "t" }, Stop);
        Assert.Equal(1, _fixture.Waits);
        await foreach (var batch in connector.ReadAsync(new ReadRequest { Table = "t" }, Stop)) batch.Rows.Dispose();
        Assert.Equal(2, _fixture.Waits);
        await connector.TestAsync(Stop);
        await foreach (var _ in connector.DiscoverAsync(Stop)) { }
        Assert.Equal(4, _fixture.Waits);
    }

    [Fact]
    public async Task ReadAsync_From_IsInclusiveAndComparesByKind()
    {
        Sql("CREATE TABLE t (i INT, r REAL, s TEXT); INSERT INTO t VALUES (2, 2.5, 'a'), (10, 10.5, 'B'), (100, 9, 'c'), (NULL, NULL, NULL)");
        Assert.Equal<object?>([10L, 100L], (await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("i", "10") })).Select(r => r[0]));
        Assert.Equal<object?>([10.5, 9.0], (await ReadAsync(new ReadRequest { From = new Watermark("x", "9") }, "SELECT r * 1.0 AS x FROM t")).Select(r => r[0]));
        Assert.Equal<object?>(["a", "c"], (await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("s", "a") })).Select(r => r[2]));
        Assert.Equal<object?>([100L, null], (await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("i", "50") { IncludeNulls = true } })).Select(r => r[0]));
        Assert.Equal(4, (await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("i", null) })).Count);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest { Table = "t", From = new Watermark("z", "1") }));
        Assert.Equal("There is no column z to read by. There are: i, r, s.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_NumbersOfSeveralKinds_KeepEachDigit()
    {
        Sql("""
            CREATE TABLE t (small, large, low, text);
            INSERT INTO t VALUES (9007199254740992, 9007199254740993, -9007199254740993, 'a'), (0.1, 0.1, 1e300, 0.1), (-2.5, NULL, 2, 0.30000000000000004), (1, 9e999, 1, 9223372036854775807), (1, 1.0, 1, 2.0);
            """);
        using var connector = Open();
        Assert.Equal("small: double, large: string, low: string, text: string", (await connector.SchemaAsync(new ReadRequest { Table = "t" }, Stop)).ToString());
        var rows = await ReadAsync(new ReadRequest { Table = "t" });
        Assert.Equal<object?>([9007199254740992.0, 0.1, -2.5, 1.0, 1.0], rows.Select(r => r[0]));
        Assert.Equal<object?>(["9007199254740993", "0.1", null, "Inf", "1.0"], rows.Select(r => r[1]));
        Assert.Equal<object?>(["-9007199254740993", "1.0e+300", "2", "1", "1"], rows.Select(r => r[2]));
        Assert.Equal<object?>(["a", "0.1", "0.30000000000000004", "9223372036854775807", "2.0"], rows.Select(r => r[3]));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest { Table = "t", From = new Watermark("large", "1") }));
        Assert.Equal("The column large holds values of several kinds, which have no common order to read by.", failure.Message);
        Assert.Single(await ReadAsync(new ReadRequest { Table = "t", From = new Watermark("small", "1.5") }));
    }

    [Fact]
    public async Task ReadAsync_WriterBetweenProofAndRead_ChangesNothing()
    {
        Sql("PRAGMA journal_mode = WAL; CREATE TABLE t (i INT); INSERT INTO t VALUES (1), (2)");
        using var connector = Open();
        var schema = await connector.SchemaAsync(new ReadRequest { Table = "t" }, Stop);
        Sql("INSERT INTO t VALUES ('late and no number')");
        await foreach (var batch in connector.ReadAsync(new ReadRequest { Table = "t" }, Stop))
        {
            Assert.Equal((schema, 2), (batch.Rows.Schema, batch.Rows.Length));
            batch.Rows.Dispose();
        }
    }

    [Fact]
    public async Task DiscoverAsync_ListsTablesColumnsAndKeys()
    {
        Sql("CREATE TABLE b (x INT, y TEXT NOT NULL, g AS (x + 1), PRIMARY KEY (y, x)) WITHOUT ROWID; CREATE TABLE a (z VARCHAR(9)); CREATE VIEW v AS SELECT z FROM a");
        var tables = new List<DiscoveredTable>();
        using var connector = Open();
        await foreach (var table in connector.DiscoverAsync(Stop)) tables.Add(table);
        Assert.Equal(["a: z VARCHAR(9) ()", "b: x INT, y TEXT, g  (y, x)", "v: z VARCHAR(9) ()"], tables.Select(t => $"{t.Name}: {string.Join(", ", t.Columns.Select(c => c.Name + " " + c.Type))} ({string.Join(", ", t.Keys)})"));
        Assert.Matches(@"^SQLite 3\.\d+\.\d+, 3 tables$", await connector.TestAsync(Stop));
    }

    [Fact]
    public async Task ReadAsync_LongQuery_IsInterrupted()
    {
        Sql("CREATE TABLE t (i INT)");
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RowSourceAcceptance.ReadAsync(Open("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT max(i) AS m FROM n"), new ReadRequest(), cancel.Token));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"It took {clock.Elapsed}.");
    }

    [Fact]
    public async Task Connector_WrongSettings_AreNamed()
    {
        Sql("CREATE TABLE t (i INT)");
        File.WriteAllText(Path.Combine(_fixture.Folder, "no.db"), "this is no database, whatever its name says; it is text of some length, more than a header has");
        Assert.Equal("none.db does not exist.", (await Assert.ThrowsAsync<TerminalException>(() => Open(file: "none.db").TestAsync(Stop))).Message);
        Assert.Equal("no.db: file is not a database", (await Assert.ThrowsAsync<TerminalException>(() => Open(file: "no.db").TestAsync(Stop))).Message);
        Assert.Equal($"/etc/passwd lies outside the folders that may be read ({_fixture.Folder}).", (await Assert.ThrowsAsync<TerminalException>(() => Open(file: "/etc/passwd").TestAsync(Stop))).Message);
        Assert.Equal("a.db: no such table: nope", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest { Table = "nope" }))).Message);
        Assert.Equal("a.db: near \"AS\": syntax error", (await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(new ReadRequest(), "ATTACH 'x' AS y"))).Message);
    }
}
