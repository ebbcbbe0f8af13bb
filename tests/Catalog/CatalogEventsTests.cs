using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class CatalogEventsTests
{
    [Fact]
    public async Task Watch_ChangesOfOneRun_AreTold()
    {
        using var catalog = new TemporaryCatalog();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var changes = catalog.Database.Events.Watch(c => c.Key == "r1", stop.Token);
        catalog.Database.Runs.Create(Run("r1")); // between the call and the first read
        catalog.Database.Runs.Create(Run("r2"));
        catalog.Database.Runs.UpsertJob(Job("r1"));
        catalog.Database.Logs.Append("r1", null, JobLogLevel.Info, Noon, "x");
        List<CatalogChange> seen = [];
        await foreach (var change in changes)
        {
            seen.Add(change);
            if (seen.Count == 3)
            {
                break;
            }
        }
        Assert.Equal([new(CatalogChangeKind.Run, "r1"), new(CatalogChangeKind.Job, "r1", "ingest.flights"), new(CatalogChangeKind.Log, "r1")], seen);
    }

    [Fact]
    public async Task Watch_SlowReader_HearsEqualChangesOnce()
    {
        using var catalog = new TemporaryCatalog();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var changes = catalog.Database.Events.Watch(ct: stop.Token).GetAsyncEnumerator(stop.Token);
        catalog.Database.Runs.Create(Run("r1"));
        for (var i = 1; i <= 100; i++)
        {
            catalog.Database.Runs.UpsertProgress(Job("r1", state: RunState.Running, attempt: i));
        }
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new CatalogChange(CatalogChangeKind.Run, "r1"), changes.Current);
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new CatalogChange(CatalogChangeKind.Job, "r1", "ingest.flights"), changes.Current);
        catalog.Database.Pipelines.Put("p", "x", FlowForge.Pipelines.PipelineFormat.Yaml, "/"); // nothing else was waiting
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(new CatalogChange(CatalogChangeKind.Pipeline, "p"), changes.Current);
    }

    [Fact]
    public async Task Watch_Cancelled_EndsWithoutException()
    {
        using var catalog = new TemporaryCatalog();
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            var count = 0;
            await foreach (var _ in catalog.Database.Events.Watch(ct: stop.Token))
            {
                count++;
            }
            return count;
        });
        await stop.CancelAsync();
        Assert.Equal(0, await reading.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Watch_WriteThatFails_TellsNothing()
    {
        using var catalog = new TemporaryCatalog();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var changes = catalog.Database.Events.Watch(ct: stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.ThrowsAny<Exception>(() => catalog.Database.Runs.Create(Run("r1") with { Pipeline = null! }));
        catalog.Database.Runs.Create(Run("r2"));
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal("r2", changes.Current.Key);
    }
}
