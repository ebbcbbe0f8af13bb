using System.Diagnostics;

namespace FlowForge.Temporal.Tests;

internal static class Wait
{
    /// <summary>Asks every 20 ms until the answer is yes; fails after a minute.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TestWorker.Patience, $"Waited in vain: {what}");
            await Task.Delay(20);
        }
    }

    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));
}
