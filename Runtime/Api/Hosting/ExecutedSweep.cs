using FlowForge.Orchestration.Notebooks;

namespace FlowForge.Api.Hosting;

/// <summary>Removes executed copies of notebooks whose time is over: at start and then daily.</summary>
internal sealed class ExecutedSweep(ExecutedRetention retention, TimeProvider clock, ILogger<ExecutedSweep> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The start of the runtime waits for no sweep.
        await Task.Yield();
        using var timer = new PeriodicTimer(TimeSpan.FromDays(1), clock);
        try
        {
            do
            {
                try
                {
                    var gone = retention.Remove("runtime", clock.GetUtcNow());
                    if (gone.Going.Count > 0) log.LogInformation("Executed copies of notebooks that are older than {Days} days were removed: {Copies} ({Bytes} bytes).", gone.Days, gone.Going.Count, gone.Going.Sum(c => c.Bytes));
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    log.LogWarning("Old executed copies of notebooks could not be removed: {Message}", e.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The runtime stops.
        }
    }
}
