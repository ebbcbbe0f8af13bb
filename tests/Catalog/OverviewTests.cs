using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class OverviewTests
{
    [Fact]
    public void Overview_NoRuns_IsEmptyNotBroken()
    {
        using var catalog = new TemporaryCatalog();
        var overview = catalog.Database.Runs.Overview(TimeSpan.FromDays(1), Noon);
        Assert.Equal(new OverviewFigures(0, 0, 0, 0, 0, null, 0, 0, 0, 0, null, null), overview.Current);
        Assert.Equal(24, overview.Buckets.Count);
        Assert.All(overview.Buckets, b => Assert.Null(b.MeanSeconds));
    }

    [Fact]
    public void Overview_SilverAndGoldOfARun_DoNotCountItsRowsAgain()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        runs.Create(Run("r1", queuedAt: Noon));
        runs.UpsertJob(Job("r1", "ingest.a") with { Counts = new RowCounts(10, 9, 1, 0), Bytes = 100 });
        runs.UpsertJob(Job("r1", "silver.b") with { Counts = new RowCounts(9, 9, 0, 0), Bytes = 90 });
        var now = runs.Overview(TimeSpan.FromDays(1), Noon).Current;
        Assert.Equal((10, 9, 1, 100), (now.RowsRead, now.RowsLoaded, now.RowsRejected, now.Bytes));
        Assert.Equal(["ingest.a", "silver.b"], runs.Jobs("r1").Select(j => j.JobId));
    }

    [Fact]
    public void Overview_RunsInBothWindows_AreCountedApart()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        for (var i = 1; i <= 20; i++)
        {
            Add($"r{i}", Noon.AddMinutes(-i), i == 20 ? RunState.Failed : RunState.Succeeded, i);
        }
        Add("open", Noon, RunState.Running, null);
        Add("cancelled", Noon.AddHours(-23).AddMinutes(-59), RunState.Cancelled, 1);
        Add("before", Noon.AddHours(-25), RunState.Failed, 7);
        Add("long ago", Noon.AddHours(-49), RunState.Failed, 7);

        var overview = runs.Overview(TimeSpan.FromDays(1), Noon);
        Assert.Equal(new OverviewFigures(22, 19, 1, 1, 1, 0.95, 220, 110, 22, 2200, 10, 19), overview.Current);
        Assert.Equal(new OverviewFigures(1, 0, 1, 0, 0, 0, 10, 5, 1, 100, 7, 7), overview.Previous);
        Assert.Equal((19, 1, 1), (overview.Buckets[^1].Succeeded, overview.Buckets[^1].Failed, overview.Buckets[^1].Open));
        Assert.Equal((10.5, 19.0), (overview.Buckets[^1].MeanSeconds!.Value, overview.Buckets[^1].P95Seconds!.Value));
        Assert.Equal(
            (1L, 5L, 1.0, 1.0),
            (overview.Buckets[0].Cancelled, overview.Buckets[0].RowsLoaded, overview.Buckets[0].MeanSeconds!.Value, overview.Buckets[0].P95Seconds!.Value));
        Assert.Equal(22, overview.Buckets.Sum(b => b.Succeeded + b.Failed + b.Cancelled + b.Open));

        void Add(string id, DateTimeOffset at, RunState state, double? seconds)
        {
            runs.Create(Run(id, queuedAt: at));
            runs.SetState(id, RunState.Running, null, at);
            runs.UpsertJob(Job(id, state: RunState.Running, attempt: 1) with { Counts = new RowCounts(10, 5, 1, 4), Bytes = 100 });
            if (seconds is { } s)
            {
                runs.SetState(id, state, null, at.AddSeconds(s));
            }
        }
    }
}
