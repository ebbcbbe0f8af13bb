using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Rows of connectors that hand over batches, a reader, records or pages.</summary>
public sealed class RowSourceTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private IEnumerable<string> Landed => Directory.EnumerateFiles(_bench.Lake.LandingFolder, "*", SearchOption.AllDirectories).Where(f => !f.Contains("_flowforge", StringComparison.Ordinal)).Select(f => Path.GetRelativePath(_bench.Lake.LandingFolder, f)).Order();
    private string Reads => File.ReadAllText(Path.Combine(_bench.Workspace, "reads.txt"));

    [Fact]
    public async Task Batches_OfEveryType_AreLandedAndLoadedWithTheirTypes()
    {
        var outcome = await _bench.RunAsync("source_type: test_batches\nconfig: { rows: 2500, batch: 1000 }");
        Assert.Equal(new RowCounts(2500, 2500), outcome.Counts);
        Assert.Equal("id BIGINT, name VARCHAR, amount DECIMAL(20,4), at TIMESTAMPTZ, day DATE, uid VARCHAR, tags VARCHAR[], address STRUCT(\"city\" VARCHAR, \"zip\" INTEGER), blob BLOB, span VARCHAR, nothing VARCHAR", _bench.Schema());
        Assert.Equal(["2500|2500|0|2499"], _bench.Query("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM {t}"));
        Assert.Equal(["3|NULL|0.7500|1970-01-01 00:00:03+00|2024-01-04|00000003-0001-0002-0304-05060708090a|[a, t3]|{'city': Ulm, 'zip': 3}|\\x01\\x03|1 year 2 months 3 days 00:00:01.5|NULL"],
            _bench.Query("SELECT id, name, amount, \"at\"::VARCHAR, day, uid, tags::VARCHAR, address::VARCHAR, blob::VARCHAR, span, nothing FROM {t} WHERE id = 3"));
        Assert.Equal(["test_batches:things/part-00001|1|2500|run-1"], _bench.Query("SELECT _ff_file, min(_ff_record), max(_ff_record), max(_ff_run) FROM {t} GROUP BY ALL", withReserved: true));
        Assert.Equal([Path.Combine("test", "things", "2026", "03", "04", "20260304T050607Z_part-00001.parquet")], Landed);
    }

    [Fact]
    public async Task Reference_LeavesNothingLanded()
    {
        Assert.Equal(new RowCounts(10, 10), (await _bench.RunAsync("source_type: test_batches\nlanding: reference\nconfig: { rows: 10 }")).Counts);
        Assert.False(Directory.Exists(_bench.Lake.LandingFolder));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(_bench.Root, "temporary")));
    }

    [Fact]
    public async Task Records_BecomeColumnsAndDecimalsGrowWithoutLoss()
    {
        Assert.Equal(new RowCounts(3, 3), (await _bench.RunAsync("source_type: test_records")).Counts);
        Assert.Equal("id INTEGER, name VARCHAR, price DECIMAL(38,3), when TIMESTAMP, instant TIMESTAMPTZ, day DATE, clock VARCHAR, uid VARCHAR, color VARCHAR, flag BOOLEAN, numbers INTEGER[], where STRUCT(\"City\" VARCHAR, \"Height\" DOUBLE), labels MAP(VARCHAR, VARCHAR)", _bench.Schema());
        Assert.Equal(["0|thing 0|1.000|2024-01-02 03:04:05|2024-01-02 01:00:00+00|2024-01-01|01:02:03|Red|False|[0, 1]|NULL|{k=v0}", "1|NULL|1.250|2024-01-02 04:04:05|2024-01-02 01:00:00+00|2024-01-02|01:02:03|Green|True|[1, 2]|{'City': Ulm, 'Height': 1.5}|{k=v1}",
            "2|thing 2|0.125|2024-01-02 05:04:05|2024-01-02 01:00:00+00|2024-01-03|01:02:03|Red|NULL|[2, 3]|{'City': Ulm, 'Height': 3.0}|{k=v2}"],
            _bench.Query("SELECT id, name, price, \"when\", instant::VARCHAR, day, clock, color, flag, numbers::VARCHAR, \"where\"::VARCHAR, labels::VARCHAR FROM {t} ORDER BY id"));
        Assert.Contains("Info: records are read", _bench.Log.Text);
    }

    [Fact]
    public async Task Reader_WithATextAmongNumbers_WidensAndKeepsEveryValue()
    {
        _bench.Write("tables/orders.csv", "id:object,price:decimal,note:string\n1,1.5,a\n2,2.25,b\n3.5,3,\nx,4,d\n");
        var outcome = await _bench.RunAsync("source_type: test_tables\nconfig: { table_name: orders }");
        Assert.Equal(new RowCounts(4, 4), outcome.Counts);
        Assert.Equal("id VARCHAR, price DECIMAL(38,2), note VARCHAR", _bench.Schema());
        Assert.Equal(["1|1.50|a", "2|2.25|b", "3.5|3.00|NULL", "x|4.00|d"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task NoRows_MakesAnEmptyTableWithColumns()
    {
        _bench.Write("tables/orders.csv", "id:long,at:time\n");
        var outcome = await _bench.RunAsync("source_type: test_tables\nconfig: { table_name: orders }");
        Assert.Equal(("the source holds no rows", new RowCounts(0, 0)), (outcome.Note, outcome.Counts));
        Assert.Equal("id BIGINT, at VARCHAR", _bench.Schema());
    }

    [Fact]
    public async Task UserSchema_ValuesThatDoNotFit_AreRejectsWithTheirRow()
    {
        _bench.Write("tables/orders.csv", "id:string,price:double,at:string\n1,1.5,2024-01-01\n2.5,2,2024-01-02\n3,2.123,2024-01-03\n,4,2024-01-04\n5,5,03.04.2024 x\n6,6,\n");
        var outcome = await _bench.RunAsync("""
            source_type: test_tables
            error_handling: quarantine
            quarantine_path: quarantine/things
            schema_mode: user
            user_schema: [ { name: id, type: int, nullable: false }, { name: price, type: "DECIMAL(6,2)" }, { name: at, type: DATE }, { name: gone, type: VARCHAR } ]
            config: { table_name: orders }
            """);
        Assert.Equal(new RowCounts(6, 2, 4), outcome.Counts);
        Assert.Equal("id INTEGER, price DECIMAL(6,2), at DATE, gone VARCHAR", _bench.Schema());
        Assert.Equal(["1|1.50|2024-01-01|NULL", "6|6.00|NULL|NULL"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal(
            ["WRONG_TYPE|\"2.5\" is no INTEGER.|id|2|{\"id\":\"2.5\",\"price\":2.0,\"at\":\"2024-01-02\"}", "WRONG_TYPE|\"2.123\" is no DECIMAL(6,2).|price|3|{\"id\":\"3\",\"price\":2.123,\"at\":\"2024-01-03\"}",
             "MISSING_VALUE|The value is missing, and id must have one.|id|4|{\"id\":null,\"price\":4.0,\"at\":\"2024-01-04\"}", "WRONG_TYPE|\"03.04.2024 x\" is no DATE.|at|5|{\"id\":\"5\",\"price\":5.0,\"at\":\"03.04.2024 x\"}"],
            _bench.Rejects("SELECT reason, message, column_name, record, raw FROM {t} ORDER BY record"));
        Assert.Equal(["test_tables:orders/part-00001"], _bench.Rejects("SELECT DISTINCT file FROM {t}"));
    }

    [Fact]
    public async Task Attempt_AfterAFailure_GoesOnBehindWhatWasLanded()
    {
        Sources.RowLanding.CheckpointAfter = TimeSpan.Zero;
        try
        {
            var job = Bench.Job("source_type: test_batches\nconfig: { rows: 100, batch: 10, fail_after: 50 }");
            var request = _bench.Request(job);
            var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request));
            Assert.Equal(("FF2004", true, "The line went dead."), (failure.Code, failure.Transient, failure.Message));
            Assert.Null(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());
            var outcome = await _bench.RunAsync(job, request with { Attempt = 2 });
            Assert.Equal(new RowCounts(100, 100), outcome.Counts);
            Assert.Equal(["100|100"], _bench.Query("SELECT count(*), count(DISTINCT id) FROM {t}"));
            Assert.Matches("^ \n [1-5]0\n$", Reads);
        }
        finally
        {
            Sources.RowLanding.CheckpointAfter = TimeSpan.FromSeconds(10);
        }
    }

    [Fact]
    public async Task Attempt_AfterTheCommit_ReadsNothing()
    {
        var job = Bench.Job("source_type: test_batches\nconfig: { rows: 10 }");
        var request = _bench.Request(job);
        await _bench.RunAsync(job, request);
        var again = await _bench.RunAsync(job, request with { Attempt = 2 });
        Assert.True(again.AlreadyDone);
        Assert.Equal(new RowCounts(10, 10), again.Counts);
        Assert.Equal(" \n", Reads);
    }

    [Fact]
    public async Task Cancel_OfAConnectorThatHangs_DoesNotWaitForIt()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Reached(500, stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _bench.RunAsync(Bench.Job("source_type: test_batches\nconfig: { rows: 1000, batch: 500, hang_after: 500 }"), progress: progress, ct: stop.Token));
        // It would hang for ever; the run waits for it a second and a half, the rest is the machine's.
        Assert.InRange(progress.Since.Elapsed.TotalSeconds, 0, 30);
        Assert.Contains("test_batches:things does not end although it was told to; it is left alone.", _bench.Log.Text);
        Assert.Empty(Landed);
    }

    [Fact]
    public async Task Pages_AreLandedAsReceivedAndTypesFound()
    {
        _bench.Write("pages/1", "{\"id\":1,\"v\":\"a\"}\n{\"id\":2,\"v\":\"ü\"}\n");
        _bench.Write("pages/2", "{\"id\":3,\"extra\":1.5}");
        var outcome = await _bench.RunAsync("source_type: test_pages\nformat: json");
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal("id BIGINT, v VARCHAR, extra DOUBLE", _bench.Schema());
        Assert.Equal(["1|a|NULL|test_pages:things/part-00001|1", "2|ü|NULL|test_pages:things/part-00001|2", "3|NULL|1.5|test_pages:things/part-00001|3"], _bench.Query("SELECT id, v, extra, _ff_file, _ff_record FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal("{\"id\":1,\"v\":\"a\"}\n{\"id\":2,\"v\":\"ü\"}\n{\"id\":3,\"extra\":1.5}\n", await File.ReadAllTextAsync(Path.Combine(_bench.Lake.LandingFolder, Landed.Single()), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Pages_WithAWrongCount_PublishNothing()
    {
        _bench.Write("pages/1", "#{\"id\":1}\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync("source_type: test_pages\nformat: json"));
        Assert.Equal("The rows do not add up, and nothing was published: 2 rows were handed over for test_pages:things/part-00001, and 1 were read.", failure.Message);
        Assert.Null(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());
    }

    [Fact]
    public async Task AfterCommit_OfFiles_LeavesAFileThatWasWrittenAnewForTheNextRun()
    {
        _bench.Write("drop/a.csv", "id\n1\n");
        _bench.Write("drop/b.csv", "id\n2\n");
        _bench.Write("drop.closed", "");
        var job = Bench.Job("source_type: test_drop\nformat: csv\nwrite_mode: append");
        var request = _bench.Request(job);
        Assert.Equal("FF2092", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request))).Code);
        // Before the attempt is repeated, one of the files is there with other rows.
        _bench.Write("drop/b.csv", "id\n3\n4\n");
        File.Delete(Path.Combine(_bench.Workspace, "drop.closed"));
        Assert.True((await _bench.RunAsync(job, request with { Attempt = 2 })).AlreadyDone);
        Assert.Equal(["b.csv"], Directory.GetFiles(Path.Combine(_bench.Workspace, "drop")).Select(Path.GetFileName));
        Assert.Contains("b.csv has changed since it was read: it is left as it is for the next run.", _bench.Log.Text);
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(job)).Counts);
        Assert.Empty(Directory.GetFiles(Path.Combine(_bench.Workspace, "drop")));
        Assert.Equal(["1", "2", "3", "4"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task SourceThatWasMendedAfterAFailedCheck_IsReadAnewByTheSameRun()
    {
        var job = Bench.Job("source_type: test_tables\nconfig: { table_name: t }\nchecks: [ { not_null: [v] } ]");
        var request = _bench.Request(job);
        for (var attempt = 1; attempt < 3; attempt++)
        {
            _bench.Write("tables/t.csv", "id:long,v:string\n1,a\n2,\n");
            Assert.Equal("FF2022", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request with { Attempt = attempt }))).Code);
        }
        _bench.Write("tables/t.csv", "id:long,v:string\n1,a\n2,b\n");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(job, request with { Attempt = 3 })).Counts);
        Assert.Equal(["1|a", "2|b"], _bench.Query("FROM {t} ORDER BY id"));
        // The lists of what did not get into the table stay, each for itself.
        Assert.Equal(["run-1.2.rejected.json", "run-1.json", "run-1.rejected.json"], Directory.GetFiles(Path.Combine(_bench.Lake.LandingFolder, "test", "things", "_flowforge", "rows")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task FilesWithoutMark_MendedAfterAFailedCheck_AreReadAnewByTheSameRun()
    {
        _bench.Write("drop.unmarked", "");
        _bench.Write("drop/a.csv", "id,v\n1,a\n2,\n");
        var job = Bench.Job("source_type: test_drop\nformat: csv\nchecks: [ { not_null: [v] } ]");
        var request = _bench.Request(job);
        Assert.Equal("FF2022", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request))).Code);
        _bench.Write("drop/a.csv", "id,v\n1,a\n2,b\n");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(job, request with { Attempt = 2 })).Counts);
        Assert.Equal(["1|a", "2|b"], _bench.Query("FROM {t} ORDER BY id"));
        // A size is all that can be compared; the file is as it was read.
        Assert.Empty(Directory.GetFiles(Path.Combine(_bench.Workspace, "drop")));
    }

    [Theory]
    [InlineData("append", "1|a", "2|b", "3|c")]
    [InlineData("replace", "1|a", "2|b", "3|c")]
    public async Task FilesWithoutMark_ThatAreAsTheyWere_MakeNoVersion(string mode, params string[] expected)
    {
        _bench.Write("drop.unmarked", "");
        _bench.Write("drop.kept", "");
        _bench.Write("drop/a.csv", "id,v\n1,a\n");
        _bench.Write("drop/b.csv", "id,v\n1,a\n");
        _bench.Write("drop/c.csv", "id,v\n2,b\n");
        var yaml = $"source_type: test_drop\nformat: csv\nwrite_mode: {mode}";
        await _bench.RunAsync(yaml);
        for (var i = 0; i < 2; i++)
        {
            var again = await _bench.RunAsync(yaml);
            Assert.Equal(("nothing new", 0L), (again.Note, again.TableVersion));
        }
        _bench.Write("drop/d.csv", "id,v\n3,c\n");
        Assert.Equal(1, (await _bench.RunAsync(yaml)).TableVersion);
        Assert.Equal(expected, _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal(["a.csv", "b.csv", "c.csv", "d.csv"], _bench.Lake.Table(new Lake.TableName(Lake.Layer.Bronze, "things")).Latest()!.State!.FilesSeen.Select(f => f.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task LandedFromAnotherStart_IsReadAnew()
    {
        _bench.Write("events.txt", "i,1,a\ni,2,b\n");
        _bench.Write("acks.txt", "");
        const string Yaml = "source_type: test_stream\nwrite_mode: append";
        await _bench.RunAsync(Yaml);
        await File.AppendAllTextAsync(Path.Combine(_bench.Workspace, "events.txt"), "i,3,c\n", TestContext.Current.CancellationToken);
        // Landed from 2 on, and not loaded.
        var job = Bench.Job(Yaml + "\nforce_to_parquet: false");
        var failed = _bench.Request(job);
        Assert.Equal("1 files landed only", (await _bench.RunAsync(job, failed)).Note);
        var reset = _bench.Runner.SetWatermark(job, "test", null, failed.TxnVersion + 1, "me");
        Assert.Equal("The next run reads the stream from its beginning, while 2 rows lie in bronze.things; what is loaded already is loaded once more.", reset.Effect);
        // The run is tried again, from where the table stands now.
        Assert.Equal(new RowCounts(3, 3), (await _bench.RunAsync(Bench.Job(Yaml), failed with { TxnVersion = failed.TxnVersion + 2, Attempt = 2 })).Counts);
        Assert.Equal("from \nfrom 2\nfrom \n", Reads);
        Assert.Equal(["1|2", "2|2", "3|1"], _bench.Query("SELECT id, count(*) FROM {t} GROUP BY id ORDER BY id"));
        Assert.Contains("1 rows of test_stream:things were landed from another start than where the table stands now: the source is read anew.", _bench.Log.Text);
        var refused = Assert.Throws<JobFailedException>(() => _bench.Runner.SetWatermark(Bench.Job(Yaml), "test", "7", 99, "me"));
        Assert.Equal("The cursor of ingest.things is its connector's own and cannot be set to '7'.", refused.Message);
    }

    [Fact]
    public async Task AfterCommit_IsRepeatedUntilItSucceeds_WithoutReadingAgain()
    {
        _bench.Write("events.txt", "i,1,a\ni,2,b\n");
        var job = Bench.Job("source_type: test_stream\nwrite_mode: append");
        var request = _bench.Request(job);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request));
        Assert.Equal(("FF2092", true, "The rows are in bronze.things, but test_stream:things could not be told: The queue is away."), (failure.Code, failure.Transient, failure.Message));
        _bench.Write("acks.txt", "");
        Assert.True((await _bench.RunAsync(job, request with { Attempt = 2 })).AlreadyDone);
        Assert.Equal("2\n", await File.ReadAllTextAsync(Path.Combine(_bench.Workspace, "acks.txt"), TestContext.Current.CancellationToken));
        Assert.Equal("from \n", Reads);
        await File.AppendAllTextAsync(Path.Combine(_bench.Workspace, "events.txt"), "i,3,c\n", TestContext.Current.CancellationToken);
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(job)).Counts);
        Assert.Equal("from \nfrom 2\n", Reads);
        Assert.Equal(["1|a", "2|b", "3|c"], _bench.Query("SELECT id, value FROM {t} ORDER BY id"));
    }

    private sealed class Reached(long rows, CancellationTokenSource stop) : IProgress<JobProgress>
    {
        public System.Diagnostics.Stopwatch Since { get; } = new();

        public void Report(JobProgress value)
        {
            if (value.RowsRead < rows || Since.IsRunning) return;
            Since.Start();
            _ = stop.CancelAsync();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("schema_mode: user\nuser_schema: [ { name: id, type: BIGINT, nullable: false }, { name: v, type: VARCHAR } ]\n")]
    public async Task Pages_OfChanges_MergeAndDeleteByKey(string schema)
    {
        var job = schema + "source_type: test_pages\nformat: json\nwrite_mode: merge\ndedupe_keys: id\nerror_handling: quarantine\nquarantine_path: bad";
        _bench.Write("pages/1", "{\"_ff_op\":\"u\",\"id\":1,\"v\":\"a\"}\n{\"_ff_op\":\"u\",\"id\":2,\"v\":\"b\"}\n{\"_ff_op\":\"u\",\"id\":2,\"v\":\"c\"}\nnot JSON: {\"_ff_op\":\"u\"} x\n");
        Assert.Equal(new RowCounts(4, 2, 1, 1), (await _bench.RunAsync(job)).Counts);
        Assert.Equal(["1|a", "2|c"], _bench.Query("FROM {t} ORDER BY id"));
        _bench.Write("pages/1", "{\"_ff_op\":\"d\",\"id\":1}\n{\"_ff_op\":\"d\",\"id\":9}\n{\"_ff_op\":\"u\",\"id\":3,\"v\":\"d\"}\n");
        var outcome = await _bench.RunAsync(job);
        Assert.True(outcome.Counts.Balanced, outcome.Counts.ToString());
        Assert.Equal(["2|c", "3|d"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal("id BIGINT, v VARCHAR", _bench.Schema());
    }
}
