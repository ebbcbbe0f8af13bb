using System.Net;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using RunState = FlowForge.Contracts.RunState;

namespace FlowForge.Api.Tests.Endpoints;

/// <summary>What changes tables or is told of their files: a runtime of its own.</summary>
public sealed class TableCareTests(TestRuntime runtime) : IClassFixture<TestRuntime>
{
    private readonly FlowForgeClient client = runtime.Client;

    private LakeTable Make(string name, int commits)
    {
        var table = new LakeStore(Path.Combine(runtime.Folder, "lake")).Table(TableName.Parse(name));
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        for (var i = 0; i < commits; i++)
        {
            using var transaction = table.Begin();
            transaction.Write(session, $"SELECT j AS a, 'p{i}' AS s{(i == commits - 1 ? ", 1 AS extra" : "")} FROM range({i * 10}, {(i + 1) * 10}) t(j)");
            transaction.Commit(new CommitOptions
            {
                Transaction = ("p/ingest.j", i), State = new JobState { Pipeline = "p", Job = "ingest.j", RunId = "run" + i, Cursor = $"{(i + 1) * 10}", Rows = new RowEquation(10, 10, 0, 0, 0) }
            });
        }
        return table;
    }

    [Fact]
    public async Task Rejects_OfADataset_AreThoseThatTheVersionNames()
    {
        var lake = new LakeStore(Path.Combine(runtime.Folder, "lake"));
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        var (main, rejects) = (lake.Table(TableName.Parse("silver.checked")), lake.Table(TableName.Parse("silver.checked__rejects")));
        Commit(main, "SELECT 0 AS id", 0);
        Commit(rejects, "SELECT 'not_null' AS reason, 'not_null(id)' AS message, '{\"v\":' || i || '}' AS raw FROM range(2) t(i)", 0);
        Commit(main, "SELECT 1 AS id", 1, "silver/checked__rejects@0");
        // Of a build that did not publish: nobody is told of them.
        Commit(rejects, "SELECT 'range' AS reason, 'range(id)' AS message, 'never' AS raw", 1);

        Assert.Equal(2, (await client.TableAsync(TableLayer.Silver, "checked")).Rejects!.Rows);
        var page = await client.RejectsAsync(TableLayer.Silver, "checked", new RowsQuery { Filter = "message = 'not_null(id)'", Sort = "raw" });
        Assert.Equal((2L, """[["not_null","not_null(id)","{\u0022v\u0022:0}"],["not_null","not_null(id)","{\u0022v\u0022:1}"]]"""), (page.Total, System.Text.Json.JsonSerializer.Serialize(page.Rows)));
        Assert.Equal(2, (await client.RejectsAsync(TableLayer.Silver, "checked", new RowsQuery(), RejectStatus.All)).Total);
        Assert.Equal(0, (await client.RejectsAsync(TableLayer.Silver, "checked", new RowsQuery(), RejectStatus.Replayed)).Total);
        Assert.Null((await client.TableAsync(TableLayer.Silver, "checked", 0)).Rejects);
        var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RejectsAsync(TableLayer.Silver, "checked", new RowsQuery { Version = 0 }));
        Assert.Equal((HttpStatusCode.NotFound, "silver.checked has no rejects."), (failure.Status, failure.Message));

