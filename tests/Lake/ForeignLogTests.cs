namespace FlowForge.Lake.Tests;

/// <summary>Logs in forms that FlowForge itself does not write.</summary>
public sealed class ForeignLogTests : IDisposable
{
    private const string Uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
    private readonly TestLake lake = new();

    public void Dispose() => lake.Dispose();

    private string Rows() => lake.Rows(lake.Fresh().Latest()!, rest: "ORDER BY ALL");

    private static readonly object Metadata = ForeignTable.Metadata(ForeignTable.Field("a", "long"));

    [Theory]
    [InlineData("json", true)]
    [InlineData("json", false)]
    [InlineData("parquet", true)]
    [InlineData("classic", true)]
    public void Latest_V2Checkpoint_IsRead(string form, bool sidecars)
    {
        var table = new ForeignTable(lake);
        var add = System.Text.Json.JsonSerializer.Serialize(table.Add("part-1.parquet", "SELECT 1::BIGINT AS a"));
        string[] head = ["""{"checkpointMetadata":{"version":3,"tags":{}}}""", System.Text.Json.JsonSerializer.Serialize(Metadata), System.Text.Json.JsonSerializer.Serialize(ForeignTable.Protocol("v2Checkpoint")),
            """{"txn":{"appId":"app","version":9}}"""];
        if (sidecars)
        {
            table.Parquet("_delta_log/_sidecars/016ae953-37a9-438e-8683-9a9a4a79a395.parquet",
                """SELECT {'path': 'part-1.parquet', 'partitionValues': MAP {}::MAP(VARCHAR, VARCHAR), 'size': 1::BIGINT, 'modificationTime': 5::BIGINT, 'dataChange': false} AS add, NULL::STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN) AS remove""");
            head = [.. head, """{"sidecar":{"path":"016ae953-37a9-438e-8683-9a9a4a79a395.parquet","sizeInBytes":1,"modificationTime":1512909768000,"tags":{}}}"""];
        }
        string[] lines = sidecars ? head : [.. head, add];
        if (form == "json") File.WriteAllLines(table.Log($"{3:D20}.checkpoint.{Uuid}.json"), lines);
        else
        {
            var json = Path.Combine(table.Folder, "lines.json");
            File.WriteAllLines(json, lines.Select(l => l.Replace(""","tags":{}""", "", StringComparison.Ordinal).Replace("\"configuration\":{},", "", StringComparison.Ordinal).Replace("\"options\":{}", "\"o\":1", StringComparison.Ordinal)));
            table.Parquet($"_delta_log/{3:D20}.checkpoint.{(form == "classic" ? "" : Uuid + ".")}parquet", $"SELECT * FROM read_json('{json}', format='newline_delimited')");
        }
        table.Entry(4, table.Add("part-2.parquet", "SELECT 2::BIGINT AS a"));
        Assert.Equal("1\n2", Rows());
        Assert.Equal(9, lake.Fresh().TransactionVersion("app"));
        Assert.Equal(3, lake.Fresh().At(3)!.Version);
        // A commit here is followed by a classic checkpoint, which such a table may have too.
        for (var i = 5; i <= 10; i++) lake.Append(lake.Fresh(), $"SELECT {i} AS a");
        Assert.True(File.Exists(table.Log($"{10:D20}.checkpoint.parquet")));
        Assert.Equal("1\n2\n5\n6\n7\n8\n9\n10", Rows());
    }

    [Fact]
    public void Latest_CheckpointInParts_NeedsAllOfThem()
    {
        for (var i = 0; i < 12; i++) lake.Append(lake.Table(), $"SELECT {i} AS a");
        lake.Tampered = true;
        var log = Path.Combine(lake.Table().Location, "_delta_log");
        var classic = Path.Combine(log, $"{10:D20}.checkpoint.parquet");
        string Part(int o) => Path.Combine(log, $"{10:D20}.checkpoint.{o:D10}.{2:D10}.parquet");
        lake.Session.Execute($"COPY (SELECT * FROM '{classic}' WHERE add IS NULL) TO '{Part(1)}' (FORMAT parquet)");
        lake.Session.Execute($"COPY (SELECT * FROM '{classic}' WHERE add IS NOT NULL) TO '{Part(2)}' (FORMAT parquet)");
        File.Delete(classic);
        foreach (var version in Enumerable.Range(0, 10)) File.Delete(Path.Combine(log, $"{version:D20}.json"));
        Assert.Equal(12, lake.Fresh().Latest()!.Rows);
        File.Delete(Part(2));
        Assert.Equal("The log of bronze.t does not begin with version 0, and has no checkpoint that is complete. Restore the missing files of _delta_log from a backup, or write a checkpoint with the tool that made the table.",
            Assert.Throws<LakeException>(() => lake.Fresh().Latest()).Message);
    }

