using FlowForge.Pipelines;
using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class SystemViewsTests
{
    [Fact]
    public void Of_EmptyCatalog_HasAllViewsWithoutRows()
    {
        using var catalog = new TemporaryCatalog();
        var views = SystemViews.Of(catalog.Database);
        Assert.Equal(["runs", "job_runs", "files", "watermarks", "schema_history", "checks", "schema_holds", "audit"], views.Select(v => v.Name));
        Assert.All(views, v => Assert.Empty(v.Rows));
    }

    [Fact]
    public void Of_FilledCatalog_GivesValuesOfTheSaidTypes()
    {
        using var catalog = new TemporaryCatalog();
        var db = catalog.Database;
        db.Runs.Create(Run("r1"));
        db.Runs.SetState("r1", RunState.Running, null, Noon);
        db.Runs.UpsertJob(Job("r1", state: RunState.Succeeded, attempt: 1) with
        {
            Counts = new RowCounts(10, 9, 1), Bytes = 5, StartedAt = Noon, FinishedAt = Noon.AddSeconds(2), Table = "bronze.flights", TableVersion = 3,
        });
        db.Runs.SetState("r1", RunState.Failed, new RunError("FF1", "m"), Noon.AddSeconds(1.5));
        db.Runs.Create(Run("r2") with { Interval = new(Noon, Noon.AddHours(1)), BackfillId = "bf_1" });
        db.Runs.SetPaused("r2", true);
        db.Files.Record([new("bronze.flights", "a.csv", 7, null, Noon, "aa", 9, "r1", Noon)]);
        db.Watermarks.Record(new("bronze.flights", "flights", "ingest.flights", "day", "2024-01-01", "r1", Noon));
        db.Schemas.Record(new("bronze.flights", 0, "r1", Noon, [new("a", "BIGINT")]));
        db.Checks.Record("r1", "ingest.flights", "bronze.flights", [new("unique(a)", CheckAction.Warn, false, 4, "4 rows")], Noon);

        var views = SystemViews.Of(db).ToDictionary(v => v.Name);
        Assert.Equal(
            [
                ["r1", "flights", 1L, "manual", "failed", Noon, Noon, Noon.AddSeconds(1.5), 1.5, 10L, 9L, 1L, 5L, "FF1", "m", null, null, null, false, null],
                ["r2", "flights", 1L, "manual", "queued", Noon, null, null, null, 0L, 0L, 0L, 0L, null, null, null, Noon, Noon.AddHours(1), true, "bf_1"],
            ],
            views["runs"].Rows);
        Assert.Equal(
            [["r1", "ingest.flights", "flights", "ingest", "succeeded", 1L, 10L, 9L, 1L, 0L, 0L, 5L, Noon, Noon.AddSeconds(2), 2.0, "bronze.flights", 3L, null, null]],
            views["job_runs"].Rows);
        Assert.Equal([["bronze.flights", "a.csv", 7L, null, Noon, "aa", 9L, "r1", Noon, null]], views["files"].Rows);
        Assert.Equal([["bronze.flights", "flights", "ingest.flights", "day", "2024-01-01", "r1", Noon]], views["watermarks"].Rows);
        Assert.Equal("bronze.flights", views["schema_history"].Rows.Single()[0]);
        Assert.Equal([["r1", "ingest.flights", "bronze.flights", "unique(a)", "warn", false, 4L, "4 rows", Noon, null]], views["checks"].Rows);

        foreach (var view in views.Values)
        {
            foreach (var row in view.Rows)
            {
                Assert.Equal(view.Columns.Count, row.Length);
                Assert.All(row.Zip(view.Columns), p => Assert.True(p.First is null || p.First.GetType() == ClrType(p.Second.Type), $"{view.Name}.{p.Second.Name}"));
            }
        }
    }

    [Fact]
    public void Rows_WhileOthersWrite_ShowOneState()
    {
        using var catalog = new TemporaryCatalog();
        for (var i = 0; i < 50; i++)
        {
            catalog.Database.Runs.Create(Run($"r{i:00}"));
        }
        var seen = 0;
        foreach (var _ in SystemViews.Of(catalog.Database)[0].Rows)
        {
            catalog.Database.Runs.Create(Run($"late{seen++}"));
        }
        Assert.Equal(50, seen);
        Assert.Equal(100, SystemViews.Of(catalog.Database)[0].Rows.Count());
    }

    private static Type ClrType(SystemColumnType type) => type switch
    {
        SystemColumnType.Varchar => typeof(string),
        SystemColumnType.Bigint => typeof(long),
        SystemColumnType.Double => typeof(double),
        SystemColumnType.Boolean => typeof(bool),
        _ => typeof(DateTimeOffset),
    };
}
