using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using FlowForge.Api.Hosting;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Orchestration.Hosting;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;

namespace FlowForge.Api.Endpoints;

/// <summary>The runtime about itself, and the schema of pipeline files.</summary>
internal static class SystemEndpoints
{
    private static readonly DateTimeOffset Started = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    public static void MapSystem(this IEndpointRouteBuilder api)
    {
        api.MapGet("/system", Get).WithTags("System").WithSummary("Versions, uptime, memory, worker and Temporal connection.");
        api.MapGet("/schema/pipeline.json", () => Results.Text(PipelineSchema.Json, "application/schema+json")).WithTags("System")
            .WithSummary("JSON Schema of pipeline files, for editors.");
    }

    private static SystemStatus Get(RuntimeSettings settings, TemporalConnection temporal, WorkerOptions worker, RunStore runs)
    {
        var connected = temporal.IsConnected;
        return new SystemStatus
        {
            Version = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0.0.0", Framework = Environment.Version.ToString(),
            DuckDb = DuckDatabase.LibraryVersion, StartedAt = Started, UptimeSeconds = Math.Round((DateTimeOffset.UtcNow - Started).TotalSeconds, 1),
            ProcessId = Environment.ProcessId, DataFolder = settings.DataFolder,
            Temporal = new TemporalStatus(temporal.Options.Address, temporal.Options.Namespace, settings.TemporalEmbedded, connected),
            Worker = new WorkerStatus(worker.TaskQueue, connected ? 1 : 0, RunningJobs(runs), settings.ParallelJobs),
            WorkingSetBytes = Environment.WorkingSet, ManagedBytes = GC.GetTotalMemory(forceFullCollection: false)
        };
    }

    private static int RunningJobs(RunStore runs) =>
        runs.Open().Sum(run => runs.Jobs(run.RunId).Count(job => job.State == Catalog.RunState.Running));
}
