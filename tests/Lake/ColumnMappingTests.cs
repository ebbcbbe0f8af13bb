namespace FlowForge.Lake.Tests;

public sealed class ColumnMappingTests : IDisposable
{
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    private string Rows(string select = "*", string rest = "ORDER BY ALL") => lake.Rows(lake.Fresh().Latest()!, select, rest);

    private static readonly string Fields = string.Join(",",
        ForeignTable.Field("order id", "long", 1, "col-a"),
        ForeignTable.Field("s", $$"""{"type":"struct","fields":[{{ForeignTable.Field("x", "integer", 3, "col-x")}},{{ForeignTable.Field("new y", "string", 4, "col-y")}}]}""", 2, "col-s"),
        ForeignTable.Field("l", $$"""{"type":"array","elementType":{"type":"struct","fields":[{{ForeignTable.Field("k", "integer", 6, "col-k")}}]},"containsNull":true}""", 5, "col-l"),
        ForeignTable.Field("m", $$"""{"type":"map","keyType":"string","valueType":{"type":"struct","fields":[{{ForeignTable.Field("v", "integer", 8, "col-v")}}]},"valueContainsNull":true}""", 7, "col-m"),
        ForeignTable.Field("region", "string", 9, "col-p"),
        ForeignTable.Field("later", "double", 10, "col-z"));

    private const string Select = """
        SELECT 7::BIGINT AS "col-a", {'col-x': 1, 'col-y': 'why'} AS "col-s", [{'col-k': 5}, NULL] AS "col-l", MAP {'a': {'col-v': 3}} AS "col-m", 'gone' AS "col-dropped"
        UNION ALL SELECT 8, NULL, NULL, NULL, NULL
        """;

    private const string Ids = """
        , FIELD_IDS {'col-a': 1, 'col-s': {__duckdb_field_id: 2, 'col-x': 3, 'col-y': 4}, 'col-l': {__duckdb_field_id: 5, element: {'col-k': 6}}, 'col-m': {__duckdb_field_id: 7, value: {'col-v': 8}}, 'col-dropped': 11}
        """;

    private ForeignTable Mapped(string mode, bool asFeature)
    {
        var table = new ForeignTable(lake);
        object protocol = asFeature ? ForeignTable.Protocol("columnMapping") : """{"protocol":{"minReaderVersion":2,"minWriterVersion":5}}""";
        var configuration = new Dictionary<string, string> { ["delta.columnMapping.mode"] = mode, ["delta.columnMapping.maxColumnId"] = "11" };
        table.Entry(0, protocol, ForeignTable.Metadata(Fields, ["region"], configuration),
            table.Add("Qx/part-1.parquet", Select, Ids, new Dictionary<string, string> { ["col-p"] = "north" }, """{"numRecords":2,"minValues":{"col-a":7},"maxValues":{"col-a":8},"nullCount":{"col-a":0}}"""));
        return table;
    }

    [Theory]
    [InlineData("name", true)]
    [InlineData("name", false)]
    [InlineData("id", true)]
    public void Scan_MappedColumns_HaveTheirDisplayNames(string mode, bool asFeature)
    {
        Mapped(mode, asFeature);
        var snapshot = lake.Fresh().Latest()!;
        Assert.Equal(["order id", "s", "l", "m", "region", "later"], lake.Session.Describe($"SELECT * FROM {snapshot.ScanSql()}").Select(c => c.Name));
        Assert.Equal("7|1|why|{'x': 1, 'new y': why}|[{'k': 5}, NULL]|{a={'v': 3}}|north|∅\n8|∅|∅|∅|∅|∅|north|∅",
            Rows("\"order id\", s.x, s.\"new y\", CAST(s AS VARCHAR), CAST(l AS VARCHAR), CAST(m AS VARCHAR), region, later", "ORDER BY 1"));
    }

