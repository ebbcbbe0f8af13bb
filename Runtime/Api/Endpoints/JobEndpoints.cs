using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Api.Tables;
using FlowForge.Api.Mapping;
using FlowForge.Contracts;

namespace FlowForge.Api.Endpoints;

/// <summary>What can be asked of ingest jobs and of the rows that they made.</summary>
internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder api)
    {
        api.MapPost("/pipelines/{name}/jobs/{job}/dry-run", (JobLooks looks, string name, string job, StartDryRun body, CancellationToken ct) => looks.DryRunAsync(name, job, body, ct))
            .WithTags("Pipelines").WithSummary("Runs an ingest job on the beginning of its source: types, sample, rejects, what would be written. Publishes nothing.");
        api.MapGet("/pipelines/{name}/jobs/{job}", (JobDrafts drafts, string name, string job) => drafts.Get(name, job)).WithTags("Pipelines").WithSummary("An ingest job's settings, as the pipeline's text says them.");
        api.MapGet("/pipelines/{name}/starts", (JobDrafts drafts, string name) => drafts.Starts(name)).WithTags("Pipelines").WithSummary("A pipeline's schedule and triggers, as its text says them.");
        api.MapPost("/jobs/draft", (JobDrafts drafts, JobDraft body) => drafts.Preview(body)).WithTags("Pipelines").WithSummary("What a job from a form would make of its pipeline's text: text, findings, plan. Stores nothing.");
        api.MapPost("/jobs/dry-run", DryRunDraft).WithTags("Pipelines").WithSummary("Runs an ingest job of a text that is stored nowhere on the beginning of its source. Publishes nothing.");
        api.MapGet("/tables/{layer}/{name}/trace", Trace).WithTags("Tables").WithSummary("Where a row comes from: by its _ff_run, _ff_file and _ff_record.");
        api.MapPost("/tables/{layer}/{name}/watermark", Set).WithTags("Tables").WithSummary("Sets the watermark of the job that makes the table, or says what that would mean.");
    }

    private static Task<DryRunReport> DryRunDraft(JobLooks looks, FileRoots roots, DryRunDraft body, CancellationToken ct) =>
        body.Text is null || body.Job is null ? throw ProblemException.Bad("FF4132", "The body has no text or no job.", "Send {\"text\": \"…\", \"job\": \"…\"}.")
            : looks.DryRunAsync(body.Text, PipelineMapping.ToFormat(body.Format), body.BaseDirectory is { } folder ? roots.Allow(folder) : roots.Workspace, body.Job, body.Rows, ct);

    private static RowOrigin Trace(JobLooks looks, KnownTables tables, string layer, string name, string? run, string? file, long? record, CancellationToken ct)
    {
        var table = TableEndpoints.Name(layer, name);
        if (string.IsNullOrEmpty(run) || string.IsNullOrEmpty(file) || record is not > 0)
            throw ProblemException.Bad("FF4126", "A row is traced by run, file and record (from 1).", "They are the row's columns _ff_run, _ff_file and _ff_record.");
        return looks.Trace(table, TableEndpoints.Snapshot(tables, table, null), run, file, record.Value, ct);
    }

    private static WatermarkSet Set(JobLooks looks, KnownTables tables, string layer, string name, SetWatermark body)
    {
        var table = TableEndpoints.Name(layer, name);
        return looks.SetWatermark(table, TableEndpoints.Snapshot(tables, table, null), body);
    }
}
