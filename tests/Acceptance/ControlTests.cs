using FlowForge.Contracts;

namespace FlowForge.Acceptance.Tests;

/// <summary>Pause, backfills, triggers and worker pools through kill -9 of the processes that carry them.</summary>
public sealed class ControlTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset May = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    private const string Days =
        """
        pipeline: days
        on_overlap: buffer
        ingest:
          sales: { source_type: file_local, format: csv, write_mode: replace, config: { path: data/sales.csv, reload: true } }
        gold:
          by_day: { mode: merge, keys: [day], sql: "SELECT CAST(placed AS DATE) AS day, sum(amount) AS amount FROM bronze.sales WHERE placed >= ${interval.start} AND placed < ${interval.end} GROUP BY 1" }
        """;

    [Fact]
    public async Task Backfill_RuntimeAndTemporalKilledAgainAndAgain_EachIntervalRunsOnceAndTheTableIsRight()
    {
        const int Count = 12;
        var cancel = TestContext.Current.CancellationToken;
        using var workspace = new Workspace(rowsPerFile: 10);
        File.WriteAllText(Path.Combine(workspace.Base, "data", "sales.csv"), "placed,amount\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{May.AddDays(i % Count).AddSeconds(i):yyyy-MM-dd HH:mm:ss},{i % 7}\n")));
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        await environment.Client.PutPipelineAsync("days", new PutPipeline(Days, BaseDirectory: workspace.Base), cancel);
        var id = (await environment.Client.StartBackfillAsync("days", new StartBackfill(May, May.AddDays(Count), "1d", BackfillOnly.All, MaxParallel: 3), cancel)).Backfill;

        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 1; round <= 4; round++)
        {
            var before = (await StateAsync()).Succeeded;
            await Wait.UntilAsync(async () => (await StateAsync()) is var b && (b.Succeeded > before || b.State.IsFinal()), () => "progress\n" + environment.Output, TimeSpan.FromMinutes(2), cancel);
            await Task.Delay(random.Next(400), cancel); // at any moment
            var victims = round % 2 == 0 ? new[] { "FlowForge.Api", "FlowForge.Temporal.DevServer" } : ["FlowForge.Api"];
            foreach (var victim in victims) environment.Kill(victim);
            output.WriteLine($"round {round}: killed {string.Join(" and ", victims)} after {before} intervals or more");
        }
        await Wait.UntilAsync(async () => (await StateAsync()).State.IsFinal(), () => $"the end of the backfill (seed {seed})\n" + environment.Output, TimeSpan.FromMinutes(3), cancel);
        var ended = await StateAsync();
        Assert.True((RunState.Succeeded, Count) == (ended.State, ended.Succeeded), $"{ended} (seed {seed})\n{environment.Output}");
        var runs = (await environment.Client.RunsAsync(new RunQuery { Backfill = id, Size = 100 }, cancel)).Items;
        Assert.Equal(Enumerable.Range(0, Count).Select(i => May.AddDays(i)), runs.Select(r => r.Interval!.Start).Order());
        var table = await environment.Client.RowsAsync(TableLayer.Gold, "by_day", new RowsQuery { Limit = 100 }, cancel);
        Assert.Equal(Count, table.Total);
        Assert.Equal(Enumerable.Range(0, 20_000).Sum(i => i % 7), table.Rows.Sum(r => long.Parse(r[table.Columns.Select((c, i) => (c.Name, i)).First(c => c.Name == "amount").i].ToString())));

        async Task<BackfillSummary> StateAsync()
        {
            BackfillSummary? state = null;
            await Wait.UntilAsync(async () => (state = await environment.Client.BackfillAsync(id, cancel)) is not null, () => "the runtime\n" + environment.Output, TimeSpan.FromMinutes(1), cancel);
            return state!;
        }
    }

    [Fact]
    public async Task PausedRun_RuntimeKilled_StaysPaused_AndGoesOnWhenResumed()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var workspace = new Workspace(rowsPerFile: 60_000);
        workspace.AddFiles();
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        await environment.Client.PutPipelineAsync("orders", new PutPipeline(Workspace.Pipeline, BaseDirectory: workspace.Base), cancel);
        var run = (await environment.Client.StartRunAsync(new StartRun("orders"), cancel)).Run;
        await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run, cancel)).Jobs.Any(j => j.State == RunState.Running), () => "a running job", TimeSpan.FromSeconds(60), cancel);
        await environment.Client.PauseRunAsync(run, cancel);
        environment.Kill("FlowForge.Api");
        RunDetail? held = null;
        await Wait.UntilAsync(
            async () => (held = await environment.Client.RunAsync(run, cancel)) is { Paused: true } && held.Jobs.Where(j => j.Kind == JobKind.Ingest).All(j => j.State is RunState.Succeeded or RunState.Queued) && held.Jobs.Any(j => j.State == RunState.Succeeded),
            () => $"the paused run to come to rest: {string.Join("; ", held?.Jobs.Select(j => $"{j.Id} {j.State}") ?? [])}\n{environment.Output}", TimeSpan.FromMinutes(2), cancel);
        Assert.All(held!.Jobs.Where(j => j.Kind != JobKind.Ingest), j => Assert.Equal((RunState.Queued, 0), (j.State, j.Attempt)));
        await environment.Client.ResumeRunAsync(run, cancel);
        var ended = await environment.EndOfAsync(run, cancel);
        Assert.True(ended.State == RunState.Succeeded, $"{ended.State} {ended.Error}\n{environment.Output}");
        Assert.Equal(workspace.Orders, (await environment.Client.TableAsync(TableLayer.Bronze, "orders", ct: cancel)).Rows);
    }

    [Fact]
    public async Task Triggers_RuntimeKilledAroundThem_FireOnceForEachArrivalAndEachEnd()
    {
        const int Rounds = 4;
        var cancel = TestContext.Current.CancellationToken;
        using var workspace = new Workspace(rowsPerFile: 10);
        Directory.CreateDirectory(Path.Combine(workspace.Base, "in"));
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        await environment.Client.PutPipelineAsync("inbox", new PutPipeline(
            "pipeline: inbox\ntriggers: [ { arrival: files, stable_for: 200ms, every: 1s } ]\ningest:\n  files: { source_type: file_local, format: csv, config: { path: \"in/*.csv\" } }\n", BaseDirectory: workspace.Base), cancel);
        await environment.Client.PutPipelineAsync("then", new PutPipeline("pipeline: then\ntriggers: [ { after: inbox } ]\ngold:\n  counted: { sql: SELECT 1 AS one }\n", BaseDirectory: workspace.Base), cancel);
        await Wait.UntilAsync(async () => (await environment.Client.PipelineAsync("inbox", null, cancel)).Triggers.All(t => t.CheckedAt is not null || t.Known), () => "the triggers", TimeSpan.FromSeconds(30), cancel);

        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 1; round <= Rounds; round++)
        {
            var temporary = Path.Combine(workspace.Base, $"{round}.tmp");
            File.WriteAllText(temporary, $"id\n{round}\n");
            File.Move(temporary, Path.Combine(workspace.Base, "in", $"{round}.csv"));
            var moment = random.Next(2500);
            await Task.Delay(moment, cancel); // at any moment: while it waits, decides, starts, runs, ends, or hands on
            environment.Kill("FlowForge.Api");
            var wanted = round;
            await Wait.UntilAsync(async () => await EndedAsync("inbox") >= wanted && await EndedAsync("then") >= wanted, () => $"the runs of round {wanted} (seed {seed}, killed after {moment} ms)\n{environment.Output}", TimeSpan.FromMinutes(2), cancel);
            Assert.Equal((round, round), (await EndedAsync("inbox"), await EndedAsync("then")));
            output.WriteLine($"round {round}: killed after {moment} ms; one run each");
        }
        Assert.Equal(Rounds, (await environment.Client.TableAsync(TableLayer.Bronze, "files", ct: cancel)).Rows);

        async Task<int> EndedAsync(string pipeline) => (await environment.Client.RunsAsync(new RunQuery { Pipeline = pipeline }, cancel)).Items.Count(r => r.State == RunState.Succeeded);
    }

    [Fact]
    public async Task Pool_SecondRuntimeServesIt_AlsoWhenItIsKilledInTheMiddle()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var workspace = new Workspace(rowsPerFile: 10);
        await using var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel);
        await environment.Client.PutPipelineAsync("split", new PutPipeline(
            "pipeline: split\ngold:\n  light: { sql: SELECT 1 AS one }\n  heavy: { pool: heavy, sql: \"SELECT count(*) AS n, sum(hash(x.range, y.range)) AS h FROM range(30000) x, range(5000) y\" }\n", BaseDirectory: workspace.Base), cancel);
        var run = (await environment.Client.StartRunAsync(new StartRun("split"), cancel)).Run;
        await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run, cancel)).Waiting == "gold.heavy is waiting for a worker of pool heavy; none is there", () => "the wait for a worker\n" + environment.Output, TimeSpan.FromSeconds(60), cancel);

        var temporal = (await environment.Client.SystemAsync(cancel)).Temporal.Address;
        using (var first = PoolProcess.Start(workspace.Folder, temporal, "heavy"))
            await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run, cancel)).Jobs.Single(j => j.Id == "gold.heavy").State == RunState.Running, () => "the pool's worker to take the job\n" + first.Output, TimeSpan.FromSeconds(90), cancel);
        // It was killed: the server notices after the heartbeat timeout, and another worker does the job.
        using var second = PoolProcess.Start(workspace.Folder, temporal, "heavy");
        var ended = await environment.EndOfAsync(run, cancel);
        Assert.True(ended.State == RunState.Succeeded, $"{ended.State} {ended.Error}\n{environment.Output}\n{second.Output}");
        var heavy = ended.Jobs.Single(j => j.Id == "gold.heavy");
        Assert.Equal(("heavy", 1L), (heavy.Pool, heavy.Rows.Loaded));
        output.WriteLine($"gold.heavy: {heavy.Attempt} attempts, {heavy.Seconds:0.0} s");
    }
}
