using FlowForge.Columnar;
using FlowForge.Plugins.Odbc;
using FlowForge.Plugins.Postgres;
using FlowForge.Plugins.Postgres.Changes;
using FlowForge.Plugins.Sqlite;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Suites;

/// <summary>What the database suites have in common.</summary>
public abstract class DatabaseSuiteTests : SuiteTests
{
    protected const string Text = "grün ✓ 😀 \"'\\";

    /// <summary>Types of Arrow that no SQL database has.</summary>
    protected static readonly ArrowTypeId[] NoSqlType =
    [
        ArrowTypeId.Null, ArrowTypeId.Int8, ArrowTypeId.UInt8, ArrowTypeId.UInt16, ArrowTypeId.UInt32, ArrowTypeId.UInt64, ArrowTypeId.HalfFloat, ArrowTypeId.Date64, ArrowTypeId.Time32, ArrowTypeId.Duration,
        ArrowTypeId.LargeString, ArrowTypeId.LargeBinary, ArrowTypeId.FixedSizeBinary, ArrowTypeId.LargeList, ArrowTypeId.FixedSizeList, ArrowTypeId.Struct, ArrowTypeId.Map, ArrowTypeId.Dictionary,
    ];
}

[SuiteOf("postgres"), Collection(AloneCollection.Name)]
public sealed class PostgresSuiteTests(PostgresServer server) : DatabaseSuiteTests
{
    private string _database = "";

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        _database = server.Ready().NewDatabase();
        server.Sql("""
            CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, 5000) i;
            CREATE VIEW v AS SELECT * FROM orders WHERE id > 10; CREATE TABLE none (a int, b text);
            CREATE TABLE one (a int, b text); INSERT INTO one VALUES (NULL, 'grün ✓ 😀 "''\');
            CREATE TABLE many AS SELECT i AS id, repeat('value ' || i || ' ', 10) AS v FROM generate_series(1, 1000000) i;
            CREATE TABLE types (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric(38,10), d date, ti time, ts timestamp, tz timestamptz, iv interval, t text, x bytea, u uuid, l text[]);
            INSERT INTO types VALUES (true, -32768, 2147483647, -9223372036854775808, 1.5, -0.1, 1234567890123456789012345678.0123456789, '0001-01-01', '23:59:59.999999', '2024-02-29 12:34:56.123456', '2024-02-29 12:34:56.123456+02', '1 year 2 mons 3 days 04:05:06.5', 'grün ✓ 😀 "''\', '\x00ff', '00112233-4455-6677-8899-aabbccddeeff', '{a,NULL,"c d"}'),
              (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
            """, _database);
        var port = Nobody;
        return Task.FromResult<ConnectorSuite>(new RowSuite
        {
            Works = () => Open(), TestSays = @"PostgreSQL 1\d\.\d+, 6 readable tables in public", Discovered = "orders", Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open(s => s with { Password = new Secret("canary of the suite") }), $"127.0.0.1:{server.Port}/{_database}: password authentication failed for user \"{PostgresServer.User}\" [28P01]", "Check user, password and the server's pg_hba.conf."),
                new(() => Open(s => s with { Database = "gone" }), $"127.0.0.1:{server.Port}/gone: database \"gone\" does not exist [3D000]", "Check database."),
                new(() => Open(s => s with { Port = port }), $"127.0.0.1:{port}/{_database}: Connection refused", "Check host and port, and whether the server runs."),
                new(() => Open(s => s with { SslMode = SslUse.Require }), $"127.0.0.1:{server.Port}/{_database}: …", "Check ssl_mode: the server may offer no encryption."),
            ],
            Some = Rows(() => Open(), "orders"), None = Rows(() => Open(), "none"), One = Rows(() => Open(), "one"), OneIs = [null, Text], Many = Rows(() => Open(), "many"), Types = Rows(() => Open(), "types"),
            TypesAre = "b: bool, i2: int16, i4: int32, i8: int64, f4: float, f8: double, n: decimal128(38, 10), d: date32, ti: time64[us], ts: timestamp[us], tz: timestamp[us, tz=UTC], iv: interval[month, day, ns], t: string, x: binary, u: uuid, l: list<string>",
            TypeValues =
            [
                [true, short.MinValue, int.MaxValue, long.MinValue, 1.5f, -0.1, "1234567890123456789012345678.0123456789", new DateOnly(1, 1, 1), new TimeOnly(863_999_999_990), new DateTime(2024, 2, 29, 12, 34, 56).AddTicks(1_234_560),
                    new DateTime(2024, 2, 29, 10, 34, 56, DateTimeKind.Utc).AddTicks(1_234_560), new CalendarInterval(14, 3, 14_706_500_000_000), Text, new byte[] { 0, 255 }, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), new List<object?> { "a", null, "c d" }],
                new object?[16],
            ],
            Without = new Dictionary<string, ArrowTypeId[]> { ["PostgreSQL has no such type"] = NoSqlType },
        });
    }

    private PostgresConnector Open(Func<PostgresSpec, PostgresSpec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new PostgresSpec { Host = PostgresServer.Host, Port = server.Port, Database = _database, User = PostgresServer.User, Password = new Secret(PostgresServer.Password) })));
}

