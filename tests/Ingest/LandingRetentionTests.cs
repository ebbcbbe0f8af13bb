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
    public async Task Sweep_AfterARun_ReadsOnlyListsOfWhatCanBeDue()
    {
        async Task<string> Land(string name, int daysAgo, string run)
        {
            _bench.Write($"data/{name}.csv", $"id\n{name}\n");
            await _bench.RunAsync(Yaml);
            Ended(run, RunState.Succeeded);
            var list = Directory.EnumerateFiles(_bench.Lake.LandingFolder, run + ".json", SearchOption.AllDirectories).Single();
            File.SetLastWriteTimeUtc(list, DateTime.UtcNow.AddDays(-daysAgo));
            return list;
        }

        IEnumerable<string> Left() => Names(Directory.EnumerateFiles(_bench.Lake.LandingFolder, "*.csv", SearchOption.AllDirectories).Select(p => new LandedFileAge(p, 0, "", default)));
        var old = await Land("1", 20, "run-1");
        var fresh = await Land("2", 0, "run-2");
        var log = new Sayings();
        var retention = new LandingRetention(_bench.Lake, _bench.Catalog);
        retention.AfterRun(Bench.Job(Yaml), Request("sweeper-1"), log, DateTimeOffset.UtcNow.AddHours(2));
        Assert.Equal(["2.csv"], Left());
        // Neither what is too young nor what was emptied is read again: it could be anything.
        var landed = File.GetLastWriteTimeUtc(old);
        File.WriteAllText(old, "no list");
        File.SetLastWriteTimeUtc(old, landed);
        var saved = File.ReadAllText(fresh);
        File.WriteAllText(fresh, "no list");
        retention.AfterRun(Bench.Job(Yaml), Request("sweeper-2"), log, DateTimeOffset.UtcNow.AddHours(4));
        File.WriteAllText(fresh, saved);
        retention.AfterRun(Bench.Job(Yaml), Request("sweeper-3"), log, DateTimeOffset.UtcNow.AddDays(9));
        Assert.Empty(Left());
        Assert.Equal(["Info Landed files that are older than 7 days were removed: 1 (5 bytes).", "Info Landed files that are older than 7 days were removed: 1 (5 bytes)."], log.Lines);
    }

    private static JobRequest Request(string run) => new() { RunId = run, Pipeline = "test", PipelineVersion = 1, JobId = "ingest.things", BaseDirectory = "/", RunTime = DateTimeOffset.UtcNow, TxnVersion = 1 };

    private sealed class Sayings : IJobLog
    {
        public List<string> Lines { get; } = [];

        public void Write(JobLogLevel level, string message) => Lines.Add($"{level} {message}");
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
