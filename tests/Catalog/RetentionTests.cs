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
        Assert.Empty(db.Rejects.OfRun("a11"));
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

    private static void Add(CatalogDatabase db, string id, string pipeline, int daysAgo, RunState state)
    {
        var at = Noon.AddDays(-daysAgo);
        db.Runs.Create(Run(id, pipeline, queuedAt: at));
        db.Runs.SetState(id, RunState.Running, null, at);
        db.Runs.UpsertJob(Job(id, state: state, attempt: 1));
        db.Runs.AddAttempt(new AttemptRecord(id, "ingest.flights", 1, state, at, null, null));
        db.Logs.Append(id, null, JobLogLevel.Info, at, "line");
        db.Checks.Record(id, "ingest.flights", "bronze.t", [new CheckOutcome("unique(a)", CheckAction.Warn, true, 0)], at);
        db.Rejects.Record("bronze.t", id, new Dictionary<string, long> { ["cast"] = 1 });
        db.Files.Record([new FileSeen("bronze.t", id, 1, null, at, null, 1, id, at)]);
        if (state.IsFinal())
        {
            db.Runs.SetState(id, state, null, at);
        }
    }
}
