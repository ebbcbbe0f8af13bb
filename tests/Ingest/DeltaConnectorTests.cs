using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Ingest.Delta;
using FlowForge.Plugins;
using FlowForge.Plugins.Testing;

namespace FlowForge.Ingest.Tests;

/// <summary>Delta tables of other tools, read at a version: by the whole acceptance suite, and into a table of the lake.</summary>
public sealed class DeltaConnectorTests : IDisposable
{
    // The protocol's own example of an inline deletion vector: rows 3, 4, 7, 11, 18 and 29.
    private const string Vector = "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
    private readonly ConnectorFixture _fixture = new();
    private readonly DuckDatabase _database = DuckDatabase.Open();
    private readonly DuckSession _session;

    public DeltaConnectorTests() => _session = _database.Connect();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _session.Dispose();
        _database.Dispose();
        _fixture.Dispose();
    }

    private DeltaConnector Open(string path, Func<DeltaSpec, DeltaSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(new DeltaSpec { Path = path })));

    [Fact]
    public async Task Connector_ForeignTables_PassTheWholeSuite()
    {
        Table("w/orders", Column("id", "long"), "SELECT i AS id FROM range(40000) t(i)");
        Table("w/none", Column("id", "long"), null);
        Table("w/one", $"{Column("id", "long")},{Column("note", "string")}", "SELECT NULL::BIGINT AS id, 'grün ✓ 😀' AS note");
        Table("many", $"{Column("id", "long")},{Column("note", "string")}", "SELECT i AS id, repeat('x', 100) || i AS note FROM range(1000000) t(i)");
        Table("types", string.Join(',', Column("b", "boolean"), Column("i1", "byte"), Column("i2", "short"), Column("i4", "integer"), Column("i8", "long"), Column("f4", "float"), Column("f8", "double"), Column("n", "decimal(38,10)"), Column("d", "date"),
            Column("ts", "timestamp_ntz"), Column("tz", "timestamp"), Column("t", "string"), Column("x", "binary"), Column("l", """{"type":"array","elementType":"string","containsNull":true}"""),
            Column("s", $$"""{"type":"struct","fields":[{{Column("a", "integer")}}]}"""), Column("m", """{"type":"map","keyType":"string","valueType":"integer","valueContainsNull":true}""")),
            """
            SELECT true AS b, (-128)::TINYINT AS i1, (-32768)::SMALLINT AS i2, 2147483647 AS i4, (-9223372036854775808)::BIGINT AS i8, 1.5::FLOAT AS f4, -0.1::DOUBLE AS f8, 1234567890123456789012345678.0123456789::DECIMAL(38,10) AS n, DATE '0001-01-01' AS d,
              TIMESTAMP '2024-02-29 12:34:56.123456' AS ts, TIMESTAMPTZ '2024-02-29 10:34:56.123456+00' AS tz, 'grün' AS t, '\x00\xFF'::BLOB AS x, ['a', NULL] AS l, {'a': 1} AS s, MAP {'k': 7} AS m
            UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            """);
        Reading<IBatchSource> Rows(string path) => new(() => Open(path), new ReadRequest());
        var suite = new RowSuite
        {
            Works = () => Open("w"), TestSays = "3 Delta tables below w", Discovered = "orders",
            Refusals =
            [
                new(() => Open("gone"), "gone is no Delta table: there is no _delta_log with a version in it.", "Name the folder that holds _delta_log, or one of the tables below path in table_name."),
                new(() => Open("/etc"), $"/etc lies outside the folders that may be read ({_fixture.Folder}).", "Move the files into one of them, or add the folder to the allowed roots of the runtime."),
                new(() => Open("many", s => s with { Version = 7 }), "many has no version 7: the newest is 0.", "Correct version."),
                new(() => Open("many", s => s with { Timestamp = DateTimeOffset.UnixEpoch }), "many has no version of 1970-01-01 00:00:00Z or before that is still kept.", "Give a later timestamp."),
                new(() => Open("many", s => s with { Version = 0, Timestamp = DateTimeOffset.UnixEpoch }), "Both version and timestamp are given.", "Keep one of them."),
            ],
            Some = new(() => Open("w"), new ReadRequest { Table = "orders" }), None = Rows("w/none"), One = Rows("w/one"), OneIs = [null, "grün ✓ 😀"], Many = Rows("many"), Types = Rows("types"), IsOrdered = true,
            TypesAre = "b: bool, i1: int8, i2: int16, i4: int32, i8: int64, f4: float, f8: double, n: decimal128(38, 10), d: date32, ts: timestamp[us], tz: timestamp[us, tz=UTC], t: string, x: binary, l: list<string>, s: struct<a: int32>, m: map<string, int32>",
            TypeValues =
            [
                [true, (sbyte)-128, short.MinValue, int.MaxValue, long.MinValue, 1.5f, -0.1, "1234567890123456789012345678.0123456789", new DateOnly(1, 1, 1), new DateTime(2024, 2, 29, 12, 34, 56).AddTicks(1_234_560), new DateTime(2024, 2, 29, 10, 34, 56, DateTimeKind.Utc).AddTicks(1_234_560),
                    "grün", new byte[] { 0, 255 }, new List<object?> { "a", null }, new Dictionary<string, object?> { ["a"] = 1 }, new List<KeyValuePair<object, object?>> { new("k", 7) }],
                new object?[16],
            ],
            Without = new Dictionary<string, ArrowTypeId[]>
            {
                ["Delta has no such type"] =
                [
                    ArrowTypeId.Null, ArrowTypeId.UInt8, ArrowTypeId.UInt16, ArrowTypeId.UInt32, ArrowTypeId.UInt64, ArrowTypeId.HalfFloat, ArrowTypeId.Date64, ArrowTypeId.Time32, ArrowTypeId.Time64, ArrowTypeId.Duration, ArrowTypeId.Interval, ArrowTypeId.LargeString,
                    ArrowTypeId.LargeBinary, ArrowTypeId.FixedSizeBinary, ArrowTypeId.Uuid, ArrowTypeId.LargeList, ArrowTypeId.FixedSizeList, ArrowTypeId.Dictionary,
                ],
            },
        };
        await suite.CheckAsync(Stop);
    }

    [Fact]
    public async Task Run_TableWithVectorsMappingAndPartitions_IsReadAtItsVersions()
    {
        using var bench = new Bench();
        var folder = Path.Combine(bench.Workspace, "orders");
        var mapped = (string name, string type, int id) => $$$"""{"name":"{{{name}}}","type":"{{{type}}}","nullable":true,"metadata":{"delta.columnMapping.id":{{{id}}},"delta.columnMapping.physicalName":"c{{{id}}}"}}""";
        Entry(folder, 0, 1_700_000_000_000, new { protocol = new { minReaderVersion = 3, minWriterVersion = 7, readerFeatures = new[] { "deletionVectors", "columnMapping" }, writerFeatures = new[] { "deletionVectors", "columnMapping" } } },
            Metadata($"{mapped("Order No", "long", 1)},{mapped("land", "string", 2)}", ["land"], new Dictionary<string, string> { ["delta.columnMapping.mode"] = "name", ["delta.enableDeletionVectors"] = "true" }),
            Add(folder, "a/part-1.parquet", "SELECT i AS c1 FROM range(30) t(i)", new Dictionary<string, string?> { ["c2"] = "de" }, new { storageType = "i", pathOrInlineDv = Vector, sizeInBytes = 40, cardinality = 6 }));
        Entry(folder, 1, 1_700_000_100_000, Add(folder, "b/part-2.parquet", "SELECT 100 + i AS c1 FROM range(5) t(i)", new Dictionary<string, string?> { ["c2"] = null }));

        Assert.Equal(new RowCounts(29, 29), (await bench.RunAsync("source_type: delta\nconfig: { path: orders }")).Counts);
        Assert.Equal("order_no BIGINT, land VARCHAR", bench.Schema());
        Assert.Equal(["de|24|0|28", "NULL|5|100|104"], bench.Query("SELECT land, count(*), min(order_no), max(order_no) FROM {t} GROUP BY land ORDER BY 2 DESC"));
        Assert.Equal(new RowCounts(24, 24), (await bench.RunAsync("source_type: delta\nconfig: { path: orders, version: 0, allow_smaller: true }")).Counts);
        Assert.Equal(new RowCounts(24, 24), (await bench.RunAsync("source_type: delta\nconfig: { path: orders, timestamp: '2023-11-14T22:14:00Z' }")).Counts);
        Assert.Equal(new RowCounts(5, 5), (await bench.RunAsync(Bench.Job("source_type: delta\nincremental_mode: incremental\nwatermark_column: 'Order No'\nlast_watermark_value: 100\nconfig: { path: orders }", "increment"))).Counts);
        Assert.Equal(new RowCounts(1, 0, 0, 1), (await bench.RunAsync(Bench.Job("source_type: delta\nincremental_mode: incremental\nwatermark_column: 'Order No'\nconfig: { path: orders }", "increment"))).Counts);
        // Nothing was written beside the foreign table.
        Assert.Equal(["00000000000000000000.json", "00000000000000000001.json", "part-1.parquet", "part-2.parquet"], Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)).Order());
    }

    [Fact]
    public async Task Read_LogThatLeadsOut_IsRefused()
    {
        var outside = Directory.CreateTempSubdirectory("flowforge-outside-").FullName;
        try
        {
            foreach (var (name, path) in new[] { ("absolute", $"file://{outside}/a.parquet"), ("up", $"../../../..{outside}/a.parquet") })
            {
                var folder = Path.Combine(_fixture.Folder, name);
                _session.Execute($"COPY (SELECT 1 AS id) TO {SqlText.Literal(outside + "/a.parquet")} (FORMAT parquet)");
                Entry(folder, 0, 1_700_000_000_000, new { protocol = new { minReaderVersion = 1, minWriterVersion = 2 } }, Metadata(Column("id", "integer")), new { add = new { path, partitionValues = new { }, size = 1, modificationTime = 1, dataChange = true } });
                var failure = await Assert.ThrowsAsync<TerminalException>(() => RowSourceAcceptance.ReadAsync(Open(name), new ReadRequest(), Stop));
                Assert.EndsWith($"lies outside the folders that may be read ({_fixture.Folder}).", failure.Message, StringComparison.Ordinal);
            }
        }
        finally { Directory.Delete(outside, recursive: true); }
    }

    [Fact]
    public async Task Read_FeatureOrFileThatCannotBeRead_IsNamed()
    {
        var folder = Path.Combine(_fixture.Folder, "t");
        Entry(folder, 0, 1_700_000_000_000, new { protocol = new { minReaderVersion = 3, minWriterVersion = 7, readerFeatures = new[] { "fromTheFuture" }, writerFeatures = new[] { "fromTheFuture" } } }, Metadata(Column("id", "integer")));
        var future = await Assert.ThrowsAsync<TerminalException>(() => Open("t").TestAsync(Stop));
        Assert.Contains("fromTheFuture", future.Message, StringComparison.Ordinal);
        Table("v", Column("id", "long"), "SELECT 1::BIGINT AS id");
        File.Delete(Path.Combine(_fixture.Folder, "v", "part-0.parquet"));
        var vacuumed = await Assert.ThrowsAsync<TerminalException>(() => RowSourceAcceptance.ReadAsync(Open("v"), new ReadRequest(), Stop));
        Assert.StartsWith("The table's files cannot be read: ", vacuumed.Message, StringComparison.Ordinal);
        Assert.Equal("Check the table with the tool that writes it; its old files may have been vacuumed.", vacuumed.Suggestion);
    }

    private void Table(string path, string fields, string? select)
    {
        var folder = Path.Combine(_fixture.Folder, path);
        object[] add = select is null ? [] : [Add(folder, "part-0.parquet", select, [])];
        Entry(folder, 0, 1_700_000_000_000, [new { protocol = new { minReaderVersion = 3, minWriterVersion = 7, readerFeatures = new[] { "timestampNtz" }, writerFeatures = new[] { "timestampNtz" } } }, Metadata(fields), .. add]);
    }

    private static string Column(string name, string type) => $$$"""{"name":"{{{name}}}","type":{{{(type.StartsWith('{') ? type : $"\"{type}\"")}}},"nullable":true,"metadata":{}}""";

    private static object Metadata(string fields, string[]? partitions = null, Dictionary<string, string>? configuration = null) => new
    {
        metaData = new
        {
            id = "5fba94ed-9794-4965-ba6e-6ee3c0d22af9", format = new { provider = "parquet", options = new { } }, schemaString = $$"""{"type":"struct","fields":[{{fields}}]}""",
            partitionColumns = partitions ?? [], configuration = configuration ?? [], createdTime = 1_700_000_000_000,
        },
    };

    private object Add(string folder, string path, string select, Dictionary<string, string?> partitionValues, object? vector = null)
    {
        var full = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        _session.Execute($"COPY ({select}) TO {SqlText.Literal(full)} (FORMAT parquet)");
        var add = new Dictionary<string, object?> { ["path"] = path, ["partitionValues"] = partitionValues, ["size"] = new FileInfo(full).Length, ["modificationTime"] = 1_700_000_000_000, ["dataChange"] = true };
        if (vector is not null) add["deletionVector"] = vector;
        return new { add };
    }

    private static void Entry(string folder, long version, long time, params object[] actions)
    {
        var log = Directory.CreateDirectory(Path.Combine(folder, "_delta_log")).FullName;
        File.WriteAllLines(Path.Combine(log, $"{version:D20}.json"), actions.Prepend(new { commitInfo = new { timestamp = time, operation = "WRITE" } }).Select(a => JsonSerializer.Serialize(a)));
    }
}
