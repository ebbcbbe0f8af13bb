using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Api.Tests.Workflows;

/// <summary>Optimize, vacuum and alter as work that goes on by itself: a real runtime beside a real Temporal server.</summary>
[Collection(TemporalCollection.Name)]
public sealed class TableWorkTests(TemporalRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    private LakeTable Make(string name, int commits, string rows = "SELECT j AS a, 'p' || {0} AS s FROM range({0} * 10, {0} * 10 + 10) t(j)")
    {
        var table = new LakeStore(Path.Combine(runtime.Folder, "lake")).Table(TableName.Parse("bronze." + name));
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        for (var i = 0; i < commits; i++)
        {
            using var transaction = table.Begin();
            transaction.Write(session, rows.Replace("{0}", i.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
            transaction.Commit(new CommitOptions());
        }
        return table;
    }

    private async Task<TableWork> UntilAsync(string work, Func<TableWork, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            var now = await client.TableWorkAsync(work, patience.Token);
            if (holds(now)) return now;
            await Task.Delay(50, patience.Token);
        }
    }

    private Task<TableWork> EndOfAsync(TableWorkStarted started) => UntilAsync(started.Work, w => w.FinishedAt is not null);

    [Fact]
    public async Task Optimize_SmallFiles_AreMergedOnce_AndTheVersionNamesTheWork()
    {
        var table = Make("merged", 5);
        var work = await EndOfAsync(await client.OptimizeAsync(TableLayer.Bronze, "merged", new OptimizeTable(["s"])));
        Assert.Equal((RunState.Succeeded, null, "sort by s", 1), (work.State, work.Error, work.Asked, work.Attempts));
        Assert.Equal((5L, 5, 1, 1), (work.Optimized!.Version!.Value, work.Optimized.FilesRemoved, work.Optimized.FilesAdded, work.Optimized.Files));
        Assert.Equal((1.0, true), (work.Fraction, work.Total > 0));
        Assert.Equal((work.Work, 50L), (table.History(1)[0].Info["care"], table.Latest()!.Rows));
        var again = await EndOfAsync(await client.OptimizeAsync(TableLayer.Bronze, "merged", new OptimizeTable(["s"])));
        Assert.Equal((RunState.Succeeded, null), (again.State, again.Optimized!.Version));
        Assert.Equal([again.Work, work.Work], (await client.TableWorksAsync(TableLayer.Bronze, "merged")).Select(w => w.Work));
    }

    [Fact]
    public async Task Vacuum_PreviewThenWork_TakesWhatNothingNeeds()
    {
        var table = Make("swept", 3);
        await EndOfAsync(await client.OptimizeAsync(TableLayer.Bronze, "swept", new OptimizeTable()));
        var stray = Path.Combine(table.Location, "part-999-00000-stray.parquet");
        await File.WriteAllTextAsync(stray, "a file that no version names");
        File.SetLastWriteTimeUtc(stray, DateTime.UtcNow.AddDays(-9));
        var preview = await client.PreviewVacuumAsync(TableLayer.Bronze, "swept", new VacuumTable(1));
        Assert.Equal((1, 28L, "part-999-00000-stray.parquet"), (preview.Count, preview.Bytes, Assert.Single(preview.Files)));
        Assert.True(File.Exists(stray));
        var work = await EndOfAsync(await client.VacuumAsync(TableLayer.Bronze, "swept", new VacuumTable(1)));
        Assert.Equal((RunState.Succeeded, "keep 1 hours", 1, 28L), (work.State, work.Asked, work.Vacuumed!.Count, work.Vacuumed.Bytes));
        Assert.False(File.Exists(stray));
        // The files that the optimize replaced are younger than the retention.
        Assert.Equal(10, table.At(0)!.Rows);
        Assert.Equal(4, Directory.GetFiles(table.Location, "part-*").Length);
    }

    [Fact]
    public async Task Alter_WhatTheTableRefuses_FailsTheWorkAndChangesNothing_ElseOneVersion()
    {
        var table = Make("shaped", 1);
        var refused = await EndOfAsync(await client.AlterAsync(TableLayer.Bronze, "shaped", new AlterTable([new TableChange(TableChangeKind.RenameColumn, "a", "id")])));
        Assert.Equal((RunState.Failed, "FF4089", "The table stays as it is.", "rename a to id"), (refused.State, refused.ErrorCode, refused.Suggestion, refused.Asked));
        Assert.StartsWith("Column 'a' cannot get another name without column mapping, which bronze.shaped does not use yet", refused.Error, StringComparison.Ordinal);
        var broken = await EndOfAsync(await client.AlterAsync(TableLayer.Bronze, "shaped", new AlterTable([new TableChange(TableChangeKind.AddConstraint, "low", "a < 5")])));
        Assert.Equal((RunState.Failed, "FF4089"), (broken.State, broken.ErrorCode));
        Assert.Equal(0, table.Latest()!.Version);
        var done = await EndOfAsync(await client.AlterAsync(TableLayer.Bronze, "shaped", new AlterTable([new TableChange(TableChangeKind.RenameColumn, "a", "id"), new TableChange(TableChangeKind.AddConstraint, "low", "id < 1000")], AllowUpgrade: true)));
        Assert.Equal((RunState.Succeeded, new TableAltered("bronze.shaped", 1)), (done.State, done.Altered));
        Assert.Equal(["id", "s"], (await client.TableAsync(TableLayer.Bronze, "shaped")).Columns.Select(c => c.Name));
        Assert.Equal(1, (await client.RowsAsync(TableLayer.Bronze, "shaped", new RowsQuery { Filter = "id = 7" })).Total);
    }

    [Fact]
    public async Task Cancel_InTheMiddle_LeavesTheTableAsItWas_AndNoFile()
    {
        // A sort that takes seconds; the cancel comes while it is at its beginning.
        var table = Make("endless", 2, "SELECT md5(j::VARCHAR) AS a, {0} AS s FROM range(2000000) t(j)");
        var started = await client.OptimizeAsync(TableLayer.Bronze, "endless", new OptimizeTable(["a"]));
        await UntilAsync(started.Work, w => w.Total > 0);
        var busy = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.AlterAsync(TableLayer.Bronze, "endless", new AlterTable([new TableChange(TableChangeKind.SetAppendOnly)])));
        Assert.Equal($"An optimize of bronze.endless is under way ({started.Work}).", busy.Message);
        await client.CancelTableWorkAsync(started.Work);
        var ended = await EndOfAsync(started);
        Assert.Equal((RunState.Cancelled, null, null), (ended.State, ended.Error, ended.Optimized));
        Assert.Equal((1L, 2), (table.Latest()!.Version, Directory.GetFiles(table.Location, "*.parquet", SearchOption.AllDirectories).Length));
        await client.CancelTableWorkAsync(started.Work);
    }
}
