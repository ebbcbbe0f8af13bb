using FlowForge.Api.Hosting;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Datasets.Testing;
using FlowForge.Orchestration.Runs;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>Pipelines: their texts, versions and plans.</summary>
internal static class PipelineEndpoints
{
    public static void MapPipelines(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/pipelines").WithTags("Pipelines");
        group.MapGet("/", List).WithSummary("Pipelines by name.");
        // Not below /pipelines, where a pipeline may have that name.
        api.MapGet("/pipeline-names", (PipelineStore pipelines) => pipelines.Names()).WithTags("Pipelines").WithSummary("All names, for a choice among them.");
        group.MapPost("/validate", Validate).WithSummary("Diagnostics and plan of a text; stores nothing.");
        group.MapPost("/test", Test).WithSummary("Runs the tests of a text's datasets over the rows that they give.");
        group.MapGet("/{name}", Get).WithSummary("One pipeline: text, plan, diagnostics.");
        group.MapPut("/{name}", Put).WithSummary("Stores a definition. 422 with diagnostics when it has errors.");
        group.MapDelete("/{name}", Delete).WithSummary("Takes a pipeline off the list; its runs and tables stay.");
        group.MapGet("/{name}/versions", Versions).WithSummary("All stored versions, newest first.");
        group.MapGet("/{name}/plan", Plan).WithSummary("What a run of the latest version would do.");
    }

    private static Contracts.Page<PipelineSummary> List(PipelineViews views, string? search, int? page, int? size)
    {
        var (number, count) = Paging.Check(page, size);
        return views.List(Paging.Text(search), number, count);
    }

    private static PipelineDetail Get(PipelineViews views, PipelineStore pipelines, string name, int? version) => views.Detail(Stored(pipelines, name, version));

    private static PipelineDetail Put(PipelineViews views, PipelineStore pipelines, PipelineReader reader, FileRoots roots, string name, PutPipeline body)
    {
        var folder = Folder(pipelines, roots, name, body.BaseDirectory);
        var reading = reader.Read(Required(body.Text), PipelineMapping.ToFormat(body.Format), folder);
        if (!reading.IsValid)
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF4030", "Pipeline has errors",
                $"The definition of {name} has errors; nothing was stored.", "Mend what the diagnostics name.", PipelineMapping.ToEntries(reading.Diagnostics));
        if (reading.Definition!.Name != name)
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF4031", "Names differ",
                $"The text names its pipeline '{reading.Definition.Name}', the address says '{name}'.", "Make them equal; a new name makes a new pipeline.");
        return views.Detail(pipelines.Put(name, body.Text, PipelineMapping.ToFormat(body.Format) ?? Guess(body.Text), folder, body.BaseVersion)
            ?? throw ProblemException.Conflict("FF4130", pipelines.Get(name) is { } now ? $"Somebody has stored version {now.Version} of {name} meanwhile; nothing was stored." : $"The pipeline {name} was deleted meanwhile; nothing was stored.",
                "Look at what is there now, and make the change again."));
    }

    private static NoContent Delete(PipelineStore pipelines, string name) =>
        pipelines.Delete(name) ? TypedResults.NoContent() : throw Unknown(name);

    private static async Task<PipelineTestReport> Test(PipelineReader reader, DatasetTester tester, FileRoots roots, TestPipeline body, CancellationToken ct)
    {
        var reading = reader.Read(Required(body.Text), PipelineMapping.ToFormat(body.Format), body.BaseDirectory is { } folder ? roots.Allow(folder) : roots.Workspace);
        // A table that only the lake or another pipeline has is no error for a test, which gives its rows.
        var entries = PipelineMapping.ToEntries(reading.Diagnostics.Where(d => d.Code is not "FF1502"));
        if (reading.Definition is not { } definition || entries.Any(d => d.Level == DiagnosticLevel.Error)) return new PipelineTestReport(false, entries, []);
        if (body.Test is { } only && definition.Tests.All(t => t.Name != only))
            throw ProblemException.NotFound("FF4036", $"The pipeline has no test '{only}'.", definition.Tests.Count == 0 ? "Write tests under 'tests:'." : $"Its tests: {string.Join(", ", definition.Tests.Select(t => t.Name))}.");
        var found = await tester.RunAsync(definition, body.Test, ct);
        return new PipelineTestReport(found.All(t => t.Passed), entries, [.. found.Select(t => new DatasetTest(t.Name, t.Dataset, t.Passed, t.Message, t.Missing, t.Unexpected, Math.Round(t.Took.TotalSeconds, 3)))]);
    }

    private static PipelineValidation Validate(PipelineReader reader, FileRoots roots, ValidatePipeline body) =>
        PipelineMapping.ToValidation(reader.Read(Required(body.Text), PipelineMapping.ToFormat(body.Format), body.BaseDirectory is { } folder ? roots.Allow(folder) : roots.Workspace));

    private static IReadOnlyList<PipelineVersionEntry> Versions(PipelineStore pipelines, string name)
    {
        var versions = pipelines.Versions(name);
        return versions.Count == 0 || versions[0].Deleted ? throw Unknown(name)
            : [.. versions.Select(v => new PipelineVersionEntry(v.Version, v.CreatedAt, PipelineMapping.ToFormat(v.Format), v.Text))];
    }

    private static PipelineValidation Plan(PipelineReader reader, PipelineStore pipelines, PlannedChanges changes, string name)
    {
        var stored = Stored(pipelines, name, null);
        var reading = reader.Read(stored);
        var found = PipelineMapping.ToValidation(reading);
        return found.Plan is { } plan ? found with { Plan = changes.Fill(plan, reading, stored.BaseDirectory) } : found;
    }

    internal static PipelineVersion Stored(PipelineStore pipelines, string name, int? version)
    {
        if (pipelines.Get(name) is not { } latest)
            throw Unknown(name);
        return version is null ? latest
            : pipelines.Get(name, version) ?? throw ProblemException.NotFound("FF4033", $"Pipeline {name} has no version {version}.", $"Its latest version is {latest.Version}.");
    }

    private static string Folder(PipelineStore pipelines, FileRoots roots, string name, string? wanted) =>
        wanted is not null ? roots.Allow(wanted) : pipelines.Get(name)?.BaseDirectory ?? roots.Workspace;

    private static string Required(string? text) => text ?? throw ProblemException.Bad("FF4034", "The body has no text.", "Send {\"text\": \"…\"}.");

    private static Pipelines.PipelineFormat Guess(string text) => text.AsSpan().TrimStart().StartsWith("{") ? Pipelines.PipelineFormat.Json : Pipelines.PipelineFormat.Yaml;

    private static ProblemException Unknown(string name) => ProblemException.NotFound("FF4032", $"There is no pipeline '{name}'.", "GET /api/v1/pipelines lists them.");
}
