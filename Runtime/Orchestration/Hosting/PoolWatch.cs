using FlowForge.Catalog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Hosting;

/// <summary>
/// Looks after the jobs that other processes execute: one whose pool has no worker is shown as waiting for it, and what the others write into the catalog is announced here, for
/// they cannot do it themselves.
/// </summary>
public sealed class PoolWatch(CatalogDatabase catalog, WorkerPools pools, ILogger<PoolWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>What a waiting job shows; the pool's name follows.</summary>
    public const string Waiting = "waiting for a worker of pool ";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await LookAsync(stoppingToken);
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    logger.LogDebug("the worker pools could not be looked at: {Reason}", error.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the end of the runtime
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var workers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var run in catalog.Runs.WithPoolJobs().Select(catalog.Runs.Get).OfType<RunRecord>().Where(r => !r.State.IsFinal()))
        {
            var jobs = catalog.Runs.Jobs(run.RunId);
            var states = jobs.ToDictionary(j => j.JobId, j => j.State, StringComparer.Ordinal);
            string? waiting = null;
            foreach (var job in jobs.Where(j => j.Pool is not null && !j.State.IsFinal()))
            {
                catalog.Announce(new CatalogChange(CatalogChangeKind.Job, run.RunId, job.JobId));
                if (job.State != RunState.Queued || run.State != RunState.Running || run.Paused || job.DependsOn.Any(d => states.GetValueOrDefault(d, RunState.Succeeded) != RunState.Succeeded)) continue;
                if (!workers.TryGetValue(job.Pool!, out var count)) workers[job.Pool!] = count = (await pools.LookAsync(job.Pool, cancel)).Pollers.Count;
                var phase = count == 0 ? Waiting + job.Pool : null;
                if (phase is not null) waiting ??= $"{job.JobId} is {phase}; none is there";
                if (job.Phase != phase && (phase is not null || job.Phase!.StartsWith(Waiting, StringComparison.Ordinal))) catalog.Runs.UpsertJob(job with { Phase = phase });
            }
            var mine = run.Waiting?.Contains(Waiting, StringComparison.Ordinal) == true;
            if (jobs.All(j => j.State != RunState.Running) && waiting is not null) catalog.Runs.SetWaiting(run.RunId, waiting);
            else if (mine) catalog.Runs.SetWaiting(run.RunId, null);
        }
    }
}
