using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;

namespace FlowForge.Notebooks.Tests;

public sealed class InterruptTests(TestKernels kernels)
{
    [Theory]
    [InlineData(CellLanguage.CSharp, "Console.WriteLine(\"go\"); while (true) { }")]
    [InlineData(CellLanguage.CSharp, "Console.WriteLine(\"go\"); await Task.Yield(); while (true) { }")]
    [InlineData(CellLanguage.CSharp, "Console.WriteLine(\"go\"); await Task.Delay(-1);")]
    [InlineData(CellLanguage.CSharp, "Console.WriteLine(\"go\"); await Task.Delay(-1, Interrupted);")]
    [InlineData(CellLanguage.CSharp, "Console.WriteLine(\"go\"); Sql(\"SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)\").First()")]
    [InlineData(CellLanguage.Sql, "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)")]
    public async Task Interrupt_CellThatNeverEnds_EndsAndTheKernelLives(CellLanguage language, string code)
    {
        await using var session = await NotebookSession.OpenAsync(kernels.Pool);
        var process = session.KernelProcessId;
        if (language == CellLanguage.CSharp) await CellRun.CSharp(session, "var kept = 17;");

        var run = await CellRun.Run(session, language, code, onWord: word =>
        {
            if (language == CellLanguage.Sql ? word is CellStartedNotification : word is TextNotification) _ = session.InterruptAsync();
        });

        Assert.Equal(CellState.Interrupted, run.State);
        Assert.Null(run.Error);
        Assert.Equal(process, session.KernelProcessId);
        if (language == CellLanguage.CSharp) Assert.Equal("17", (await CellRun.CSharp(session, "kept")).Result);
        else Assert.Equal("[1]", (await CellRun.Sql(session, "SELECT 1")).Rows);
    }

    [Fact]
    public async Task Interrupt_Ignored_KillsAndReplacesTheKernel()
    {
        await using var pool = new KernelPool(kernels.Pool.Options with { InterruptTimeout = TimeSpan.FromSeconds(2) });
        await using var session = await NotebookSession.OpenAsync(pool);
        var process = session.KernelProcessId;

        // A finally block is not aborted.
        var run = await CellRun.Run(session, CellLanguage.CSharp, "try { Console.WriteLine(\"go\"); } finally { while (true) { } }", onWord: word =>
        {
            if (word is TextNotification) _ = session.InterruptAsync();
        });

        Assert.Equal(CellState.Interrupted, run.State);
        Assert.Equal("The cell did not react to the interrupt, so its kernel was ended. Variables and results are gone; a new kernel is ready for the next cell.", run.Error!.Message);
        Assert.Equal("2", (await CellRun.CSharp(session, "1 + 1")).Result);
        Assert.NotEqual(process, session.KernelProcessId);
    }

    [Fact]
    public async Task Interrupt_WaitingCells_DoNotStart()
    {
        await using var session = await NotebookSession.OpenAsync(kernels.Pool);
        var started = new TaskCompletionSource();
        var first = CellRun.Run(session, CellLanguage.CSharp, "while (true) Thread.Sleep(1);", onWord: _ => started.TrySetResult());
        await started.Task.WaitAsync(CellRun.Patience, TestContext.Current.CancellationToken);
        // Its command is sent when this returns, and taken when a later one is answered.
        await using var second = session.ExecuteAsync("c2", CellLanguage.Sql, "SELECT 1").GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var word = second.MoveNextAsync();
        await session.MemoryAsync();
        Assert.Equal(KernelState.Busy, session.State);

        await session.InterruptAsync();

        Assert.Equal(CellState.Interrupted, (await first).State);
        Assert.True(await word);
        Assert.Equal(CellState.Interrupted, Assert.IsType<CellFinishedNotification>(second.Current).State);
        Assert.False(await second.MoveNextAsync());
        Assert.Equal(KernelState.Idle, session.State);
    }
}
