using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Orchestration.Hosting;
using FlowForge.Pipelines;

namespace FlowForge.Api.Workflows;

/// <summary>Worker pools: the queues from Temporal, the jobs that go there from the newest versions of the pipelines, and from open runs.</summary>
internal static class PoolViews
{
    public static Task<IReadOnlyList<WorkerPool>> ListAsync(CatalogDatabase catalog, KnownDefinitions definitions, WorkerPools pools, TemporalClients temporal, CancellationToken ct)
    {
        var routes = Routes(catalog, definitions).ToLookup(r => r.Pool ?? "", StringComparer.Ordinal);
        var open = catalog.Runs.WithPoolJobs().SelectMany(catalog.Runs.Jobs).Where(j => !j.State.IsFinal()).Select(j => j.Pool).OfType<string>();
        string?[] names = [null, .. routes.Select(r => r.Key).Concat(open).Where(n => n.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return temporal.CallAsync<IReadOnlyList<WorkerPool>>(null, async (_, limit) =>
        {
            var found = new List<WorkerPool>();
            foreach (var name in names)
            {
                var state = await pools.LookAsync(name, limit);
                found.Add(new WorkerPool
                {
                    Name = name, TaskQueue = state.TaskQueue, Workers = [.. state.Pollers.Select(p => new Contracts.PoolWorker(p.Identity, p.LastAskedAt))],
                    Waiting = state.Waiting, OldestWaitingSeconds = state.OldestWaiting?.TotalSeconds,
                    Routes = [.. routes[name ?? ""].GroupBy(r => r.Pipeline, StringComparer.Ordinal).Select(g => new PoolRoute(g.Key, [.. g.Select(r => r.Job)]))]
                });
            }
            return found;
        }, ct);
    }

    private static IEnumerable<(string? Pool, string Pipeline, string Job)> Routes(CatalogDatabase catalog, KnownDefinitions definitions)
    {
        const int Size = 200;
        for (var page = 1; ; page++)
        {
            var pipelines = catalog.Pipelines.List(page, Size);
            foreach (var definition in pipelines.Items.Select(definitions.Get).OfType<PipelineDefinition>())
            {
                foreach (var job in definition.Ingest) yield return (job.Pool ?? definition.Pool, definition.Name, $"ingest.{job.Name}");
                foreach (var job in definition.Notebooks) yield return (job.Pool ?? definition.Pool, definition.Name, job.Id);
                foreach (var job in definition.Datasets) yield return (job.Pool ?? definition.Pool, definition.Name, $"{job.Layer}.{job.Name}");
            }
            if (pipelines.Items.Count < Size) yield break;
        }
    }
}
