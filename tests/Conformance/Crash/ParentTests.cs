using System.Diagnostics;
using System.Globalization;
using FlowForge.Conformance.Tests.Support;

namespace FlowForge.Conformance.Tests.Crash;

/// <summary>A server whose parent is gone leaves, too.</summary>
public sealed class ParentTests
{
    [Fact]
    public async Task Server_ParentKilled_Leaves()
    {
        using var folder = new TemporaryFolder();
        using var parent = new ChildProcess("sleep", ["600"], folder.Path, _ => { });
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = new ChildProcess(
            "dotnet",
            [TestFiles.ServerAssembly, "--port", "0", "--db-filename", folder.File("t.db"), "--parent-pid", parent.Id.ToString(CultureInfo.InvariantCulture)],
            folder.Path,
            _ => ready.TrySetResult());
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.False(server.HasExited);
        var watch = Stopwatch.StartNew();
        parent.Kill();
        await server.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, server.ExitCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"took {watch.Elapsed}");
    }
}
