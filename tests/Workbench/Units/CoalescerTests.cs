using FlowForge.Workbench.Live;

namespace FlowForge.Workbench.Tests.Units;

public sealed class CoalescerTests
{
    [Fact]
    public async Task Ask_AThousandTimes_ActsAFewTimesAndAlsoForTheLast()
    {
        using var end = new CancellationTokenSource();
        var coalescer = new Coalescer(TimeSpan.FromMilliseconds(20));
        var (acts, wish, seen) = (0, 0, 0);
        var done = new TaskCompletionSource();
        var running = coalescer.RunAsync(_ =>
        {
            Interlocked.Increment(ref acts);
            seen = Volatile.Read(ref wish);
            if (seen == 1000)
                done.TrySetResult();
            return Task.CompletedTask;
        }, end.Token);
        for (var i = 1; i <= 1000; i++)
        {
            Volatile.Write(ref wish, i);
            coalescer.Ask();
        }
        await done.Task.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Equal(1000, seen);
        Assert.InRange(acts, 1, 50);
        await end.CancelAsync();
        await running;
    }
}
