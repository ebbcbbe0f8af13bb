using System.Diagnostics;
using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests.Killed;

/// <summary>A run that is killed between its commit and the end of what the source is to do then; another run of the job begins before it is repeated.</summary>
public sealed class UntoldFilesTests : IDisposable
{
    private const string FolderVariable = "FLOWFORGE_INGEST_UNTOLD_FOLDER";
    private const string Yaml = "source_type: test_drop\nformat: csv\nwrite_mode: append";
    private readonly string _root = Directory.CreateTempSubdirectory("ff-untold-").FullName;
    private readonly Bench _bench;

    public UntoldFilesTests() => _bench = Bench.At(_root);

    public void Dispose() => _bench.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
    private string[] Drop => [.. Directory.GetFiles(Path.Combine(_bench.Workspace, "drop")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
    private string[] Told => File.ReadAllLines(Path.Combine(_bench.Workspace, "drop.told"));
    private string[] Untold => [.. Directory.GetFiles(Path.Combine(_bench.Lake.LandingFolder, "test", "things", "_flowforge", "untold")).Select(f => Path.GetFileName(f))];

    [Fact]
    public async Task Run_KilledWhileItTellsTheSource_IsFinishedByALaterRun()
    {
        foreach (var name in new[] { "a", "b", "c" }) _bench.Write($"drop/{name}.csv", $"id,v\n1,{name}\n2,{name}\n");
        _bench.Write("drop.stuck", "");
        using (var run = Start())
        {
            try
            {
                var clock = Stopwatch.StartNew();
                while (!File.Exists(Path.Combine(_bench.Workspace, "drop.told")) || Drop.Length == 3)
                {
                    Assert.False(run.HasExited, "The run ended by itself: " + (run.HasExited ? await run.StandardOutput.ReadToEndAsync(Ct) : ""));
                    Assert.True(clock.Elapsed < TimeSpan.FromSeconds(90), "The run has told nothing in 90 s.");
                    await Task.Delay(50, Ct);
                }
            }
            finally
            {
                run.Kill();
                await run.WaitForExitAsync(Ct);
                var plugins = Path.Combine(Path.GetTempPath(), "flowforge-ingest-tests", "plugins-" + run.Id.ToString(CultureInfo.InvariantCulture));
                if (Directory.Exists(plugins)) Directory.Delete(plugins, recursive: true);
            }
        }
        Assert.Equal(["b.csv", "c.csv"], Drop);
        Assert.Equal(["run-1.json"], Untold);
        File.Delete(Path.Combine(_bench.Workspace, "drop.stuck"));
        _bench.Write("drop/c.csv", "id,v\n3,c\n4,c\n5,c\n");
        _bench.Write("drop/d.csv", "id,v\n1,d\n");

        var job = Bench.Job(Yaml);
        var request = _bench.Request(job) with { RunId = "run-2" };
        Assert.Equal(2, request.TxnVersion);
        var outcome = await _bench.RunAsync(job, request);

        Assert.Equal(new RowCounts(4, 4), outcome.Counts);
        Assert.Equal(["a|2", "b|2", "c|5", "d|1"], _bench.Query("SELECT v, count(*) FROM {t} GROUP BY ALL ORDER BY ALL"));
        Assert.Empty(Drop);
        Assert.Empty(Untold);
        Assert.Equal(["a.csv", "b.csv", "c.csv", "d.csv"], Told);
        Assert.Contains("Info: run-1 has loaded b.csv and was ended before it told test_drop:things: that is done now.", _bench.Log.Text);
        Assert.Contains("Warning: c.csv has changed since it was read: it is left as it is for the next run.", _bench.Log.Text);
        // The attempt that comes late after all has nothing to do, and the next run neither.
        Assert.True((await _bench.RunAsync(job, request with { RunId = "run-1", TxnVersion = 1, Attempt = 2 })).AlreadyDone);
        Assert.Equal("nothing new", (await _bench.RunAsync(job)).Note);
        Assert.Equal(4, Told.Length);
    }

    /// <summary>The run: this test in a process of its own, which the test above kills.</summary>
    [Fact(Explicit = true)]
    public async Task Run_UntilKilled()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (folder is null) Assert.Skip("Runs only as the child of the test above.");
        using var bench = Bench.At(folder, keep: true);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        var job = Bench.Job(Yaml);
        await bench.RunAsync(job, bench.Request(job), ct: patience.Token);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"{typeof(UntoldFilesTests).FullName}.{nameof(Run_UntilKilled)}", "-explicit", "only", "-noLogo", "-noColor"]) { RedirectStandardOutput = true };
        start.Environment[FolderVariable] = _root;
        return Process.Start(start)!;
    }

    [Fact]
    public async Task Source_ThatCannotBeTold_KeepsNoRunFromLoading()
    {
        var job = Bench.Job(Yaml);
        _bench.Write("drop/a.csv", "id\n1\n");
        _bench.Write("drop.closed", "");
        Assert.Equal("FF2092", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job))).Code);
        _bench.Write("drop/b.csv", "id\n2\n");
        Assert.Equal("FF2092", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job))).Code);
        Assert.Contains("Warning: run-1 has loaded 1 file of which test_drop:things could not be told: The drop folder is closed. The next run tries again.", _bench.Log.Text);
        Assert.Equal(["1", "2"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
        File.Delete(Path.Combine(_bench.Workspace, "drop.closed"));
        // A commit without files in between changes nothing of that.
        Assert.NotNull(_bench.Runner.SetWatermark(Bench.Job(Yaml + "\nincremental_mode: incremental\nwatermark_column: id"), "test", "7", 99, "a person"));
        Assert.Equal("nothing new", (await _bench.RunAsync(job)).Note);
        Assert.Empty(Drop);
        Assert.Empty(Untold);
    }

    [Fact]
    public async Task Files_ThatTheTableHasLostAgain_AreLeftAtTheSource()
    {
        var job = Bench.Job(Yaml);
        _bench.Write("drop.kept", "");
        _bench.Write("drop/a.csv", "id\n1\n");
        await _bench.RunAsync(job);
        File.Delete(Path.Combine(_bench.Workspace, "drop.kept"));
        _bench.Write("drop/b.csv", "id\n2\n");
        _bench.Write("drop.closed", "");
        await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job));
        _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Restore(0);
        // Its rows are not in the table: it is loaded first, and goes then.
        File.Delete(Path.Combine(_bench.Workspace, "drop.closed"));
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(job, _bench.Request(job) with { TxnVersion = 9 })).Counts);
        Assert.Equal(["b.csv"], Told);
        Assert.Equal("nothing new", (await _bench.RunAsync(job)).Note);
        Assert.Equal(["a.csv"], Drop);
        Assert.Empty(Untold);
        Assert.Equal(["1", "2"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
    }
}
