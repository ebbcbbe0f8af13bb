namespace FlowForge.Catalog.Tests;

/// <summary>What is noted of runs while they run.</summary>
public sealed class RunSampleTests
{
    [Fact]
    public void Samples_OfALongRun_AreThinnedOut()
    {
        using var catalog = new TemporaryCatalog();
        var runs = catalog.Database.Runs;
        var start = new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < 10; i++)
        {
            runs.AddSample("run_a", new RunSample(start.AddSeconds(i), i * 10, i, 1.5, 1000));
            Assert.Equal(i == 8, runs.ThinSamples("run_a", 8));
        }
        Assert.Equal([0, 20, 40, 60, 80, 90], runs.Samples("run_a").Select(s => s.Rows));
        Assert.Equal(new RunSample(start, 0, 0, 1.5, 1000), runs.Samples("run_a")[0]);
        Assert.Empty(runs.Samples("run_b"));
        Assert.Equal((0, 0), runs.Progress("run_b"));
    }
}