        void Commit(LakeTable table, string sql, long version, string? named = null)
        {
            using var transaction = table.Begin();
            transaction.Write(session, sql);
            transaction.Commit(new CommitOptions { Transaction = ("p/silver.checked", version), State = new JobState { Pipeline = "p", Job = "silver.checked", RunId = "run", Rows = new RowEquation(1, 1, 0, 0, 0), Rejects = named } });
        }
    }

    [Fact]
    public async Task Restore_OlderVersion_IsPreviewedAndBecomesANewVersion()
    {
        var table = Make("bronze.restored", 3);
        var preview = await client.PreviewRestoreAsync(TableLayer.Bronze, "restored", 0);
        Assert.Equal((2L, 0L, 30L, 10L, 0, 2, 0), (preview.From, preview.To, preview.RowsNow, preview.RowsThen, preview.FilesBack, preview.FilesGone, preview.MissingCount));
        Assert.Equal([new ColumnChange("extra", "removed", "INTEGER")], preview.Columns);
        Assert.Equal([new JobCursor("p", "ingest.j", "30", "10", 0, 0)], preview.Jobs);

        var kept = await client.RestoreAsync(TableLayer.Bronze, "restored", new RestoreTable(1, RestoreCursor.Keep));
        Assert.Equal(new TableRestored("bronze.restored", 3, 1, 0, 1), kept);
        Assert.Equal("30", new LakeStore(Path.Combine(runtime.Folder, "lake")).Table(TableName.Parse("bronze.restored")).Latest()!.StateOf("p/ingest.j")!.Cursor);
        await client.RestoreAsync(TableLayer.Bronze, "restored", new RestoreTable(0));
        var now = table.Latest()!;
        Assert.Equal((4L, 10L, "10"), (now.Version, now.Rows, now.StateOf("p/ingest.j")!.Cursor));
        Assert.Equal(("RESTORE", 10L), ((await client.TableVersionsAsync(TableLayer.Bronze, "restored"))[0].Operation, (await client.RowsAsync(TableLayer.Bronze, "restored", new RowsQuery())).Total));
    }

    [Fact]
    public async Task Restore_WhatCannotBe_SaysWhy()
    {
        var table = Make("silver.gone", 1);
        using (var database = DuckDatabase.Open(new DuckOptions { Threads = 1 }))
        using (var session = database.Connect())
        using (var transaction = table.Begin())
        {
            transaction.Write(session, "SELECT 1 AS a", new WriteOptions { Mode = CommitMode.Overwrite });
            transaction.Commit(new CommitOptions { Mode = CommitMode.Overwrite });
        }
        var file = table.At(0)!.Files[0].Path;
        File.Delete(Path.Combine(table.Location, file));
        var preview = await client.PreviewRestoreAsync(TableLayer.Silver, "gone", 0);
        Assert.Equal((1, file), (preview.MissingCount, Assert.Single(preview.Missing)));
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RestoreAsync(TableLayer.Silver, "gone", new RestoreTable(0)));
        Assert.Equal((HttpStatusCode.Conflict, $"Version 0 of silver.gone cannot be restored: vacuum has removed 1 of its files: {file}."), (refused.Status!.Value, refused.Message));
        Assert.Equal("Version 1 is the latest of silver.gone already.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewRestoreAsync(TableLayer.Silver, "gone", 1))).Message);
        Assert.Equal("silver.gone has no version 9; its latest is 1.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RestoreAsync(TableLayer.Silver, "gone", new RestoreTable(9)))).Message);
        Assert.Equal(1, table.Latest()!.Version);
    }

    [Fact]
    public async Task Restore_WhileWorkOnTheTableIsOpen_IsRefused()
    {
        var table = Make("bronze.busy", 2);
        using var catalog = CatalogDatabase.Open(Path.Combine(runtime.Folder, "catalog", "catalog.db"));
        Assert.Null(catalog.Care.TryCreate(new TableCareRecord { CareId = "care_busy", Table = "bronze.busy", Kind = TableCareKind.Vacuum, Request = "{}", By = "test", CreatedAt = DateTimeOffset.UtcNow }));
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RestoreAsync(TableLayer.Bronze, "busy", new RestoreTable(0)));
        Assert.Equal((HttpStatusCode.Conflict, "FF3413", "Vacuum of bronze.busy is waiting (care_busy)."), (refused.Status!.Value, refused.Problem.Code, refused.Message));
        catalog.Care.Finish("care_busy", FlowForge.Catalog.RunState.Cancelled, null, null, DateTimeOffset.UtcNow);
        Assert.Equal(0, (await client.RestoreAsync(TableLayer.Bronze, "busy", new RestoreTable(0))).Restored);
        Assert.Equal(10, table.Latest()!.Rows);
    }

    [Fact]
    public async Task OptimizeVacuumAlter_WhatCannotBe_IsRefusedAtOnce()
    {
        Make("bronze.cared", 2);
        async Task<string> Refused(Task task) => (await Assert.ThrowsAsync<FlowForgeApiException>(() => task)).Message;
        Assert.Equal("A retention of 0 hours is not possible: 1 hour to 10 years.", await Refused(client.VacuumAsync(TableLayer.Bronze, "cared", new VacuumTable(0))));
        Assert.Equal("A retention of 0.5 hours is not possible: 1 hour to 10 years.", await Refused(client.PreviewVacuumAsync(TableLayer.Bronze, "cared", new VacuumTable(0.5))));
        Assert.Equal("A file size of 7 bytes is not possible: 1 MiB to 16 GiB.", await Refused(client.OptimizeAsync(TableLayer.Bronze, "cared", new OptimizeTable(TargetFileBytes: 7))));
        Assert.Equal("The table has no column 'nope' to sort by.", await Refused(client.OptimizeAsync(TableLayer.Bronze, "cared", new OptimizeTable(["s", "nope"]))));
        Assert.Equal("There are no changes.", await Refused(client.AlterAsync(TableLayer.Bronze, "cared", new AlterTable([]))));
        Assert.Equal("The change RenameColumn lacks 'to'.", await Refused(client.AlterAsync(TableLayer.Bronze, "cared", new AlterTable([new TableChange(TableChangeKind.RenameColumn, "a")]))));
        Assert.Equal("There is no table 'bronze.nothing'.", await Refused(client.OptimizeAsync(TableLayer.Bronze, "nothing", new OptimizeTable())));
        Assert.Equal("There is no work on a table under 'care_none'.", await Refused(client.CancelTableWorkAsync("care_none")));
        Assert.Empty(await client.TableWorksAsync(TableLayer.Bronze, "cared"));
        Assert.Equal("bronze.cared has no version 99; its latest is 1.", await Refused(client.TableAsync(TableLayer.Bronze, "cared", 99)));
    }

    [Fact]
    public async Task Optimize_WhileTemporalIsAway_IsKeptForLater_AndOneAtATime()
    {
        Make("bronze.waiting", 2);
        var away = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.OptimizeAsync(TableLayer.Bronze, "waiting", new OptimizeTable()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.Status);
        var kept = Assert.Single(await client.TableWorksAsync(TableLayer.Bronze, "waiting"));
        Assert.Equal((TableWorkKind.Optimize, RunState.Queued, "merge small files", "API", 0, null), (kept.Kind, kept.State, kept.Asked, kept.By, kept.Attempts, kept.Fraction));
        var second = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.VacuumAsync(TableLayer.Bronze, "waiting", new VacuumTable()));
        Assert.Equal((HttpStatusCode.Conflict, $"An optimize of bronze.waiting is waiting ({kept.Work})."), (second.Status!.Value, second.Message));
    }

    [Fact]
    public async Task RowsAndSql_LargeTable_TellHowManyFilesWereRead()
    {
        Make("bronze.wide", 6);
        async Task<(int, int, long)> Read(RowsQuery query) => await client.RowsAsync(TableLayer.Bronze, "wide", query) is var p ? (p.FilesRead, p.Files, p.Total) : default;
        Assert.Equal((1, 6, 1L), await Read(new RowsQuery { Filter = "a = 25" }));
        Assert.Equal((1, 6, 10L), await Read(new RowsQuery { Filter = "s = 'p3' and a >= 0" }));
        Assert.Equal((6, 6, 10L), await Read(new RowsQuery { Filter = "s contains 'P3'" }));
        Assert.Equal((1, 6, 60L), await Read(new RowsQuery { Sort = "a", Descending = true, Limit = 5 }));
        Assert.Equal((2, 6, 60L), await Read(new RowsQuery { Offset = 35, Limit = 10 }));
        var page = await client.RowsAsync(TableLayer.Bronze, "wide", new RowsQuery { Offset = 35, Limit = 2 });
        Assert.Equal(["35", "36"], page.Rows.Select(r => r[0].GetRawText()));
        var sql = await client.SqlAsync(new SqlQuery("WITH c AS (SELECT * FROM bronze.wide WHERE a < 15) SELECT count(*), max(a) FROM c WHERE s = 'p1'", 10));
        Assert.Equal((1, 6, "5", "14"), (sql.FilesRead, sql.Files, sql.Rows[0][0].GetRawText(), sql.Rows[0][1].GetRawText()));
    }
}