[SuiteOf("postgres_cdc"), Collection(AloneCollection.Name)]
public sealed class PostgresChangesSuiteTests(PostgresServer server) : DatabaseSuiteTests
{
    private string _database = "";

    public override void Dispose()
    {
        if (_database.Length > 0) server.Sql($"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '{_database}' AND NOT active", _database);
        base.Dispose();
    }

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        _database = server.Ready().NewDatabase();
        server.Sql("""
            CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, 40000) i;
            CREATE TABLE none (a int PRIMARY KEY, b text);
            CREATE TABLE one (a int PRIMARY KEY, b text, c text); INSERT INTO one VALUES (7, 'grün ✓ 😀 "''\', NULL);
            CREATE TABLE many (id int PRIMARY KEY, v text); INSERT INTO many SELECT i, repeat('value ' || i || ' ', 10) FROM generate_series(1, 1000000) i;
            CREATE TABLE types (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric(38,10), d date, ti time, ts timestamp, tz timestamptz, iv interval, t text, x bytea, u uuid, l text[]);
            ALTER TABLE types REPLICA IDENTITY FULL;
            INSERT INTO types VALUES (true, -32768, 2147483647, -9223372036854775808, 1.5, -0.1, 1234567890123456789012345678.0123456789, '0001-01-01', '23:59:59.999999', '2024-02-29 12:34:56.123456', '2024-02-29 12:34:56.123456+02', '1 year 2 mons 3 days 04:05:06.5', 'grün ✓ 😀 "''\', '\x00ff', '00112233-4455-6677-8899-aabbccddeeff', '{a,NULL,"c d"}'),
              (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
            """, _database);
        var port = Nobody;
        return Task.FromResult<ConnectorSuite>(new RowSuite
        {
            Works = () => Open("orders"), TestSays = @"PostgreSQL 1\d\.\d+, logical replication, \d+ free slots", Discovered = "orders", Secrets = ["canary of the suite"], LeakRounds = 3,
            Refusals =
            [
                new(() => Open("orders", s => s with { Password = new Secret("canary of the suite") }), $"127.0.0.1:{server.Port}/{_database}: password authentication failed for user \"{PostgresServer.User}\" [28P01]", "Check user, password and the server's pg_hba.conf."),
                new(() => Open("orders", s => s with { Port = port }), $"127.0.0.1:{port}/{_database}: Connection refused", "Check host and port, and whether the server runs."),
            ],
            Some = Rows(() => Open("orders")), None = Rows(() => Open("none")), One = Rows(() => Open("one")), OneIs = [7, Text, null, "i"], Many = Rows(() => Open("many")), Types = Rows(() => Open("types")),
            TypesAre = "b: bool, i2: int16, i4: int32, i8: int64, f4: float, f8: double, n: decimal128(38, 10), d: date32, ti: time64[us], ts: timestamp[us], tz: timestamp[us, tz=UTC], iv: interval[month, day, ns], t: string, x: binary, u: uuid, l: list<string>, _ff_op: string not null",
            TypeValues =
            [
                [true, short.MinValue, int.MaxValue, long.MinValue, 1.5f, -0.1, "1234567890123456789012345678.0123456789", new DateOnly(1, 1, 1), new TimeOnly(863_999_999_990), new DateTime(2024, 2, 29, 12, 34, 56).AddTicks(1_234_560),
                    new DateTime(2024, 2, 29, 10, 34, 56, DateTimeKind.Utc).AddTicks(1_234_560), new CalendarInterval(14, 3, 14_706_500_000_000), Text, new byte[] { 0, 255 }, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), new List<object?> { "a", null, "c d" }, "i"],
                [.. new object?[16], "i"],
            ],
            Without = new Dictionary<string, ArrowTypeId[]> { ["PostgreSQL has no such type"] = NoSqlType },
        });
    }

    private ChangesConnector Open(string table, Func<ChangesSpec, ChangesSpec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new ChangesSpec { Host = PostgresServer.Host, Port = server.Port, Database = _database, User = PostgresServer.User, Password = new Secret(PostgresServer.Password), TableName = table })));
}

