using System.Net;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class RunTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task Get_SucceededRun_HasJobsEquationsChecksAndAttempts()
    {
        var run = await client.RunAsync(SampleCatalog.Succeeded);
        Assert.Equal(("orders", RunState.Succeeded, "schedule", 2, 2, 1.0, "run/run_ok"), (run.Pipeline, run.State, run.Trigger, run.JobsDone, run.JobsTotal, run.Progress, run.WorkflowId));
        Assert.Equal(new RowCounts(100, 95, 3, 1, 1), run.Rows);
        Assert.Equal(90, run.Seconds!.Value, 1.0);

        var (orders, totals) = (run.Jobs[0], run.Jobs[1]);
        Assert.Equal(("ingest.orders", JobKind.Ingest, 2, "bronze.orders", 1L, 1.0), (orders.Id, orders.Kind, orders.Attempt, orders.Table, orders.TableVersion, orders.Progress));
        Assert.True(orders.Rows.Balanced);
        Assert.Equal(2.0, orders.RowsPerSecond!.Value, 0.01);
        Assert.Equal([RunState.Failed, RunState.Succeeded], orders.Attempts.Select(a => a.State));
        Assert.Equal(new JobError("FF2001", "The disk was full.", "Make room."), orders.Attempts[0].Error);
        Assert.Equal(["ingest.orders"], totals.DependsOn);
        Assert.Equal([new CheckOutcome("unique(region)", false, CheckAction.Warn, 2, "2 rows share a key.") { Run = SampleCatalog.Succeeded, Job = "gold.totals", Table = "gold.totals" }], totals.Checks);
        Assert.Equal([new WrittenTable("bronze.orders", 1, 95), new WrittenTable("gold.totals", 0, 2)], run.Tables);
    }

    [Fact]
    public async Task Get_FailedRun_SaysWhyAndWhatToDo()
    {
        var run = await client.RunAsync(SampleCatalog.Failed);
        Assert.Equal((RunState.Failed, "1 of 1 jobs failed."), (run.State, run.Error));
        Assert.Equal(new JobError("FF2002", "No file matches data/*.csv.", "Check config.path."), run.Jobs.Single().Error);
    }

    [Fact]
    public async Task Get_Unknown_Is404()
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RunAsync("run_none"));
        Assert.Equal((HttpStatusCode.NotFound, "There is no run 'run_none'."), (refused.Status, refused.Message));
    }

    [Fact]
    public async Task List_Filters_Narrow()
    {
        Assert.Equal([SampleCatalog.Failed, SampleCatalog.Succeeded], await Ids(new RunQuery { Pipeline = "orders" }));
        Assert.Equal([SampleCatalog.Failed], await Ids(new RunQuery { State = RunState.Failed }));
        Assert.Equal([SampleCatalog.Failed], await Ids(new RunQuery { From = DateTimeOffset.UtcNow.AddMinutes(-90) }));
        Assert.Equal([SampleCatalog.Succeeded], await Ids(new RunQuery { To = DateTimeOffset.UtcNow.AddMinutes(-90) }));
        Assert.Equal([SampleCatalog.Failed], await Ids(new RunQuery { Search = "jobs FAILED" }));
        Assert.Equal([], await Ids(new RunQuery { Search = "%" }));
        var second = await client.RunsAsync(new RunQuery { Page = 2, Size = 1 });
        Assert.Equal((2L, 2, SampleCatalog.Succeeded), (second.Total, second.Number, second.Items.Single().Run));

        async Task<IEnumerable<string>> Ids(RunQuery query) => (await client.RunsAsync(query)).Items.Select(r => r.Run);
    }

    [Fact]
    public async Task Logs_LevelJobSearchAndAfter_Narrow()
    {
        var all = await client.LogsAsync(SampleCatalog.Succeeded, new LogQuery());
        Assert.Equal(["run begins", "3 rows rejected", "published version 1"], all.Select(l => l.Message));
        Assert.Equal(["3 rows rejected"], await Messages(new LogQuery { Level = RunLogLevel.Warning }));
        Assert.Equal(["3 rows rejected", "published version 1"], await Messages(new LogQuery { Job = "ingest.orders" }));
        Assert.Equal(["published version 1"], await Messages(new LogQuery { Search = "PUBLISHED" }));
        Assert.Equal(["published version 1"], await Messages(new LogQuery { After = all[1].Id }));
        Assert.Equal(["run begins"], await Messages(new LogQuery { Limit = 1 }));

        async Task<IEnumerable<string>> Messages(LogQuery query) => (await client.LogsAsync(SampleCatalog.Succeeded, query)).Select(l => l.Message);
    }

    [Fact]
    public async Task Watch_FinalRun_TellsAllAndEnds()
    {
        var events = new List<RunEvent>();
        await foreach (var e in client.WatchRunAsync(SampleCatalog.Succeeded, ct: TestContext.Current.CancellationToken))
            events.Add(e);
        Assert.Equal(["ready", "job", "job", "log", "log", "log", "run", "end"], events.Select(e => e.Type));
        Assert.Equal(RunState.Succeeded, events[^1].Run!.State);
        Assert.Equal("ingest.orders", events[1].Job!.Id);
    }

    [Fact]
    public async Task Watch_AfterALogLine_DoesNotRepeatIt()
    {
        var lines = await client.LogsAsync(SampleCatalog.Succeeded, new LogQuery());
        var seen = new List<string>();
        await foreach (var e in client.WatchRunAsync(SampleCatalog.Succeeded, lines[1].Id, TestContext.Current.CancellationToken))
            if (e.Log is { } line)
                seen.Add(line.Message);
        Assert.Equal(["published version 1"], seen);
    }

    [Fact]
    public async Task Watch_UnknownRun_Is404AtOnce() =>
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(async () =>
        {
            await foreach (var _ in client.WatchRunAsync("run_none", ct: TestContext.Current.CancellationToken))
            {
            }
        })).Status);

    [Fact]
    public async Task Cancel_FinalRun_HasNoEffect()
    {
        await client.CancelRunAsync(SampleCatalog.Succeeded);
        Assert.Equal(RunState.Succeeded, (await client.RunAsync(SampleCatalog.Succeeded)).State);
    }

    [Fact]
    public async Task PauseAndResume_FinalOrUnknownRun_AreRefused()
    {
        var ended = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PauseRunAsync(SampleCatalog.Succeeded));
        Assert.Equal((HttpStatusCode.Conflict, "run_ok has ended already (succeeded)."), (ended.Status, ended.Message));
        Assert.Equal(HttpStatusCode.Conflict, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ResumeRunAsync(SampleCatalog.Failed))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PauseRunAsync("run_none"))).Status);
    }

    [Fact]
    public async Task Start_UnknownPipeline_Is404() =>
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.StartRunAsync(new StartRun("no_such_pipeline")))).Status);

    [Fact]
    public async Task Overview_CountsTheWindow()
    {
        var overview = await client.OverviewAsync("24h");
        Assert.Equal((2, 1, 1, 0.5), (overview.Current.Runs, overview.Current.Succeeded, overview.Current.Failed, overview.Current.SuccessRate));
        Assert.Equal(24, overview.Buckets.Count);
        Assert.Equal(2, overview.Buckets.Sum(b => b.Runs));
        Assert.Equal(0, overview.Previous.Runs);
        Assert.Equal([SampleCatalog.Failed, SampleCatalog.Succeeded], overview.RecentRuns.Select(r => r.Run));
        Assert.Equal(2, overview.Counts.Tables);
        Assert.Equal((28, 30), ((await client.OverviewAsync("7d")).Buckets.Count, (await client.OverviewAsync("30d")).Buckets.Count));
        Assert.Equal("window is '1y'; it must be 24h, 7d or 30d.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.OverviewAsync("1y"))).Message);
    }

    [Fact]
    public async Task Search_Text_FindsEachKind()
    {
        Assert.Equal(["table bronze.orders"], (await client.SearchAsync("ORDERS")).Hits.Where(h => h.Kind != "run").Select(h => $"{h.Kind} {h.Name}"));
        Assert.Contains((await client.SearchAsync("run_ba")).Hits, h => h is { Kind: "run", Name: SampleCatalog.Failed });
        Assert.Contains((await client.SearchAsync("file")).Hits, h => h is { Kind: "connector", Name: "file" });
        Assert.Empty((await client.SearchAsync(" ")).Hits);
    }

    [Fact]
    public async Task Connectors_ListTheFileConnectorWithItsSchema()
    {
        var file = Assert.Single(await client.ConnectorsAsync(), c => c.Name == "file");
        Assert.Contains("file_local", file.SourceTypes);
        Assert.True(file.Settings!.Value.GetProperty("properties").TryGetProperty("path", out _));
    }

    [Fact]
    public async Task Formats_ListTheReadersWithTheirSettings_AndAreNoConnectors()
    {
        var formats = await client.FormatsAsync();
        Assert.Equal(["avro", "excel", "fixed_width", "xml"], formats.Select(f => f.Name));
        Assert.Equal(["xlsx", "xlsm"], formats[1].Endings);
        Assert.True(formats[3].Settings!.Value.GetProperty("properties").TryGetProperty("record_path", out _));
        Assert.DoesNotContain(await client.ConnectorsAsync(), c => c.Name == "avro");
    }

    [Fact]
    public async Task Retention_DefaultSettings_IsToldWithTheNextSweep()
    {
        var kept = await client.RetentionAsync();
        Assert.Equal((365, 30, 20), (kept.RunDays, kept.LogDays, kept.RunsPerPipeline));
        Assert.InRange(kept.NextSweepAt!.Value, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddDays(1));
    }

    [Fact]
    public async Task System_TellsVersionsAndThatTemporalIsAway()
    {
        var system = await client.SystemAsync();
        Assert.Equal((runtime.Folder, "127.0.0.1:1", false), (system.DataFolder, system.Temporal.Address, system.Temporal.Connected));
        Assert.StartsWith("v1.", system.DuckDb, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workflows_TemporalIsAway_Is503AndSaysWhere()
    {
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.WorkflowsAsync());
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "FF4109"), (refused.Status, refused.Problem.Code));
        Assert.StartsWith("The Temporal server at 127.0.0.1:1 does not answer: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckRows_OfAFailedCheck_AreShown()
    {
        var rows = await client.CheckRowsAsync(SampleCatalog.Succeeded, "gold.totals", "unique(region)");
        Assert.Equal(("unique(region)", 2L, """{"region":"n"}"""), (rows.Check, rows.Failing, rows.Rows[0].GetRawText()));
        var missing = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.CheckRowsAsync(SampleCatalog.Succeeded, "gold.totals", "nope"));
        Assert.Equal("Job gold.totals of run run_ok has no result of a check 'nope'.", missing.Message);
    }
}
