using System.Net;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class PipelineTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task Put_ValidText_IsStoredOnceAndRead()
    {
        var text = Text("put_valid");
        var stored = await client.PutPipelineAsync("put_valid", new PutPipeline(text));
        Assert.Equal((1, 1, text, PipelineTextFormat.Yaml, runtime.Workspace), (stored.Version, stored.LatestVersion, stored.Text, stored.Format, stored.BaseDirectory));
        Assert.Equal(1, (await client.PutPipelineAsync("put_valid", new PutPipeline(text))).Version);
        Assert.Equal(2, (await client.PutPipelineAsync("put_valid", new PutPipeline(text + "# more\n"))).Version);

        Assert.Equal((1, 2, text), await First());
        Assert.Equal([2, 1], (await client.PipelineVersionsAsync("put_valid")).Select(v => v.Version));

        async Task<(int, int, string)> First()
        {
            var old = await client.PipelineAsync("put_valid", 1);
            return (old.Version, old.LatestVersion, old.Text);
        }
    }

    [Fact]
    public async Task Get_ScheduleTriggersAndPools_AreShown_AndACycleIsRefused()
    {
        await client.PutPipelineAsync("starts_a", new PutPipeline(Text("starts_a")));
        var b = await client.PutPipelineAsync("starts_b", new PutPipeline(Text("starts_b") + "schedule: { cron: \"0 2 * * *\", end: 2200-01-01 }\npool: heavy\ntriggers: [ { after: starts_a, on: any } ]\n"));
        Assert.Equal((5, new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero)), (b.Schedule!.NextRuns.Count, b.Schedule.End));
        Assert.All(b.Schedule.NextRuns.Zip(b.Schedule.NextRuns.Skip(1)), p => Assert.Equal(TimeSpan.FromDays(1), p.Second - p.First));
        Assert.Equal(("after", "starts_a", "after each run of starts_a"), (b.Triggers.Single().Kind, b.Triggers.Single().Of, b.Triggers.Single().Text));
        Assert.All(b.Plan!.Jobs, j => Assert.Equal("heavy", j.Pool));
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutPipelineAsync("starts_a", new PutPipeline(Text("starts_a") + "triggers: [ { after: starts_b } ]\n")));
        Assert.Equal("The pipelines would start each other for ever: starts_a → starts_b → starts_a.", Assert.Single(refused.Diagnostics).Message);
        await client.DeletePipelineAsync("starts_b");
        await client.DeletePipelineAsync("starts_a");
    }

    [Fact]
    public async Task Put_TextWithErrors_Is422WithDiagnosticsAndStoresNothing()
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutPipelineAsync("put_bad", new PutPipeline("pipeline: put_bad\ningest:\n  a:\n    source_type: nonsense\n    colour: red\n")));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal("The definition of put_bad has errors; nothing was stored.", refused.Message);
        Assert.Contains(refused.Diagnostics, d => d is { Level: DiagnosticLevel.Error, Line: 5, Path: "ingest.a.colour" });
        Assert.Null(await client.FindPipelineAsync("put_bad"));
    }

    [Fact]
    public async Task Test_OfAText_RunsItsTests()
    {
        const string text = """
            pipeline: tested
            silver:
              clean: SELECT id FROM bronze.elsewhere WHERE id > 1
            tests:
              good: { dataset: silver.clean, given: { bronze.elsewhere: [ { id: 1 }, { id: 2 } ] }, expect: [ { id: 2 } ] }
              bad: { dataset: silver.clean, given: { bronze.elsewhere: [ { id: 1 }, { id: 2 } ] }, expect: [ { id: 1 } ] }
            """;
        var report = await client.TestPipelineAsync(new TestPipeline(text));
        Assert.Equal((false, 0), (report.Passed, report.Diagnostics.Count));
        Assert.Equal(["good True  ", "bad False {'id': 1} {'id': 2}"], report.Tests.Select(t => $"{t.Name} {t.Passed} {string.Join(",", t.Missing)} {string.Join(",", t.Unexpected)}"));
        Assert.True((await client.TestPipelineAsync(new TestPipeline(text, Test: "good"))).Passed);
        Assert.Equal("The pipeline has no test 'none'.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.TestPipelineAsync(new TestPipeline(text, Test: "none")))).Message);
        Assert.NotEmpty((await client.TestPipelineAsync(new TestPipeline("pipeline: tested\nsilver:\n  a: SELEC 1\n"))).Diagnostics);
    }

    [Fact]
    public async Task Plan_OfDatasets_SaysWhatWouldBeBuilt()
    {
        await client.PutPipelineAsync("plan_changes", new PutPipeline("""
            pipeline: plan_changes
            silver:
              fresh: SELECT * FROM bronze.orders
              clock: SELECT now() AS t
            gold:
              on_top: SELECT * FROM silver.fresh
            """));
        var plan = (await client.PlanAsync("plan_changes")).Plan!;
        Assert.Equal(
            ["silver.fresh: New the table does not exist yet", "silver.clock: Always its SQL asks for now", "gold.on_top: New an input does not exist yet"],
            plan.Jobs.Select(j => $"{j.Id}: {j.Change} {string.Join("; ", j.Changes)}"));
    }

    [Fact]
    public async Task Put_OtherNameInText_Is422()
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutPipelineAsync("one_name", new PutPipeline(Text("other_name"))));
        Assert.Equal("The text names its pipeline 'other_name', the address says 'one_name'.", refused.Message);
    }

    [Fact]
    public async Task Put_BaseDirectoryOutsideTheRoots_Is403()
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutPipelineAsync("outside", new PutPipeline(Text("outside"), null, "/etc")));
        Assert.Equal((HttpStatusCode.Forbidden, $"Pipelines may not use the folder /etc. Allowed: {runtime.Workspace}."), (refused.Status, refused.Message));
    }

    [Fact]
    public async Task Validate_Errors_ComeWithLineAndSuggestionAndAPlanOfTheRest()
    {
        var outcome = await client.ValidateAsync(new ValidatePipeline(Text("check_me") + "gold:\n  g: SELECT * FROM bronze.nowhere\n"));
        Assert.False(outcome.Valid);
        Assert.Equal("check_me", outcome.Name);
        var missing = Assert.Single(outcome.Diagnostics, d => d.Level == DiagnosticLevel.Error);
        Assert.Contains("bronze.nowhere", missing.Message, StringComparison.Ordinal);
        Assert.Equal(8, missing.Line);
        Assert.Contains(outcome.Plan!.Jobs, j => j is { Id: "ingest.a", Writes: "bronze.a", Line: 3 });
    }

    [Fact]
    public async Task Validate_SyntaxErrorInSql_NamesTheLineInTheFile()
    {
        var outcome = await client.ValidateAsync(new ValidatePipeline(Text("bad_sql") + "silver:\n  s:\n    sql: |\n      SELECT *\n      FROM bronze.a WHERE WHERE\n"));
        Assert.Equal(11, Assert.Single(outcome.Diagnostics, d => d.Level == DiagnosticLevel.Error).Line);
    }

    [Theory]
    [InlineData("")]
    [InlineData("just words")]
    [InlineData("a: [1, 2")]
    [InlineData("{\"pipeline\": \"x\"")]
    public async Task Validate_Garbage_IsInvalidNotAnError(string text) => Assert.False((await client.ValidateAsync(new ValidatePipeline(text))).Valid);

    [Fact]
    public async Task List_Search_FindsByNameWithCounts()
    {
        await client.PutPipelineAsync("list_me", new PutPipeline(Text("list_me") + "schedule: '0 2 * * *'\nsilver:\n  s: SELECT * FROM bronze.a\n"));
        var found = Assert.Single((await client.PipelinesAsync("LIST_M")).Items);
        Assert.Equal(("list_me", 1, 1, 0), (found.Name, found.IngestJobs, found.SilverTables, found.GoldTables));
        Assert.Equal(("0 2 * * *", "UTC"), (found.Schedule!.Cron, found.Schedule.Timezone));
        Assert.InRange(found.Schedule.NextRun!.Value, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
    }

    [Fact]
    public async Task Names_TwoStoredOneDeleted_AreInOrderWithoutTheDeleted()
    {
        foreach (var name in (string[])["named_b", "named_c", "named_a"]) await client.PutPipelineAsync(name, new PutPipeline(Text(name)));
        await client.DeletePipelineAsync("named_c");
        Assert.Equal(["named_a", "named_b"], (await client.PipelineNamesAsync()).Where(n => n.StartsWith("named_", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Delete_Stored_IsGoneAndTwiceIs404()
    {
        await client.PutPipelineAsync("delete_me", new PutPipeline(Text("delete_me")));
        await client.DeletePipelineAsync("delete_me");
        Assert.Null(await client.FindPipelineAsync("delete_me"));
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DeletePipelineAsync("delete_me"));
        Assert.Equal((HttpStatusCode.NotFound, "There is no pipeline 'delete_me'."), (refused.Status, refused.Message));
    }

    [Fact]
    public async Task Get_Parameters_AreNamedWithDefaults()
    {
        var stored = await client.PutPipelineAsync("with_parameters", new PutPipeline(Text("with_parameters") + "parameters: { day: '2024-01-01', region: north }\n"));
        Assert.Equal([new PipelineParameter("day", "2024-01-01"), new PipelineParameter("region", "north")], stored.Parameters);
    }

    [Fact]
    public async Task List_PageOutOfRange_SaysSo()
    {
        Assert.Equal("page is -1; pages are counted from 1.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PipelinesAsync(page: -1))).Message);
        Assert.Equal("size is 501; it must be between 1 and 500.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PipelinesAsync(size: 501))).Message);
    }

    [Fact]
    public async Task Schema_IsAJsonSchema() => Assert.Equal("object", (await client.PipelineSchemaAsync()).GetProperty("type").GetString());

    private static string Text(string name) => $"pipeline: {name}\ningest:\n  a:\n    source_type: file_local\n    format: csv\n    config: {{ path: data/a.csv }}\n";
}
