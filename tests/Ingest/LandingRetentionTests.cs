using FlowForge.Catalog;
using FlowForge.Ingest.Landing;

namespace FlowForge.Ingest.Tests;

/// <summary>Old landed files go, and never one that something needs.</summary>
public sealed class LandingRetentionTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private const string Yaml = "source_type: file_local\nformat: csv\nlanding_retention_days: 7\nerror_handling: quarantine\nquarantine_path: quarantine/things\ndrift: hold\nconfig: { path: \"data/*.csv\" }";

    private LandingRetention Retention => new(_bench.Lake, _bench.Catalog);
    private LandingPlan Plan(int days) => Retention.Plan(Bench.Job(Yaml), "test", DateTimeOffset.UtcNow.AddDays(days));
    private static IEnumerable<string> Names(IEnumerable<LandedFileAge> files) => files.Select(f => Path.GetFileName(f.Path)[17..]).Order(StringComparer.Ordinal);

    private void Ended(string run, RunState state)
    {
        _bench.Catalog.Runs.Create(new RunRecord { RunId = run, Pipeline = "test", PipelineVersion = 1, Trigger = "manual", QueuedAt = DateTimeOffset.UtcNow, JobIds = [], Parameters = new Dictionary<string, string>() });
        _bench.Catalog.Runs.SetState(run, state, null, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task Remove_TakesOldFilesOnly_AndKeepsWhatIsNeeded()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        await _bench.RunAsync(Yaml);
        Ended("run-1", RunState.Succeeded);
        _bench.Write("data/b.csv", "id\n2\nx,y\n");
        await _bench.RunAsync(Yaml);
        Ended("run-2", RunState.Succeeded);
        _bench.Write("data/c.csv", "id,new\n3,1\n");
        await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml));
        Ended("run-3", RunState.Held);

        Assert.Empty(Plan(6).Going);
        var plan = Plan(8);
        Assert.Equal(3, plan.All.Count);
        Assert.Equal(["a.csv"], Names(plan.Going));
        Assert.Equal(["b.csv: rejects that may be replayed", "c.csv: a change of the source that waits for a person"], plan.Kept.Select(k => $"{Path.GetFileName(k.File.Path)[17..]}: {k.Reason}").Order(StringComparer.Ordinal));
        Assert.Equal(3, Directory.EnumerateFiles(_bench.Lake.LandingFolder, "*.csv", SearchOption.AllDirectories).Count());

        Assert.Equal(["a.csv"], Names(Retention.Remove(Bench.Job(Yaml), "test", "a test", DateTimeOffset.UtcNow.AddDays(8)).Going));
        Assert.Equal(2, Directory.EnumerateFiles(_bench.Lake.LandingFolder, "*.csv", SearchOption.AllDirectories).Count());
        Assert.Empty(Plan(8).Going);
        Assert.StartsWith("1 file, 5 bytes, landed more than 7 days ago: test/things/2026/03/04/", Assert.Single(_bench.Catalog.Audit.List("test/ingest.things")).Detail, StringComparison.Ordinal);
        // What went is known all the same: it is not loaded again.
        Assert.True(_bench.Catalog.Holds.Decide(_bench.Catalog.Holds.List(HoldState.Pending)[0], true, new HoldDecision("a test", new Dictionary<string, string>(), [], null), DateTimeOffset.UtcNow));
        await _bench.RunAsync(Yaml);
        Assert.Equal(["1|NULL", "2|NULL", "3|1"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Plan_RunThatDidNotSucceed_KeepsItsFilesUntilAnotherDoes()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        await _bench.RunAsync(Yaml);
        Ended("run-1", RunState.Failed);
        Assert.Equal(["a run that did not succeed, and none has since"], Plan(8).Kept.Select(k => k.Reason));
        _bench.Write("data/b.csv", "id\n2\n");
        await _bench.RunAsync(Yaml);
        Ended("run-2", RunState.Running);
        Assert.Contains("a run that is not over", Plan(8).Kept.Select(k => k.Reason));
        _bench.Catalog.Runs.SetState("run-2", RunState.Succeeded, null, DateTimeOffset.UtcNow);
        Assert.Equal(["a.csv", "b.csv"], Names(Plan(8).Going));
    }

    [Fact]
    public async Task Run_RemovesOldFilesOfEarlierRuns_WithoutRetentionAllStay()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        await _bench.RunAsync(Yaml.Replace("landing_retention_days: 7\n", "", StringComparison.Ordinal));
        Assert.Null(Retention.Plan(Bench.Job(Yaml.Replace("landing_retention_days: 7\n", "", StringComparison.Ordinal)), "test", DateTimeOffset.UtcNow.AddYears(9)).Days);
        foreach (var manifest in Directory.EnumerateFiles(Path.Combine(_bench.Lake.LandingFolder, "test", "things", "_flowforge"), "*.json")) File.SetLastWriteTimeUtc(manifest, DateTime.UtcNow.AddDays(-9));
        _bench.Write("data/b.csv", "id\n2\n");
        await _bench.RunAsync(Yaml);
        Assert.Equal(["b.csv"], Names(Plan(0).All));
        Assert.Contains("Info: Landed files that are older than 7 days were removed: 1 (5 bytes).", _bench.Log.Text, StringComparison.Ordinal);
        Assert.Equal("run-2", Assert.Single(_bench.Catalog.Audit.List()).By);
    }
}
