using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Ingest;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using StartRun = FlowForge.Orchestration.Runs.StartRun;

namespace FlowForge.Api.Tables;

/// <summary>Reads rejects of a table again by the present definition of the job that makes it. Thread-safe.</summary>
internal sealed class RejectReplays(RunService runs, PipelineStore pipelines, PipelineReader reader, IngestRunner ingest)
{
    /// <summary>Starts a run of the job that reads the chosen rejects instead of its source.</summary>
    public Task<string> StartAsync(TableName table, TableSnapshot shown, ReplayRejects body, CancellationToken ct)
    {
        var (version, job) = Find(table, shown);
        return runs.StartAsync(new StartRun(version.Name, ["ingest." + job.Name], "replay", new Dictionary<string, string>(), version.Version) { Replay = Choice(body) }, ct);
    }

    /// <summary>What such a run would do now; nothing is published.</summary>
    public async Task<ReplayPreview> PreviewAsync(TableName table, TableSnapshot shown, ReplayRejects body, CancellationToken ct)
    {
        var (version, job) = Find(table, shown);
        var now = DateTimeOffset.UtcNow;
        var found = await ingest.PreviewReplayAsync(job, new JobRequest
        {
            RunId = "preview", Pipeline = version.Name, PipelineVersion = version.Version, JobId = "ingest." + job.Name, BaseDirectory = version.BaseDirectory, RunTime = now, TxnVersion = 0, Replay = Choice(body)
        }, ct);
        var c = found.Counts;
        return new ReplayPreview(new Contracts.RowCounts(c.Read, c.Loaded, c.Rejected, c.Deduplicated, c.Filtered), [.. found.Reasons.Select(r => new RejectReason(r.Reason, r.Rows))], found.Columns, version.Name, version.Version);
    }

    private static RejectChoice Choice(ReplayRejects body) => new(body.Reasons ?? [], body.Runs ?? [], body.Files ?? []);

    private (PipelineVersion Version, IngestDefinition Job) Find(TableName table, TableSnapshot shown)
    {
        if (shown.State is not { Rejects: not null } state)
            throw ProblemException.NotFound("FF4073", $"{table} has no rejects.", "Rows are kept as rejects with error_handling: quarantine.");
        var version = pipelines.Get(state.Pipeline) is { Deleted: false } v ? v
            : throw ProblemException.Conflict("FF4037", $"The pipeline {state.Pipeline}, which makes {table}, is not there any more.", "Save it again; rejects are read by its definition.");
        var reading = reader.Read(version);
        if (!reading.IsValid)
            throw ProblemException.Conflict("FF4035", $"Pipeline {version.Name} version {version.Version} has errors: {reading.Diagnostics[0].Message}", "Mend it first; rejects are read by its definition.");
        var job = reading.Definition!.Ingest.FirstOrDefault(i => i.Name == state.Job && i.Table == table.Name)
            ?? throw ProblemException.Conflict("FF4125", $"Pipeline {version.Name} has no job {state.Job} that makes {table} any more.", "Give the job its old name and table back; rejects are read by its definition.");
        return (version, Placeholders.Fill(job, reading.Definition.Parameters, null));
    }
}
