using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Incremental reads of a table, changes, and rows that disappear.</summary>
public sealed class IncrementalRowsTests : IDisposable
{
    private const string Base = "source_type: test_tables\nincremental_mode: incremental\n";
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private Task<JobOutcome> RunAsync(string table, string yaml, string config = "")
    {
        _bench.Write("tables/t.csv", table);
        return _bench.RunAsync($"{yaml}\nconfig: {{ table_name: t{config} }}");
    }

    private string LastRead => File.ReadAllLines(Path.Combine(_bench.Workspace, "reads.txt"))[^1];
    private TableSnapshot Table => _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!;

    [Fact]
    public async Task WithoutKeys_BoundaryTwinsAreComparedAsAMultiset()
    {
        const string Yaml = Base + "watermark_column: At";
        Assert.Equal(new RowCounts(3, 3), (await RunAsync("id:long,At:time\n1,2024-01-01\n2,2024-01-02\n2,2024-01-02\n", Yaml)).Counts);
        Assert.Equal("t   ", LastRead);
        var outcome = await RunAsync("id:long,At:time\n0,2023-12-31\n1,2024-01-01\n2,2024-01-02\n2,2024-01-02\n2,2024-01-02\n3,2024-01-02\n4,2024-01-03 10:00\n", Yaml);
        Assert.Equal("t At 2024-01-02 00:00:00 True", LastRead);
        Assert.Equal(new RowCounts(5, 3, 0, 2), outcome.Counts);
        Assert.Equal(["1|1", "2|3", "3|1", "4|1"], _bench.Query("SELECT id, count(*) FROM {t} GROUP BY ALL ORDER BY ALL"));
        Assert.Equal("2024-01-03 10:00:00", Table.State!.Cursor);
    }

    [Fact]
    public async Task NothingNew_MakesNoVersion()
    {
        const string Yaml = Base + "watermark_column: n";
        await RunAsync("n:long,v:string\n1,a\n2,b\n", Yaml);
        var again = await RunAsync("n:long,v:string\n1,a\n2,b\n", Yaml);
        Assert.Equal(("nothing new", 0L, new RowCounts(1, 0, 0, 1)), (again.Note, again.TableVersion, again.Counts));
        await RunAsync("n:long,v:string\n1,a\n2,b\n", Yaml + "\nwrite_mode: merge\ndedupe_keys: [n]");
        Assert.Equal(0, Table.Version);
    }

