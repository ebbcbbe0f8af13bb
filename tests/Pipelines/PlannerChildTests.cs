namespace FlowForge.Pipelines.Tests;

/// <summary>Tables that a job makes of the arrays in its records.</summary>
public sealed class PlannerChildTests
{
    [Theory]
    [InlineData("split", "ingest.orders", 0)]
    [InlineData("flatten", null, 1)]
    public void Plan_DatasetOnAChildTable_WaitsForTheJobThatSplits(string nested, string? maker, int errors)
    {
        var parsed = PipelineParser.Parse($$"""
            pipeline: shop
            ingest:
              orders: { source_type: file_local, format: json, config: { path: a.json, nested: {{nested}} } }
            gold:
              items: { sql: "SELECT * FROM bronze.orders__items" }
            """);
        var plan = PipelinePlanner.Plan(parsed.Definition!, _ => [new SqlReference("bronze", "orders__items")], _ => false);
        Assert.Equal(errors, plan.Diagnostics.Count(d => d.Severity == DiagnosticSeverity.Error));
        if (maker is not null) Assert.Equal([maker], plan.Jobs[1].DependsOn);
    }
}
