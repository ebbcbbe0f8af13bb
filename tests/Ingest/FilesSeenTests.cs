using System.IO.Compression;
using FlowForge.Catalog;
using FlowForge.Ingest.Landing;
using FlowForge.Lake;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Tests;

/// <summary>Which files are new, what is landed, and what a repeated attempt does.</summary>
public sealed class FilesSeenTests : IDisposable
{
    private const string Csv = """
        source_type: file_local
        format: csv
        config: { path: "data/*.csv" }
        """;

    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Run_SecondTimeOnTheSameFiles_AddsNothing()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(Csv);
        var again = await _bench.RunAsync(Csv);
        Assert.Equal(new RowCounts(0, 0), again.Counts);
        Assert.Equal("nothing new", again.Note);
        Assert.Equal(0, again.TableVersion);
        Assert.Equal(["1|Ann"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task Run_NewFile_IsAppendedAlone()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(Csv);
        _bench.Write("data/b.csv", "id,name\n2,Bob\n");
        var outcome = await _bench.RunAsync(Csv);
        Assert.Equal(new RowCounts(1, 1), outcome.Counts);
        Assert.Equal(["1|Ann|data/a.csv|run-1", "2|Bob|data/b.csv|run-2"], _bench.Query("SELECT id, name, _ff_file, _ff_run FROM {t} ORDER BY id", withReserved: true));
    }

    [Fact]
    public async Task Run_RenamedCopy_IsListedAsDuplicateAndNotLoaded()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(Csv);
        _bench.Write("data/copy.csv", "id,name\n1,Ann\n");
        var outcome = await _bench.RunAsync(Csv);
        Assert.Equal(new RowCounts(0, 0), outcome.Counts);
        Assert.Equal(["1|Ann"], _bench.Query("FROM {t}"));
        var seen = _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.FilesSeen;
        Assert.Equal(["data/a.csv|", "data/copy.csv|duplicate of data/a.csv"], seen.Select(f => $"{f.Path}|{f.Note}"));
        Assert.Equal("nothing new", (await _bench.RunAsync(Csv)).Note);
    }

    [Fact]
    public async Task Run_TwoEqualFilesInOneRun_LoadsOne()
    {
        _bench.Write("data/a.csv", "id\n1\n2\n");
        _bench.Write("data/b.csv", "id\n1\n2\n");
        var outcome = await _bench.RunAsync(Csv);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
    }

