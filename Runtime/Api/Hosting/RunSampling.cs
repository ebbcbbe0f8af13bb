using FlowForge.Catalog;

namespace FlowForge.Api.Hosting;

/// <summary>
/// Notes every second, while runs are open, how far they are and what this process takes: for the charts of the run page. A run keeps some
/// hundreds of samples; of a long one, every second sample is dropped and fewer are taken from then on.
/// </summary>
internal sealed class RunSampling(CatalogDatabase catalog, TimeProvider clock, ILogger<RunSampling> log) : BackgroundService
{
    public const int Most = 600;
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    // Beats from one sample of a run to the next, and those that are left until then.
    private readonly Dictionary<string, (int Every, int Left)> _open = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Beat);
        var (cpu, at) = (Environment.CpuUsage.TotalTime, clock.GetTimestamp());
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var (now, stamp) = (Environment.CpuUsage.TotalTime, clock.GetTimestamp());
                var cores = (now - cpu) / clock.GetElapsedTime(at, stamp);
                (cpu, at) = (now, stamp);
                try
                {
                    Take(double.IsFinite(cores) ? Math.Round(cores, 2) : 0);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    // A picture less; the run itself is not touched.
                    log.LogDebug("No sample could be noted: {Message}", e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The runtime stops.
        }
    }

    private void Take(double cores)
    {
        var running = catalog.Runs.Open().Where(r => r.State == RunState.Running).Select(r => r.RunId).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _open.Keys.Where(k => !running.Contains(k)).ToList())
        {
            // The last word: what the jobs reported at their end.
            Note(gone, cores);
            _open.Remove(gone);
        }
        foreach (var run in running)
        {
            var (every, left) = _open.GetValueOrDefault(run, (1, 0));
            if (left > 0)
            {
                _open[run] = (every, left - 1);
                continue;
            }
            Note(run, cores);
            if (catalog.Runs.ThinSamples(run, Most)) every *= 2;
            _open[run] = (every, every - 1);
        }
    }

    private void Note(string run, double cores)
    {
        var (rows, bytes) = catalog.Runs.Progress(run);
        catalog.Runs.AddSample(run, new RunSample(clock.GetUtcNow(), rows, bytes, cores, Environment.WorkingSet));
    }
}
