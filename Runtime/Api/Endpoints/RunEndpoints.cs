using System.Text.Json;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Orchestration.Runs;
using Microsoft.AspNetCore.Http.HttpResults;
using LogEntry = FlowForge.Contracts.LogEntry;
using StartRun = FlowForge.Contracts.StartRun;

namespace FlowForge.Api.Endpoints;

/// <summary>Runs: start, list, look at, cancel, retry, read their logs.</summary>
internal static class RunEndpoints
{
    private const int MostLines = 5000;

    public static void MapRuns(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/runs").WithTags("Runs");
        group.MapPost("/", Start).WithSummary("Starts a run of a pipeline or of some of its jobs.");
        group.MapGet("/", List).WithSummary("Runs, newest first.");
        group.MapGet("/{run}", Get).WithSummary("One run with its jobs, row equations, checks and errors.");
        group.MapPost("/{run}/cancel", Cancel).WithSummary("Asks a run to end; no effect on one that has ended.");
        group.MapPost("/{run}/pause", Pause).WithSummary("Holds a run: what runs goes on, nothing new starts.");
        group.MapPost("/{run}/resume", Resume).WithSummary("Lets a held run go on.");
        group.MapPost("/{run}/retry", Retry).WithSummary("Runs again what did not succeed; answers with the run to watch.");
        group.MapGet("/{run}/jobs/{job}/checks/rows", FailingRows).WithSummary("Rows that failed a check of a job (with many tables: of one table), at most 100 of them.");
        group.MapGet("/{run}/samples", Samples).WithSummary("Rows, bytes, CPU and memory from moment to moment, oldest first.");
        group.MapGet("/{run}/logs", Logs).WithSummary("Log lines, oldest first.");
    }

    private static IReadOnlyList<RunSampleEntry> Samples(RunStore runs, string run) =>
        runs.Get(run) is null ? throw Unknown(run) : [.. runs.Samples(run).Select(s => new RunSampleEntry(s.At, s.Rows, s.Bytes, s.Cpu, s.Memory))];

    private static async Task<Created<RunStarted>> Start(RunService service, StartRun body, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(body.Pipeline))
            throw ProblemException.Bad("FF4050", "The body names no pipeline.", "Send {\"pipeline\": \"name\"}.");
        var run = await service.StartAsync(new Orchestration.Runs.StartRun(body.Pipeline, body.Jobs ?? [], Paging.Text(body.Trigger) ?? "api",
            body.Parameters ?? new Dictionary<string, string>(), body.Version,
            Interval: body.Interval is { } i ? new Catalog.DataInterval(i.Start.ToUniversalTime(), i.End.ToUniversalTime()) : null, FullRefresh: body.FullRefresh), ct);
        return TypedResults.Created($"/api/v1/runs/{run}", new RunStarted(run));
    }

    private static Contracts.Page<RunSummary> List(RunReader runs, string? pipeline, string? state, DateTimeOffset? from, DateTimeOffset? to, string? search, string? backfill, int? page, int? size)
    {
        var (number, count) = Paging.Check(page, size);
        return runs.List(new RunFilter
        {
            Pipeline = Paging.Text(pipeline), State = Paging.Word<Contracts.RunState>("state", state) is { } s ? RunMapping.ToState(s) : null,
            From = from, To = to, Text = Paging.Text(search), Backfill = Paging.Text(backfill)
        }, number, count);
    }

    private static RunDetail Get(RunReader runs, string run) => runs.Detail(run) ?? throw Unknown(run);

    private static async Task<Accepted> Cancel(RunService service, RunStore runs, string run, CancellationToken ct)
    {
        // Cancelling what has ended is no error: the caller got what it wanted.
        if ((runs.Get(run) ?? throw Unknown(run)).State is Catalog.RunState.Queued or Catalog.RunState.Running)
            await service.CancelAsync(run, ct);
        return TypedResults.Accepted($"/api/v1/runs/{run}");
    }

    private static async Task<Accepted> Pause(RunService service, string run, CancellationToken ct)
    {
        await service.PauseAsync(run, ct);
        return TypedResults.Accepted($"/api/v1/runs/{run}");
    }

    private static async Task<Accepted> Resume(RunService service, string run, CancellationToken ct)
    {
        await service.ResumeAsync(run, ct);
        return TypedResults.Accepted($"/api/v1/runs/{run}");
    }

    private static async Task<Created<RunStarted>> Retry(RunService service, string run, CancellationToken ct)
    {
        var again = await service.RetryAsync(run, ct);
        return TypedResults.Created($"/api/v1/runs/{again}", new RunStarted(again));
    }

    private static IReadOnlyList<LogEntry> Logs(RunStore runs, LogStore logs, string run, long? after, string? level, string? job, string? search, int? limit)
    {
        if (runs.Get(run) is null)
            throw Unknown(run);
        var from = Paging.Word<RunLogLevel>("level", level) ?? RunLogLevel.Debug;
        return [.. logs.Read(run, after ?? 0, LogMapping.ToLevel(from), Paging.Text(job), Paging.Limit(limit, 500, MostLines), Paging.Text(search)).Select(LogMapping.ToEntry)];
    }

    private static CheckRows FailingRows(RunStore runs, CheckResultStore checks, string run, string job, string? check, string? table)
    {
        if (runs.Get(run) is null)
            throw Unknown(run);
        var result = checks.OfRun(run, job).FirstOrDefault(c => c.Check == check && (table is null || c.Table == table))
                     ?? throw ProblemException.NotFound("FF4052", $"Job {job} of run {run} has no result of a check '{check}'.", "GET /api/v1/runs/{run} lists the checks of each job.");
        var rows = JsonSerializer.Deserialize<JsonElement[]>(checks.Samples(run, job, result.Check, result.Table) ?? "[]") ?? [];
        return new CheckRows(result.Check, result.FailingRows, rows);
    }

    internal static ProblemException Unknown(string run) => ProblemException.NotFound("FF4051", $"There is no run '{run}'.", "GET /api/v1/runs lists them.");
}
