using FlowForge.Api.Hosting;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Orchestration.Notebooks;
using FlowForge.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using RunState = FlowForge.Catalog.RunState;

namespace FlowForge.Api.Tests.Hosting;

/// <summary>When old runs are removed, and what is said of it: by a clock that the test sets.</summary>
public sealed class RetentionTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-retention-").FullName;
    private readonly CatalogDatabase catalog;
    private readonly HandClock clock = new(Noon);

    public RetentionTests() => catalog = CatalogDatabase.Open(Path.Combine(folder, "catalog.db"));

    [Fact]
    public async Task Sweep_OldRuns_AreGoneAndItIsToldAndAudited()
    {
        foreach (var (id, days) in ((string, int)[])[("old", 500), ("executed", 499), ("kept1", 498), ("quiet", 40)]) Add(id, days);
        var copies = new ExecutedNotebooks(Path.Combine(folder, "executed"));
        copies.Keep("executed", "gold.t", FlowForge.Notebooks.Sessions.Documents.NotebookDocument.Create());
        using var work = Work(new RetentionOptions { KeepRunsPerPipeline = 2 }, copies);
        var before = work.Status;
        Assert.Equal((365, 30, 2, Noon.AddMinutes(2), (RetentionSweep?)null), (before.RunDays, before.LogDays, before.RunsPerPipeline, before.NextSweepAt, before.LastSweep));

        var swept = await work.SweepAsync("ann", default);

        // The newest two of the pipeline, and what an executed notebook stands beside, are there without their logs.
        Assert.Equal((1, 4), (swept.Runs, swept.LogLines));
        Assert.Equal(["executed", "kept1", "quiet"], catalog.Runs.List(new RunFilter()).Items.Select(r => r.RunId).Order());
        Assert.Empty(catalog.Logs.Read("quiet"));
        var entry = Assert.Single(catalog.Audit.List("runs"));
        Assert.Equal(("ann", "remove old runs", "1 run that ended more than 365 days ago, and 4 log lines, of those runs and of runs that ended more than 30 days ago"), (entry.By, entry.Action, entry.Detail));
        Assert.Equal((swept, Noon.AddDays(1)), (work.Status.LastSweep!, work.Status.NextSweepAt));
        // A runtime that is started anew knows of it, and does not begin with a sweep.
        clock.Now = Noon.AddHours(1);
        using var later = Work(new RetentionOptions(), copies);
        Assert.Equal((swept, Noon.AddDays(1)), (later.Status.LastSweep!, later.Status.NextSweepAt));
    }

    [Fact]
    public async Task Watch_ADayPasses_SweepsOnceMore()
    {
        using var work = Work(new RetentionOptions { KeepRunsPerPipeline = 1 }, new ExecutedNotebooks(Path.Combine(folder, "executed")));
        using var watch = new RetentionWatch(work, clock, NullLogger<RetentionWatch>.Instance);
        await watch.StartAsync(default);
        await clock.WaitForTimerAsync();
        Add("old", 400);
        Add("new", 1);
        Assert.Null(work.Status.LastSweep);

        await clock.MoveToAsync(Noon.AddMinutes(2));
        await UntilAsync(() => work.Status.LastSweep is { Runs: 1 });
        Add("older", 401);
        for (var hours = 6; hours <= 24; hours += 6) await clock.MoveToAsync(Noon.AddHours(hours));
        Assert.Equal(Noon.AddMinutes(2), work.Status.LastSweep!.At);
        await clock.MoveToAsync(Noon.AddDays(1).AddMinutes(2));
        await UntilAsync(() => work.Status.LastSweep!.At == Noon.AddDays(1).AddMinutes(2));

        Assert.Equal(["new"], catalog.Runs.List(new RunFilter()).Items.Select(r => r.RunId));
        await watch.StopAsync(default);
    }

    [Fact]
    public async Task Watch_EverythingIsKept_EndsAtOnce()
    {
        using var work = Work(new RetentionOptions { Runs = null, Logs = null }, new ExecutedNotebooks(Path.Combine(folder, "executed")));
        using var watch = new RetentionWatch(work, clock, NullLogger<RetentionWatch>.Instance);
        await watch.StartAsync(default);
        await watch.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(((int?)null, (int?)null, (DateTimeOffset?)null), (work.Status.RunDays, work.Status.LogDays, work.Status.NextSweepAt));
    }

    private RetentionWork Work(RetentionOptions options, ExecutedNotebooks copies) => new(catalog, copies, options, clock);

    private void Add(string id, int daysAgo)
    {
        var at = Noon.AddDays(-daysAgo);
        catalog.Runs.Create(new RunRecord { RunId = id, Pipeline = "p", PipelineVersion = 1, State = RunState.Failed, QueuedAt = at, FinishedAt = at });
        catalog.Logs.Append(id, null, JobLogLevel.Info, at, "line");
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (var until = DateTime.UtcNow.AddSeconds(60); !isSo(); await Task.Delay(20, TestContext.Current.CancellationToken)) Assert.True(DateTime.UtcNow < until, "It did not come to be within a minute.");
    }

    public void Dispose()
    {
        catalog.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Stands still until it is set; whoever waits for a time is called when it has come.</summary>
    private sealed class HandClock(DateTimeOffset start) : TimeProvider
    {
        private readonly Lock gate = new();
        private readonly List<Waiting> timers = [];

        public DateTimeOffset Now { get; set; } = start;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Waiting(this, callback, state, Now + dueTime);
            lock (gate) timers.Add(timer);
            return timer;
        }

        /// <summary>Until somebody waits for a time that has not come.</summary>
        public Task WaitForTimerAsync() => UntilAsync(() => { lock (gate) return timers.Exists(t => t.Due > Now); });

        public async Task MoveToAsync(DateTimeOffset to)
        {
            Now = to;
            List<Waiting> due;
            lock (gate)
            {
                due = timers.FindAll(t => t.Due <= to);
                timers.RemoveAll(due.Contains);
            }
            foreach (var timer in due) timer.Call();
            await WaitForTimerAsync();
        }

        private sealed class Waiting(HandClock clock, TimerCallback callback, object? state, DateTimeOffset due) : ITimer
        {
            public DateTimeOffset Due => due;

            public void Call() => callback(state);

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                lock (clock.gate) clock.timers.Remove(this);
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
