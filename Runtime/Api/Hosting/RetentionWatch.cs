namespace FlowForge.Api.Hosting;

/// <summary>Sweeps once a day, by the time of the last sweep, so that a runtime that is often started anew neither sweeps at each start nor never.</summary>
internal sealed class RetentionWatch(RetentionWork work, TimeProvider clock, ILogger<RetentionWatch> log) : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromHours(1), Longest = TimeSpan.FromHours(6);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    if (work.Status.NextSweepAt is not { } next) return;
                    if (next - clock.GetUtcNow() is { } wait && wait > TimeSpan.Zero)
                    {
                        // In steps: the clock may be set, and somebody may sweep meanwhile.
                        await Task.Delay(wait < Longest ? wait : Longest, clock, stoppingToken);
                        continue;
                    }
                    var swept = await work.SweepAsync("runtime", stoppingToken);
                    if (swept.Runs + swept.LogLines > 0) log.LogInformation("Old runs were removed: {Runs}, with {Lines} log lines, in {Seconds} s.", swept.Runs, swept.LogLines, swept.Seconds);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    log.LogWarning("Old runs could not be removed; it is tried again in an hour: {Message}", e.Message);
                    await Task.Delay(AfterFailure, clock, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The runtime stops.
        }
    }
}
