using FlowForge.Columnar;
using FlowForge.Plugins.Postgres;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Postgres;

/// <summary>What the suite of sinks does not ask: types that only PostgreSQL has words for, tables that were there before, and what is said when rows do not fit.</summary>
public sealed class PostgresSinkTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly PostgresServer _server;
    private readonly string _database;
    private int _writes;

    public PostgresSinkTests(PostgresServer server)
    {
        _server = server.Ready();
        _database = server.NewDatabase();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private string Sql(string sql) => _server.Sql(sql, _database);

    [Fact]
    public async Task WriteAsync_NumbersAndTimes_AreTheServersOwn()
    {
        var numbers = new Decimal128Array.Builder(new Decimal128Type(38, 10));
        Int128[] values = [0, 1, -1, 10_000, 12_345, -99_990_000, Int128.Parse("99999999999999999999999999999999999999"), Int128.Parse("-10000000000000000000000000000000000001"), 500_000_000, 10_000_000_000];
        foreach (var value in values) numbers.Append(value);
        var narrow = new Decimal128Array.Builder(new Decimal128Type(38, 38));
        foreach (var value in values) narrow.Append(value);
        var days = new Date32Array.Builder();
        var moments = new TimestampArray.Builder(new TimestampType(TimeUnit.Millisecond, "UTC"));
        for (var i = 0; i < values.Length; i++)
        {
            days.Append(i switch { 0 => int.MaxValue, 1 => -int.MaxValue, _ => -719_162 - i });
            moments.Append(i switch { 0 => long.MaxValue, 1 => -long.MaxValue, _ => -1L - i });
        }
        await WriteAsync("t", new Schema([new Field("n", new Decimal128Type(38, 10)), new Field("s", new Decimal128Type(38, 38)), new Field("d", Date32Type.Default), new Field("m", new TimestampType(TimeUnit.Millisecond, "UTC"))]), numbers.Build(), narrow.Build(), days.Build(), moments.Build());
        Assert.Equal(values.Select(v => Decimal128Array.ToText(v, 10)), Sql("SELECT n FROM t ORDER BY ctid").Split('\n'));
        Assert.Equal(values.Select(v => Decimal128Array.ToText(v, 38)), Sql("SELECT s FROM t ORDER BY ctid").Split('\n'));
        Assert.Equal(["infinity|infinity", "-infinity|-infinity", "0001-12-30 BC|1969-12-31 23:59:59.997+00", "0001-12-29 BC|1969-12-31 23:59:59.996+00"], Sql("SET TimeZone = 'UTC'; SELECT d, m FROM t ORDER BY ctid LIMIT 4").Split('\n'));
        Assert.Equal("numeric(38,10)|numeric(38,38)|date|timestamp with time zone", Sql("SELECT string_agg(format_type(atttypid, atttypmod), '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"));
    }

    [Fact]
    public async Task WriteAsync_TableOfThePeople_KeepsAllThatItIs()
    {
        Sql("""
            CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN positive AS bigint CHECK (VALUE > 0); CREATE ROLE reader; CREATE SCHEMA crm;
            CREATE TABLE crm.people (note text DEFAULT 'none', id positive PRIMARY KEY, u uuid, m mood, j jsonb, v varchar(4), n numeric(20,2), stamp timestamptz DEFAULT now(), twice bigint GENERATED ALWAYS AS (id * 2) STORED);
            GRANT SELECT ON crm.people TO reader; CREATE INDEX by_mood ON crm.people (m); CREATE VIEW crm.sad AS SELECT id FROM crm.people WHERE m = 'sad';
            """);
        var schema = new Schema([new Field("id", Int32Type.Default), new Field("u", StringType.Default), new Field("m", StringType.Default), new Field("j", StringType.Default), new Field("v", StringType.Default), new Field("n", new Decimal128Type(10, 1))]);
        for (var i = 0; i < 2; i++)
            await WriteAsync("crm.people", schema, Rows(schema, [1, "00112233-4455-6677-8899-aabbccddeeff", "sad", "{\"a\": [1,  2]}", "grün", 1.5m], [2, null, "ok", "null", null, -0.1m]));
        Assert.Equal("none|1|00112233-4455-6677-8899-aabbccddeeff|sad|{\"a\": [1, 2]}|grün|1.50|t|2\nnone|2||ok|null||-0.10|t|4", Sql("SELECT note, id, u, m, j, v, n, stamp IS NOT NULL, twice FROM crm.people ORDER BY id"));
        Assert.Equal("1|t|t", Sql("SELECT (SELECT count(*) FROM crm.sad), has_table_privilege('reader', 'crm.people', 'SELECT'), to_regclass('crm.by_mood') IS NOT NULL"));
        Assert.Equal("people|2|2", Sql("SELECT table_name, written, rows FROM crm.flowforge_deliveries"));
        Sql("DROP OWNED BY reader; DROP ROLE reader");
    }

    [Fact]
    public async Task WriteAsync_TableThatDoesNotFit_SaysAllOfIt_AndHowToMendIt()
    {
        Sql("CREATE TABLE t (id smallint, name varchar(9), price numeric(6,2), made bigint GENERATED ALWAYS AS IDENTITY, must text NOT NULL, at timestamp); INSERT INTO t (must) VALUES ('mine')");
        var schema = new Schema([new Field("id", Int32Type.Default), new Field("name", StringType.Default), new Field("price", new Decimal128Type(8, 2)), new Field("made", Int64Type.Default), new Field("at", new TimestampType(TimeUnit.Microsecond, "UTC")), new Field("extra", new ListType(StringType.Default))]);
        await RefusedAsync("t", schema, [], "public.t holds rows that no delivery wrote. Nothing was changed there.", "Deliver into another table, or empty that one.");
        Sql("DELETE FROM t");
        await RefusedAsync("t", schema, [],
            "public.t does not take these rows: it has id as smallint, which does not hold every integer; it has price as numeric(6,2), which does not hold every numeric(8,2); it makes the values of made itself; it has at as timestamp without time zone, which does not hold every timestamptz; it has no column extra; it asks for must, which the rows do not have.",
            """Run ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE integer, ALTER COLUMN "price" TYPE numeric(8,2), ALTER COLUMN "made" DROP IDENTITY, ALTER COLUMN "at" TYPE timestamptz, ADD COLUMN "extra" jsonb, ALTER COLUMN "must" DROP NOT NULL; or change the columns in the SQL of the delivered table.""");
        // What it says works.
        Sql("""ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE integer, ALTER COLUMN "price" TYPE numeric(8,2), ALTER COLUMN "made" DROP IDENTITY, ALTER COLUMN "at" TYPE timestamptz, ADD COLUMN "extra" jsonb, ALTER COLUMN "must" DROP NOT NULL""");
        await WriteAsync("t", schema, Rows(schema, [1, "x", 123456.78m, 5L, new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc), new List<object?> { "a" }]));
        Assert.Equal("1|x|123456.78|5|[\"a\"]", Sql("SELECT id, name, price, made, extra FROM t"));
        Sql("CREATE VIEW v AS SELECT 1 AS id");
        await RefusedAsync("v", schema, [], "public.v is a view, and rows are written into tables.", "Deliver into a table of another name.");
        await RefusedAsync("nowhere.t", schema, [], $"{_database} has no schema nowhere to make nowhere.t in.", "Make it (CREATE SCHEMA \"nowhere\"), or name a table in a schema that is there.");
        var longName = new string('ä', 32);
        await RefusedAsync("other", new Schema([new Field(longName, Int32Type.Default)]), [], $"public.other: the column name {longName} is longer than the 63 bytes that PostgreSQL takes.", "Give it a shorter name in the SQL of the delivered table.");
    }

    [Fact]
    public async Task WriteAsync_RowThatDoesNotFit_IsNamed_AndNothingChanges()
    {
        Sql("CREATE TABLE t (id int UNIQUE, name varchar(3), d date CHECK (d < '2030-01-01'), u uuid)");
        var schema = new Schema([new Field("id", Int32Type.Default), new Field("name", StringType.Default), new Field("d", Date32Type.Default), new Field("u", StringType.Default)]);
        await WriteAsync("t", schema, Rows(schema, [1, "old", null, null]));
        await RefusedAsync("t", schema, Rows(schema, [1, "a", null, null], [2, "a\0b", null, null]), "public.t: row 2, column name holds a text with a NUL character (U+0000), which PostgreSQL cannot store.", "Take it out in the SQL of the table: replace(column, chr(0), '').");
        await RefusedAsync("t", schema, Rows(schema, [1, "abc", null, null], [2, "abcd", null, null]), "public.t: value too long for type character varying(3) in row 2, column name [22001]. Nothing was changed there.", "Widen the column there, or cut the text in the SQL of the delivered table.");
        await RefusedAsync("t", schema, Rows(schema, [7, "a", null, null], [7, "b", null, null]), "public.t: duplicate key value violates unique constraint \"t_id_key\" (Key (id)=(7) already exists.) in row 2 [23505]. Nothing was changed there.", "Rows have the same key: make them unique in the SQL of the delivered table, or drop the index.");
        await RefusedAsync("t", schema, Rows(schema, [1, "a", new DateOnly(2031, 1, 1), null]), "public.t: new row for relation \"t\" violates check constraint \"t_d_check\" in row 1 [23514]. Nothing was changed there.", "Change the table there, or the rows in the SQL of the delivered table.");
        await RefusedAsync("t", schema, Rows(schema, [1, "a", null, "no uuid"]), "public.t: row 1, column u holds a text that is no uuid.", "Mend it in the SQL of the table, or make the column text.");
        var beyond = new Date32Array.Builder();
        beyond.Append(-2_500_000);
        await RefusedAsync("t", new Schema([new Field("d", Date32Type.Default)]), [beyond.Build()], "public.t: row 1, column d holds a date beyond those of PostgreSQL (-2500000 days from 1970-01-01).", "Leave such rows out, or give a NULL for them, in the SQL of the table.");
        Assert.Equal("1|old", Sql("SELECT id, name FROM t"));

        // A trigger that drops rows, and a foreign key that would take rows along.
        Sql("CREATE FUNCTION drops() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = 5 THEN RETURN NULL; END IF; RETURN NEW; END'; CREATE TRIGGER none BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION drops()");
        const string AddUp = "Somebody else writes into the table, or a trigger, rule or policy there changes what is written. Without those, a run with a full refresh delivers all rows anew.";
        await RefusedAsync("t", schema, Rows(schema, [4, "a", null, null], [5, "b", null, null]), "public.t: 2 rows were written, and 1 are there. Nothing was changed there.", AddUp);
        await RefusedAsync("t", schema, Rows(schema, [4, "a", null, null], [5, "b", null, null]), "public.t: 2 rows were written, and 1 were taken. Nothing was changed there.", AddUp, replace: false);
        Sql("CREATE TABLE children (t int REFERENCES t (id) ON DELETE CASCADE); INSERT INTO children VALUES (1)");
        await RefusedAsync("t", schema, [], "Rows of children refer to public.t by a foreign key: replacing all of its rows would take them along, or fail. Nothing was changed there.", "Deliver with mode: merge and keys, or drop the foreign key.");
        Assert.Equal("1|old|1", Sql("SELECT id, name, (SELECT count(*) FROM children) FROM t"));
    }

    [Fact]
    public async Task WriteAsync_Partitioned_IsAddedTo_AndMergeAsksForAnIndexOfTheKeys()
    {
        Sql("CREATE TABLE p (id int, region text) PARTITION BY LIST (region); CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a'); CREATE TABLE p_b PARTITION OF p FOR VALUES IN ('b')");
        var schema = new Schema([new Field("id", Int32Type.Default), new Field("region", StringType.Default)]);
        await WriteAsync("p", schema, Rows(schema, [1, "a"], [2, "b"]));
        await WriteAsync("p", schema, r => r with { Replace = false, After = $"k{_writes - 2}" }, Rows(schema, [3, "b"]));
        Assert.Equal("1|a|p_a\n2|b|p_b\n3|b|p_b", Sql("SELECT id, region, tableoid::regclass FROM p ORDER BY id"));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => WriteAsync("p", schema, r => r with { Keys = ["id", "region"] }, Rows(schema, [3, "b"])));
        Assert.Equal(("public.p has no primary key and no unique index of (id, region), by which its rows are merged.", "Run CREATE UNIQUE INDEX ON \"public\".\"p\" (\"id\", \"region\")."), (failure.Message, failure.Suggestion));
        Sql("CREATE UNIQUE INDEX ON \"public\".\"p\" (\"region\", \"id\")");
        await WriteAsync("p", schema, r => r with { Keys = ["id", "region"] }, Rows(schema, [4, "a"]));
        // A new table whose keys are not unique is not made.
        var twice = await Assert.ThrowsAsync<TerminalException>(() => WriteAsync("fresh", schema, r => r with { Keys = ["id"] }, Rows(schema, [4, "a"], [4, "b"])));
        Assert.Equal("public.fresh: could not create unique index \"fresh_pkey\" (Key (id)=(4) is duplicated.) [23505]. Nothing was changed there.", twice.Message);
        Assert.Equal("4|p|t", Sql("SELECT id, (SELECT table_name FROM flowforge_deliveries), to_regclass('fresh') IS NULL FROM p"));
    }

    [Fact]
    public async Task WriteAsync_WithoutRights_SaysWhichAreNeeded_AndAWriterThatWaitsTooLongTriesAgain()
    {
        Sql("CREATE ROLE weak LOGIN PASSWORD 'canary of weak'");
        var schema = new Schema([new Field("id", Int32Type.Default)]);
        var weak = new PostgresConnector(_fixture.Context(Spec with { User = "weak", Password = new Secret("canary of weak") }));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => weak.WriteAsync(Request("t", schema), Given(), Stop));
        Assert.Equal("t: permission denied for schema public [42501]", failure.Message);
        Assert.StartsWith("The login makes tables (CREATE on the schema", failure.Suggestion, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", $"{failure} {failure.Suggestion} {string.Join("\n", _fixture.Lines)}", StringComparison.Ordinal);
        weak.Dispose();
        Sql("DROP ROLE weak");

        async IAsyncEnumerable<RecordBatch> Given()
        {
            await Task.CompletedTask;
            yield break;
        }
    }

    private PostgresSpec Spec => new() { Host = PostgresServer.Host, Port = _server.Port, Database = _database, User = PostgresServer.User, Password = new Secret(PostgresServer.Password) };

    private WriteRequest Request(string table, Schema schema) => new(table, schema, $"k{_writes++}", Replace: true) { Writer = "shop/out" };

    private static IArrowArray[] Rows(Schema schema, params object?[][] rows)
    {
        var builder = new RecordBatchBuilder(schema);
        foreach (var row in rows) builder.AppendRow(row);
        return [.. builder.Columns.Select(c => (IArrowArray)c.Build())];
    }

    private Task<long> WriteAsync(string table, Schema schema, params IArrowArray[] columns) => WriteAsync(table, schema, r => r, columns);

    private async Task<long> WriteAsync(string table, Schema schema, Func<WriteRequest, WriteRequest> change, params IArrowArray[] columns)
    {
        using var connector = new PostgresConnector(_fixture.Context(Spec));
        return await connector.WriteAsync(change(Request(table, schema)), Given(), Stop);

        async IAsyncEnumerable<RecordBatch> Given()
        {
            await Task.CompletedTask;
            if (columns.Length > 0) yield return new RecordBatch(schema, columns, columns[0].Length);
        }
    }

    private async Task RefusedAsync(string table, Schema schema, IArrowArray[] columns, string message, string suggestion, bool replace = true)
    {
        using var connector = new PostgresConnector(_fixture.Context(Spec));
        var after = replace ? null : (await connector.MarkAsync(table, Stop))?.Key;
        var failure = await Assert.ThrowsAsync<TerminalException>(() => WriteAsync(table, schema, r => r with { Replace = replace, After = after }, columns));
        Assert.Equal(message, failure.Message);
        Assert.Equal(suggestion, failure.Suggestion);
    }
}