[SuiteOf("sqlite"), Collection(AloneCollection.Name)]
public sealed class SqliteSuiteTests : DatabaseSuiteTests
{
    protected override Task<ConnectorSuite> SuiteAsync()
    {
        SqliteFile.Run(Path.Combine(Fixture.Folder, "a.db"), """
            CREATE TABLE orders (id INTEGER PRIMARY KEY, v TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) INSERT INTO orders SELECT i, 'v' || i FROM n;
            CREATE TABLE none (id INTEGER, v TEXT); CREATE TABLE one (id INTEGER, v TEXT); INSERT INTO one VALUES (NULL, 'grün ✓ 😀 "''\');
            CREATE TABLE many (id INTEGER, v TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) INSERT INTO many SELECT i, printf('value %d and %090d', i, i) FROM n;
            CREATE TABLE types (b BOOLEAN, i INT, r REAL, t TEXT, x BLOB); INSERT INTO types VALUES (1, -9223372036854775808, 1.5, 'grün ✓ 😀 "''\', x'00ff'), (NULL, NULL, NULL, NULL, NULL);
            """);
        File.WriteAllText(Path.Combine(Fixture.Folder, "no.db"), "this is no database, whatever its name says; it is text of some length, more than a header has");
        return Task.FromResult<ConnectorSuite>(new RowSuite
        {
            Works = () => Open(), TestSays = @"SQLite 3\.\d+\.\d+, 5 tables", Discovered = "orders", IsOrdered = true,
            Refusals =
            [
                new(() => Open("gone.db"), "gone.db does not exist.", null),
                new(() => Open("no.db"), "no.db: file is not a database", null),
                new(() => Open("/etc/passwd"), $"/etc/passwd lies outside the folders that may be read ({Fixture.Folder}).", "Move the files into one of them, or add the folder to the allowed roots of the runtime."),
            ],
            Some = Rows(() => Open(), "orders"), None = Rows(() => Open(), "none"), One = Rows(() => Open(), "one"), OneIs = [null, Text], Many = Rows(() => Open(), "many"), Types = Rows(() => Open(), "types"),
            TypesAre = "b: bool, i: int64, r: double, t: string, x: binary", TypeValues = [[true, long.MinValue, 1.5, Text, new byte[] { 0, 255 }], new object?[5]],
            Without = new Dictionary<string, ArrowTypeId[]>
            {
                ["no SQL database has such a type"] = NoSqlType,
                ["SQLite stores integers of 64 bits, doubles, texts and blobs; times and decimals are texts or numbers there"] =
                    [ArrowTypeId.Int16, ArrowTypeId.Int32, ArrowTypeId.Float, ArrowTypeId.Decimal128, ArrowTypeId.Date32, ArrowTypeId.Time64, ArrowTypeId.Timestamp, ArrowTypeId.Interval, ArrowTypeId.Uuid, ArrowTypeId.List],
            },
        });
    }

    private SqliteConnector Open(string file = "a.db") => new(Fixture.Context(new SqliteSpec { File = file }));
}

