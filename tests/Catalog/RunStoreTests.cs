using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class RunStoreTests
{
    [Fact]
    public void Create_Repeated_KeepsTheFirst()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        var run = Run("r1") with
        {
            Trigger = "schedule", WorkflowId = "run/r1", WorkflowRunId = "w", JobIds = ["ingest.a"], RetryOf = "r0",
            Parameters = new Dictionary<string, string> { ["day"] = "2024-01-01" },
        };
        Assert.True(runs.Create(run));
        Assert.False(runs.Create(run with { Pipeline = "other" }));
        Assert.Equivalent(run, runs.Get("r1"), strict: true);
        Assert.Null(runs.Get("r2"));
    }

    [Fact]
    public void SetState_LifeOfARun_SetsTimes()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        Assert.True(runs.SetState("r1", RunState.Running, null, Noon.AddSeconds(1)));
        Assert.False(runs.SetState("r1", RunState.Running, null, Noon.AddSeconds(2)));
        Assert.False(runs.SetState("r1", RunState.Queued, null, Noon.AddSeconds(2)));
        Assert.True(runs.SetState("r1", RunState.Failed, new RunError("FF2003", "broken", "mend it"), Noon.AddSeconds(3)));
        var run = runs.Get("r1")!;
        Assert.Equal(
            (RunState.Failed, Noon.AddSeconds(1), Noon.AddSeconds(3), new RunError("FF2003", "broken", "mend it")),
            (run.State, run.StartedAt!.Value, run.FinishedAt!.Value, run.Error!));
    }

    [Theory]
    [InlineData(RunState.Queued)]
    [InlineData(RunState.Running)]
    [InlineData(RunState.Succeeded)]
    [InlineData(RunState.Cancelled)]
    public void SetState_FinalRun_StaysFinal(RunState late)
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        runs.SetState("r1", RunState.Failed, new RunError("FF1", "m"), Noon);
        Assert.False(runs.SetState("r1", late, null, Noon.AddHours(1)));
        var run = runs.Get("r1")!;
        Assert.Equal((RunState.Failed, Noon, "FF1"), (run.State, run.FinishedAt!.Value, run.Error!.Code));
    }

    [Fact]
    public void Reopen_FailedRun_KeepsWhatSucceeded()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        Assert.False(runs.Reopen("r1", Plan(runs), Noon));
        runs.UpsertJob(Job("r1", "ingest.a", RunState.Succeeded, 2));
        runs.UpsertJob(Job("r1", "silver.b", RunState.Failed, 3) with { Error = new RunError("FF1", "m") });
        runs.SetState("r1", RunState.Failed, new RunError("FF1", "m"), Noon);
        Assert.True(runs.Reopen("r1", Plan(runs), Noon));
        Assert.Equal((RunState.Queued, null, null), (runs.Get("r1")!.State, runs.Get("r1")!.Error, runs.Get("r1")!.FinishedAt));
        Assert.Equal([(RunState.Succeeded, 2), (RunState.Queued, 0)], runs.Jobs("r1").Select(j => (j.State, j.Attempt)));
        Assert.True(runs.UpsertJob(Job("r1", "silver.b", RunState.Running, 1)));
    }

    [Fact]
    public void TakeReopeningBack_RunAndJobsAreAsTheyWere()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        runs.UpsertJob(Job("r1", "ingest.a", RunState.Succeeded, 2));
        runs.UpsertJob(Job("r1", "silver.b", RunState.Failed, 3) with { Error = new RunError("FF1", "m", "s"), FinishedAt = Noon });
        runs.UpsertJob(Job("r1", "gold.c", RunState.Skipped, 0) with { Error = new RunError("FF3004", "skipped") });
        runs.SetState("r1", RunState.Failed, new RunError("FF1", "m", "s"), Noon);
        var plan = Plan(runs);
        var (run, jobs) = (plan.Run, plan.Jobs);
        Assert.True(runs.Reopen("r1", plan, Noon.AddHours(1)));
        Assert.Null(runs.Job("r1", "silver.b")!.Error);
        Assert.Equivalent(plan, runs.Reopening(Assert.Single(runs.Reopenings())), strict: true);

        runs.TakeReopeningBack(runs.Reopening("r1")!);
        Assert.Empty(runs.Reopenings());

        Assert.Equivalent(run, runs.Get("r1"), strict: true);
        Assert.Equivalent(jobs, runs.Jobs("r1"), strict: true);
    }

    [Fact]
    public void Family_RunsThatRepeatEachOther_FromWhicheverIsAsked()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        runs.Create(Run("r2") with { RetryOf = "r1", QueuedAt = Noon.AddMinutes(1) });
        runs.Create(Run("r3") with { RetryOf = "r2", QueuedAt = Noon.AddMinutes(2) });
        runs.Create(Run("r4") with { RetryOf = "r1", QueuedAt = Noon.AddMinutes(3) });
        runs.Create(Run("other") with { QueuedAt = Noon.AddMinutes(4) });
        foreach (var id in (string[])["r1", "r2", "r3", "r4"]) Assert.Equal(["r1", "r2", "r3", "r4"], runs.Family(id).Select(r => r.RunId));
        Assert.Equal(["other"], runs.Family("other").Select(r => r.RunId));
    }

    [Fact]
    public void UpsertJob_AllFields_ComeBack()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        var job = Job("r1", "silver.clean", RunState.Failed, 2) with
        {
            Counts = new RowCounts(10, 4, 3, 2, 1), Bytes = 77, StartedAt = Noon, FinishedAt = Noon.AddMilliseconds(1.5), Error = new RunError("FF1", "m", "s"),
            Table = "silver.clean", TableVersion = 5, Phase = "checking", ProgressFraction = 0.25, RowsPerSecond = 1e6, DependsOn = ["ingest.a"], Note = "n",
        };
        runs.UpsertJob(job);
        Assert.Equivalent(job, runs.Job("r1", "silver.clean"), strict: true);
        Assert.Null(runs.Job("r1", "silver.other"));
    }

    [Fact]
    public void UpsertJob_Plan_KeepsOrderAndEdges()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        runs.UpsertJobs([Job("r1", "ingest.z"), Job("r1", "silver.a") with { DependsOn = ["ingest.z"], Table = "silver.a" }]);
        runs.UpsertJob(Job("r1", "silver.a", RunState.Running, 1));
        runs.UpsertJob(Job("r1", "ingest.z", RunState.Running, 1));
        Assert.Equal(["ingest.z", "silver.a"], runs.Jobs("r1").Select(j => j.JobId));
        Assert.Equal(["ingest.z"], runs.Jobs("r1")[1].DependsOn);
        Assert.Equal("silver.a", runs.Jobs("r1")[1].Table);
    }

    [Theory]
    [InlineData(RunState.Succeeded, 1, RunState.Running, 1, false)] // a heartbeat that comes too late
    [InlineData(RunState.Succeeded, 2, RunState.Failed, 1, false)]  // an attempt that was given up
    [InlineData(RunState.Running, 1, RunState.Queued, 1, false)]
    [InlineData(RunState.Failed, 1, RunState.Running, 2, true)]
    [InlineData(RunState.Running, 1, RunState.Failed, 1, true)]
    [InlineData(RunState.Queued, 0, RunState.Skipped, 0, true)]
    public void UpsertJob_LateWord_IsHeardOnlyWhenNewer(RunState was, int wasAttempt, RunState word, int wordAttempt, bool heard)
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1"));
        runs.UpsertJob(Job("r1", state: was, attempt: wasAttempt));
        Assert.Equal(heard, runs.UpsertProgress(Job("r1", state: word, attempt: wordAttempt)));
        Assert.Equal(heard ? word : was, runs.Jobs("r1")[0].State);
    }

    [Fact]
    public void AddAttempt_StartAndEnd_IsOneAttempt()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        var first = new AttemptRecord("r1", "ingest.a", 1, RunState.Running, Noon, null, null);
        var ended = first with { State = RunState.Failed, FinishedAt = Noon.AddSeconds(5), Error = new RunError("FF1", "m", "s") };
        runs.AddAttempt(first);
        runs.AddAttempt(ended);
        runs.AddAttempt(first);
        var second = new AttemptRecord("r1", "ingest.a", 2, RunState.Running, Noon.AddSeconds(6), null, null);
        runs.AddAttempt(second);
        runs.AddAttempt(second with { JobId = "ingest.b", Attempt = 1 });
        Assert.Equal([ended, second], runs.Attempts("r1", "ingest.a"));
        Assert.Equal(3, runs.Attempts("r1").Count);
    }

    [Fact]
    public void List_Filters_Combine()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1", "flights", RunState.Succeeded, Noon));
        runs.Create(Run("r2", "movies", RunState.Failed, Noon.AddHours(1)) with { Error = new RunError("FF1", "50% of the file was lost") });
        runs.Create(Run("r3", "flights", RunState.Running, Noon.AddHours(2)));
        Assert.Equal(["r3", "r2", "r1"], Ids(new RunFilter()));
        Assert.Equal(["r3", "r1"], Ids(new RunFilter { Pipeline = "flights" }));
        Assert.Equal(["r2"], Ids(new RunFilter { State = RunState.Failed }));
        Assert.Equal(["r2", "r1"], Ids(new RunFilter { To = Noon.AddHours(2) }));
        Assert.Equal(["r3", "r2"], Ids(new RunFilter { From = Noon.AddHours(1) }));
        Assert.Equal(["r2"], Ids(new RunFilter { Text = "50% OF" }));
        Assert.Equal(["r1"], Ids(new RunFilter { Text = "R1" }));
        Assert.Empty(Ids(new RunFilter { Text = "_" }));
        Assert.Empty(Ids(new RunFilter { Pipeline = "flights", State = RunState.Failed }));
        Assert.Equal(["r3"], runs.Open().Select(r => r.RunId));
        Assert.Equal(["r3", "r2"], runs.Latest(["flights", "movies", "none"]).Values.Select(r => r.RunId));

        IEnumerable<string> Ids(RunFilter filter)
        {
            var page = runs.List(filter);
            Assert.Equal(page.Items.Count, page.Total);
            return page.Items.Select(r => r.RunId);
        }
    }

    [Fact]
    public void List_Pages_CoverAllOnce()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        for (var i = 0; i < 25; i++)
        {
            runs.Create(Run($"r{i:00}", queuedAt: Noon)); // equal times: the id decides
        }
        var seen = Enumerable.Range(1, 3).SelectMany(p => runs.List(new RunFilter(), p, 10).Items).Select(r => r.RunId);
        Assert.Equal(Enumerable.Range(0, 25).Reverse().Select(i => $"r{i:00}"), seen);
        Assert.Equal((25, 1, 1), (runs.List(new RunFilter(), 0, 0).Total, runs.List(new RunFilter(), 0, 0).Number, runs.List(new RunFilter(), 0, 0).Size));
    }

    private static Reopening Plan(RunStore runs) => new("w1", 7, "request", true, false, runs.Get("r1")!, runs.Jobs("r1"));
}
