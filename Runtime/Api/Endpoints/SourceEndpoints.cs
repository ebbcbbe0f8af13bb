using FlowForge.Api.Problems;
using FlowForge.Api.Sources;
using FlowForge.Catalog;
using FlowForge.Contracts;
using SourceKind = FlowForge.Contracts.SourceKind;

namespace FlowForge.Api.Endpoints;

/// <summary>Sources as jobs read them, and what ingests have done.</summary>
internal static class SourceEndpoints
{
    public static void MapSources(this IEndpointRouteBuilder api)
    {
        api.MapGet("/sources", List).WithTags("Sources").WithSummary("What ingest jobs read and how they have been going.");
        api.MapPost("/sources/{pipeline}/{job}/look", (SourceCards cards, string pipeline, string job, CancellationToken ct) => cards.LookAsync(pipeline, job, ct)).WithTags("Sources").WithSummary("Lists the files at a job's source now, and which of them a run would read.");
        api.MapGet("/ingestions", Ingested).WithTags("Sources").WithSummary("What ingest jobs have done, newest first.");
        api.MapGet("/ingestions.csv", Csv).WithTags("Sources").WithSummary("The same as CSV, at most 100,000 rows.");
    }

    private static Contracts.Page<SourceCard> List(SourceCards cards, string? kind, string? search, int? page, int? size)
    {
        var (number, count) = Paging.Check(page, size);
        return cards.List(Paging.Word<SourceKind>("kind", kind), Paging.Text(search), number, Math.Min(count, 100));
    }

    private static Contracts.Page<Ingestion> Ingested(Ingestions ingestions, string? pipeline, string? state, DateTimeOffset? from, DateTimeOffset? to, long? minRows, bool? rejects, string? search, int? page, int? size)
    {
        var (number, count) = Paging.Check(page, size);
        return ingestions.List(Filter(pipeline, state, from, to, minRows, rejects, search), number, count);
    }

    private static Microsoft.AspNetCore.Http.HttpResults.PushStreamHttpResult Csv(Ingestions ingestions, string? pipeline, string? state, DateTimeOffset? from, DateTimeOffset? to, long? minRows, bool? rejects, string? search, CancellationToken ct)
    {
        var filter = Filter(pipeline, state, from, to, minRows, rejects, search);
        return TypedResults.Stream(stream => ingestions.WriteCsvAsync(filter, stream, ct), "text/csv; charset=utf-8", "ingestions.csv");
    }

    private static IngestionFilter Filter(string? pipeline, string? state, DateTimeOffset? from, DateTimeOffset? to, long? minRows, bool? rejects, string? search) => new()
    {
        Pipeline = Paging.Text(pipeline), State = Paging.Word<Contracts.RunState>("state", state) is { } s ? Mapping.RunMapping.ToState(s) : null, From = from, To = to,
        MinRows = minRows is < 0 ? throw ProblemException.Bad("FF4024", $"minRows is {minRows}; it must be 0 or more.") : minRows, Rejects = rejects == true, Text = Paging.Text(search)
    };
}
