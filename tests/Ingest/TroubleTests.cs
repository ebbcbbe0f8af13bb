using System.Diagnostics;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Disks that are full or read-only, and sources that do not hold still.</summary>
public sealed class TroubleTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ff-trouble-").FullName;
    private Bench? _bench;
    private bool _mounted;

    private Bench Files => _bench ??= Bench.At(_root);
    private string LakeFolder => Path.Combine(_root, "lake");

    public void Dispose()
    {
        if (_mounted) Run("umount", "-l", LakeFolder);
        Files.Dispose();
    }

    private static string Csv(string more = "") => $$"""
        source_type: file_local
        format: csv
        partition_mode: none
        {{more}}
        config: { path: "data/*.csv" }
        """;

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            return process.WaitForExit(10_000) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception) { return false; }
    }

    private void Mount(string size)
    {
        Directory.CreateDirectory(LakeFolder);
        _mounted = OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", LakeFolder);
        if (!_mounted) Assert.Skip("Small disks can be mounted by root on Linux only.");
    }

    private static string Rows(int rows) => "id,text\n" + string.Concat(Enumerable.Range(0, rows).Select(i => $"{i},{(uint)HashCode.Combine(i, 7):x8}{(uint)HashCode.Combine(i, 9):x8}{(uint)HashCode.Combine(i, 11):x8}\n"));

    [Theory]
    [InlineData("2m", "")] // The landing does not fit.
    [InlineData("3m", "landing: reference")] // The Parquet files do not fit.
    public async Task Disk_Full_PublishesNothingAndTheNextAttemptGoesOn(string size, string more)
    {
        Mount(size);
        Files.Write("data/a.csv", Rows(200_000));
        var job = Bench.Job(Csv(more));
        var request = Files.Request(job);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => Files.RunAsync(job, request));
        Assert.Contains("No space left on device", failure.Message);
        Assert.True(failure.Transient, $"{failure.Code} {failure.Message}");
        Assert.Null(Files.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());

        Assert.True(Run("mount", "-o", "remount,size=200m", LakeFolder));
        Assert.Equal(new RowCounts(200_000, 200_000), (await Files.RunAsync(job, request with { Attempt = 2 })).Counts);
        Assert.Equal(["200000|200000"], Files.Query("SELECT count(*), count(DISTINCT id) FROM {t}"));
        // Nothing of the failed attempt is left in the table's folder.
        Assert.Equal(Files.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.Files.Count, Directory.GetFiles(Path.Combine(LakeFolder, "bronze", "things"), "*.parquet", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Disk_ReadOnly_SaysSoAndTheNextAttemptGoesOn()
    {
        Mount("50m");
        Files.Write("data/a.csv", "id\n1\n");
        await Files.RunAsync(Csv());
        Files.Write("data/b.csv", "id\n2\n");
        Assert.True(Run("mount", "-o", "remount,ro", LakeFolder));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => Files.RunAsync(Csv()));
        Assert.Contains("Read-only file system", failure.Message);
        Assert.True(failure.Transient);
        Assert.Equal(["1"], Files.Query("FROM {t}"));
        Assert.True(Run("mount", "-o", "remount,rw", LakeFolder));
        Assert.Equal(new RowCounts(1, 1), (await Files.RunAsync(Csv())).Counts);
    }

    [Theory]
    [InlineData("landing", "", "FF2004", "data/a.csv had 14 bytes when it was listed and 18 when it was read: it is being written.")]
    [InlineData("reading", "landing: reference", "FF2006", "data/a.csv changed while it was read. Nothing was published.")]
    public async Task Source_ChangedWhileRead_FailsForNowAndPublishesNothing(string phase, string more, string code, string message)
    {
        var path = Files.Write("data/a.csv", "id,n\n1,5\n2,6\n\n");
        var job = Bench.Job(Csv(more));
        var request = Files.Request(job);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => Files.RunAsync(job, request, new At(phase, () => File.AppendAllText(path, "3,7\n"))));
        Assert.Equal((code, message, true), (failure.Code, failure.Message, failure.Transient));
        Assert.Null(Files.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());
        Assert.Equal(new RowCounts(3, 3), (await Files.RunAsync(job, request with { Attempt = 2 })).Counts);
    }

    [Theory]
    [InlineData("landing", "")]
    [InlineData("reading", "landing: reference")]
    public async Task Source_RemovedWhileRead_PublishesNothing(string phase, string more)
    {
        var path = Files.Write("data/a.csv", "id,n\n1,5\n");
        Files.Write("data/b.csv", "id,n\n2,5\n");
        var job = Bench.Job(Csv(more));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => Files.RunAsync(job, progress: new At(phase, () => File.Delete(path))));
        Assert.Contains("data/a.csv", failure.Message);
        Assert.Null(Files.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());
    }

    [Fact]
    public async Task Job_ThatAnotherRunCommitsMeanwhile_BeginsAnew()
    {
        Files.Write("data/a.csv", "id,n\n1,5\n");
        var job = Bench.Job(Csv());
        var request = Files.Request(job);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => Files.RunAsync(job, request with { TxnVersion = 2 }, new At("landing", () => Files.RunAsync(job, request with { RunId = "other" }).GetAwaiter().GetResult())));
        Assert.Equal(("FF2060", "Another run of this job has committed to bronze.things meanwhile (version 0). Nothing was published.", true), (failure.Code, failure.Message, failure.Transient));
        Assert.Equal("nothing new", (await Files.RunAsync(job, request with { TxnVersion = 2, Attempt = 2 })).Note);
        Assert.Equal(["1"], Files.Query("SELECT id FROM {t}"));
    }

    /// <summary>Does something once, when a phase begins.</summary>
    private sealed class At(string phase, Action what) : IProgress<JobProgress>
    {
        private int _done;

        public void Report(JobProgress value)
        {
            if (value.Phase == phase && Interlocked.Exchange(ref _done, 1) == 0) what();
        }
    }
}
