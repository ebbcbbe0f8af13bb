using System.Diagnostics;
using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests.Killed;

/// <summary>A process that runs every kind of job is killed with -9 at random moments, again and again: each table holds exactly the rows of its committed steps, and nothing else stays.</summary>
public sealed class KillCampaignTests(ITestOutputHelper output)
{
    private const string FolderVariable = "FLOWFORGE_INGEST_KILL_FOLDER", ParentVariable = "FLOWFORGE_INGEST_KILL_PARENT";

    [Fact]
    public async Task Jobs_KilledAtRandomMoments_HoldEachRowOnce()
    {
        var kills = Environment.GetEnvironmentVariable("FLOWFORGE_LONG") == "1" ? 100 : 8;
        var seed = int.Parse(Environment.GetEnvironmentVariable("FLOWFORGE_SEED") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        output.WriteLine($"seed {seed} (set FLOWFORGE_SEED to repeat the moments)");
        var random = new Random(seed);
        var root = Directory.CreateTempSubdirectory("ff-kill-").FullName;
        try
        {
            for (var kill = 0; kill < kills; kill++)
            {
                var before = World.Progress(new LakeStore(Path.Combine(root, "lake"))).Sum();
                using var jobs = Start(root);
                try
                {
                    // It must have gone on from where the one before was killed; then at any moment of the next jobs.
                    var until = before + random.Next(0, 4);
                    await WaitUntil(() => jobs.HasExited || World.Progress(new LakeStore(Path.Combine(root, "lake"))).Sum() > until, "progress of the jobs");
                    Assert.False(jobs.HasExited, "The jobs ended by themselves: " + (jobs.HasExited ? await jobs.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) : ""));
                    await Task.Delay(random.Next(0, 400), TestContext.Current.CancellationToken); // the moment of death is the input, not a wait for something
                }
                finally
                {
                    jobs.Kill();
                    await jobs.WaitForExitAsync(TestContext.Current.CancellationToken);
                    var plugins = Path.Combine(Path.GetTempPath(), "flowforge-ingest-tests", "plugins-" + jobs.Id.ToString(CultureInfo.InvariantCulture));
                    if (Directory.Exists(plugins)) Directory.Delete(plugins, recursive: true);
                }
                // Found as another process would find it.
                using var bench = Bench.At(root, keep: true);
                new World(bench).Check(bench.Lake, $"seed {seed}, kill {kill}");
            }
            using (var bench = Bench.At(root, keep: true))
            {
                var world = new World(bench);
                var steps = World.Progress(bench.Lake);
                output.WriteLine($"{kills} kills, {steps[0]} steps");
                await world.StepAsync((int)steps[^1]);
                await world.StepAsync((int)steps[^1] + 1);
                world.Check(bench.Lake, $"seed {seed}, at the end");
                CheckNothingIsLeft(bench);
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void CheckNothingIsLeft(Bench bench)
    {
        foreach (var log in Directory.GetDirectories(bench.Lake.Root, "_delta_log", SearchOption.AllDirectories))
        {
            var table = new LakeStore(bench.Lake.Root).TableAt(Path.GetDirectoryName(log)!);
            table.CleanLeftovers();
            var named = Enumerable.Range(0, (int)table.Latest()!.Version + 1).SelectMany(v => table.At(v)!.Files).Select(f => Path.Combine(table.Location, Uri.UnescapeDataString(f.Path))).ToHashSet();
            Assert.Equal(named, Directory.GetFiles(table.Location, "*.parquet", SearchOption.AllDirectories).Where(f => !f.Contains("_delta_log", StringComparison.Ordinal) && f.StartsWith(table.Location + "/", StringComparison.Ordinal)).ToHashSet());
            foreach (var folder in new[] { "staging", "tmp" }.Select(f => Path.Combine(table.Location, "_flowforge", f)).Where(Directory.Exists)) Assert.Empty(Directory.GetFileSystemEntries(folder));
        }
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(bench.Root, "temporary")));
        // What is landed is named by a manifest of its run; nothing is half-made.
        var landed = Directory.GetFiles(bench.Lake.LandingFolder, "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(landed, f => f.EndsWith(".tmp", StringComparison.Ordinal));
        var manifests = string.Concat(landed.Where(f => f.Contains("_flowforge", StringComparison.Ordinal)).Select(File.ReadAllText));
        Assert.All(landed.Where(f => !f.Contains("_flowforge", StringComparison.Ordinal)), f => Assert.Contains(Path.GetFileName(f), manifests));
    }

    /// <summary>The jobs: this test in a process of its own, which the test above kills.</summary>
    [Fact(Explicit = true)]
    public async Task Jobs_UntilKilled()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (folder is null) Assert.Skip("Runs only as the child of the campaign.");
        using var parent = Process.GetProcessById(int.Parse(Environment.GetEnvironmentVariable(ParentVariable)!, CultureInfo.InvariantCulture));
        using var bench = Bench.At(folder, keep: true);
        var world = new World(bench);
        while (!parent.HasExited) await world.StepAsync((int)World.Progress(bench.Lake).Min());
    }

    private static Process Start(string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"{typeof(KillCampaignTests).FullName}.{nameof(Jobs_UntilKilled)}", "-explicit", "only", "-noLogo", "-noColor"]) { RedirectStandardOutput = true };
        start.Environment[FolderVariable] = folder;
        start.Environment[ParentVariable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

    private static async Task WaitUntil(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(90), $"No {what} in 90 s.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task TwoRunsOfOneJobAtOnce_LoadEachRowOnce()
    {
        using var bench = new Bench();
        var other = Bench.At(bench.Root, keep: true);
        for (var i = 0; i < 4; i++) bench.Write($"data/{i}.csv", "id,v\n" + string.Concat(Enumerable.Range(0, 20_000).Select(r => $"{i * 20_000 + r},x\n")));
        var job = Bench.Job("source_type: file_local\nformat: csv\nerror_handling: quarantine\nquarantine_path: quarantine/things\nconfig: { path: \"data/*.csv\" }");
        for (var round = 0; round < 3; round++)
        {
            bench.Write($"data/more-{round}.csv", $"id,v\n{100_000 + round},y\nbroken\n");
            var request = bench.Request(job);
            var both = await Task.WhenAll(Run(bench, request), Run(other, request with { RunId = request.RunId + "-other", TxnVersion = request.TxnVersion + 1 }));
            Assert.Contains(both, e => e is null);
            // The one that came second found the other's commit, or has to try again.
            Assert.All(both.OfType<JobFailedException>(), e => Assert.True(e.Transient, $"{e.Code} {e.Message}"));
            await bench.RunAsync(job);
            Assert.Equal([$"{80_001 + round}|{80_001 + round}"], bench.Query("SELECT count(*), count(DISTINCT id) FROM {t}"));
            var state = bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!;
            var cut = state.Rejects!.LastIndexOf('@');
            Assert.Equal([$"{round + 1}"], Bench.Query("SELECT count(*) FROM {t} WHERE status = 'open'", bench.Lake.TableAt(state.Rejects[..cut]).At(long.Parse(state.Rejects[(cut + 1)..], CultureInfo.InvariantCulture))!, false));
        }
        other.Catalog.Dispose();

        async Task<JobFailedException?> Run(Bench by, JobRequest request)
        {
            try
            {
                await by.RunAsync(job, request);
                return null;
            }
            catch (JobFailedException e) { return e; }
        }
    }
}
