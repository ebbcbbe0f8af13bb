using FlowForge.Pipelines;
using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class RetentionTests
{
    private static readonly RetentionOptions Keep2 = new() { Logs = TimeSpan.FromDays(5), Runs = TimeSpan.FromDays(10), KeepRunsPerPipeline = 2 };

    [Fact]
    public void Prune_OldRuns_GoWithAllThatBelongsToThem()
    {
        using var catalog = new TemporaryCatalog();
        var db = catalog.Database;
        for (var day = 1; day <= 20; day++)
        {
            Add(db, $"a{day:00}", "a", day, RunState.Succeeded);
        }
        Add(db, "b20", "b", 20, RunState.Failed);    // among the newest two of its pipeline
        Add(db, "c20", "c", 20, RunState.Running);   // open
        Add(db, "c19", "c", 19, RunState.Succeeded);
        Add(db, "c18", "c", 18, RunState.Succeeded);

        var result = db.Prune(Keep2, Noon);
        Assert.Equal(10, result.Runs); // a11 to a20
        Assert.Equal(
            ["a01", "a02", "a03", "a04", "a05", "a06", "a07", "a08", "a09", "a10", "b20", "c18", "c19", "c20"],
            db.Runs.List(new RunFilter()).Items.Select(r => r.RunId).Order());
        Assert.Empty(db.Runs.Jobs("a11"));
        Assert.Empty(db.Runs.Attempts("a11"));
        Assert.Empty(db.Checks.OfRun("a11"));
        // How many of a table's rejects are open is counted from all of these.
        Assert.Equal([new RejectSummary("bronze.a11", "a11", "cast", 1) { Open = 0 }], db.Rejects.OfRun("a11"));
        Assert.NotEmpty(db.Runs.Jobs("a10"));
        // Logs: of the ten removed runs, of a06 to a10 (kept, but older than five days), of b20, c18, c19; a05 finished five days ago, c20 is open.
        Assert.Equal(18, result.LogLines);
        Assert.Empty(db.Logs.Read("a06"));
        Assert.NotEmpty(db.Logs.Read("a05"));
        Assert.NotEmpty(db.Logs.Read("c20"));
        Assert.NotEmpty(db.Files.List("bronze.t").Items);
        Assert.Equal(new PruneResult(0, 0), db.Prune(Keep2, Noon));
    }

    [Fact]
    public void Prune_ForEver_RemovesNothing()
    {
        using var catalog = new TemporaryCatalog();
        Add(catalog.Database, "a", "a", 5000, RunState.Succeeded);
        Assert.Equal(new PruneResult(0, 0), catalog.Database.Prune(new RetentionOptions { Logs = null, Runs = null }, Noon));
    }

    [Fact]
    public void Prune_WhatSomethingStandsOn_StaysHoweverOld()
    {
        using var catalog = new TemporaryCatalog();
        var db = catalog.Database;
        db.Backfills.Create(new BackfillRecord { BackfillId = "open", Pipeline = "p", PipelineVersion = 1, State = RunState.Running, Range = Day, Step = "1d", CreatedAt = Noon });
        db.Backfills.Create(new BackfillRecord { BackfillId = "over", Pipeline = "p", PipelineVersion = 1, State = RunState.Running, Range = Day, Step = "1d", CreatedAt = Noon.AddDays(-90) });
        db.Backfills.SetState("over", RunState.Succeeded, null, Noon.AddDays(-80));
        foreach (var (id, backfill) in ((string, string?)[])[("backfill", "open"), ("backfilled", "over"), ("copy", null), ("delivery", null), ("fired", null), ("held", null), ("nothing", null), ("rejects", null), ("repeated", null), ("watermark", null)])
            Put(db, Run(id, "p", queuedAt: Noon.AddDays(-100)) with { BackfillId = backfill }, "ingest.a", RunState.Succeeded);
        Put(db, Run("last_of_a_job", "p", queuedAt: Noon.AddDays(-99)), "ingest.gone", RunState.Succeeded);
        Put(db, Run("failed_later", "p", queuedAt: Noon.AddDays(-98)), "ingest.gone", RunState.Failed);
        for (var i = 0; i < 3; i++) Put(db, Run($"new{i}", "p", queuedAt: Noon.AddDays(-3 + i)), "ingest.a", RunState.Succeeded);
        db.Runs.Create(Run("repeats", "p", queuedAt: Noon) with { RetryOf = "repeated" });
        db.Watermarks.Record(new Watermark("bronze.a", "p", "ingest.a", "id", "7", "watermark", Noon));
        db.Deliveries.Begin("p", "out", "s3://b/t", "gold.t", Noon);
        db.Deliveries.Record(new DeliveryRecord("p", "out", "s3://b/t", "gold.t") { RunId = "delivery", Version = 3, DeliveredAt = Noon });
        db.Triggers.Begin("q", "after.p", 0, new Dictionary<string, string>());
        db.Triggers.Done("q", "after.p", 1, "fired", null, Noon);
        db.Holds.Record(new SchemaHold { HoldId = "h", Table = "bronze.a", Pipeline = "p", JobId = "ingest.a", RunId = "held", RunTime = Noon, HeldAt = Noon, Changes = [] });
        db.Rejects.Record("bronze.a", "rejects", new Dictionary<string, long> { ["cast"] = 4 });

        var gone = db.Prune(Keep2, Noon, ["copy", "unknown"]);

        Assert.Equal(
            ["backfill", "copy", "delivery", "fired", "held", "last_of_a_job", "new0", "new1", "new2", "rejects", "repeated", "repeats", "watermark"],
            db.Runs.List(new RunFilter()).Items.Select(r => r.RunId).Order());
        Assert.Equal(new PruneResult(3, 0), gone);
        Assert.Equal(["open"], db.Backfills.List("p").Items.Select(b => b.BackfillId));
    }

    [Fact]
    public void Prune_WhatRunsSaidAboutTheirIntervals_Stays()
    {
        using var catalog = new TemporaryCatalog();
        var db = catalog.Database;
        var first = Noon.AddDays(-200);
        DataInterval[] days = [.. Enumerable.Range(0, 4).Select(i => new DataInterval(first.AddDays(i), first.AddDays(i + 1)))];
        void Ended(string id, int day, RunState state, double at, string? retryOf = null, string[]? jobs = null) =>
            Put(db, Run(id, "p", queuedAt: first.AddDays(at)) with { Interval = days[day], RetryOf = retryOf, JobIds = jobs ?? [] }, "ingest.a", state);
        Ended("made", 0, RunState.Succeeded, 1);
        Ended("failed_after", 0, RunState.Failed, 1.5);
        Ended("failed", 1, RunState.Failed, 2);
        Ended("half", 2, RunState.Failed, 3);
        Ended("other_half", 2, RunState.Succeeded, 4, "half", ["ingest.a"]);
        Ended("kept", 3, RunState.Cancelled, 190);
        for (var i = 0; i < 2; i++) Put(db, Run($"new{i}", "p", queuedAt: Noon.AddDays(-1)), "ingest.a", RunState.Succeeded);

        Assert.Equal(5, db.Prune(Keep2, Noon).Runs);

        Assert.Equal(
            [(days[0], "made", RunState.Succeeded, "", true), (days[1], "failed", RunState.Failed, "", true), (days[2], "other_half", RunState.Succeeded, "", true),
             (days[2], "other_half", RunState.Succeeded, "ingest.a", true), (days[3], "kept", RunState.Cancelled, "", false)],
            db.Backfills.Newest("p", new(first, Noon)).Select(r => (r.Interval, r.RunId, r.State, string.Join(',', r.JobIds), r.Removed)).OrderBy(r => r.Interval.Start).ThenBy(r => r.Item4, StringComparer.Ordinal));
        Assert.Empty(db.Backfills.Newest("q", new(first, Noon)));
        Assert.Single(db.Backfills.Newest("p", days[1]));
    }

    [Fact]
    public void Prune_RemovedLog_IsToldUntilTheRunIsTakenUpAgain()
    {
        using var catalog = new TemporaryCatalog();
        var db = catalog.Database;
        Add(db, "old", "a", 7, RunState.Failed);
        db.Runs.Create(Run("silent", "a", queuedAt: Noon.AddDays(-7)));
        db.Runs.SetState("silent", RunState.Failed, null, Noon.AddDays(-7));
        db.Prune(Keep2, Noon);
        Assert.Equal(Noon, db.Runs.Get("old")!.LogRemovedAt);
        Assert.Null(db.Runs.Get("silent")!.LogRemovedAt);
        db.Prune(Keep2, Noon.AddHours(1));
        Assert.Equal(Noon, db.Runs.Get("old")!.LogRemovedAt);

        var again = new Reopening("w", 7, "request", true, false, db.Runs.Get("old")!, db.Runs.Jobs("old"));
        Assert.True(db.Runs.Reopen("old", again, Noon));
        Assert.Null(db.Runs.Get("old")!.LogRemovedAt);
        db.Runs.TakeReopeningBack(again);
        Assert.Equal(Noon, db.Runs.Get("old")!.LogRemovedAt);
    }

    [Fact]
    public void Prune_MoreThanOnePiece_GoesOnBehindWhatStays()
    {
        using var catalog = new TemporaryCatalog();
        for (var i = 0; i < 450; i++) catalog.Database.Runs.Create(Run($"r{i:000}", "p", RunState.Failed, Noon.AddDays(-500).AddMinutes(i)) with { FinishedAt = Noon.AddDays(-499) });
        Assert.Equal(new PruneResult(347, 0), catalog.Database.Prune(Keep2, Noon, Enumerable.Range(0, 101).Select(i => $"r{i:000}")));
        Assert.Equal(103, catalog.Database.Runs.List(new RunFilter()).Total);
    }

    [Fact]
    public void Prune_RunThatHeldATable_ItsVersionIsNotGivenAgain()
    {
        using var catalog = new TemporaryCatalog();
        var db = catalog.Database;
        Put(db, Run("old", "p", queuedAt: Noon.AddDays(-100)), "ingest.a", RunState.Failed);
        Assert.Equal(6, db.Claims.TryClaim("bronze.a", "old", "ingest.a", () => 5).TxnVersion);
        for (var i = 0; i < 2; i++) Put(db, Run($"new{i}", "p", queuedAt: Noon.AddDays(-1)), "ingest.b", RunState.Succeeded);
        Assert.Equal(1, db.Prune(Keep2, Noon).Runs);
        // The table was restored to an older state meanwhile.
        Assert.Equal(7, db.Claims.TryClaim("bronze.a", "new1", "ingest.a", () => 2).TxnVersion);
    }

    private static readonly DataInterval Day = new(Noon.AddDays(-1), Noon);

    private static void Put(CatalogDatabase db, RunRecord run, string job, RunState state)
    {
        db.Runs.Create(run);
        db.Runs.SetState(run.RunId, RunState.Running, null, run.QueuedAt);
        db.Runs.UpsertJob(Job(run.RunId, job, state, 1));
        db.Runs.SetState(run.RunId, state, null, run.QueuedAt);
    }

    private static void Add(CatalogDatabase db, string id, string pipeline, int daysAgo, RunState state)
    {
        var at = Noon.AddDays(-daysAgo);
        db.Runs.Create(Run(id, pipeline, queuedAt: at));
        db.Runs.SetState(id, RunState.Running, null, at);
        db.Runs.UpsertJob(Job(id, state: state, attempt: 1));
        db.Runs.AddAttempt(new AttemptRecord(id, "ingest.flights", 1, state, at, null, null));
        db.Logs.Append(id, null, JobLogLevel.Info, at, "line");
        db.Checks.Record(id, "ingest.flights", "bronze.t", [new CheckOutcome("unique(a)", CheckAction.Warn, true, 0)], at);
        db.Rejects.Replace("bronze." + id, [new RejectSummary("bronze." + id, id, "cast", 1) { Open = 0 }]);
        db.Files.Record([new FileSeen("bronze.t", id, 1, null, at, null, 1, id, at)]);
        if (state.IsFinal())
        {
            db.Runs.SetState(id, state, null, at);
        }
    }
}
