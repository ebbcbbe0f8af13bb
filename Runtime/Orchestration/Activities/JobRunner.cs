using FlowForge.Catalog;
using FlowForge.Datasets;
using FlowForge.Ingest;
using FlowForge.Ingest.Delivering;
using FlowForge.Lake;
using FlowForge.Orchestration.Backfills;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Activities;

/// <summary>A job with all that an attempt needs.</summary>
/// <param name="ClaimedTable">What is claimed while it runs: the table, or the landing folder of a job that makes none.</param>
public sealed record JobToRun(JobInput Input, RunRecord Run, PipelineVersion Version, PipelineDefinition Definition, PlanJob Plan, string ClaimedTable)
{
    public string ApplicationId => $"{Run.Pipeline}/{Plan.Id}";
}

/// <summary>Finds a run's job in the pipeline version that the run uses, and hands it to the runner of its kind. Thread-safe.</summary>
public sealed class JobRunner(
    RunStore runs, PipelineStore pipelines, PipelineReader reader, LakeStore lake, IngestRunner ingest, DatasetRunner datasets, DeliveryRunner deliveries, LogStore logs, BackfillStore backfills, INotebookRunner? notebooks = null)
{
    public JobToRun Find(JobInput input)
    {
        var run = runs.Get(input.RunId) ?? throw Terminal("FF3001", $"Run {input.RunId} is not in the catalog.", "Was the catalog file replaced? Start a new run.");
        var version = pipelines.Get(run.Pipeline, run.PipelineVersion)
            ?? throw Terminal("FF3001", $"Version {run.PipelineVersion} of pipeline {run.Pipeline} is not in the catalog.", "Start a new run.");
        var reading = reader.Read(version);
        var plan = reading.Plan.Jobs.FirstOrDefault(j => j.Id == input.JobId);
        if (reading.Definition is null || plan is null)
            throw Terminal("FF3001", $"Pipeline {run.Pipeline} version {version.Version} has no job {input.JobId}: {string.Join(" ", reading.Diagnostics.Take(1).Select(d => d.Message))}", "Mend the pipeline, then start a new run.");
        return new(input, run, version, reading.Definition, plan, plan.Writes ?? $"{plan.Kind switch { JobKind.Notebook => "notebook", JobKind.Delivery => "delivery", _ => "landing" }}.{run.Pipeline}.{plan.Name}");
    }

    public long LastTransaction(JobToRun job) =>
        job.Plan.Writes is { } table ? lake.Table(TableName.Parse(table)).TransactionVersion(job.ApplicationId) ?? 0
        : job.Definition.Ingest.Any(i => i.Name == job.Plan.Name && i.Tables.Count > 0)
            // One version for all tables of the job, beyond what any of them has.
            ? lake.Tables().Where(t => t.Layer == Layer.Bronze).Select(t => lake.Table(t).TransactionVersion(job.ApplicationId) ?? 0).DefaultIfEmpty().Max()
        : 0;

    public Task<JobOutcome> RunAsync(JobToRun job, int attempt, long txn, IProgress<JobProgress> progress, CancellationToken cancel)
    {
        var request = new JobRequest
        {
            RunId = job.Run.RunId,
            Pipeline = job.Run.Pipeline,
            PipelineVersion = job.Version.Version,
            JobId = job.Plan.Id,
            BaseDirectory = job.Version.BaseDirectory,
            RunTime = job.Input.RunTime,
            TxnVersion = txn,
            Attempt = attempt,
            InputVersions = job.Input.InputVersions,
            Parameters = job.Run.Parameters,
            Interval = job.Run.Interval,
            IntervalZone = ZoneOf(job),
            KeepCursor = job.Run.BackfillId is not null,
            Replay = RunService.ReplayOf(job.Run),
            FullRefresh = job.Run.FullRefresh,
        };
        var log = new JobLog(logs, job.Run.RunId, job.Plan.Id);
        return job.Plan.Kind switch
        {
            JobKind.Ingest => ingest.RunAsync(Filled(job), request, progress, log, cancel),
            JobKind.Notebook => RunNotebookAsync(job, request, progress, log, cancel),
            JobKind.Delivery => deliveries.RunAsync(
                Placeholders.Fill(job.Definition.Deliveries.First(d => d.Name == job.Plan.Name), job.Run.Parameters, job.Run.Interval is { } i ? (i.Start, i.End) : null), request, progress, log, cancel),
            _ => datasets.RunAsync(job.Definition.Datasets.First(d => d.Table == job.Plan.Writes), request, progress, log, cancel),
        };
    }

    /// <summary>For what it does and shows; it makes no table.</summary>
    private async Task<JobOutcome> RunNotebookAsync(JobToRun job, JobRequest request, IProgress<JobProgress> progress, IJobLog log, CancellationToken cancel)
    {
        if (notebooks is null) throw new JobFailedException("FF3240", $"{job.Plan.Id} runs a notebook, and notebooks are not run here.", "Run the job where kernels are.");
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in job.Plan.Reads)
            if (request.InputVersions.TryGetValue(table, out var pinned)) versions[table] = pinned;
            else if (TableName.TryParse(table, out var name) && lake.Table(name).Latest() is { } latest) versions[table] = latest.Version;
        var done = await notebooks.RunAsync(job.Definition.Notebooks.First(n => n.Name == job.Plan.Name).Notebook, request, versions, rowsFile: null, progress, log, cancel);
        return new JobOutcome { Counts = default, Note = done.Cells == 1 ? "1 cell ran" : $"{done.Cells} cells ran" };
    }

    /// <summary>A backfill that was given steps of its own has cut them in UTC.</summary>
    private TimeZoneInfo ZoneOf(JobToRun job) =>
        job.Definition.Schedule is { } schedule && (job.Run.BackfillId is not { } id || backfills.Get(id)?.Step == BackfillIntervals.BySchedule) ? TimeZoneInfo.FindSystemTimeZoneById(schedule.Timezone) : TimeZoneInfo.Utc;

    private static IngestDefinition Filled(JobToRun job) => Placeholders.Fill(
        job.Definition.Ingest.First(i => i.Name == job.Plan.Name), job.Run.Parameters, job.Run.Interval is { } i ? (i.Start, i.End) : null);

    private static ApplicationFailure Terminal(string code, string message, string suggestion) =>
        new(message, code, nonRetryable: true) { Details = new RunError(code, message, suggestion) };
}
