using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

/// <summary>What a delivery may say, what it stands for in a plan, and every way to say it wrong.</summary>
public sealed class DeliveryTests
{
    private const string Head = "pipeline: p\ngold:\n  sales: SELECT 1 AS x\ndeliveries:\n  out: ";

    private static readonly PipelineEnvironment Here = new()
    {
        Connectors = ["file", "s3", "rest", "warehouse"],
        Sinks = new Dictionary<string, SinkKind?> { ["file"] = SinkKind.Files, ["s3"] = SinkKind.Files, ["warehouse"] = SinkKind.Rows },
        Connections = new Dictionary<string, string> { ["partner"] = "s3" },
    };

    [Fact]
    public void Parse_Delivery_IsReadWithItsDefaults_AndComesAfterItsTable()
    {
        var parsed = PipelineParser.Parse(Head + "{ from: gold.sales, connection: partner, path: a/b.csv.gz }\n  more: { from: gold.sales, to: file_local, path: all, mode: append, format: ndjson, pool: heavy }\n  rows: { from: gold.sales, to: warehouse, table: sales }\n  keyed: { from: gold.sales, to: warehouse, table: crm.sales, mode: merge, keys: [a, b] }", null, Here);
        Assert.Empty(parsed.Diagnostics);
        Assert.Equal(
            ["delivery.out gold.sales s3 partner a/b.csv.gz csv Replace", "delivery.more gold.sales file  all ndjson Append", "delivery.rows gold.sales warehouse  sales  Replace", "delivery.keyed gold.sales warehouse  crm.sales  Merge"],
            parsed.Definition!.Deliveries.Select(d => $"{d.Id} {d.From} {d.Connector} {d.Connection} {d.Path ?? d.Table} {d.Format} {d.Mode}"));
        var plan = PipelinePlanner.Plan(parsed.Definition, _ => [], _ => false);
        Assert.Empty(plan.Diagnostics);
        Assert.Equal(
            ["gold.sales  reads no table", "delivery.out gold.sales delivers gold.sales (made by gold.sales) to partner a/b.csv.gz", "delivery.more gold.sales delivers gold.sales (made by gold.sales) to file_local all", "delivery.rows gold.sales delivers gold.sales (made by gold.sales) to warehouse sales", "delivery.keyed gold.sales delivers gold.sales (made by gold.sales) to warehouse crm.sales"],
            plan.Jobs.Select(j => $"{j.Id} {string.Join(",", j.DependsOn)} {j.Reason}"));
        Assert.Equal(["a", "b"], parsed.Definition.Deliveries[^1].Keys);
        Assert.Equal("heavy", plan.Jobs.Single(j => j.Name == "more").Pool);
    }