    [Fact]
    public async Task Run_OverwrittenFile_IsNew()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(Csv);
        _bench.Write("data/a.csv", "id,name\n2,Bob\n");
        var outcome = await _bench.RunAsync(Csv);
        Assert.Equal(new RowCounts(1, 1), outcome.Counts);
        Assert.Equal(["1|Ann", "2|Bob"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Run_TouchedFile_IsNotLoadedAgain()
    {
        var path = _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(Csv);
        File.SetLastWriteTimeUtc(path, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(new RowCounts(0, 0), (await _bench.RunAsync(Csv)).Counts);
        Assert.Equal(["1"], _bench.Query("SELECT count(*) FROM {t}"));
        Assert.Equal("nothing new", (await _bench.RunAsync(Csv)).Note);
    }

    [Fact]
    public async Task Run_EqualNamesOnOneDay_KeepsTheCopiesOfEarlierRuns()
    {
        const string plain = Csv + "\nfilename_pattern: \"{filename}\"";
        string[] Landed() => [.. Directory.GetFiles(Path.Combine(_bench.Lake.LandingFolder, "test", "things", "2026", "03", "04")).Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)}: {File.ReadAllText(f).Replace('\n', ' ')}")];
        var path = _bench.Write("data/a.csv", "id\n1\n");
        await _bench.RunAsync(plain);
        File.SetLastWriteTimeUtc(path, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(new RowCounts(0, 0), (await _bench.RunAsync(plain)).Counts);
        Assert.Equal(["a.csv: id 1 "], Landed());
        _bench.Write("data/a.csv", "id\n2\n");
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(plain)).Counts);
        Assert.Equal(["a.csv: id 1 ", "a_2.csv: id 2 "], Landed());
        Assert.Equal(["1", "2"], _bench.Query("FROM {t} ORDER BY id"));
    }

    // The array that is read ahead into goes to nobody else: bytes of this file would come into the middle of theirs.
    [Fact]
    public async Task Copy_ThatFailsWhileItReadsAhead_KeepsTheArrayThatIsStillFilled()
    {
        var source = new Endless();
        await Assert.ThrowsAsync<IOException>(() => LandingZone.CopyAsync(source, null, _ =>
        {
            source.Ahead.Task.Wait(TimeSpan.FromSeconds(60));
            throw new IOException("No space left on device");
        }, TestContext.Current.CancellationToken));
        var filled = await source.Ahead.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var rented = Enumerable.Range(0, 64).Select(_ => System.Buffers.ArrayPool<byte>.Shared.Rent(filled.Length)).ToList();
        Assert.DoesNotContain(rented, a => ReferenceEquals(a, filled));
    }

    /// <summary>Gives one buffer full, and then takes for ever.</summary>
    private sealed class Endless : MemoryStream
    {
        private bool _isFirst = true;
        public TaskCompletionSource<byte[]> Ahead { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isFirst)
            {
                _isFirst = false;
                return ValueTask.FromResult(buffer.Length);
            }
            Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray<byte>(buffer, out var array));
            Ahead.TrySetResult(array.Array!);
            return new ValueTask<int>(new TaskCompletionSource<int>().Task);
        }
    }

    [Fact]
    public async Task Land_AfterAKilledAttempt_ReplacesItsOwnCopiesOnly()
    {
        var stop = TestContext.Current.CancellationToken;
        LandingZone Zone(string run) => new(_bench.Lake.LandingFolder, "test", "things", run, _bench.RunTime, "{filename}");
        SourceFile Source(string name, string text)
        {
            var path = _bench.Write($"{text}/{name}", text);
            return new SourceFile { Path = path, OpenAsync = _ => ValueTask.FromResult<Stream>(File.OpenRead(path)) };
        }
        // Neither is saved, as if both processes had been killed.
        var mine = await Zone("run-1").LandAsync(Source("a.csv", "mine"), _ => { }, stop);
        var others = await Zone("run-2").LandAsync(Source("a.csv", "others"), _ => { }, stop);
        var zone = Zone("run-1");
        var again = await zone.LandAsync(Source("a.csv", "mine"), _ => { }, stop);
        zone.Save();
        Assert.Equal(mine.LocalPath, again.LocalPath);
        Assert.Equal(("mine", "others"), (await File.ReadAllTextAsync(again.LocalPath, stop), await File.ReadAllTextAsync(others.LocalPath, stop)));
        Assert.Equal(["a.csv", "a_2.csv"], Directory.GetFiles(Path.GetDirectoryName(mine.LocalPath)!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(again, await Zone("run-1").LandAsync(Source("a.csv", "mine"), _ => { }, stop));
    }

    [Fact]
    public async Task Run_Replace_HoldsWhatTheSourceHolds()
    {
        const string replace = Csv + "\nwrite_mode: replace";
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        _bench.Write("data/b.csv", "id,name\n2,Bob\n");
        await _bench.RunAsync(replace);
        _bench.Write("data/b.csv", "id,name\n3,Cid\n");
        var outcome = await _bench.RunAsync(replace);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(["1|Ann", "3|Cid"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal("nothing new", (await _bench.RunAsync(replace)).Note);
    }

    [Fact]
    public async Task Run_RepeatedAttemptAfterCommit_ReturnsTheRecordedOutcome()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n2,Bob\n");
        var job = Bench.Job(Csv);
        var request = _bench.Request(job);
        var first = await _bench.RunAsync(job, request);
        var second = await _bench.RunAsync(job, request with { Attempt = 2 });
        Assert.False(first.AlreadyDone);
        Assert.True(second.AlreadyDone);
        Assert.Equal(first with { AlreadyDone = true }, second with { Checks = first.Checks, Tables = first.Tables });
        Assert.Equal(["2"], _bench.Query("SELECT count(*) FROM {t}"));
    }

    [Fact]
    public async Task Run_Landing_KeepsTheRawFileUnderThePattern()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(Csv);
        var landed = Path.Combine(_bench.Lake.LandingFolder, "test", "things", "2026", "03", "04", "20260304T050607Z_a.csv");
        Assert.Equal("id,name\n1,Ann\n", File.ReadAllText(landed));
    }

    [Fact]
    public async Task Run_SecondAttemptAfterAFailure_ReusesWhatWasLanded()
    {
        var source = _bench.Write("data/a.csv", "id,name\n1,Ann\n2\n");
        var job = Bench.Job(Csv);
        var request = _bench.Request(job);
        await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request));
        var landed = Path.Combine(_bench.Lake.LandingFolder, "test", "things", "2026", "03", "04", "20260304T050607Z_a.csv");
        var time = File.GetLastWriteTimeUtc(landed);
        await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request with { Attempt = 2 }));
        Assert.Equal(time, File.GetLastWriteTimeUtc(landed));
        Assert.Equal([landed], Directory.GetFiles(Path.GetDirectoryName(landed)!));
        Assert.True(File.Exists(source));
    }

    [Fact]
    public async Task Run_ForceToParquetFalse_LandsOnly()
    {
        const string landOnly = Csv + "\nforce_to_parquet: false";
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        var outcome = await _bench.RunAsync(landOnly);
        Assert.Null(outcome.Table);
        Assert.Equal("1 files landed only", outcome.Note);
        Assert.Equal("nothing new", (await _bench.RunAsync(landOnly)).Note);
    }

    [Fact]
    public async Task Run_LandingReference_ReadsInPlace()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        var outcome = await _bench.RunAsync(Csv + "\nlanding: reference");
        Assert.Equal(new RowCounts(1, 1), outcome.Counts);
        Assert.False(Directory.Exists(Path.Combine(_bench.Lake.LandingFolder, "test", "things", "2026")));
    }

    [Fact]
    public async Task Run_LandingReference_NotesTheHashThatWasFoundWhileReading()
    {
        const string job = Csv + "\nlanding: reference";
        var path = _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        _bench.Write("data/b.csv", "id,name\n2,Robert\n");
        await _bench.RunAsync(job);
        var seen = _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.FilesSeen;
        Assert.Equal(["data/a.csv 14 " + Hash(path), "data/b.csv 17 " + Hash(Path.Combine(_bench.Workspace, "data/b.csv"))], seen.Select(f => $"{f.Path} {f.Size} {f.Sha256}"));
        Assert.Equal("nothing new", (await _bench.RunAsync(job)).Note);

        static string Hash(string path) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
    }

    [Fact]
    public async Task Run_LandingReference_FileOfASizeThatWasSeen_IsJudgedByItsContentBeforeItIsRead()
    {
        const string job = Csv + "\nlanding: reference";
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(job);
        _bench.Write("data/copy.csv", "id,name\n1,Ann\n");
        _bench.Write("data/other.csv", "id,name\n2,Bob\n");
        _bench.Write("data/twin.csv", "id,name\n2,Bob\n");
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(job)).Counts);
        Assert.Equal(["1|Ann", "2|Bob"], _bench.Query("FROM {t} ORDER BY id"));
        var seen = _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.FilesSeen;
        Assert.Equal(["data/a.csv|", "data/copy.csv|duplicate of data/a.csv", "data/other.csv|", "data/twin.csv|duplicate of data/other.csv"], seen.Select(f => $"{f.Path}|{f.Note}").Order());
        File.SetLastWriteTimeUtc(Path.Combine(_bench.Workspace, "data/a.csv"), DateTime.UtcNow.AddHours(1));
        Assert.Equal(new RowCounts(0, 0), (await _bench.RunAsync(job)).Counts);
        Assert.Equal(2, _bench.Query("FROM {t}").Count);
    }

    [Fact]
    public async Task Run_LandingReferenceThatReplaces_ReadsWhatChangedAndNothingElse()
    {
        const string job = Csv + "\nlanding: reference\nwrite_mode: replace";
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        await _bench.RunAsync(job);
        File.SetLastWriteTimeUtc(Path.Combine(_bench.Workspace, "data/a.csv"), DateTime.UtcNow.AddHours(1));
        await _bench.RunAsync(job);
        Assert.Equal(["1|Ann"], _bench.Query("FROM {t}"));
        _bench.Write("data/a.csv", "id,name\n1,Robert\n");
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(job)).Counts);
        Assert.Equal(["1|Robert"], _bench.Query("FROM {t}"));
        Assert.Equal("nothing new", (await _bench.RunAsync(job)).Note);
    }

    [Fact]
    public async Task Run_GzipAndZip_AreUnpacked()
    {
        _bench.Write("data/a.csv", Gzip("id,name\n1,Ann\n"));
        using (var zip = ZipFile.Open(Path.Combine(_bench.Workspace, "data", "b.csv"), ZipArchiveMode.Create))
        using (var writer = new StreamWriter(zip.CreateEntry("b.csv").Open())) writer.Write("id,name\n2,Bob\n");
        var outcome = await _bench.RunAsync(Csv);
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal(["1|Ann", "2|Bob"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Run_GzipOfSeveralMembers_IsReadToItsEnd()
    {
        _bench.Write("data/a.csv", [.. Gzip("id,name\n1,Ann\n"), .. Gzip("2,Bob\n"), .. Gzip("3,Cid\n")]);
        Assert.Equal(new RowCounts(3, 3), (await _bench.RunAsync(Csv)).Counts);
    }

    /// <summary>What bgzip and log shippers write. 3,000 members were 3,000 passes over the file before; the last of them is empty, as bgzip leaves it.</summary>
    [Fact]
    public async Task Run_GzipOfThousandsOfMembers_IsReadOnce_AndNoticedWhenCutOff()
    {
        byte[] packed = [.. Enumerable.Range(0, 3000).SelectMany(i => Gzip(string.Concat(Enumerable.Range(0, 100).Select(n => $"{i * 100 + n},name {n * 7919}\n"))))];
        _bench.Write("data/a.csv", [.. Gzip("id,name\n"), .. packed, .. Gzip("")]);
        _bench.Write("data/b.csv", [.. Gzip("id,name\n"), .. packed[..^40]]);
        var outcome = await _bench.RunAsync(Csv + "\nerror_handling: quarantine\nquarantine_path: quarantine/things");
        Assert.Equal(new RowCounts(300_001, 300_000, 1), outcome.Counts);
        Assert.Equal(["BROKEN_ARCHIVE|data/b.csv|NULL"], _bench.Rejects("SELECT reason, file, record FROM {t}"));
    }

    [Fact]
    public async Task Run_TruncatedGzip_IsRejectedAsAWholeWhileOthersGoOn()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        var packed = Gzip("id,name\n" + string.Concat(Enumerable.Range(10, 200_000).Select(i => $"{i},name {i * 7919 % 100003}\n")));
        _bench.Write("data/b.csv", packed[..(packed.Length * 3 / 4)]);
        var outcome = await _bench.RunAsync(Csv + "\nerror_handling: quarantine\nquarantine_path: quarantine/things");
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal(["1|Ann"], _bench.Query("FROM {t}"));
        Assert.Equal(["BROKEN_ARCHIVE|data/b.csv|NULL"], _bench.Rejects("SELECT reason, file, record FROM {t}"));
    }

    [Fact]
    public async Task Run_AfterARunThatPublishedNothingButRejects_KeepsItsOwnRejects()
    {
        const string yaml = Csv + "\nerror_handling: quarantine\nquarantine_path: quarantine/things";
        var packed = Gzip("id\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{i}\n")));
        _bench.Write("data/a.csv", packed[..100]);
        var first = await _bench.RunAsync(yaml);
        Assert.Equal(new RowCounts(1, 0, 1), first.Counts);
        File.Delete(Path.Combine(_bench.Workspace, "data", "a.csv"));
        _bench.Write("data/b.csv", packed[..120]);
        await _bench.RunAsync(yaml);
        Assert.Equal(["run-1|data/a.csv", "run-2|data/b.csv"], _bench.Rejects("SELECT run_id, file FROM {t} ORDER BY run_id"));
    }

    [Fact]
    public async Task Run_FilesWithDifferentColumns_AreUnited()
    {
        _bench.Write("data/a.csv", "id,name\n1,Ann\n");
        _bench.Write("data/b.csv", "name,id,city\nBob,2,Rome\n");
        await _bench.RunAsync(Csv);
        Assert.Equal("id BIGINT, name VARCHAR, city VARCHAR", _bench.Schema());
        Assert.Equal(["1|Ann|NULL", "2|Bob|Rome"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Run_Cancelled_StopsAndPublishesNothing()
    {
        _bench.Write("data/a.csv", "id,name\n" + string.Concat(Enumerable.Range(0, 3_000_000).Select(i => $"{i},name {i}\n")));
        using var cancel = new CancellationTokenSource();
        var job = Bench.Job(Csv);
        var reading = new TaskCompletionSource();
        var run = _bench.RunAsync(job, progress: new When(p => p.Phase == "reading" && p.RowsRead > 0, () => reading.TrySetResult()), ct: cancel.Token);
        await reading.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"cancelling took {watch.Elapsed}");
        Assert.Null(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress)) gzip.Write(System.Text.Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private sealed class When(Func<JobProgress, bool> condition, Action then) : IProgress<JobProgress>
    {
        public void Report(JobProgress value)
        {
            if (condition(value)) then();
        }
    }
}