    [Fact]
    public void Rows_FilesWithoutStatistics_AreCounted()
    {
        var table = new ForeignTable(lake);
        table.Entry(0, ForeignTable.Protocol("timestampNtz"), Metadata, table.Add("part-1.parquet", "SELECT i AS a FROM range(7) t(i)"), table.Add("part=[1].parquet", "SELECT i AS a FROM range(5) t(i)", stats: """{"stats_json":"odd"}"""),
            table.Add("part-3.parquet", "SELECT i AS a FROM range(3) t(i)", stats: """{"numRecords":3}"""));
        Assert.Equal(15, lake.Fresh().Latest()!.Rows);
        File.Delete(Path.Combine(table.Folder, "part-1.parquet"));
        Assert.Equal(3, lake.Fresh().Latest()!.Rows);
    }

    [Fact]
    public void Scan_TextsThatAreNotMarkedAsSuch_AreTexts()
    {
        var table = new ForeignTable(lake);
        table.Entry(0, ForeignTable.Protocol("timestampNtz"), ForeignTable.Metadata(ForeignTable.Field("s", "string") + "," + ForeignTable.Field("l", """{"type":"array","elementType":"string","containsNull":true}""")),
            table.Add("part-1.parquet", "SELECT encode('ü\\x41') AS s, [encode('é'), NULL] AS l"), table.Add("part-2.parquet", "SELECT 'ö' AS s, ['marked'] AS l"));
        Assert.Equal("ö|[marked]\nü\\x41|[é, NULL]", lake.Rows(lake.Fresh().Latest()!, "s, CAST(l AS VARCHAR)", "ORDER BY s"));
        Assert.Equal("1", lake.Rows(lake.Fresh().Latest()!, "count(*)", "WHERE s = 'ü\\x41'"));
    }

    [Theory]
    [InlineData("'ö' AS s, 'x'::BLOB AS b, {'k': 'é', 'v': 'y'::BLOB} AS st", null)]
    [InlineData("encode('ö') AS s, 'x'::BLOB AS b, {'k': 'é', 'v': 'y'::BLOB} AS st", "s")]
    [InlineData("'ö' AS s, 'x'::BLOB AS b, {'k': encode('é'), 'v': 'y'::BLOB} AS st", "st")]
    public void Scan_TextsThatAreNotMarkedBesideBinaries_AreRefused(string select, string? column)
    {
        var table = new ForeignTable(lake);
        var pair = $$"""{"type":"struct","fields":[{{ForeignTable.Field("k", "string")}},{{ForeignTable.Field("v", "binary")}}]}""";
        table.Entry(0, ForeignTable.Protocol("timestampNtz"), ForeignTable.Metadata(ForeignTable.Field("s", "string") + "," + ForeignTable.Field("b", "binary") + "," + ForeignTable.Field("st", pair)), table.Add("part-1.parquet", "SELECT " + select));
        if (column is null) Assert.Equal("ö|é", lake.Rows(lake.Fresh().Latest()!, "s, st.k"));
        else
            Assert.Equal($"File part-1.parquet of the table at {table.Folder} does not mark the texts of column '{column}' as texts, and beside binary columns they cannot be told from those. Write the table's files anew with the tool that made them, so that texts are marked (UTF8).",
                Assert.Throws<LakeException>(() => lake.Fresh().Latest()!.ScanSql()).Message);
    }

    [Fact]
    public void Latest_UnknownReaderFeature_IsRefusedByName()
    {
        var table = new ForeignTable(lake);
        table.Entry(0, ForeignTable.Protocol("variantType"), Metadata);
        Assert.Equal("Table bronze.t uses the Delta feature 'variantType', so it cannot be read here without breaking it. Use the tool that made it, or drop the feature there.",
            Assert.Throws<LakeException>(() => lake.Fresh().Latest()).Message);
    }

    [Theory]
    [InlineData("rowTracking")]
    [InlineData("icebergCompatV2")]
    [InlineData("clustering")]
    public void Append_UnknownWriterFeature_IsRefusedButReadingWorks(string feature)
    {
        var table = new ForeignTable(lake);
        table.Entry(0, $$$"""{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["{{{feature}}}"]}}""", Metadata, table.Add("part-1.parquet", "SELECT 1::BIGINT AS a"));
        Assert.Equal("1", Rows());
        Assert.Equal($"Table bronze.t uses the Delta feature '{feature}', so it cannot be written here without breaking it. Use the tool that made it, or drop the feature there.",
            Assert.Throws<LakeException>(() => lake.Append(lake.Fresh(), "SELECT 2 AS a")).Message);
        Assert.Equal("1", Rows());
    }

    [Fact]
    public void Scan_FilesWithNarrowerTypes_AreWidened()
    {
        var table = new ForeignTable(lake);
        table.Entry(0, ForeignTable.Protocol("typeWidening", "timestampNtz"), ForeignTable.Metadata(ForeignTable.Field("a", "long") + "," + ForeignTable.Field("t", "timestamp_ntz")),
            table.Add("part-1.parquet", "SELECT 1::SMALLINT AS a, TIMESTAMP '2024-01-01 02:03:04.5' AS t"), table.Add("part-2.parquet", "SELECT 3000000000::BIGINT AS a, NULL::TIMESTAMP AS t"));
        Assert.Equal("1|2024-01-01 02:03:04.5|BIGINT\n3000000000|∅|BIGINT", lake.Rows(lake.Fresh().Latest()!, "a, t, typeof(a)", "ORDER BY a"));
    }
}
