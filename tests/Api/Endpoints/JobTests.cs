using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class JobTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task DryRun_SaysWhatARunWouldDo()
    {
        Directory.CreateDirectory(runtime.Workspace);
        await File.WriteAllTextAsync(Path.Combine(runtime.Workspace, "dry.csv"), "Id,v\n1,a\n2\n", TestContext.Current.CancellationToken);
        await client.PutPipelineAsync("dry", new PutPipeline("pipeline: dry\ningest:\n  dry_things: { source_type: file_local, format: csv, error_handling: quarantine, quarantine_path: quarantine/dry, config: { path: dry.csv } }\n", PipelineTextFormat.Yaml, runtime.Workspace), TestContext.Current.CancellationToken);
        var report = await client.DryRunAsync("dry", "dry_things", ct: TestContext.Current.CancellationToken);
        Assert.Equal((new RowCounts(2, 1, 1, 0, 0), new RowChanges(1, 0, 0, 0)), (report.Rows, report.Changes));
        Assert.Equal(["id BIGINT Id new", "v VARCHAR v new"], report.Columns.Select(c => $"{c.Name} {c.Type} {c.Source} {c.Change}"));
        Assert.Equal("{\"id\":1,\"v\":\"a\"}", report.Sample.Single().GetRawText());
        Assert.Equal([new RejectReason("MISSING_COLUMNS", 1)], report.Reasons);
        Assert.Equal(("bronze.dry_things would be made with 2 columns.", null), (report.Effect, report.Problem));
        Assert.DoesNotContain(await client.TablesAsync(), t => t.Table == "bronze.dry_things");
        Assert.Equal("Pipeline dry has no ingest job 'nope'.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DryRunAsync("dry", "nope"))).Message);
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DryRunAsync("dry", "dry_things", new StartDryRun(0)));
        Assert.Equal(("FF4022", "rows is 0; it must be 1 to 100000."), (refused.Problem.Code, refused.Message));
        await client.DeletePipelineAsync("dry");
    }

    [Fact]
    public async Task Trace_WithoutARecord_SaysWhatIsMissing()
    {
        var origin = await client.TraceAsync("orders", "run_ok", "orders.csv", 7);
        Assert.Equal(("orders", "run_ok", null, null), (origin.Pipeline, origin.Run, origin.LandedFile, origin.Raw));
        Assert.Equal("The run has landed no copy of the file (landing: reference), or its list of landed files is gone.", origin.Note);
        Assert.Equal("A row is traced by run, file and record (from 1).", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.TraceAsync("orders", "run_ok", "orders.csv", 0))).Message);
    }

    [Fact]
    public async Task SetWatermark_OfATableWhosePipelineIsGone_IsRefused()
    {
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SetWatermarkAsync("orders", new SetWatermark(null)));
        Assert.Contains("orders", failure.Message, StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.Conflict, failure.Status);
    }
}