[SuiteOf("odbc"), Collection(AloneCollection.Name)]
public sealed class OdbcSuiteTests(MariaDbServer server, PostgresServer postgres) : DatabaseSuiteTests
{
    private string _database = "", _other = "";

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        ReadyServers.Need(File.Exists("/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so"), "The ODBC driver of PostgreSQL", "unixodbc odbc-postgresql");
        (_database, _other) = (server.Ready().NewDatabase(), postgres.Ready().NewDatabase());
        server.Sql("""
            CREATE TABLE orders (id int PRIMARY KEY, note varchar(40)); INSERT INTO orders SELECT seq, concat('note ', seq) FROM seq_1_to_5000;
            CREATE TABLE none (a int, b text); CREATE TABLE one (a int, b varchar(40)); INSERT INTO one VALUES (NULL, 'grün ✓ 😀 "''\\');
            CREATE TABLE many (id int, v varchar(120)); INSERT INTO many SELECT seq, concat('value ', seq, repeat('x', 90)) FROM seq_1_to_1000000;
            """, _database);
        // MariaDB has no uuid that its driver names, and the driver of PostgreSQL has.
        postgres.Sql("""
            CREATE TABLE types (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric(38,10), d date, ts timestamp, t varchar(40), x bytea, u uuid);
            INSERT INTO types VALUES (true, -32768, 2147483647, -9223372036854775808, 1.5, -0.1, 1234567890123456789012345678.0123456789, '1969-12-31', '2024-02-29 12:34:56.123456', 'grün ✓ 😀 "''\', '\x00ff', '00112233-4455-6677-8899-aabbccddeeff'),
              (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
            """, _other);
        var port = Nobody;
        return Task.FromResult<ConnectorSuite>(new RowSuite
        {
            Works = () => Open(), TestSays = @"MariaDB .+ by .*maodbc.*, 4 tables", Discovered = "orders", Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open(s => s with { Password = new Secret("canary of the suite") }), "[ma-…", "Check user and password."),
                new(() => Open(s => s with { Port = port }), "[ma-…", "Check server and port, and whether the server runs."),
                new(() => Open(s => s with { Driver = "No such" }), "[unixODBC][Driver Manager]Can't open lib 'No such' : file not found [01000]", "Check driver against what odbcinst -q -d lists, or dsn against odbc.ini."),
                new(() => Open(s => s with { Driver = null }), "One of driver and dsn is needed, and not both.", null),
            ],
            Some = Rows(() => Open(), "orders"), None = Rows(() => Open(), "none"), One = Rows(() => Open(), "one"), OneIs = [null, Text], Many = Rows(() => Open(), "many"),
            Types = Rows(() => new OdbcConnector(Fixture.Context(new OdbcSpec { Driver = "PostgreSQL Unicode", Server = PostgresServer.Host, Port = postgres.Port, Database = _other, User = PostgresServer.User, Password = new Secret(PostgresServer.Password) })), "types"),
            TypesAre = "b: bool, i2: int16, i4: int32, i8: int64, f4: float, f8: double, n: decimal128(38, 10), d: date32, ts: timestamp[us], t: string, x: binary, u: uuid",
            TypeValues =
            [
                [true, short.MinValue, int.MaxValue, long.MinValue, 1.5f, -0.1, "1234567890123456789012345678.0123456789", new DateOnly(1969, 12, 31), new DateTime(2024, 2, 29, 12, 34, 56).AddTicks(1_234_560), Text, new byte[] { 0, 255 }, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")],
                new object?[12],
            ],
            Without = new Dictionary<string, ArrowTypeId[]> { ["no SQL database has such a type"] = NoSqlType, ["ODBC has no lists, times of day come as texts, and so do intervals"] = [ArrowTypeId.Time64, ArrowTypeId.Interval, ArrowTypeId.List] },
        });
    }

    private OdbcConnector Open(Func<OdbcSpec, OdbcSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new OdbcSpec
    {
        Driver = "MariaDB Unicode", Server = MariaDbServer.Host, Port = server.Port, Database = _database, User = MariaDbServer.User, Password = new Secret(MariaDbServer.Password),
    })));
}
