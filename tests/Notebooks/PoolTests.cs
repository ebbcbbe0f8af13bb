using FlowForge.Lake;
using FlowForge.Duck;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;

namespace FlowForge.Notebooks.Tests;

public sealed class PoolTests(TestKernels kernels)
{
    [Fact]
    public async Task NewKernel_FirstTableOfTheLakeHasLostItsFiles_RunsCellsOverOthers()
    {
        var lake = Path.Combine(kernels.Folder, "broken");
        using (var database = DuckDatabase.Open(new DuckOptions { Threads = 1 }))
        using (var session = database.Connect())
            foreach (var name in (string[])["bronze.a_lost", "gold.whole"])
            {
                using var transaction = new LakeStore(lake).Table(TableName.Parse(name)).Begin();
                transaction.Write(session, "SELECT 1 AS n");
                transaction.Commit(new CommitOptions());
            }
        foreach (var file in Directory.GetFiles(Path.Combine(lake, "bronze", "a_lost"), "*.parquet", SearchOption.AllDirectories)) File.Delete(file);
        await using var pool = new KernelPool(kernels.Pool.Options with { LakeFolder = lake });
        await using var notebook = await NotebookSession.OpenAsync(pool);

        var run = await CellRun.Sql(notebook, "SELECT n FROM gold.whole");

        Assert.Equal((CellState.Succeeded, "[1]"), (run.State, run.Rows));
        Assert.Equal(CellState.Failed, (await CellRun.Sql(notebook, "SELECT n FROM bronze.a_lost")).State);
    }

    [Fact]
    public async Task TakeAsync_ItsFirstCellHasRun_TheNextKernelStandsReady()
    {
        await using var pool = new KernelPool(kernels.Pool.Options with { SpareDelay = TimeSpan.FromHours(1) });
        await using var notebook = await NotebookSession.OpenAsync(pool);
        Assert.False(pool.HasSpare);

        await CellRun.Sql(notebook, "SELECT 1");

        for (var until = DateTime.UtcNow.AddSeconds(60); !pool.HasSpare; await Task.Delay(20)) Assert.True(DateTime.UtcNow < until, "No spare kernel was started after the first cell.");
        await using var second = await NotebookSession.OpenAsync(pool);
        Assert.False(pool.HasSpare);
        Assert.Equal("[2]", (await CellRun.Sql(second, "SELECT 2")).Rows);
    }
}
