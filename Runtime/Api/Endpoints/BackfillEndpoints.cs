using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Orchestration.Backfills;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>Backfills: preview, start, list, look at, cancel.</summary>
internal static class BackfillEndpoints
{
    public static void MapBackfills(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/pipelines/{name}/backfills").WithTags("Backfills");
        group.MapPost("/preview", Preview).WithSummary("Which intervals of a range would run and why; starts nothing.");
        group.MapPost("/", Start).WithSummary("Runs a pipeline once for each interval of a range of time.");
        group.MapGet("/", List).WithSummary("Backfills of a pipeline, newest first.");
        api.MapGet("/backfills/{backfill}", Get).WithTags("Backfills").WithSummary("One backfill with its progress; GET /runs?backfill=… lists its runs.");
        api.MapPost("/backfills/{backfill}/cancel", Cancel).WithTags("Backfills").WithSummary("Cancels the runs under way and starts no more.");
    }

    private static BackfillPreview Preview(BackfillService service, string name, StartBackfill body)
    {
        var plan = service.Plan(BackfillMapping.ToRequest(name, body));
        return new BackfillPreview(name, plan.Version.Version, plan.Step, plan.Intervals.Count(i => i.Runs), [.. plan.Intervals.Select(BackfillMapping.ToInterval)]);
    }

    private static async Task<Created<BackfillStarted>> Start(BackfillService service, string name, StartBackfill body, CancellationToken ct)
    {
        var id = await service.StartAsync(BackfillMapping.ToRequest(name, body), ct);
        return TypedResults.Created($"/api/v1/backfills/{id}", new BackfillStarted(id));
    }

    private static Contracts.Page<BackfillSummary> List(BackfillStore backfills, string name, int? page, int? size)
    {
        var (number, count) = Paging.Check(page, size);
        var found = backfills.List(name, number, count);
        return new Contracts.Page<BackfillSummary>([.. found.Items.Select(b => BackfillMapping.ToSummary(b, backfills.Progress(b.BackfillId)))], found.Total, found.Number, found.Size);
    }

    private static BackfillSummary Get(BackfillStore backfills, string backfill) => backfills.Get(backfill) is { } found ? BackfillMapping.ToSummary(found, backfills.Progress(backfill))
        : throw ProblemException.NotFound("FF4053", $"There is no backfill '{backfill}'.", "GET /api/v1/pipelines/{name}/backfills lists them.");

    private static async Task<Accepted> Cancel(BackfillService service, string backfill, CancellationToken ct)
    {
        await service.CancelAsync(backfill, ct);
        return TypedResults.Accepted($"/api/v1/backfills/{backfill}");
    }
}
