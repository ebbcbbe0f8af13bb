using System.Diagnostics;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Orchestration.Tests;

public sealed class DeadWorkersTests
{
    [Theory]
    [InlineData("")]
    [InlineData("worker")]
    [InlineData("x@y")]
    [InlineData("1@some-other-machine")]
    public void IsDead_NotOfThisMachine_IsLeftToItsHeartbeat(string identity) => Assert.False(DeadWorkers.IsDead(identity));

    [Fact]
    public async Task IsDead_ProcessOfThisMachine_TellsWhetherItLives()
    {
        using var process = Process.Start("sleep", "600");
        var identity = $"{process.Id}@{Environment.MachineName}";
        Assert.False(DeadWorkers.IsDead(identity));
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(DeadWorkers.IsDead(identity));
    }
}
