using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>Which ingests to list; null fields do not restrict.</summary>
public sealed record IngestionFilter
{
    public string? Pipeline { get; init; }

    public RunState? State { get; init; }

    /// <summary>Started at or after.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Started before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>That read at least so many rows.</summary>
    public long? MinRows { get; init; }

    /// <summary>That rejected something.</summary>
    public bool Rejects { get; init; }

    /// <summary>Part of the pipeline's, job's or table's name; upper and lower case are the same.</summary>
    public string? Text { get; init; }
}

/// <summary>One ingest job of one run.</summary>
public sealed record IngestionRecord(string Pipeline, int PipelineVersion, string Trigger, JobRunRecord Job);

public sealed partial class RunStore
{
    // All that filters ask for is in the index job_runs_of_ingests: no row is touched, and runs only where a pipeline is asked for. LIKE takes upper and lower case for the same.
    private const string OfIngests = "FROM job_runs j WHERE j.kind = 'ingest' AND j.started_at IS NOT NULL";

    /// <summary>Ingest jobs that have started, newest first.</summary>
    public Page<IngestionRecord> Ingestions(IngestionFilter filter, int page = 1, int size = 50)
    {
        var where = (filter.Pipeline is null ? "" : " AND j.run_id IN (SELECT run_id FROM runs WHERE pipeline = @pipeline)") + (filter.State is null ? "" : " AND j.state = @state") + (filter.From is null ? "" : " AND j.started_at >= @from")
            + (filter.To is null ? "" : " AND j.started_at < @to") + (filter.MinRows is null ? "" : " AND j.rows_read >= @rows") + (filter.Rejects ? " AND j.rows_rejected > 0" : "")
            + (filter.Text is null ? "" : " AND (j.job_id LIKE @text ESCAPE '\\' OR j.table_name LIKE @text ESCAPE '\\' OR j.run_id IN (SELECT run_id FROM runs WHERE pipeline LIKE @text ESCAPE '\\'))");
        (string, object?)[] args =
        [
            ("pipeline", filter.Pipeline), ("state", filter.State?.ToText()), ("from", CatalogTime.Write(filter.From)), ("to", CatalogTime.Write(filter.To)), ("rows", filter.MinRows), ("text", Paging.Contains(filter.Text)),
        ];
        return _database.Read(s => Paging.Page(page, size, s.Number($"SELECT count(*) {OfIngests}{where}", args), (limit, offset) => s.Rows(
            $"""
            SELECT j.*, r.pipeline, r.pipeline_version, r.run_trigger
            FROM (SELECT j.run_id, j.job_id, j.started_at, j.ordinal {OfIngests}{where} ORDER BY j.started_at DESC, j.run_id, j.ordinal LIMIT @limit OFFSET @offset) p
              CROSS JOIN job_runs j ON j.run_id = p.run_id AND j.job_id = p.job_id JOIN runs r ON r.run_id = j.run_id
            ORDER BY p.started_at DESC, p.run_id, p.ordinal
            """,
            row => new IngestionRecord(row.Text("pipeline"), row.Int("pipeline_version"), row.Text("run_trigger"), MapJob(row)), [.. args, ("limit", limit), ("offset", offset)])));
    }

    /// <summary>The newest run of a job that has started; null when there is none.</summary>
    public JobRunRecord? Latest(string pipeline, string jobId) => _database.Read(s => s.First(
        "SELECT j.* FROM runs r JOIN job_runs j ON j.run_id = r.run_id AND j.job_id = @job WHERE r.pipeline = @pipeline AND j.started_at IS NOT NULL ORDER BY r.queued_at DESC LIMIT 1",
        MapJob, ("pipeline", pipeline), ("job", jobId)));

    /// <summary>How often a job failed since.</summary>
    public long Failures(string pipeline, string jobId, DateTimeOffset since) => _database.Read(s => s.Number(
        "SELECT count(*) FROM runs r JOIN job_runs j ON j.run_id = r.run_id AND j.job_id = @job WHERE r.pipeline = @pipeline AND r.queued_at >= @since AND j.state = 'failed'",
        ("pipeline", pipeline), ("job", jobId), ("since", CatalogTime.Write(since))));
}
