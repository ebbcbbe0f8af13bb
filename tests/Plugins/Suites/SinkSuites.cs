using FlowForge.Columnar;
using FlowForge.Plugins.Postgres;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Suites;

[SuiteOf("postgres", IsSink = true), Collection(AloneCollection.Name)]
public sealed class PostgresSinkSuiteTests(PostgresServer server) : SuiteTests
{
    private const string Text = "grün ✓ 😀 \"'\\";
    private string _database = "";

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        _database = server.Ready().NewDatabase();
        server.Sql("CREATE TABLE there (id int)", _database);
        var uuid = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
        var (local, moment) = (new DateTime(2024, 2, 29, 12, 34, 56).AddTicks(1_234_560), new DateTime(2024, 2, 29, 10, 34, 56, DateTimeKind.Utc).AddTicks(1_234_560));
        var item = new StructType([new Field("a", Int32Type.Default), new Field("b", new ListType(StringType.Default))]);
        (string Name, IArrowType Type, object? Value, object? Comes)[] all =
        [
            ("b", BooleanType.Default, true, true), ("i1", Int8Type.Default, sbyte.MinValue, (short)sbyte.MinValue), ("i2", Int16Type.Default, short.MinValue, short.MinValue), ("i4", Int32Type.Default, int.MaxValue, int.MaxValue), ("i8", Int64Type.Default, long.MinValue, long.MinValue),
            ("u1", UInt8Type.Default, byte.MaxValue, (short)byte.MaxValue), ("u2", UInt16Type.Default, ushort.MaxValue, (int)ushort.MaxValue), ("u4", UInt32Type.Default, uint.MaxValue, (long)uint.MaxValue), ("u8", UInt64Type.Default, ulong.MaxValue, ulong.MaxValue),
            ("f2", HalfFloatType.Default, (Half)1.5, 1.5f), ("f4", FloatType.Default, float.NaN, float.NaN), ("f8", DoubleType.Default, -0.1, -0.1), ("n", new Decimal128Type(18, 4), -12345678901234.5678m, -12345678901234.5678m),
            ("d", Date32Type.Default, new DateOnly(1, 1, 1), new DateOnly(1, 1, 1)), ("t", new Time64Type(TimeUnit.Microsecond), new TimeOnly(863_999_999_990), new TimeOnly(863_999_999_990)),
            ("ts", new TimestampType(TimeUnit.Microsecond), local, local), ("tz", new TimestampType(TimeUnit.Microsecond, "UTC"), moment, moment), ("iv", new IntervalType(IntervalUnit.MonthDayNanosecond), new CalendarInterval(14, 3, 14_706_500_000_000), new CalendarInterval(14, 3, 14_706_500_000_000)),
            ("s", StringType.Default, Text, Text), ("x", BinaryType.Default, new byte[] { 0, 255 }, new byte[] { 0, 255 }), ("g", UuidType.Default, uuid, uuid), ("l", new ListType(item), new List<object?> { new Dictionary<string, object?> { ["a"] = 1, ["b"] = new List<object?> { "x\"y", null } }, null }, """[{"a": 1, "b": ["x\"y", null]}, null]"""),
        ];
        return Task.FromResult<ConnectorSuite>(new SinkSuite
        {
            Works = () => Connector(), Open = () => Connector(), TestSays = @"PostgreSQL 1\d\.\d+, \d+ readable tables in public", Discovered = "there", Secrets = ["canary of the suite"], LeakRounds = 3,
            Refusals = [new(() => Connector(s => s with { Password = new Secret("canary of the suite") }), $"127.0.0.1:{server.Port}/{_database}: password authentication failed for user \"{PostgresServer.User}\" [28P01]", "Check user, password and the server's pg_hba.conf.")],
            Rows = async (table, ct) => await RowSourceAcceptance.ReadAsync(Connector(), new ReadRequest { Table = table }, ct),
            Count = (table, _) => Task.FromResult(long.Parse(server.Sql($"SELECT count(*) FROM {table}", _database), System.Globalization.CultureInfo.InvariantCulture)),
            Types = new Schema(all.Select(c => new Field(c.Name, c.Type))),
            TypeValues = [[.. all.Select(c => c.Value)], new object?[all.Length]], TypesCome = [[.. all.Select(c => c.Comes)], new object?[all.Length]],
            Without = new Dictionary<string, ArrowTypeId[]>
            {
                ["builders make none of these; PostgresSinkTests has them"] =
                    [ArrowTypeId.Null, ArrowTypeId.Date64, ArrowTypeId.Time32, ArrowTypeId.Duration, ArrowTypeId.LargeString, ArrowTypeId.LargeBinary, ArrowTypeId.FixedSizeBinary, ArrowTypeId.LargeList, ArrowTypeId.FixedSizeList, ArrowTypeId.Map, ArrowTypeId.Dictionary],
            },
        });
    }

    private PostgresConnector Connector(Func<PostgresSpec, PostgresSpec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new PostgresSpec { Host = PostgresServer.Host, Port = server.Port, Database = _database, User = PostgresServer.User, Password = new Secret(PostgresServer.Password) })));
}
