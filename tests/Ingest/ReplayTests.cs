using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Rejects that are read again after the job has changed.</summary>
public sealed class ReplayTests : IDisposable
{
    private const string Status = "SELECT record, reason, status, replayed_run FROM {t} ORDER BY run_id, file, record";
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Csv(string schema, string more = "", string config = "") => $$"""
        source_type: file_local
        format: csv
        error_handling: quarantine
        quarantine_path: quarantine/things
        schema_mode: user
        user_schema: { {{schema}} }
        {{more}}
        config: { path: "data/*.csv"{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    private TableSnapshot Table => _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!;

    [Fact]
    public async Task Replay_AfterTheSchemaChanged_LoadsWhatFitsWithItsOwnPlace()
    {
        _bench.Write("data/a.csv", "id,n\n1,5\n2,x5\n3,7\n4,2.5\n");
        await _bench.RunAsync(Csv("id: int, n: int"));
        Assert.Equal(["2|WRONG_TYPE|open|NULL", "4|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));

        var outcome = await _bench.ReplayAsync(Csv("id: int, n: double"));

        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal("1 of 2 rejects replayed", outcome.Note);
        Assert.Equal(1, outcome.TableVersion);
        Assert.Equal(["1|5|1|run-1|data/a.csv", "3|7|3|run-1|data/a.csv", "4|2.5|4|run-2|data/a.csv"], _bench.Query("SELECT id, n, _ff_record, _ff_run, _ff_file FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal(["2|WRONG_TYPE|open|NULL", "4|WRONG_TYPE|replayed|run-2"], _bench.Rejects(Status));
        Assert.Equal(["\"x5\" is no DOUBLE.|n|2,x5"], _bench.Rejects("SELECT message, column_name, raw FROM {t} WHERE status = 'open'"));
        var summary = Assert.Single(_bench.Catalog.Rejects.OfTable("bronze.things"));
        Assert.Equal(("WRONG_TYPE", 2, 1), (summary.Reason, (int)summary.Count, (int)summary.Open));
    }

    [Fact]
    public async Task SecondAttempt_WithOtherRejects_WritesItsOwn()
    {
        _bench.Write("data/a.csv", "id,n\n1,5\nx,x5\n3,y\n");
        var job = Bench.Job(Csv("id: int, n: int"));
        var request = _bench.Request(job);
        await _bench.RunAsync(job, request);
        // As if the attempt had died before the table's own commit.
        Directory.Delete(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Location, recursive: true);
        Assert.Equal(new RowCounts(3, 2, 1), (await _bench.RunAsync(Bench.Job(Csv("id: int, n: string")), request)).Counts);
        Assert.Equal(["2|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));
    }

    [Fact]
    public async Task Replay_Again_LoadsNothingTwice()
    {
        _bench.Write("data/a.csv", "id\n1\nx\n");
        await _bench.RunAsync(Csv("id: int"));
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(Csv("id: string"))).Counts);
        var again = await _bench.ReplayAsync(Csv("id: string"));
        Assert.Equal((default(RowCounts), "no open rejects of that choice"), (again.Counts, again.Note));
        Assert.Equal(["1", "x"], _bench.Query("FROM {t} ORDER BY id"));
        // The next ordinary run names the same rejects.
        _bench.Write("data/b.csv", "id\n2\n");
        await _bench.RunAsync(Csv("id: string"));
        Assert.Equal("no open rejects of that choice", (await _bench.ReplayAsync(Csv("id: string"))).Note);
        Assert.Equal("quarantine/things@1", Table.State!.Rejects);
    }

    [Fact]
    public async Task Replay_OfAChoice_LeavesTheOthersOpen()
    {
        _bench.Write("data/a.csv", "id,n\nx,1\n2\n");
        _bench.Write("data/b.csv", "id,n\ny,1\n");
        await _bench.RunAsync(Csv("id: int, n: int"));
        var yaml = Csv("id: string, n: int", config: "null_padding: true");
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(yaml, new RejectChoice(["WRONG_TYPE"], [], ["data/b.csv"]))).Counts);
        Assert.Equal(["y|1"], _bench.Query("FROM {t}"));
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(yaml, new RejectChoice(["MISSING_COLUMNS"], ["run-1"], []))).Counts);
        Assert.Equal("no open rejects of that choice", (await _bench.ReplayAsync(yaml, new RejectChoice([], ["run-7"], []))).Note);
        Assert.Equal(["1|WRONG_TYPE|open|NULL", "2|MISSING_COLUMNS|replayed|run-3", "1|WRONG_TYPE|replayed|run-2"], _bench.Rejects(Status));
    }

    [Fact]
    public async Task Replay_NothingFits_PublishesNothing()
    {
        _bench.Write("data/a.csv", "id\n1\nx\n");
        await _bench.RunAsync(Csv("id: int"));
        var outcome = await _bench.ReplayAsync(Csv("id: bigint"));
        Assert.Equal((new RowCounts(1, 0, 1), "none of the rejects fits yet"), (outcome.Counts, outcome.Note));
        Assert.Equal(0, Table.Version);
        Assert.Equal(["2|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));
    }

    [Fact]
    public async Task Replay_FilterAndKeys_CountWhatTheyLeaveOut()
    {
        _bench.Write("data/a.csv", "id,n\n1,1\n1,x\n2,y\n3,z\n");
        await _bench.RunAsync(Csv("id: int, n: int"));
        var outcome = await _bench.ReplayAsync(Csv("id: int, n: string", "dedupe_keys: [id]\nfilter: n <> 'z'"));
        Assert.Equal(new RowCounts(3, 1, 0, 1, 1), outcome.Counts);
        Assert.Equal("2 of 3 rejects replayed, 1 of them left out by the filter; 1 superseded, for the table has another row in their place", outcome.Note);
        Assert.Equal(["1|1", "2|y"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal(["2|WRONG_TYPE|superseded|run-2", "3|WRONG_TYPE|replayed|run-2", "4|WRONG_TYPE|replayed|run-2"], _bench.Rejects(Status));
    }

    [Fact]
    public async Task Replay_RowsThatFailedACheck_AreReadFromTheLandedFile()
    {
        _bench.Write("data/a.csv", "id,name\n1,\"a, b\"\n200,c\n300,d\n");
        var strict = Csv("id: int, name: string", "checks: [ { range: { column: id, max: 100 }, on_fail: quarantine } ]");
        Assert.Equal(new RowCounts(3, 1, 2), (await _bench.RunAsync(strict)).Counts);
        var outcome = await _bench.ReplayAsync(strict.Replace("max: 100", "max: 250"));
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal(["1|a, b|1", "200|c|2"], _bench.Query("SELECT id, name, _ff_record FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal(["2|CHECK_FAILED|replayed|run-2", "3|CHECK_FAILED|open|NULL"], _bench.Rejects(Status));
    }

    [Fact]
    public async Task Replay_ChecksOfWholeRuns_DoNotJudgeAFewRows()
    {
        _bench.Write("data/a.csv", "id\n1\n2\nx\n");
        var yaml = Csv("id: int", "checks: [ { row_count: { min: 2 } }, { not_null: [id] } ]");
        await _bench.RunAsync(yaml);
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(yaml.Replace("id: int", "id: string"))).Counts);
    }

    [Fact]
    public async Task Replay_BytesThatWereNoUtf8_AreReadInTheirEncoding()
    {
        _bench.Write("data/a.csv", [.. "id,name\n1,Ann\n2,J"u8, 0xfc, .. "rgen\n"u8]);
        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.RunAsync(Csv("id: int, name: string"))).Counts);
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(Csv("id: int, name: string", config: "encoding: windows-1252"))).Counts);
        Assert.Equal(["1|Ann", "2|Jürgen"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Replay_AFileThatCouldNotBeRead_BringsItsRowsAndItsOwnRejects()
    {
        _bench.Write("data/a.csv", "id\n1\n");
        _bench.Write("data/b.csv", "id\n2\nx\n" + new string('9', 3 << 20) + "\n");
        var first = await _bench.RunAsync(Csv("id: int", config: "max_record_bytes: 1500000"));
        Assert.Equal(new RowCounts(2, 1, 1), first.Counts);
        Assert.Equal(["NULL|RECORD_TOO_LONG|open|NULL"], _bench.Rejects(Status));
        var outcome = await _bench.ReplayAsync(Csv("id: int"));
        Assert.Equal(new RowCounts(3, 1, 2), outcome.Counts);
        Assert.Equal(["1|data/a.csv", "2|data/b.csv"], _bench.Query("SELECT id, _ff_file FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal(["NULL|RECORD_TOO_LONG|replayed|run-2", "2|WRONG_TYPE|open|NULL", "3|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));
        Assert.Equal(["data/a.csv||1", "data/b.csv||3"], Table.State!.FilesSeen.Select(f => $"{f.Path}|{f.Note}|{f.Rows}"));
    }

    [Fact]
    public async Task Replay_Json_NeedsNoLandedFile()
    {
        _bench.Write("data/a.json", "[{\"id\": 1}, {\"id\": \"x\", \"deep\": {\"a\": [1,\n2]}}, {\"id\": 3}]");
        var yaml = Csv("id: int, deep: json").Replace("csv", "json");
        Assert.Equal(new RowCounts(3, 2, 1), (await _bench.RunAsync(yaml)).Counts);
        Directory.Delete(_bench.Lake.LandingFolder, recursive: true);
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(yaml.Replace("id: int", "id: string"))).Counts);
        Assert.Equal(["1|NULL", "3|NULL", "x|{\"a\":[1,2]}"], _bench.Query("SELECT id, replace(replace(replace(deep, ' ', ''), chr(10), ''), chr(13), '') FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Replay_CsvWithoutItsLandedFile_StaysOpenAsItWas()
    {
        _bench.Write("data/a.csv", "id\n1\nx\n");
        await _bench.RunAsync(Csv("id: int"));
        Directory.Delete(_bench.Lake.LandingFolder, recursive: true);
        var outcome = await _bench.ReplayAsync(Csv("id: string"));
        Assert.Equal((new RowCounts(1, 0, 1), "none of the rejects fits yet"), (outcome.Counts, outcome.Note));
        Assert.Contains("is no longer there, and the record cannot be read without it.", _bench.Log.Text);
        Assert.Equal(["2|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));
    }

    [Fact]
    public async Task Replay_InferMode_WidensTheTable()
    {
        _bench.Write("data/a.csv", "id,n\n1,5\n2\n3,1,1\n");
        var yaml = """
            source_type: file_local
            format: csv
            error_handling: quarantine
            quarantine_path: quarantine/things
            partition_mode: none
            config: { path: "data/*.csv", delimiter: ",", header: true }
            """;
        Assert.Equal(new RowCounts(3, 1, 2), (await _bench.RunAsync(yaml)).Counts);
        var outcome = await _bench.ReplayAsync(yaml.Replace("header: true", "header: true, null_padding: true"));
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal(["1|5", "2|NULL"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Replay_ByAnotherDialect_TakesATextOnlyIfItIsOneRecord()
    {
        _bench.Write("data/a.csv", "id;name\n1;Ann\n\"2;Bob\n3;\"x\ny\" z\n");
        var yaml = Csv("id: string, name: string", config: "delimiter: ';', header: true");
        Assert.Equal(new RowCounts(4, 1, 3), (await _bench.RunAsync(yaml)).Counts);
        var outcome = await _bench.ReplayAsync(yaml.Replace("header: true", "header: true, quote: ''"));
        Assert.Equal(new RowCounts(3, 2, 1), outcome.Counts);
        Assert.Equal(["\"2|Bob", "1|Ann", "3|\"x"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal(["4|MISSING_COLUMNS|open|NULL"], _bench.Rejects(Status).Where(r => r.Contains("open")));
    }

    [Fact]
    public async Task Replay_IntoAMerge_LeavesNewerRowsAlone()
    {
        var yaml = Csv("id: int, n: int", "write_mode: merge\ndedupe_keys: [id]");
        _bench.Write("data/a.csv", "id,n\n1,old\n2,old\n");
        await _bench.RunAsync(yaml);
        _bench.Write("data/b.csv", "id,n\n1,5\n");
        await _bench.RunAsync(yaml);
        var outcome = await _bench.ReplayAsync(yaml.Replace("n: int", "n: string"));
        Assert.Equal(new RowCounts(2, 1, 0, 1), outcome.Counts);
        Assert.Equal(["1|5", "2|old"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Replay_Incremental_TakesRowsFromBeforeTheWatermarkAndDoesNotMoveIt()
    {
        var yaml = Csv("day: date, n: int", "incremental_mode: incremental\nwatermark_column: day");
        _bench.Write("data/a.csv", "day,n\n2024-01-01,x\n2024-01-05,1\n2024-01-09,y\n");
        await _bench.RunAsync(yaml);
        var outcome = await _bench.ReplayAsync(yaml.Replace("n: int", "n: string"));
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal("2024-01-05", Table.State!.Cursor);
    }

    [Fact]
    public async Task Replace_MakesEarlierRejectsObsolete_AndReplayAddsToWhatIsThere()
    {
        var yaml = Csv("id: int, n: int", "write_mode: replace");
        _bench.Write("data/a.csv", "id,n\n1,1\n2,x\n");
        await _bench.RunAsync(yaml);
        _bench.Write("data/a.csv", "id,n\n1,1\n3,y\n");
        await _bench.RunAsync(yaml);
        Assert.Equal(["2|WRONG_TYPE|superseded|NULL", "2|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));
        Assert.Equal(1, Assert.Single(_bench.Catalog.Rejects.OfTable("bronze.things")).Open);
        Assert.Equal(new RowCounts(1, 1), (await _bench.ReplayAsync(yaml.Replace("n: int", "n: string"))).Counts);
        Assert.Equal(["1|1", "3|y"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Replay_RepeatedAttempt_FindsItsCommit()
    {
        _bench.Write("data/a.csv", "id\n1\nx\n");
        await _bench.RunAsync(Csv("id: int"));
        var job = Bench.Job(Csv("id: string"));
        var request = _bench.Request(job) with { Replay = RejectChoice.All };
        var first = await _bench.RunAsync(job, request);
        var second = await _bench.RunAsync(job, request with { Attempt = 2 });
        Assert.Equal((first.Counts, first.TableVersion, true), (second.Counts, second.TableVersion, second.AlreadyDone));
        Assert.Equal(["1", "x"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Replay_KilledBeforeTheCatalogKnew_TellsItOfItsVersion()
    {
        _bench.Write("data/a.csv", "id\n1\nx\n");
        await _bench.RunAsync(Csv("id: int"));
        var job = Bench.Job(Csv("id: string"));
        var request = _bench.Request(job) with { Replay = RejectChoice.All };
        var first = await _bench.RunAsync(job, request);
        using var catalog = CatalogDatabase.Open(Path.Combine(_bench.Root, "knows-nothing.db"));
        var second = await _bench.RunnerWith(catalog).RunAsync(job, request with { Attempt = 2 }, new Progress<JobProgress>(), _bench.Log, TestContext.Current.CancellationToken);
        Assert.Equal((first.TableVersion, true), (second.TableVersion, second.AlreadyDone));
        var told = Assert.Single(catalog.Schemas.List("bronze.things"));
        Assert.Equal((first.TableVersion, "VARCHAR"), (told.TableVersion, Assert.Single(told.Columns).Type));
    }

    [Fact]
    public async Task Rejects_WrittenForACommitThatNeverCame_AreTakenOutByTheNextRun()
    {
        _bench.Write("data/a.csv", "id\n1\nx\n");
        await _bench.RunAsync(Csv("id: int"));
        // A replay that was killed between its two commits: the mark is there, the rows are not.
        var folder = _bench.Lake.TableAt("quarantine/things");
        await _bench.ReplayAsync(Csv("id: string"));
        var log = Path.Combine(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Location, "_delta_log", "00000000000000000001.json");
        File.Delete(log);
        var bench = _bench.Reopened();
        Assert.Equal(["1"], bench.Query("FROM {t}"));
        Assert.Equal(["2|WRONG_TYPE|replayed|run-2"], bench.Rejects(Status));

        bench.Write("data/b.csv", "id\ny\n");
        await bench.RunAsync(Csv("id: int"));

        Assert.Equal(["2|WRONG_TYPE|open|NULL", "1|WRONG_TYPE|open|NULL"], bench.Rejects(Status));
        Assert.Equal(new RowCounts(2, 2), (await bench.ReplayAsync(Csv("id: string"))).Counts);
        Assert.Equal(["1", "x", "y"], bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal(2, bench.Rejects(Status).Count);
    }

    [Fact]
    public async Task Replay_ReferencedFileThatChanged_IsRefused()
    {
        _bench.Write("data/a.csv", [.. "id,name\n1,J"u8, 0xfc, .. "rgen\n"u8]);
        var yaml = Csv("id: int, name: string", "landing: reference");
        await _bench.RunAsync(yaml);
        _bench.Write("data/a.csv", "id,name\n1,Juergen\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.ReplayAsync(yaml));
        Assert.Equal("FF2036: data/a.csv was read where it lies and has another content by now: its rejected records cannot be read again.", $"{failure.Code}: {failure.Message}");
    }

    [Fact]
    public async Task Replay_OfManyParquetRows_PicksThemByAJoin()
    {
        using (var database = Duck.DuckDatabase.Open())
        using (var session = database.Connect())
        {
            Directory.CreateDirectory(Path.Combine(_bench.Workspace, "data"));
            session.Execute($"COPY (SELECT i AS id, CASE WHEN i % 2 = 0 THEN CAST(i AS VARCHAR) ELSE 'x' || i END AS n FROM range(40000) r(i)) TO {Duck.SqlText.Literal(Path.Combine(_bench.Workspace, "data", "a.parquet"))} (FORMAT parquet)");
        }
        const string Yaml = "source_type: file_local\nformat: parquet\nerror_handling: quarantine\nquarantine_path: quarantine/things\nschema_mode: user\nuser_schema: { id: long, n: int }\nconfig: { path: \"data/*.parquet\" }";
        Assert.Equal(new RowCounts(40_000, 20_000, 20_000), (await _bench.RunAsync(Yaml)).Counts);
        Assert.Equal(new RowCounts(20_000, 20_000), (await _bench.ReplayAsync(Yaml.Replace("n: int", "n: string"))).Counts);
        Assert.Equal(["40000|40000|1|40000|39999"], _bench.Query("SELECT count(*), count(DISTINCT id), min(_ff_record), max(_ff_record), max(id) FROM {t} WHERE _ff_record = id + 1", withReserved: true));
    }

    [Fact]
    public async Task Preview_SaysWhatWouldHappen_AndChangesNothing()
    {
        _bench.Write("data/a.csv", "id,n\n1,5\n2,x5\n4,2.5\n");
        await _bench.RunAsync(Csv("id: int, n: int"));
        var job = Bench.Job(Csv("id: int, n: double"));
        var preview = await _bench.Runner.PreviewReplayAsync(job, _bench.Request(job) with { Replay = RejectChoice.All }, TestContext.Current.CancellationToken);
        Assert.Equal(new RowCounts(2, 1, 1), preview.Counts);
        Assert.Equal([("WRONG_TYPE", 1L)], preview.Reasons);
        Assert.Equal("n INTEGER → DOUBLE", preview.Columns);
        Assert.Equal(0, Table.Version);
        Assert.Equal(["2|WRONG_TYPE|open|NULL", "3|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));
    }

    [Fact]
    public async Task Replay_ThatWouldChangeAHeldTable_PublishesNothing_AndTheRejectsStayOpen()
    {
        _bench.Write("data/a.csv", "id,n\n1,5\n2,x5\n");
        await _bench.RunAsync(Csv("id: int, n: int"));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.ReplayAsync(Csv("id: int, n: string", "drift: hold")));
        Assert.Equal("FF2054", failure.Code);
        Assert.StartsWith("The rejects would change the table, and drift: hold asks a person first: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("n", failure.Message.Split("first: ")[1], StringComparison.Ordinal);
        Assert.Equal("Let a run of the job bring the change and approve it, then replay; or set drift: evolve.", failure.Suggestion);
        Assert.Equal(0, Table.Version);
        Assert.Equal(["2|WRONG_TYPE|open|NULL"], _bench.Rejects(Status));
    }
}
