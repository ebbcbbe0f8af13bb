using System.Text.Json;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using RowChanges = FlowForge.Contracts.RowChanges;
using RowCounts = FlowForge.Contracts.RowCounts;

namespace FlowForge.Api.Tables;

/// <summary>Dry runs of ingest jobs, traces of rows, and watermarks. Thread-safe.</summary>
internal sealed class JobLooks(PipelineStore pipelines, PipelineReader reader, IngestRunner ingest, ClaimStore claims)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>A job of a stored pipeline.</summary>
    public Task<DryRunReport> DryRunAsync(string pipeline, string name, StartDryRun body, CancellationToken ct)
    {
        var version = pipelines.Get(pipeline) is { Deleted: false } v ? v : throw ProblemException.NotFound("FF4032", $"There is no pipeline '{pipeline}'.", "GET /api/v1/pipelines lists them.");
        return DryRunAsync(Valid(version).Definition!, version.Version, version.BaseDirectory, name, body.Rows, ct);
    }

    /// <summary>A job of a text that is stored nowhere yet; what is wrong elsewhere in it does not matter.</summary>
    public Task<DryRunReport> DryRunAsync(string text, Pipelines.PipelineFormat? format, string folder, string name, long? rows, CancellationToken ct)
    {
        var reading = reader.Read(text, format, folder);
        var errors = PipelineMapping.ToEntries(reading.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error));
        var mine = errors.Where(d => d.Path.Length == 0 || d.Path == $"ingest.{name}" || d.Path.StartsWith($"ingest.{name}.", StringComparison.Ordinal)).ToList();
        return reading.Definition is { } definition && mine.Count == 0 ? DryRunAsync(definition, 0, folder, name, rows, ct)
            : throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF4131", "The job has errors", (mine.Count > 0 ? mine : errors)[0].Message, "Mend what the diagnostics name.", mine.Count > 0 ? mine : errors);
    }

    private async Task<DryRunReport> DryRunAsync(PipelineDefinition definition, int version, string folder, string name, long? wanted, CancellationToken ct)
    {
        var rows = wanted ?? 1000;
        if (rows is < 1 or > 100_000) throw ProblemException.Bad("FF4022", $"rows is {rows}; it must be 1 to 100000.");
        var job = definition.Ingest.FirstOrDefault(i => i.Name == name || "ingest." + i.Name == name)
            ?? throw ProblemException.NotFound("FF4120", $"Pipeline {definition.Name} has no ingest job '{name}'.", $"It has: {string.Join(", ", definition.Ingest.Select(i => i.Name))}.");
        job = Placeholders.Fill(job, definition.Parameters, null);
        if (job.Tables.Count > 0) job = First(job);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Longest);
        try
        {
            var found = await ingest.DryRunAsync(job, new JobRequest
            {
                RunId = "dry-run", Pipeline = definition.Name, PipelineVersion = version, JobId = "ingest." + job.Name, BaseDirectory = folder, RunTime = DateTimeOffset.UtcNow, TxnVersion = 0
            }, rows, limit.Token);
            var (c, w) = (found.Counts, found.Changes);
            return new DryRunReport(new RowCounts(c.Read, c.Loaded, c.Rejected, c.Deduplicated, c.Filtered), new RowChanges(w.Inserted, w.Updated, w.Deleted, w.Unchanged),
                [.. found.Columns.Select(x => new DryRunColumn(x.Name, x.Type, x.Source, x.Change))], [.. found.Sample.Select(Json)], [.. found.Rejects.Select(r => new DryRunReject(r.File, r.Record, r.Reason, r.Message, r.Column, r.Raw))],
                [.. found.Reasons.Select(r => new RejectReason(r.Key, r.Value))], found.Read, found.Effect, found.Problem is { } p ? new JobError(p.Code, p.Message, p.Suggestion) : null);
        }
        catch (JobFailedException e)
        {
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, e.Code, "The source cannot be read", e.Message, e.Suggestion);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new ProblemException(StatusCodes.Status504GatewayTimeout, "FF4121", "The dry run took too long", $"The source of {job.Name} did not give {rows} rows in {Longest.TotalSeconds:0} seconds.", "Ask for fewer rows.");
        }
    }

    public RowOrigin Trace(TableName table, TableSnapshot shown, string run, string file, long record, CancellationToken ct)
    {
        var state = State(table, shown);
        var version = pipelines.Get(state.Pipeline);
        var definition = version is null ? null : reader.Read(version).Definition?.Ingest.FirstOrDefault(i => i.Name == state.Job);
        var found = ingest.Trace(definition, state.Pipeline, state.Job, table, run, file, record, ct);
        return new RowOrigin(found.Pipeline, found.Job, found.Run, found.Version, found.File, found.Record, found.LandedFile, found.Raw, found.Note);
    }

    public WatermarkSet SetWatermark(TableName table, TableSnapshot shown, SetWatermark body)
    {
        var state = State(table, shown);
        var version = pipelines.Get(state.Pipeline) is { Deleted: false } v ? v
            : throw ProblemException.Conflict("FF4037", $"The pipeline {state.Pipeline}, which makes {table}, is not there any more.", "Save it again; the watermark is its.");
        var job = Valid(version).Definition!.Ingest.FirstOrDefault(i => i.Name == state.Job)
            ?? throw ProblemException.Conflict("FF4125", $"Pipeline {version.Name} has no job {state.Job} that makes {table} any more.", "Give the job its old name back.");
        job = job with { Table = table.Name };
        long? transaction = body.DryRun ? null : claims.NextUnused(table.ToString(), $"{version.Name}/ingest.{job.Name}", () => shown.TransactionVersion($"{version.Name}/ingest.{job.Name}") ?? 0)
            ?? throw ProblemException.Conflict("FF4122", $"A run is writing {table} at the moment.", "Wait for its end, or cancel it, then set the watermark.");
        try
        {
            var done = ingest.SetWatermark(job, version.Name, body.Value, transaction, "API");
            return new WatermarkSet(done.Column, done.From, done.To, done.RowsThere, done.Effect, done.Version);
        }
        catch (JobFailedException e)
        {
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, e.Code, "The watermark was not set", e.Message, e.Suggestion);
        }
    }

    private PipelineReading Valid(PipelineVersion version)
    {
        var reading = reader.Read(version);
        return reading.IsValid ? reading : throw ProblemException.Conflict("FF4035", $"Pipeline {version.Name} version {version.Version} has errors: {reading.Diagnostics[0].Message}", "Mend it first.");
    }

    private static IngestDefinition First(IngestDefinition job)
    {
        var table = job.Tables.FirstOrDefault(t => !SourceTables.IsPattern(t)) ?? throw ProblemException.Conflict("FF4123", $"{job.Name} reads tables by patterns, and a dry run looks at one table.", "Name one of the tables in the job.");
        var config = job.Config.DeepClone().AsObject();
        config["table_name"] = table;
        return job with { Tables = [], SourceTable = table, Table = SourceTables.BronzeName(job, table, table), Config = config };
    }

    private static JobState State(TableName table, TableSnapshot shown) =>
        table.Layer == Layer.Bronze && shown.State is { } state ? state : throw ProblemException.NotFound("FF4124", $"{table} is not made by an ingest job.", "Bronze tables are.");

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
