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
        api.MapGet("/tables/{layer}/{name}/trace", Trace).WithTags("Tables").WithSummary("Where a row comes from: by its _ff_run, _ff_file and _ff_record.");
        api.MapPost("/tables/{layer}/{name}/watermark", Set).WithTags("Tables").WithSummary("Sets the watermark of the job that makes the table, or says what that would mean.");
    }

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