    [Fact]
    public void Scan_IdMode_GoesByIdAndNotByName()
    {
        var table = new ForeignTable(lake);
        var configuration = new Dictionary<string, string> { ["delta.columnMapping.mode"] = "id" };
        table.Entry(0, ForeignTable.Protocol("columnMapping"), ForeignTable.Metadata(ForeignTable.Field("a", "long", 1, "p1") + "," + ForeignTable.Field("b", "string", 2, "p2"), null, configuration),
            // The names lie crosswise, the ids are right; and a file without ids has NULL everywhere.
            table.Add("part-1.parquet", "SELECT 'text' AS p1, 5::BIGINT AS p2", ", FIELD_IDS {p1: 2, p2: 1}"),
            table.Add("part-2.parquet", "SELECT 6::BIGINT AS p1, 'x' AS p2"));
        Assert.Equal("5|text\n∅|∅", Rows());
    }

    [Theory]
    [InlineData("name")]
    [InlineData("id")]
    public void Append_MappedTable_WritesPhysicalNamesIdsAndStatistics(string mode)
    {
        var table = Mapped(mode, asFeature: true);
        lake.Append(lake.Fresh(), "SELECT 9 AS \"order id\", {'x': 4, 'new y': 'n'} AS s, 'south' AS region, 1.5::DOUBLE AS later, [1, 2] AS fresh");
        Assert.Equal("7|1|north|∅|∅\n8|∅|north|∅|∅\n9|4|south|1.5|[1, 2]", Rows("\"order id\", s.x, region, later, CAST(fresh AS VARCHAR)", "ORDER BY 1"));
        var file = lake.Fresh().Latest()!.Files[^1];
        Assert.Equal("south", file.PartitionValues["col-p"]);
        Assert.Contains("\"col-a\":9", file.StatisticsJson);
        var stored = lake.Rows($"SELECT name, field_id FROM parquet_schema('{Path.Combine(table.Folder, file.Path)}') WHERE field_id IS NOT NULL ORDER BY field_id").Split('\n');
        Assert.Equal(["col-a|1", "col-s|2", "col-x|3", "col-y|4", "col-z|10"], stored[..5]);
        // The new column goes on from the greatest id that was ever given.
        Assert.Matches(@"^col-[0-9a-f-]{36}\|12$", Assert.Single(stored[5..]));
        Assert.Contains("\"delta.columnMapping.maxColumnId\":\"12\"", File.ReadAllText(table.Log($"{1:D20}.json")));
    }

    [Fact]
    public void MergeDeleteOverwriteOptimize_MappedTable_KeepWorking()
    {
        Mapped("name", asFeature: true);
        using (var transaction = lake.Fresh().Begin())
        {
            var counts = transaction.Merge(lake.Session, "SELECT 7 AS \"order id\", 2.5::DOUBLE AS later UNION ALL SELECT 10, 3.5", new MergeOptions { Keys = ["order id"] });
            Assert.Equal((1, 1), (counts.Updated, counts.Inserted));
            transaction.Commit(new CommitOptions { Operation = "MERGE" });
        }
        Assert.Equal("7|why|north|2.5\n8|∅|north|∅\n10|∅|∅|3.5", Rows("\"order id\", s.\"new y\", region, later", "ORDER BY 1"));
        using (var transaction = lake.Fresh().Begin())
        {
            Assert.Equal(1, transaction.Delete(lake.Session, "\"order id\" = 8"));
            transaction.Commit(new CommitOptions { Operation = "DELETE" });
        }
        lake.Append(lake.Fresh(), "SELECT 11 AS \"order id\", 'north' AS region");
        Assert.NotNull(lake.Fresh().Optimize(lake.Session));
        Assert.Equal("7|north\n10|∅\n11|north", Rows("\"order id\", region", "ORDER BY 1"));
        lake.Overwrite(lake.Fresh(), "SELECT 1 AS \"order id\", 'z' AS other", []);
        Assert.Equal("1|z", Rows());
        Assert.Equal("col-a", Lake.Schema.ColumnMapping.PhysicalName(lake.Fresh().Latest()!.Schema.Find("order id")!));
    }
}
