namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Runs an ingest job on the beginning of its source and publishes nothing. It may take a minute.</summary>
    public Task<DryRunReport> DryRunAsync(string pipeline, string job, StartDryRun? body = null, CancellationToken ct = default) =>
        SendAsync<DryRunReport>(HttpMethod.Post, $"pipelines/{Escape(pipeline)}/jobs/{Escape(job)}/dry-run", body ?? new StartDryRun(), ct);

    /// <summary>The same for a text that is stored nowhere yet. 422 with diagnostics when the job has errors.</summary>
    public Task<DryRunReport> DryRunAsync(DryRunDraft draft, CancellationToken ct = default) => SendAsync<DryRunReport>(HttpMethod.Post, "jobs/dry-run", draft, ct);

    /// <summary>An ingest job as its pipeline's text says it.</summary>
    public Task<JobSettings> JobAsync(string pipeline, string job, CancellationToken ct = default) => GetAsync<JobSettings>($"pipelines/{Escape(pipeline)}/jobs/{Escape(job)}", ct);

    /// <summary>What starts a pipeline by itself, as its text says it.</summary>
    public Task<PipelineStartTexts> PipelineStartsAsync(string pipeline, CancellationToken ct = default) => GetAsync<PipelineStartTexts>($"pipelines/{Escape(pipeline)}/starts", ct);

    /// <summary>Puts a job into its pipeline's text, with findings and plan; stores nothing. Comments and all else in the text stay.</summary>
    public Task<JobDraftPreview> DraftJobAsync(JobDraft draft, CancellationToken ct = default) => SendAsync<JobDraftPreview>(HttpMethod.Post, "jobs/draft", draft, ct);

    /// <summary>What a form of an ingest job asks.</summary>
    public Task<JobForm> JobFormAsync(CancellationToken ct = default) => GetAsync<JobForm>("forms/job", ct);

    /// <summary>Follows a row of a bronze table, by its <c>_ff_run</c>, <c>_ff_file</c> and <c>_ff_record</c>, back to its record.</summary>
    public Task<RowOrigin> TraceAsync(string table, string run, string file, long record, CancellationToken ct = default) =>
        GetAsync<RowOrigin>(new QueryText(TablePath(TableLayer.Bronze, table) + "/trace").Add("run", run).Add("file", file).Add("record", record), ct);

    /// <summary>Sets the watermark of the job that makes a bronze table; the next run reads from there.</summary>
    public Task<WatermarkSet> SetWatermarkAsync(string table, SetWatermark body, CancellationToken ct = default) =>
        SendAsync<WatermarkSet>(HttpMethod.Post, TablePath(TableLayer.Bronze, table) + "/watermark", body, ct);
}