    [Theory]
    [InlineData("{ to: file, path: a.csv }", "FF1103 deliveries.out.from 5: A delivery needs 'from'.")]
    [InlineData("{ from: sales, to: file, path: a.csv }", "FF1240 deliveries.out.from 5: 'sales' is no table with its layer.")]
    [InlineData("{ from: gold.sales, path: a.csv }", "FF1240 deliveries.out.to 5: The delivery does not say where to.")]
    [InlineData("{ from: gold.sales, to: fiel, path: a.csv }", "FF1201 deliveries.out.to 5: There is no connector 'fiel' here.")]
    [InlineData("{ from: gold.sales, to: rest, path: a.csv }", "FF1241 deliveries.out.to 5: The connector 'rest' reads only.")]
    [InlineData("{ from: gold.sales, connection: nobody, path: a.csv }", "FF1230 deliveries.out.connection 5: There is no connection 'nobody'.")]
    [InlineData("{ from: gold.sales, to: file, connection: partner, path: a.csv }", "FF1231 deliveries.out.to 5: The connection 'partner' is of the connector 's3', and to 'file' asks for 'file'.")]
    [InlineData("{ from: gold.sales, to: file }", "FF1240 deliveries.out.path 5: The delivery does not say which file or folder it writes.")]
    [InlineData("{ from: gold.sales, to: file, path: a.csv, table: t }", "FF1240 deliveries.out.table 5: The delivery has 'table', but file takes files.")]
    [InlineData("{ from: gold.sales, to: warehouse, path: a.csv }", "FF1240 deliveries.out.table 5: The delivery does not say which table it writes.|FF1240 deliveries.out.path 5: The delivery has 'path', but warehouse takes rows.")]
    [InlineData("{ from: gold.sales, to: warehouse, table: t, mode: append, format: csv }", "FF1240 deliveries.out.format 5: A table has no format.")]
    [InlineData("{ from: gold.sales, to: file, path: pipelines/p.yaml }", "FF1214 deliveries.out.path 5: The path 'pipelines/p.yaml' does not end as a file that can be delivered.")]
    [InlineData("{ from: gold.sales, to: file, path: a.csv, format: parquet }", "FF1202 deliveries.out.format 5: 'a.csv' ends as csv, and format says parquet.")]
    [InlineData("{ from: gold.sales, to: file, path: a.csv, format: xml }", "FF1104 deliveries.out.format 5: 'format' is 'xml'; it may be parquet, csv, ndjson.")]
    [InlineData("{ from: gold.sales, to: file, path: a.parquet.gz }", "FF1240 deliveries.out.path 5: 'a.parquet.gz' asks for a packing that is not written.")]
    [InlineData("{ from: gold.sales, to: file, path: a.csv, mode: append }", "FF1240 deliveries.out.path 5: mode: append adds files to a folder, and 'a.csv' is a file.")]
    [InlineData("{ from: gold.sales, to: file, path: all, mode: append }", "FF1214 deliveries.out.path 5: The folder 'all' does not say which format its files have.")]
    [InlineData("{ from: gold.sales, to: file, path: a.csv, mode: merge }", "FF1240 deliveries.out.mode 5: mode: merge changes rows of a table, and files have none that could be changed.")]
    [InlineData("{ from: gold.sales, to: file, path: a.csv, mode: add }", "FF1104 deliveries.out.mode 5: 'mode' is 'add'; it may be replace, append, merge.")]
    [InlineData("{ from: gold.sales, to: warehouse, table: t, mode: merge }", "FF1303 deliveries.out.mode 5: mode: merge needs keys.")]
    [InlineData("{ from: gold.sales, to: warehouse, table: t, keys: [x] }", "FF1109 deliveries.out.keys 5: 'keys' has no effect: it is only read when mode is merge.")]
    public void Parse_Wrong_SaysWhatAndWhere(string delivery, string findings)
    {
        var parsed = PipelineParser.Parse(Head + delivery, null, Here);
        Assert.Equal(findings, string.Join("|", parsed.Diagnostics.Select(d => $"{d.Code} {d.Path} {d.Line}: {d.Message}")));
    }

    [Fact]
    public void Plan_TableThatNobodyMakes_IsToldAtItsPlace()
    {
        var parsed = PipelineParser.Parse("pipeline: p\ngold:\n  sales: SELECT 1 AS x\ndeliveries:\n  out:\n    to: file\n    path: ${param.day}.csv\n    from: gold.sale", null, Here);
        Assert.Empty(parsed.Diagnostics);
        Assert.Equal(["FF1113 deliveries.out 5: There is no value '${param.day}'."], Placeholders.Check(parsed.Definition!).Select(d => $"{d.Code} {d.Path} {d.Line}: {d.Message}"));
        var found = Assert.Single(PipelinePlanner.Plan(parsed.Definition!, _ => [], _ => false).Diagnostics);
        Assert.Equal("FF1502 deliveries.out.from 8: delivery.out reads gold.sale, which no job makes and the lake does not have. Did you mean gold.sales?", $"{found.Code} {found.Path} {found.Line}: {found.Message} {found.Suggestion}");
        Assert.Empty(PipelinePlanner.Plan(parsed.Definition!, _ => [], t => t == "gold.sale").Diagnostics);
    }
}
