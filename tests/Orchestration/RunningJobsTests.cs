using FlowForge.Orchestration.Activities;

namespace FlowForge.Orchestration.Tests;

public sealed class RunningJobsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task EnterAsync_JobIsRunning_StopsItAndWaitsForItsEnd()
    {
        var jobs = new RunningJobs();
        var first = await jobs.EnterAsync("run", "ingest.a", None);
        var second = jobs.EnterAsync("run", "ingest.a", None);

        Assert.True(first.Token.IsCancellationRequested);
        Assert.False(second.IsCompleted);
        first.Dispose();
        using var lease = await second;
        Assert.False(lease.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task EnterAsync_OtherJob_IsNotDisturbed()
    {
        var jobs = new RunningJobs();
        using var first = await jobs.EnterAsync("run", "ingest.a", None);
        using var second = await jobs.EnterAsync("run", "ingest.b", None);
        Assert.False(first.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task EnterAsync_CancelledWhileWaiting_LeavesThePlaceUsable()
    {
        var jobs = new RunningJobs();
        var first = await jobs.EnterAsync("run", "ingest.a", None);
        using var cancel = new CancellationTokenSource();
        var waiting = jobs.EnterAsync("run", "ingest.a", cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        first.Dispose();
        using var lease = await jobs.EnterAsync("run", "ingest.a", None);
        Assert.False(lease.Token.IsCancellationRequested);
    }
}
