using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Tests;

/// <summary>Arrivals and the ends of other pipelines start runs: each once, also over a restart.</summary>
public sealed class TriggerTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const string First = "pipeline: first\ningest:\n  a: { source_type: file_local, format: csv, config: { path: a.csv } }\n";

    private const string Then = "pipeline: then\ntriggers: [ { after: first } ]\ngold:\n  b: { sql: SELECT 1 AS one }\n";

    private const string Inbox =
        """
        pipeline: inbox
        triggers: [ { arrival: files, stable_for: 50ms, every: 1s } ]
        ingest:
          files: { source_type: file_local, format: csv, config: { path: "in/*.csv" } }
        """;

    [Fact]
    public async Task After_EachSuccess_RunsOnce_AndAFailureOnlyWithAny()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("a.csv", "id\n1\n");
        runtime.Put(First);
        runtime.Put(Then);
        runtime.Put(Then.Replace("pipeline: then", "pipeline: always", StringComparison.Ordinal).Replace("after: first", "after: first, on: any", StringComparison.Ordinal).Replace("  b:", "  c:", StringComparison.Ordinal));
        await KnownAsync(runtime, "then", "after:first");
        await KnownAsync(runtime, "always", "after:first");
        var interval = new DataInterval(new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero), new(2026, 5, 2, 0, 0, 0, TimeSpan.Zero));
        var good = await runtime.Runs.StartAsync(StartRun.All("first") with { Interval = interval }, None);
        var after = await RunsAsync(runtime, "then", 1);
        Assert.Equal((RunState.Succeeded, "after", interval), (after[0].State, after[0].Trigger, after[0].Interval));
        Assert.Contains(runtime.Catalog.Logs.Read(after[0].RunId), l => l.Message == $"started after {good} of first, which succeeded");
        await RunsAsync(runtime, "always", 1);

        File.Delete(Path.Combine(runtime.Base, "a.csv"));
        var bad = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("first"), None));
        Assert.Equal(RunState.Failed, bad.State);
        await RunsAsync(runtime, "always", 2);
        await runtime.UntilAsync(() => runtime.Catalog.Triggers.Get("then", "after:first")!.Position == runtime.Catalog.Triggers.Get("always", "after:first")!.Position, "both to have seen the failure");
        Assert.Equal(1, runtime.Catalog.Runs.List(new RunFilter { Pipeline = "then" }).Total);
    }

    [Fact]
    public async Task After_RunEndedWhileTheRuntimeWasDown_RunsOnceAfterTheRestart_NotAgainAfterTheNext()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(First);
        runtime.Put(Then);
        await KnownAsync(runtime, "then", "after:first");
        await runtime.StopRuntimeAsync();
        // what a kill between the end of one run and the start of the next leaves behind
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile))
        {
            catalog.Runs.Create(new RunRecord { RunId = "run_first", Pipeline = "first", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow });
            catalog.Runs.SetState("run_first", RunState.Succeeded, null, DateTimeOffset.UtcNow);
        }
        await runtime.StartRuntimeAsync();
        await RunsAsync(runtime, "then", 1);
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();
        // An end that comes later is seen to: so the earlier one is behind.
        runtime.Catalog.Runs.Create(new RunRecord { RunId = "run_second", Pipeline = "first", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow });
        runtime.Catalog.Runs.SetState("run_second", RunState.Succeeded, null, DateTimeOffset.UtcNow);
        await RunsAsync(runtime, "then", 2);
    }

    [Fact]
    public async Task After_WhileARunIsOpen_EndsWait_AndShareOneRunOverTheirWholeTime()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(First);
        runtime.Put(Then);
        await KnownAsync(runtime, "then", "after:first");
        // What the runtime does with open runs at its start is over when it has done one.
        await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("then"), None));
        runtime.Catalog.Runs.Create(new RunRecord { RunId = "run_open", Pipeline = "then", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow, WorkflowId = "elsewhere", WorkflowRunId = "elsewhere" });
        var day = new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < 3; i++)
        {
            runtime.Catalog.Runs.Create(new RunRecord { RunId = $"run_{i}", Pipeline = "first", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow, Interval = new(day.AddDays(i), day.AddDays(i + 1)) });
            runtime.Catalog.Runs.SetState($"run_{i}", RunState.Succeeded, null, DateTimeOffset.UtcNow);
        }
        await WaitAsync(() => runtime.Catalog.Triggers.Get("then", "after:first") is { PendingNote: "after run_2 of first, which succeeded, and 2 before it", Problem: not null }, "all three ends to wait");
        Assert.Equal("waiting: run_open of pipeline then is still queued.", runtime.Catalog.Triggers.Get("then", "after:first")!.Problem);
        Assert.Equal(2, runtime.Catalog.Runs.List(new RunFilter { Pipeline = "then" }).Total);

        runtime.Catalog.Runs.SetState("run_open", RunState.Cancelled, null, DateTimeOffset.UtcNow);
        var run = (await RunsAsync(runtime, "then", 3))[0];
        Assert.Equal(("after", new DataInterval(day, day.AddDays(3))), (run.Trigger, run.Interval));
        await WaitAsync(() => runtime.Catalog.Triggers.Get("then", "after:first") is { PendingRun: null, PendingPosition: null, Problem: null } state && state.LastRun == run.RunId, "the trigger to have done it");
    }

    [Fact]
    public async Task After_KilledBetweenTheStartAndItsNote_LaterEndsAreNotTakenForDone()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.Put(First);
        runtime.Put(Then);
        await KnownAsync(runtime, "then", "after:first");
        await runtime.StopRuntimeAsync();
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile))
        {
            End(catalog, "run_0");
            catalog.Triggers.Decide("then", "after:first", "run_decided", "after run_0 of first, which succeeded", new Dictionary<string, string>(), [], catalog.Triggers.LastEnd());
            catalog.Runs.Create(new RunRecord { RunId = "run_decided", Pipeline = "then", PipelineVersion = 1, Trigger = "after", QueuedAt = DateTimeOffset.UtcNow });
            End(catalog, "run_1");
        }
        await runtime.StartRuntimeAsync();
        var runs = await RunsAsync(runtime, "then", 2);
        Assert.Equal("run_decided", runs[1].RunId);
        Assert.Contains(runtime.Catalog.Logs.Read(runs[0].RunId), l => l.Message == "started after run_1 of first, which succeeded");

        static void End(CatalogDatabase catalog, string id)
        {
            catalog.Runs.Create(new RunRecord { RunId = id, Pipeline = "first", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow });
            catalog.Runs.SetState(id, RunState.Succeeded, null, DateTimeOffset.UtcNow);
        }
    }

    [Fact]
    public async Task Arrival_OfFiles_StartsOneRunForEach_AlsoForWhatCameWhileTheRuntimeWasDown()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("in/0.csv", "id\n0\n");
        runtime.Put(Inbox);
        await KnownAsync(runtime, "inbox", "arrival:files");
        runtime.WriteFile("in/1.csv", "id\n1\n");
        var first = await RunsAsync(runtime, "inbox", 1);
        Assert.Equal((RunState.Succeeded, "arrival"), (first[0].State, first[0].Trigger));
        Assert.Contains(runtime.Catalog.Logs.Read(first[0].RunId), l => l.Message == "started by the arrival of in/1.csv");

        await runtime.StopRuntimeAsync();
        runtime.WriteFile("in/2.csv", "id\n2\n");
        await runtime.StartRuntimeAsync();
        await RunsAsync(runtime, "inbox", 2);
        Assert.Equal(3, runtime.Lake.Table(Lake.TableName.Parse("bronze.files")).Latest()!.Rows);
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();
        runtime.WriteFile("in/3.csv", "id\n3\n");
        await RunsAsync(runtime, "inbox", 3);
    }

    // The run that was decided on may have looked for posts already when another one comes, and nothing else looks for it.
    [Fact]
    public async Task Arrival_OfAPostWhileARunIsPending_StartsAnother()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile(".flowforge-workspace", "");
        runtime.Put("pipeline: posts\ntriggers: [ { arrival: orders, every: 1h } ]\ningest:\n  orders: { source_type: webhook, format: json, config: { hook: orders } }\n");
        await KnownAsync(runtime, "posts", "arrival:orders");
        await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("posts"), None));
        runtime.Catalog.Runs.Create(new RunRecord { RunId = "run_open", Pipeline = "posts", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow, WorkflowId = "elsewhere", WorkflowRunId = "elsewhere" });
        runtime.WriteFile(".hooks/orders/0000000001.ndjson", "{\"id\":\"p1\",\"at\":\"2026-01-01T00:00:00Z\",\"body\":{\"n\":1}}\n");
        await WaitAsync(() => runtime.Catalog.Triggers.Get("posts", "arrival:orders") is { PendingRun: not null, Problem: "waiting: run_open of pipeline posts is still queued." }, "a run to be pending");
        runtime.WriteFile(".hooks/orders/0000000002.ndjson", "{\"id\":\"p2\",\"at\":\"2026-01-01T00:00:01Z\",\"body\":{\"n\":2}}\n");
        // Time to hear of it, twice over; who hears of it later starts a run all the same.
        await Task.Delay(2500, TestContext.Current.CancellationToken);
        runtime.Catalog.Runs.SetState("run_open", RunState.Cancelled, null, DateTimeOffset.UtcNow);
        var runs = await RunsAsync(runtime, "posts", 4);
        Assert.Equal(["arrival", "arrival"], runs.Take(2).Select(r => r.Trigger));
        Assert.Equal(2, runtime.Lake.Table(Lake.TableName.Parse("bronze.orders")).Latest()!.Rows);
    }

    [Fact]
    public async Task Arrival_DecidedButNotStarted_IsStartedAfterTheRestart_WithTheSameRun()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("in/0.csv", "id\n0\n");
        runtime.Put(Inbox);
        await KnownAsync(runtime, "inbox", "arrival:files");
        await runtime.StopRuntimeAsync();
        using (var catalog = CatalogDatabase.Open(runtime.CatalogFile))
            catalog.Triggers.Decide("inbox", "arrival:files", "run_decided", "by the arrival of in/9.csv", new Dictionary<string, string> { ["in/9.csv"] = "x" }, []);
        await runtime.StartRuntimeAsync();
        Assert.Equal("run_decided", (await RunsAsync(runtime, "inbox", 1))[0].RunId);
        await runtime.UntilAsync(() => runtime.Catalog.Triggers.Get("inbox", "arrival:files") is { PendingRun: null, LastRun: "run_decided" }, "the trigger to have done it");
    }

    [Fact]
    public async Task Arrival_WhileARunIsOpen_WaitsForItsEnd_AndIsNotDropped()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("in/0.csv", "id\n0\n");
        runtime.Put(Inbox);
        await KnownAsync(runtime, "inbox", "arrival:files");
        // What the runtime does with open runs at its start is over when it has done one.
        await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("inbox"), TestContext.Current.CancellationToken));
        var open = new RunRecord { RunId = "run_open", Pipeline = "inbox", PipelineVersion = 1, QueuedAt = DateTimeOffset.UtcNow, WorkflowId = "elsewhere", WorkflowRunId = "elsewhere" };
        runtime.Catalog.Runs.Create(open);
        runtime.WriteFile("in/1.csv", "id\n1\n");
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
        using (var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50)))
            while (runtime.Catalog.Triggers.Get("inbox", "arrival:files")!.Problem is null) await tick.WaitForNextTickAsync(patience.Token);
        Assert.Equal("waiting: run_open of pipeline inbox is still queued.", runtime.Catalog.Triggers.Get("inbox", "arrival:files")!.Problem);
        runtime.Catalog.Runs.SetState(open.RunId, RunState.Cancelled, null, DateTimeOffset.UtcNow);
        await RunsAsync(runtime, "inbox", 3);
    }

    [Fact]
    public async Task Arrival_InAFolderThatIsNeverQuiet_StartsARun()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("in/0.csv", "id\n0\n");
        runtime.Put(Inbox);
        await KnownAsync(runtime, "inbox", "arrival:files");
        runtime.WriteFile("in/1.csv", "id\n1\n");
        using var enough = new CancellationTokenSource();
        var busy = Task.Run(async () =>
        {
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
            for (var i = 2; !enough.IsCancellationRequested; i++)
            {
                runtime.WriteFile("in/busy.csv", $"id\n{i}\n");
                await tick.WaitForNextTickAsync();
            }
        });
        try
        {
            await WaitAsync(() => runtime.Catalog.Runs.List(new RunFilter { Pipeline = "inbox" }).Total > 0, "a run");
        }
        finally
        {
            await enough.CancelAsync();
            await busy;
        }
    }

    [Fact]
    public async Task Arrival_WhileTheCatalogCannotBeWritten_StartsARunWhenItCanAgain()
    {
        await using var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("in/0.csv", "id\n0\n");
        runtime.Put(Inbox);
        await KnownAsync(runtime, "inbox", "arrival:files");
        using var lines = new Lines("cannot look for arrivals at files: SQLite Error 19: 'the disk is full'");
        runtime.Services.GetRequiredService<ILoggerFactory>().AddProvider(lines);
        Execute("CREATE TRIGGER no_room BEFORE UPDATE ON triggers BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
        runtime.WriteFile("in/1.csv", "id\n1\n");
        await WaitAsync(() => lines.Count >= 2, "the watch to fail, and to look again");
        Assert.Equal(0, runtime.Catalog.Runs.List(new RunFilter { Pipeline = "inbox" }).Total);
        Execute("DROP TRIGGER no_room");
        await RunsAsync(runtime, "inbox", 1);

        void Execute(string sql)
        {
            using var connection = new SqliteConnection($"Data Source={runtime.CatalogFile};Pooling=False;Default Timeout=30");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Counts log lines that hold a text.</summary>
    private sealed class Lines(string wanted) : ILoggerProvider, ILogger
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains(wanted, StringComparison.Ordinal)) Interlocked.Increment(ref _count);
        }

        public void Dispose()
        {
        }
    }

    private static Task KnownAsync(RuntimeFixture runtime, string pipeline, string key) => WaitAsync(() => runtime.Catalog.Triggers.Get(pipeline, key) is not null, $"{key} of {pipeline} to be known");

    /// <summary>Waits until so many runs have ended; newest first.</summary>
    private static async Task<IReadOnlyList<RunRecord>> RunsAsync(RuntimeFixture runtime, string pipeline, int count)
    {
        IReadOnlyList<RunRecord> runs = [];
        await WaitAsync(() => (runs = runtime.Catalog.Runs.List(new RunFilter { Pipeline = pipeline }).Items).Count(r => r.State.IsFinal()) >= count, $"{count} runs of {pipeline}");
        Assert.Equal(count, runs.Count);
        return runs;
    }

    private static async Task WaitAsync(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!condition())
        {
            try { await tick.WaitForNextTickAsync(patience.Token); }
            catch (OperationCanceledException) { throw new TimeoutException("Waited 40 s for " + what); }
        }
    }
}
