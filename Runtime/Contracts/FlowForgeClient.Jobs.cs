namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Runs an ingest job on the beginning of its source and publishes nothing. It may take a minute.</summary>
    public Task<DryRunReport> DryRunAsync(string pipeline, string job, StartDryRun? body = null, CancellationToken ct = default) =>
        SendAsync<DryRunReport>(HttpMethod.Post, $"pipelines/{Escape(pipeline)}/jobs/{Escape(job)}/dry-run", body ?? new StartDryRun(), ct);

    /// <summary>Follows a row of a bronze table, by its <c>_ff_run</c>, <c>_ff_file</c> and <c>_ff_record</c>, back to its record.</summary>
    public Task<RowOrigin> TraceAsync(string table, string run, string file, long record, CancellationToken ct = default) =>
        GetAsync<RowOrigin>(new QueryText(TablePath(TableLayer.Bronze, table) + "/trace").Add("run", run).Add("file", file).Add("record", record), ct);

    /// <summary>Sets the watermark of the job that makes a bronze table; the next run reads from there.</summary>
    public Task<WatermarkSet> SetWatermarkAsync(string table, SetWatermark body, CancellationToken ct = default) =>
        SendAsync<WatermarkSet>(HttpMethod.Post, TablePath(TableLayer.Bronze, table) + "/watermark", body, ct);
}
