using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using FlowForge.Api.Hosting;
using FlowForge.Api.Workflows;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Orchestration.Hosting;
using FlowForge.Pipelines;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;

namespace FlowForge.Api.Endpoints;

/// <summary>The runtime about itself, and the schema of pipeline files.</summary>
internal static class SystemEndpoints
{
    private static readonly DateTimeOffset Started = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    public static void MapSystem(this IEndpointRouteBuilder api)
    {
        api.MapGet("/system", Get).WithTags("System").WithSummary("Versions, uptime, memory, worker and Temporal connection.");
        api.MapGet("/system/pools", PoolViews.ListAsync).WithTags("System").WithSummary("Worker pools: who asks their task queues for work, what waits there, which jobs go there.");
        api.MapGet("/system/retention", (RetentionWork work) => work.Status).WithTags("System").WithSummary("How long runs and logs are kept, the next sweep and what the last one removed.");
        api.MapPost("/system/retention/sweep", (RetentionWork work, CancellationToken ct) => work.SweepAsync("api", ct)).WithTags("System").WithSummary("Removes old runs and logs now instead of at the next daily sweep.");
        api.MapGet("/schema/pipeline.json", () => Results.Text(PipelineSchema.Json, "application/schema+json")).WithTags("System")
            .WithSummary("JSON Schema of pipeline files, for editors.");
    }

    /// <summary>The head of every page asks for this: a Temporal server that hangs must not hold it up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static async Task<SystemStatus> Get(RuntimeSettings settings, LakeStore lake, TemporalConnection temporal, WorkerPools pools, WorkerOptions worker, RunStore runs, CancellationToken ct)
    {
        var workers = await WorkersAsync(temporal, pools, ct);
        return new SystemStatus
        {
            Version = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0.0.0", Framework = Environment.Version.ToString(),
            DuckDb = DuckDatabase.LibraryVersion, StartedAt = Started, UptimeSeconds = Math.Round((DateTimeOffset.UtcNow - Started).TotalSeconds, 1),
            ProcessId = Environment.ProcessId, DataFolder = settings.DataFolder, Lake = lake.Location,
            Temporal = new TemporalStatus(temporal.Options.Address, temporal.Options.Namespace, settings.TemporalEmbedded, workers is not null),
            Worker = new WorkerStatus(worker.TaskQueue, workers ?? 0, RunningJobs(runs), settings.ParallelJobs),
            WorkingSetBytes = Environment.WorkingSet, ManagedBytes = GC.GetTotalMemory(forceFullCollection: false)
        };
    }

    /// <summary>Null while Temporal does not answer.</summary>
    private static async Task<int?> WorkersAsync(TemporalConnection temporal, WorkerPools pools, CancellationToken ct)
    {
        if (!temporal.IsConnected) return null;
        try
        {
            return (await pools.LookAsync(null, ct, Patience)).Pollers.Count;
        }
        catch (GrpcException)
        {
            return null;
        }
    }

    private static int RunningJobs(RunStore runs) =>
        runs.Open().Sum(run => runs.Jobs(run.RunId).Count(job => job.State == Catalog.RunState.Running));
}