    [Fact]
    public async Task LagWindow_SeesLateRowsOnce()
    {
        const string Yaml = Base + "watermark_column: at\nlag_window: 1d";
        await RunAsync("id:long,at:time\n1,2024-01-01\n2,2024-01-10\n", Yaml);
        var outcome = await RunAsync("id:long,at:time\n1,2024-01-01\n9,2024-01-02\n3,2024-01-09 12:00\n2,2024-01-10\n", Yaml);
        Assert.Equal("t at 2024-01-09 00:00:00 True", LastRead);
        Assert.Equal(new RowCounts(2, 1, 0, 1), outcome.Counts);
        Assert.Equal(["1", "2", "3"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
        Assert.Equal("2024-01-10 00:00:00", Table.State!.Cursor);
    }

    [Fact]
    public async Task LagWindow_OfNumbers_AndOfTheWrongKind()
    {
        await RunAsync("n:long\n1\n50\n", Base + "watermark_column: n\nlag_window: 10");
        await RunAsync("n:long\n1\n45\n50\n", Base + "watermark_column: n\nlag_window: 10");
        Assert.Equal("t n 40 True", LastRead);
        Assert.Equal(["1", "45", "50"], _bench.Query("SELECT n FROM {t} ORDER BY n"));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => RunAsync("n:long\n1\n", Base + "watermark_column: n\nlag_window: 1d"));
        Assert.Equal("lag_window '1d' is a duration, and the watermark column is BIGINT. Nothing was published.", failure.Message);
    }

    [Theory]
    [InlineData("n:long\n998\n999\n", "n:string\n999\n1000\nx\n", "BIGINT", "998|999", "999")]
    [InlineData("n:time\n2024-01-01\n2024-01-02\n", "n:string\n2024-01-02\n2024-01-03\nsoon\n", "TIMESTAMP", "2024-01-01 00:00:00|2024-01-02 00:00:00", "2024-01-02 00:00:00")]
    public async Task Watermark_ThatWouldBecomeText_FailsTheRunAndMendsItself(string first, string odd, string type, string there, string cursor)
    {
        const string Yaml = Base + "watermark_column: n";
        await RunAsync(first, Yaml);
        foreach (var more in new[] { "", "\nwrite_mode: merge\ndedupe_keys: [n]" })
        {
            var failure = await Assert.ThrowsAsync<JobFailedException>(() => RunAsync(odd, Yaml + more));
            Assert.Equal(("FF2130", $"The watermark column n of bronze.things is {type}, and with the values that came it would become VARCHAR: as texts they have another order, and new rows would count as old ones. Nothing was published, and the watermark stays."), (failure.Code, failure.Message));
            Assert.Equal((0L, cursor), (Table.Version, Table.State!.Cursor));
        }
        Assert.Equal(there.Split('|'), _bench.Query("SELECT n FROM {t} ORDER BY n"));
        if (type != "BIGINT") return;
        Assert.Equal(new RowCounts(2, 1, 0, 1), (await RunAsync("n:long\n999\n1000\n", Yaml)).Counts);
        Assert.Equal("1000", Table.State!.Cursor);
    }

    [Theory]
    [InlineData("", "1|x|NULL", "2|x|NULL", "2|y|a", "NULL|x|NULL")]
    [InlineData("\nwrite_mode: append", "1|x|NULL", "2|x|NULL", "2|y|a", "NULL|x|NULL", "NULL|x|NULL")]
    public async Task KeyWithNull_AtTheBoundary_IsNotLoadedTwice(string more, params string[] expected)
    {
        var yaml = Base + "watermark_column: n\ndedupe_keys: [id, part]" + more;
        const string Rows = "id:long,part:string,v:string,n:long\n1,x,,1\n2,x,,7\n,x,,7\n,x,,7\n2,y,a,7\n";
        await RunAsync(Rows, yaml);
        Assert.Equal(expected, _bench.Query("SELECT id, part, v FROM {t} ORDER BY ALL"));
        Assert.Equal("nothing new", (await RunAsync(Rows, yaml)).Note);
        await RunAsync(Rows + "3,z,,7\n", yaml);
        Assert.Equal([.. expected[..^(expected.Length - 3)], "3|z|NULL", .. expected[3..]], _bench.Query("SELECT id, part, v FROM {t} ORDER BY ALL"));
        Assert.Equal(more.Length == 0, _bench.Log.Text.Contains("Warning: 2 rows have no value in a part of their key (id, part): NULL counts as a value there, so rows with the same key are one row."));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\nwrite_mode: merge\ndedupe_keys: [id]")]
    [InlineData("\nwrite_mode: merge\ndedupe_keys: [id, country]")]
    [InlineData("\nwrite_mode: append\ndedupe_keys: [id, country]")]
    public async Task EmptyTextInAPartitionColumn_AtTheBoundary_IsTheRowThatIsThere(string more)
    {
        var yaml = Base + "watermark_column: n\npartition_mode: column\npartition_column: country\ncomputed: { country: \"coalesce(land, '')\" }" + more;
        const string Rows = "id:long,land:string,n:long\n1,de,1\n2,,7\n";
        await RunAsync(Rows, yaml);
        Assert.Equal("nothing new", (await RunAsync(Rows, yaml)).Note);
        Assert.Equal(["1|de", "2|NULL"], _bench.Query("SELECT id, country FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Changes_DeleteWithoutItsKey_FailsTheRun()
    {
        const string Yaml = "source_type: test_stream\nwrite_mode: merge\ndedupe_keys: [value]";
        _bench.Write("acks.txt", "");
        _bench.Write("events.txt", "i,1,a\ni,2,b\n");
        await _bench.RunAsync(Yaml);
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "i,3,c\nd,2,\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml));
        Assert.Equal(("FF2131", "1 deleted rows have no value in value (the first is record 2), so nobody knows which rows of bronze.things are gone. Nothing was published."), (failure.Code, failure.Message));
        Assert.Equal((0L, "2"), (Table.Version, Table.State!.Cursor));
        // What came before a truncate needs no key.
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "t,0,\ni,4,d\n");
        await _bench.RunAsync(Yaml);
        Assert.Equal(["4|d"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task TextWatermark_ComparesBytes()
    {
        const string Yaml = Base + "watermark_column: k";
        await RunAsync("k:string\nB\na\n", Yaml);
        Assert.Equal("a", Table.State!.Cursor);
        await RunAsync("k:string\nB\na\nä\n", Yaml);
        Assert.Equal(["B", "a", "ä"], _bench.Query("SELECT k FROM {t} ORDER BY k"));
    }

    [Theory]
    [InlineData("include", "1|NULL", "2|1", "3|2", "4|NULL")]
    [InlineData("exclude", "2|1", "3|2")]
    public async Task NullCursor_Policies(string policy, params string[] expected)
    {
        var yaml = Base + $"watermark_column: n\nnull_cursor: {policy}";
        await RunAsync("id:long,n:long\n1,\n2,1\n", yaml);
        await RunAsync("id:long,n:long\n1,\n2,1\n3,2\n4,\n", yaml);
        Assert.Equal(expected, _bench.Query("SELECT id, n FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task NullCursor_Error_PublishesNothing()
    {
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => RunAsync("id:long,n:long\n1,\n2,1\n", Base + "watermark_column: n\nnull_cursor: error"));
        Assert.Equal("1 rows have no value in the watermark column n, and null_cursor is error. Nothing was published.", failure.Message);
    }

    [Fact]
    public async Task LaxSource_ThatGivesAllRows_IsFilteredAndCounted()
    {
        const string Yaml = Base + "watermark_column: n\ndedupe_keys: [n]";
        await RunAsync("n:long,v:string\n1,a\n2,b\n", Yaml, ", lax: true");
        var outcome = await RunAsync("n:long,v:string\n1,x\n2,c\n3,d\n", Yaml, ", lax: true");
        Assert.Equal(new RowCounts(3, 2, 0, 0, 1), outcome.Counts);
        Assert.Equal(new RowChanges(1, 1, 0, 0, 2), outcome.Changes);
        Assert.Equal(["1|a", "2|c", "3|d"], _bench.Query("FROM {t} ORDER BY n"));
    }

    [Fact]
    public async Task DetectDeletes_RowsThatAreGone_GoAndAMuchSmallerSourceIsRefused()
    {
        const string Yaml = "source_type: test_tables\nwrite_mode: merge\ndedupe_keys: [id]\ndetect_deletes: true\nconfig: { table_name: t }";
        _bench.Write("tables/t.csv", "id:long,v:string\n1,a\n2,b\n3,c\n4,d\n");
        await _bench.RunAsync(Yaml);
        _bench.Write("tables/t.csv", "id:long,v:string\n1,a\n2,x\n5,e\n");
        var outcome = await _bench.RunAsync(Yaml);
        Assert.Equal((new RowCounts(3, 3), new RowChanges(1, 1, 2, 1, 3)), (outcome.Counts, outcome.Changes));
        Assert.Equal(["1|a", "2|x", "5|e"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Contains("Merged by id: 1 inserted, 1 updated, 2 deleted, 1 unchanged.", _bench.Log.Text);
        foreach (var smaller in new[] { "", "1,a\n" })
        {
            _bench.Write("tables/t.csv", "id:long,v:string\n" + smaller);
            var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml));
            Assert.Equal(("FF2052", $"The source has {(smaller.Length == 0 ? 0 : 1)} rows for bronze.things, which holds 3: less than half, and detect_deletes would delete the others. Nothing was published."), (failure.Code, failure.Message));
        }
        Assert.Equal(new RowChanges(0, 0, 2, 1, 1), (await _bench.RunAsync(Yaml.Replace("table_name: t", "table_name: t, allow_smaller: true", StringComparison.Ordinal))).Changes);
    }

    [Fact]
    public async Task DetectDeletes_WithScd2_ClosesTheRow()
    {
        const string Yaml = "source_type: test_tables\nwrite_mode: scd2\ndedupe_keys: [id]\ndetect_deletes: true\nconfig: { table_name: t }";
        _bench.Write("tables/t.csv", "id:long,v:string\n1,a\n2,b\n3,c\n");
        await _bench.RunAsync(Yaml);
        _bench.RunTime = _bench.RunTime.AddDays(1);
        _bench.Write("tables/t.csv", "id:long,v:string\n1,a\n2,x\n");
        Assert.Equal(new RowChanges(0, 1, 1, 1, 2), (await _bench.RunAsync(Yaml)).Changes);
        Assert.Equal(["1|a|True", "2|b|False", "2|x|True", "3|c|False"], _bench.Query("SELECT id, v, is_current FROM {t} ORDER BY ALL"));
    }

    [Fact]
    public async Task Changes_OfAStream_InsertUpdateDeleteAndEmpty()
    {
        const string Yaml = "source_type: test_stream\nwrite_mode: merge\ndedupe_keys: [id]\nfilter: value <> 'hidden'";
        _bench.Write("acks.txt", "");
        _bench.Write("events.txt", "i,1,a\ni,2,b\nu,1,c\nd,2,\ni,3,d\ni,4,hidden\n");
        var first = await _bench.RunAsync(Yaml);
        Assert.Equal(new RowCounts(6, 3, 0, 2, 1), first.Counts);
        Assert.Equal("id BIGINT, value VARCHAR", _bench.Schema());
        Assert.Equal(["1|c", "3|d"], _bench.Query("FROM {t} ORDER BY id"));
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "d,1,\ni,9,z\nd,77,\n");
        var second = await _bench.RunAsync(Yaml);
        Assert.Equal((new RowCounts(3, 3), 1L, 1L), (second.Counts, second.Changes!.Value.Inserted, second.Changes.Value.Deleted));
        Assert.Equal(["3|d", "9|z"], _bench.Query("FROM {t} ORDER BY id"));
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "i,10,gone\nt,0,\ni,11,new\n");
        var third = await _bench.RunAsync(Yaml);
        Assert.Equal(new RowCounts(3, 1, 0, 2), third.Counts);
        Assert.Equal(["11|new"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal("6\n9\n12\n", File.ReadAllText(Path.Combine(_bench.Workspace, "acks.txt")));
    }

    [Fact]
    public async Task Changes_ThatTheFilterLeavesOut_DeleteTheRowThatIsThere()
    {
        const string Yaml = "source_type: test_stream\nwrite_mode: merge\ndedupe_keys: [id]\nfilter: value <> 'hidden'";
        _bench.Write("acks.txt", "");
        _bench.Write("events.txt", "i,1,a\ni,2,b\ni,3,c\n");
        await _bench.RunAsync(Yaml);
        // One is hidden, one hidden and shown again, one was never there, one has no value, which is no answer either.
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "u,1,hidden\nu,2,hidden\nu,2,d\ni,8,hidden\nu,3,\n");
        var outcome = await _bench.RunAsync(Yaml);
        Assert.Equal((new RowCounts(5, 1, 0, 0, 4), new RowChanges(0, 1, 2, 0, 1)), (outcome.Counts, outcome.Changes));
        Assert.Equal(["2|d"], _bench.Query("FROM {t} ORDER BY id"));
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "u,1,back\nu,1,hidden\nt,0,\ni,5,hidden\ni,6,e\nu,6,f\n");
        Assert.Equal(new RowCounts(6, 1, 0, 3, 2), (await _bench.RunAsync(Yaml)).Counts);
        Assert.Equal(["6|f"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Changes_WithChecksAndDemandedValues_LoseNoDeletes()
    {
        const string Yaml = """
            source_type: test_stream
            write_mode: merge
            dedupe_keys: [id]
            error_handling: quarantine
            quarantine_path: quarantine/things
            schema_mode: user
            user_schema: [ { name: id, type: BIGINT, nullable: false }, { name: value, type: VARCHAR, nullable: false } ]
            checks: [ { not_null: value, on_fail: quarantine }, { accepted_values: { column: value, values: [a, b, c] }, on_fail: quarantine } ]
            """;
        _bench.Write("acks.txt", "");
        _bench.Write("events.txt", "i,1,a\ni,2,b\ni,3,\ni,4,odd\n");
        Assert.Equal(new RowCounts(4, 2, 2), (await _bench.RunAsync(Yaml)).Counts);
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "d,2,\n");
        Assert.Equal(1L, (await _bench.RunAsync(Yaml)).Changes!.Value.Deleted);
        Assert.Equal(["1|a"], _bench.Query("FROM {t} ORDER BY id"));
        // What came later would be undone.
        var error = await Assert.ThrowsAsync<JobFailedException>(() => _bench.ReplayAsync(Yaml.Replace("c]", "c, odd]")));
        Assert.Equal("FF2039", error.Code);
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "t,0,\ni,5,c\n");
        await _bench.RunAsync(Yaml);
        Assert.Equal(["5|c"], _bench.Query("FROM {t} ORDER BY id"));
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "i,6,c\n");
        error = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml.Replace("not_null: value", "unique: value")));
        Assert.Equal("FF2124", error.Code);
    }

    [Fact]
    public async Task Backfill_OfAStream_MovesItsCursor()
    {
        var job = Bench.Job("source_type: test_stream\nwrite_mode: append");
        _bench.Write("acks.txt", "");
        _bench.Write("events.txt", "i,1,a\n");
        await _bench.RunAsync(job);
        File.AppendAllText(Path.Combine(_bench.Workspace, "events.txt"), "i,2,b\n");
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(job, _bench.Request(job) with { KeepCursor = true })).Counts);
        await _bench.RunAsync(job);
        Assert.Equal(["1", "2"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
    }

    [Theory]
    [InlineData("Europe/Berlin", 9, 23, 10, 23)]
    [InlineData("America/New_York", 10, 4, 11, 4)]
    [InlineData("UTC", 10, 6, 10, 7)]
    public async Task Backfill_ByDate_TakesTheDaysThatTheIntervalTouches(string zone, int day, int hour, int toDay, int toHour)
    {
        var job = Bench.Job("source_type: file_local\nformat: csv\nincremental_mode: incremental\nwatermark_column: d\nwrite_mode: merge\ndedupe_keys: [id]\nconfig: { path: a.csv }");
        _bench.Write("a.csv", "id,d,v\n1,2026-03-09,old\n2,2026-03-10,old\n3,2026-03-11,old\n");
        await _bench.RunAsync(job);
        _bench.Write("a.csv", "id,d,v\n1,2026-03-09,new\n2,2026-03-10,new\n3,2026-03-11,new\n");
        var outcome = await _bench.RunAsync(job, _bench.Request(job) with
        {
            KeepCursor = true, IntervalZone = TimeZoneInfo.FindSystemTimeZoneById(zone),
            Interval = new DataInterval(new(2026, 3, day, hour, 0, 0, TimeSpan.Zero), new(2026, 3, toDay, toHour, 0, 0, TimeSpan.Zero)),
        });
        Assert.Equal(new RowCounts(3, 1, 0, 0, 2), outcome.Counts);
        Assert.Equal(["1|old", "2|new", "3|old"], _bench.Query("SELECT id, v FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Backfill_WithoutKeys_WouldDoubleRows_AndPublishesNothing()
    {
        var job = Bench.Job("source_type: file_local\nformat: csv\nincremental_mode: incremental\nwatermark_column: n\nwrite_mode: append\nconfig: { path: a.csv }");
        _bench.Write("a.csv", "id,n\n1,1\n");
        await _bench.RunAsync(job);
        _bench.Write("a.csv", "id,n\n1,1\n2,2\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, _bench.Request(job) with { KeepCursor = true }));
        Assert.Equal(("FF2125", "A backfill would append rows of things that may be in the table already, for the job has no dedupe_keys. Nothing was published.", "Give the job dedupe_keys: rows are then merged."), (failure.Code, failure.Message, failure.Suggestion));
        Assert.Equal(["1"], _bench.Query("SELECT id FROM {t}"));
    }
}
