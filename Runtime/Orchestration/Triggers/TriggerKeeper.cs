using FlowForge.Catalog;
using FlowForge.Ingest;
using FlowForge.Pipelines;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Triggers;

/// <summary>Keeps the triggers of all pipelines at work, as the pipelines change.</summary>
public sealed class TriggerKeeper(CatalogDatabase catalog, AfterTriggers after, SourceArrivals source, TriggerStarter starter, TimeProvider clock, ILogger<TriggerKeeper> logger) : BackgroundService
{
    /// <summary>A start that has to be tried again, and whatever was not heard of, is seen to at least this often.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Watched> _pipelines = new(StringComparer.Ordinal);

    /// <summary>Changed pipelines whose triggers could not be taken up yet.</summary>
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);

    private bool _knowsAll;

    private sealed record Watched(int Version, IReadOnlyList<AfterTrigger> After, OverlapPolicy Overlap, CancellationTokenSource Stop, Task Arrivals);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var changes = catalog.Events.Watch(c => c.Kind is CatalogChangeKind.Run or CatalogChangeKind.Pipeline, stoppingToken).GetAsyncEnumerator(CancellationToken.None);
        await using var _ = changes;
        Task<bool>? next = null;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                var settled = await FollowAllAsync(stoppingToken) & await StepAllAsync(stoppingToken);
                next ??= changes.MoveNextAsync().AsTask();
                await Task.WhenAny(next, Task.Delay(settled ? Tick : TimeSpan.FromSeconds(1), clock, stoppingToken));
                if (!next.IsCompleted) continue;
                if (!await next) break;
                next = null;
                if (changes.Current.Kind == CatalogChangeKind.Pipeline) _changed.Add(changes.Current.Key);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the end of the runtime
        }
        if (next is not null) await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var watched in _pipelines.Values) await StopAsync(watched);
    }

    /// <summary>Takes up what has changed.</summary>
    /// <returns>False when something could not be read or written, a full disk for one: it is tried again.</returns>
    private async Task<bool> FollowAllAsync(CancellationToken cancel)
    {
        try
        {
            if (!_knowsAll) _changed.UnionWith(AllPipelines());
            _knowsAll = true;
            foreach (var pipeline in _changed.ToList())
            {
                await FollowAsync(pipeline, cancel);
                _changed.Remove(pipeline);
            }
            return true;
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            logger.LogWarning("the triggers of pipelines could not be taken up ({Reason}); it is tried again", error.Message);
            return false;
        }
    }

    private async Task<bool> StepAllAsync(CancellationToken cancel)
    {
        var settled = true;
        foreach (var (pipeline, watched) in _pipelines)
        {
            foreach (var trigger in watched.After)
            {
                try
                {
                    settled &= await after.StepAsync(pipeline, trigger, watched.Overlap, cancel);
                }
                catch (Exception error) when (!cancel.IsCancellationRequested)
                {
                    logger.LogError(error, "the trigger {Trigger} of {Pipeline} failed; it is tried again", trigger.Key, pipeline);
                    settled = false;
                }
            }
        }
        return settled;
    }

    /// <summary>Takes up the newest version of a pipeline's triggers.</summary>
    private async Task FollowAsync(string pipeline, CancellationToken cancel)
    {
        var version = catalog.Pipelines.Get(pipeline) is { Deleted: false } found ? found : null;
        if (_pipelines.TryGetValue(pipeline, out var known))
        {
            if (known.Version == version?.Version) return;
            _pipelines.Remove(pipeline);
            await StopAsync(known);
        }
        var definition = version is null ? null : PipelineParser.Parse(version.Text, version.Format).Definition;
        catalog.Triggers.Keep(pipeline, [.. (definition?.Triggers ?? []).Select(t => t.Key)]);
        if (definition is null || definition.Triggers.Count == 0) return;
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var arrivals = definition.Triggers.OfType<ArrivalTrigger>()
            .Select(t => Task.Run(() => new ArrivalWatch(catalog, source, starter, version!, definition, t, clock, logger).RunAsync(stop.Token), CancellationToken.None)).ToArray();
        _pipelines[pipeline] = new(version!.Version, [.. definition.Triggers.OfType<AfterTrigger>()], definition.OnOverlap, stop, Task.WhenAll(arrivals));
        logger.LogInformation("{Pipeline} has triggers: {Triggers}", pipeline, string.Join(", ", definition.Triggers.Select(t => t.Key)));
    }

    private static async Task StopAsync(Watched watched)
    {
        await watched.Stop.CancelAsync();
        await watched.Arrivals.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        watched.Stop.Dispose();
    }

    private List<string> AllPipelines()
    {
        var names = new List<string>();
        for (var page = 1; ; page++)
        {
            var pipelines = catalog.Pipelines.List(page, 200);
            names.AddRange(pipelines.Items.Select(p => p.Name));
            if (pipelines.Items.Count == 0 || names.Count >= pipelines.Total) return names;
        }
    }
}
