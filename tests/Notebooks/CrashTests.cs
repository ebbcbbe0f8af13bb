using System.Diagnostics;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;

namespace FlowForge.Notebooks.Tests;

public sealed class CrashTests(TestKernels kernels)
{
    private const string Gone = " Variables and results are gone; a new kernel is ready for the next cell.";

    [Theory]
    [InlineData("int F(int x) => F(x + 1) + 1; F(0)", KernelEndReason.StackOverflow, "The cell ended the kernel with a stack overflow: a method calls itself without end, or too deeply.")]
    [InlineData("Environment.Exit(3);", KernelEndReason.Exited, "The cell ended the kernel process with exit code 3 (Environment.Exit or the like).")]
    [InlineData("var t = new Thread(() => throw new InvalidOperationException(\"oh\")); t.Start(); t.Join(); Thread.Sleep(60000);", KernelEndReason.UnhandledException,
        "An exception that nothing caught, on a thread that the cell had started, ended the kernel: System.InvalidOperationException: oh")]
    [InlineData("System.Diagnostics.Process.GetCurrentProcess().Kill();", KernelEndReason.Killed, "The kernel process was killed or crashed (exit code 137).")]
    public async Task Cell_EndsItsKernel_IsExplainedAndTheNextCellRuns(string code, KernelEndReason reason, string message)
    {
        await using var session = await NotebookSession.OpenAsync(kernels.Pool);
        var folder = (await CellRun.CSharp(session, "Environment.GetCommandLineArgs().SkipWhile(a => a != \"--spill\").ElementAt(1)")).Result!;
        Assert.StartsWith(Path.Combine(Path.GetTempPath(), "flowforge-kernel-"), folder);
        Assert.True(Directory.Exists(folder));
        KernelEnd? died = null;
        session.KernelDied += end => died = end;

        var run = await CellRun.CSharp(session, code);

        Assert.Equal((CellState.Failed, "Kernel died", message + Gone), (run.State, run.Error!.Kind, run.Error.Message));
        Assert.Equal("[1]", (await CellRun.Sql(session, "SELECT 1")).Rows);
        Assert.Equal(reason, died?.Reason);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Cell_TakesMoreThanTheLimit_IsEndedAndExplained()
    {
        await using var pool = new KernelPool(kernels.Pool.Options with { MemoryLimitBytes = 700L << 20 });
        await using var session = await NotebookSession.OpenAsync(pool);

        var run = await CellRun.CSharp(session, """
            unsafe
            {
                for (var i = 0; i < 100; i++) new Span<byte>(System.Runtime.InteropServices.NativeMemory.Alloc(64 << 20), 64 << 20).Fill(1);
            }
            Thread.Sleep(60_000);
            """);

        Assert.Equal("The kernel took more than its 700 MiB of memory and was ended." + Gone, run.Error!.Message);
    }

    [Fact]
    public async Task Restart_ForgetsVariables()
    {
        await using var session = await NotebookSession.OpenAsync(kernels.Pool);
        await CellRun.CSharp(session, "var x = 1;");

        await session.RestartAsync();

        Assert.Equal("CS0103", (await CellRun.CSharp(session, "x")).Error!.Kind);
    }

    [Fact]
    public async Task Open_NoKernelThere_SaysWhatToDo()
    {
        await using var pool = new KernelPool(kernels.Pool.Options with { KernelPath = "/nowhere/kernel.dll" });

        var error = await Assert.ThrowsAsync<KernelException>(() => NotebookSession.OpenAsync(pool));

        Assert.Equal("The notebook kernel is not at /nowhere/kernel.dll. Build Runtime/Notebooks/Kernel, or set the path to where it is.", error.Message);
    }

    [Fact]
    public async Task ParentKilled_KernelGoesWithIt()
    {
        // The kernel's standard input stays open here: only the parent's death can tell it.
        using var parent = Process.Start("sleep", "600");
        using var kernel = StartKernel(parent.Id);
        try
        {
            var words = new MessageReader<KernelNotification>(kernel.StandardOutput.BaseStream);
            Assert.IsType<ReadyNotification>(words.Read()!.Value.Message);

            parent.Kill();

            await kernel.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(CellRun.Patience, TestContext.Current.CancellationToken);
        }
        finally
        {
            parent.Kill();
            kernel.Kill();
        }
    }

    [Fact]
    public async Task InputClosed_KernelEndsAlsoInARunawayCell()
    {
        using var kernel = StartKernel(Environment.ProcessId);
        try
        {
            var words = new MessageReader<KernelNotification>(kernel.StandardOutput.BaseStream);
            using (var commands = new MessageWriter<KernelCommand>(kernel.StandardInput.BaseStream))
            {
                commands.Write(new ExecuteCommand(1, "c", CellLanguage.CSharp, "Console.WriteLine(1); while (true) { }"));
                while (words.Read() is { Message: not TextNotification }) { }
            }
            await kernel.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(CellRun.Patience, TestContext.Current.CancellationToken);
        }
        finally
        {
            kernel.Kill();
        }
    }

    private Process StartKernel(int parent) => Process.Start(new ProcessStartInfo("dotnet", [TestKernels.KernelPath, "--lake", kernels.Folder, "--parent-pid", parent.ToString()])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;
}
