using FlowForge.Catalog;
using FlowForge.Datasets.Rebuild;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

/// <summary>A run leaves a table as it is when nothing has changed, and says what has when something has.</summary>
public sealed class RebuildTests : IDisposable
{
    private static readonly MacroDefinition Twice = new("twice", ["x"], "x * 2", 1);
    private readonly DatasetFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private RebuildAnswer Ask(DatasetDefinition dataset, JobRequest? request = null) => fixture.Runner.Ask(dataset, request ?? fixture.Request(dataset.Table));

    [Fact]
    public void Run_NothingChanged_LeavesTheTableAndSaysSo()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var dataset = DatasetFixture.Dataset("SELECT id FROM bronze.a");
        fixture.Run(dataset);
        var again = fixture.Run(dataset with { Line = 99, Description = "another place in the file" });
        Assert.Equal((default, 0L, "nothing changed", false), (again.Counts, again.TableVersion!.Value, again.Note, again.AlreadyDone));
        Assert.Equal(0, fixture.Table("silver.t").Latest()!.Version);
        Assert.Contains("Info: silver.t stays at version 0: its SQL, settings and inputs have not changed.", fixture.Log);
        Assert.Equal((RebuildVerdict.Unchanged, 0), (Ask(dataset).Verdict, Ask(dataset).Reasons.Count));
    }

    [Fact]
    public void Ask_SomethingChanged_SaysWhat()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        fixture.Put("bronze.b", "SELECT 1 AS id");
        var dataset = DatasetFixture.Dataset("SELECT twice(id) AS id FROM bronze.a WHERE getvariable('least') IS NULL") with { Macros = [Twice] };
        Assert.Equal(["the table does not exist yet"], Ask(dataset).Reasons);
        var request = fixture.Request(dataset.Table) with { Parameters = new Dictionary<string, string> { ["least"] = "1", ["unused"] = "x" } };
        fixture.Run(dataset, request);

        Assert.Equal(RebuildVerdict.Unchanged, Ask(dataset, request with { Parameters = new Dictionary<string, string> { ["least"] = "1", ["unused"] = "y" } }).Verdict);
        Assert.Equal(["least is 2 (was 1)"], Ask(dataset, request with { Parameters = new Dictionary<string, string> { ["least"] = "2" } }).Reasons);
        Assert.Equal(["its SQL has changed"], Ask(dataset with { Macros = [Twice with { Body = "x + x" }] }, request).Reasons);
        Assert.Equal(["its settings have changed"], Ask(dataset with { Checks = [new CheckDefinition { Kind = CheckKind.NotNull, Columns = ["id"] }] }, request).Reasons);
        Assert.Equal(["its SQL has changed", "bronze.b is read now"], Ask(dataset with { Sql = dataset.Sql + " AND id IN (SELECT id FROM bronze.b)" }, request).Reasons);
        fixture.Put("bronze.a", "SELECT 2 AS id");
        Assert.Equal(["bronze.a is at version 1 (was 0)"], Ask(dataset, request).Reasons);
        Assert.Equal(1, fixture.Run(dataset, fixture.Request(dataset.Table) with { Parameters = request.Parameters }).TableVersion);
    }

    [Theory]
    [InlineData("SELECT now() AS t", "its SQL asks for now")]
    [InlineData("SELECT getvariable('run_time') AS t", "its SQL asks for run_time")]
    [InlineData("SELECT random() AS t", "its SQL asks for random")]
    [InlineData("SELECT current_localtimestamp() AS t", "its SQL asks for current_localtimestamp")]
    [InlineData("SELECT age(TIMESTAMP '2024-01-01') AS t", "its SQL asks for age")]
    public void Run_SqlThatGivesOtherRowsEachTime_IsAlwaysBuilt(string sql, string reason)
    {
        var dataset = DatasetFixture.Dataset(sql);
        fixture.Run(dataset);
        Assert.Equal(1, fixture.Run(dataset).TableVersion);
        Assert.Equal((RebuildVerdict.Always, reason), (Ask(dataset).Verdict, Ask(dataset).Reasons[0]));
    }

    [Fact]
    public void Ask_WhatTheRowsComeFromIsNotAmongTheFacts_IsAlwaysBuilt()
    {
        var dataset = DatasetFixture.Dataset("SELECT 1 AS id");
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var check = new CheckDefinition { Kind = CheckKind.Expression, Sql = "id < 5" };
        Assert.Equal(["the table does not exist yet"], Ask(dataset with { Sql = "SELECT age(TIMESTAMP '2024-01-02', TIMESTAMP '2024-01-01'), 1 AS id", Checks = [check] }).Reasons);
        Assert.Equal(["its SQL asks for now"], Ask(dataset with { Checks = [check with { Sql = "id < epoch(now())" }] }).Reasons);
        Assert.Equal(["its SQL reads the system's own tables"], Ask(dataset with { Checks = [check with { Kind = CheckKind.ForeignKey, Sql = null, ReferencedTable = "system.runs" }] }).Reasons);
        Assert.Equal(["a transform makes its rows"], Ask(dataset with { Transform = "python" }).Reasons);
        Assert.Equal(["its SQL reads files"], Ask(dataset with { Sql = "SELECT * FROM read_csv('a.csv')" }).Reasons);
        Assert.Equal(["its SQL asks for TABLESAMPLE"], Ask(dataset with { Sql = "SELECT * FROM bronze.a TABLESAMPLE 10%" }).Reasons);
        var asks = dataset with { Checks = [check with { Sql = "id < CAST(getvariable('most') AS INTEGER)" }] };
        var request = fixture.Request("silver.t");
        fixture.Run(asks, request with { Parameters = new Dictionary<string, string> { ["most"] = "5" } });
        Assert.Equal(["most is 6 (was 5)"], Ask(asks, request with { Parameters = new Dictionary<string, string> { ["most"] = "6" } }).Reasons);
    }

    [Fact]
    public void Run_OthersWroteToTheTable_IsBuiltAgainButNotAfterCompaction()
    {
        var dataset = DatasetFixture.Dataset("SELECT 1 AS id");
        fixture.Run(dataset);
        fixture.Put("silver.t", "SELECT 5 AS id");
        Assert.Equal(["version 1 of the table is not its own (WRITE)"], Ask(dataset).Reasons);
        Assert.Equal(2, fixture.Run(dataset).TableVersion);
        Assert.Equal("1", fixture.Rows("silver.t"));
    }

    [Fact]
    public void Run_FullRefresh_BuildsFromScratch()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var dataset = DatasetFixture.Dataset("SELECT id FROM bronze.a", DatasetMode.Append);
        fixture.Run(dataset);
        Assert.Equal("nothing changed", fixture.Run(dataset).Note);
        fixture.Put("bronze.a", "SELECT 2 AS id");
        fixture.Run(dataset);
        Assert.Equal("1\n2", fixture.Rows("silver.t"));
        fixture.Run(dataset, fixture.Request(dataset.Table) with { FullRefresh = true });
        Assert.Equal("2", fixture.Rows("silver.t"));
    }

    [Fact]
    public void Run_RestoredVersion_IsBuiltAgain()
    {
        fixture.Put("bronze.a", "SELECT 1 AS id");
        var dataset = DatasetFixture.Dataset("SELECT id FROM bronze.a");
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT 2 AS id");
        fixture.Run(dataset);
        fixture.Table("silver.t").Restore(0);
        Assert.Equal("1", fixture.Rows("silver.t"));
        Assert.Equal(RebuildVerdict.Changed, Ask(dataset).Verdict);
        fixture.Run(dataset);
        Assert.Equal("2", fixture.Rows("silver.t"));
    }

    [Fact]
    public void Run_Scd2_KeepsHistoryAndClosesWhatIsGone()
    {
        fixture.Put("bronze.a", "SELECT * FROM (VALUES (1, 'x'), (2, 'y')) v(id, name)");
        var dataset = DatasetFixture.Dataset("SELECT * FROM bronze.a", DatasetMode.Scd2) with { Keys = ["id"], CloseMissing = true };
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT * FROM (VALUES (1, 'z'), (3, 'n')) v(id, name)");
        var later = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);
        // A full refresh would lose the history, so it does not.
        var outcome = fixture.Run(dataset, fixture.Request(dataset.Table) with { RunTime = later, FullRefresh = true });
        Assert.Equal(new RowCounts(2, 2), outcome.Counts);
        Assert.Equal("1|x|False\n1|z|True\n2|y|False\n3|n|True", fixture.Rows("silver.t", "id, name, is_current"));
        Assert.Contains("Info: 1 things are new, 1 changed, 0 unchanged, 1 closed.", fixture.Log);
    }

    [Fact]
    public void Run_IncrementalWithLookback_TakesLateRows()
    {
        fixture.Put("bronze.a", "SELECT * FROM (VALUES (1, TIMESTAMP '2024-01-01 00:00'), (2, TIMESTAMP '2024-01-03 00:00')) v(id, at_time)");
        var dataset = DatasetFixture.Dataset("SELECT * FROM bronze.a", DatasetMode.Incremental) with { TimeColumn = "at_time", Lookback = TimeSpan.FromDays(1) };
        fixture.Run(dataset);
        // 3 is late within the lookback, 4 beyond it.
        fixture.Put("bronze.a", "SELECT * FROM (VALUES (1, TIMESTAMP '2024-01-01 00:00'), (2, TIMESTAMP '2024-01-03 00:00'), (3, TIMESTAMP '2024-01-02 12:00'), (4, TIMESTAMP '2024-01-01 12:00')) v(id, at_time)");
        fixture.Run(dataset);
        Assert.Equal("1\n2\n3", fixture.Rows("silver.t", "id"));
        // A backfill replaces its interval, and that only.
        fixture.Run(dataset, fixture.Request(dataset.Table) with { KeepCursor = true, Interval = new DataInterval(new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2024, 1, 2, 0, 0, 0, TimeSpan.Zero)) });
        Assert.Equal("1\n2\n3\n4", fixture.Rows("silver.t", "id"));
        Assert.Contains("Info: 1 rows from 2024-01-01 00:00:00.000000 to 2024-01-02 00:00:00.000000 were replaced.", fixture.Log);
        var error = Assert.Throws<JobFailedException>(() =>
        {
            var numbers = dataset with { Name = "n", TimeColumn = "id" };
            fixture.Run(numbers, fixture.Request("silver.n"));
            fixture.Put("bronze.a", "SELECT 9 AS id, TIMESTAMP '2024-01-01 00:00' AS at_time");
            fixture.Run(numbers, fixture.Request("silver.n"));
        });
        Assert.Equal("silver.n has a lookback, but its time_column 'id' is INTEGER.", error.Message);
    }

    [Theory]
    [InlineData("Europe/Berlin", 9, 23, 10, 23, "new")]                 // a day of the schedule: the 10th alone
    [InlineData("America/New_York", 10, 4, 11, 4, "new")]
    [InlineData("UTC", 10, 0, 11, 0, "new")]
    [InlineData("UTC", 10, 6, 10, 7, "new")]                            // an hour touches its whole day
    [InlineData("UTC", 8, 0, 9, 0, "old")]
    public void Run_BackfillByDate_ReplacesTheDaysThatTheIntervalTouches(string zone, int day, int hour, int toDay, int toHour, string expected)
    {
        const string Sql = "SELECT DATE '2026-03-09' + (n - 1)::INTEGER AS d, 'X' || n AS v FROM generate_series(1, 3) s(n)";
        var dataset = DatasetFixture.Dataset("SELECT d, v FROM bronze.a", DatasetMode.Incremental) with { TimeColumn = "d" };
        fixture.Put("bronze.a", Sql.Replace("X", "old"));
        fixture.Run(dataset);
        fixture.Put("bronze.a", Sql.Replace("X", "new"));
        fixture.Run(dataset, fixture.Request(dataset.Table) with
        {
            KeepCursor = true, IntervalZone = TimeZoneInfo.FindSystemTimeZoneById(zone),
            Interval = new DataInterval(new(2026, 3, day, hour, 0, 0, TimeSpan.Zero), new(2026, 3, toDay, toHour, 0, 0, TimeSpan.Zero)),
        });
        Assert.Equal($"2026-03-09|old1\n2026-03-10|{expected}2\n2026-03-11|old3", fixture.Rows("silver.t", "d::VARCHAR AS d, v"));
    }

    // Each quarter of a day would take the place of the whole day, and the last one be all that is left.
    [Theory]
    [InlineData("UTC", 0, 6, "2026-03-10 00:00:00.000000 to 2026-03-10 06:00:00.000000 UTC, where no day of UTC begins and ends")]
    [InlineData("Europe/Berlin", 0, 24, "2026-03-10 00:00:00.000000 to 2026-03-11 00:00:00.000000 UTC, where no day of Europe/Berlin begins and ends")]
    [InlineData("UTC", 0, 24, null)]
    public void Run_BackfillByDateOfPartsOfDays_IsRefusedWhereTheSqlTakesTheInterval(string zone, int from, int to, string? refusal)
    {
        var dataset = DatasetFixture.Dataset("SELECT at_time::DATE AS d, count(*) AS n FROM bronze.a WHERE at_time >= getvariable('interval_start')::TIMESTAMP AND at_time < getvariable('interval_end')::TIMESTAMP GROUP BY 1", DatasetMode.Incremental) with { TimeColumn = "d" };
        fixture.Put("bronze.a", "SELECT TIMESTAMP '2026-03-10' + n * INTERVAL 1 HOUR AS at_time FROM range(24) s(n)");
        var start = new DateTimeOffset(2026, 3, 10, 0, 0, 0, TimeSpan.Zero);
        var request = fixture.Request(dataset.Table) with { KeepCursor = true, IntervalZone = TimeZoneInfo.FindSystemTimeZoneById(zone), Interval = new DataInterval(start.AddHours(from), start.AddHours(to)) };
        if (refusal is null)
        {
            fixture.Run(dataset, request);
            Assert.Equal("2026-03-10|24", fixture.Rows("silver.t", "d::VARCHAR AS d, n"));
            return;
        }
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(dataset, request));
        Assert.Equal(("FF3207", $"silver.t knows days only by its time_column 'd', and its SQL takes the rows from {refusal}: they would take the place of whole days."), (error.Code, error.Message));
        Assert.Null(fixture.Table("silver.t").Latest());
    }

    [Fact]
    public void Run_BackfillOfAnOldDay_IsNoReasonToLeaveNewerRowsOut()
    {
        var dataset = DatasetFixture.Dataset("SELECT d FROM bronze.a", DatasetMode.Incremental) with { TimeColumn = "d" };
        fixture.Put("bronze.a", "SELECT DATE '2026-03-09' AS d");
        fixture.Run(dataset);
        fixture.Put("bronze.a", "SELECT unnest([DATE '2026-03-09', DATE '2026-03-10']) AS d");
        var day = new DataInterval(new(2026, 3, 9, 0, 0, 0, TimeSpan.Zero), new(2026, 3, 10, 0, 0, 0, TimeSpan.Zero));
        fixture.Run(dataset, fixture.Request(dataset.Table) with { KeepCursor = true, Interval = day });
        Assert.Equal("2026-03-09", fixture.Rows("silver.t", "d::VARCHAR AS d"));
        fixture.Run(dataset, fixture.Request(dataset.Table));
        Assert.Equal("2026-03-09\n2026-03-10", fixture.Rows("silver.t", "d::VARCHAR AS d"));
        Assert.Equal("nothing changed", fixture.Run(dataset, fixture.Request(dataset.Table)).Note);
    }

    [Fact]
    public void Run_Macros_AreCalledAndTheirTablesAreInputs()
    {
        fixture.Put("bronze.a", "SELECT 3 AS id UNION ALL SELECT 8");
        MacroDefinition[] macros = [Twice, new("four", ["x"], "twice(twice(x))", 2), new("above", ["n := 5"], "SELECT id FROM bronze.a WHERE id > n", 3), new("unused", [], "SELECT * FROM bronze.nowhere", 4)];
        fixture.Run(DatasetFixture.Dataset("SELECT four(id) AS id FROM above()") with { Macros = macros });
        Assert.Equal("32", fixture.Rows("silver.t"));
        Assert.Equal(["bronze.a"], fixture.Catalog.Lineage.Inputs("silver.t").Select(e => e.Input));
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset("SELECT bad(1) AS x") with { Macros = [new MacroDefinition("bad", ["x"], "x +", 7)] }));
        Assert.Equal("FF3208", error.Code);
        Assert.StartsWith("The macro bad (line 7 of the pipeline) is not right: ", error.Message, StringComparison.Ordinal);
    }
}
