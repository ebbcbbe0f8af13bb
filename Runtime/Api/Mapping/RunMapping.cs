using FlowForge.Contracts;

namespace FlowForge.Api.Mapping;

/// <summary>Runs and jobs as the API shows them.</summary>
internal static class RunMapping
{
    public static RunSummary ToSummary(Catalog.RunRecord run, IReadOnlyList<Catalog.JobRunRecord> jobs) => Fill(run, jobs, new RunSummary
    {
        Run = run.RunId, Pipeline = run.Pipeline, PipelineVersion = run.PipelineVersion, Trigger = run.Trigger, State = ToState(run.State), QueuedAt = run.QueuedAt
    });

    public static RunDetail ToDetail(Catalog.RunRecord run, IReadOnlyList<Catalog.JobRunRecord> jobs, IReadOnlyList<JobRun> shown, IReadOnlyList<WrittenTable> tables, int samples) =>
        (RunDetail)Fill(run, jobs, new RunDetail
        {
            Run = run.RunId, Pipeline = run.Pipeline, PipelineVersion = run.PipelineVersion, Trigger = run.Trigger, State = ToState(run.State), QueuedAt = run.QueuedAt,
            Jobs = shown, Tables = tables, Parameters = run.Parameters, WorkflowId = run.WorkflowId, Samples = samples, LogRemovedAt = run.LogRemovedAt
        });

    public static RunState ToState(Catalog.RunState state) => state switch
    {
        Catalog.RunState.Queued => RunState.Queued,
        Catalog.RunState.Running => RunState.Running,
        Catalog.RunState.Succeeded => RunState.Succeeded,
        Catalog.RunState.Failed => RunState.Failed,
        Catalog.RunState.Cancelled => RunState.Cancelled,
        Catalog.RunState.Held => RunState.Held,
        _ => RunState.Skipped
    };

    public static Catalog.RunState ToState(RunState state) => state switch
    {
        RunState.Queued => Catalog.RunState.Queued,
        RunState.Running => Catalog.RunState.Running,
        RunState.Succeeded => Catalog.RunState.Succeeded,
        RunState.Failed => Catalog.RunState.Failed,
        RunState.Cancelled => Catalog.RunState.Cancelled,
        RunState.Held => Catalog.RunState.Held,
        _ => Catalog.RunState.Skipped
    };

    public static RowCounts ToRows(Catalog.RowCounts c) => new(c.Read, c.Loaded, c.Rejected, c.Deduplicated, c.Filtered);

    public static JobError? ToError(Catalog.RunError? error) => error is null ? null : new JobError(error.Code, error.Message, error.Suggestion);

    public static double? Seconds(DateTimeOffset? started, DateTimeOffset? finished) => started is not { } from ? null
        : Math.Max(0, ((finished ?? DateTimeOffset.UtcNow) - from).TotalSeconds);

    private static RunSummary Fill(Catalog.RunRecord run, IReadOnlyList<Catalog.JobRunRecord> jobs, RunSummary shown)
    {
        var ingests = jobs.Where(j => j.Kind == Pipelines.JobKind.Ingest).ToArray();
        return shown with
        {
            StartedAt = run.StartedAt, FinishedAt = run.FinishedAt, Seconds = Seconds(run.StartedAt, run.FinishedAt),
            Rows = ToRows(ingests.Aggregate(default(Catalog.RowCounts), (sum, j) => sum + j.Counts)), Bytes = ingests.Sum(j => j.Bytes),
            JobsTotal = jobs.Count, JobsDone = jobs.Count(j => Catalog.RunStates.IsFinal(j.State)), Progress = Progress(run, jobs), Error = run.Error?.Message,
            Paused = run.Paused && !Catalog.RunStates.IsFinal(run.State), Waiting = run.Waiting, Backfill = run.BackfillId, RetryOf = run.RetryOf,
            Interval = run.Interval is { } i ? new DataInterval(i.Start, i.End) : null
        };
    }

    /// <summary>Every job weighs the same: what is left of a run is not known in rows before its silver and gold jobs begin.</summary>
    private static double Progress(Catalog.RunRecord run, IReadOnlyList<Catalog.JobRunRecord> jobs)
    {
        if (run.State == Catalog.RunState.Succeeded)
            return 1;
        if (jobs.Count == 0)
            return 0;
        var done = jobs.Sum(j => j.State == Catalog.RunState.Succeeded ? 1 : j.State == Catalog.RunState.Running ? Math.Clamp(j.ProgressFraction ?? 0, 0, 1) : 0);
        return Math.Min(0.99, done / jobs.Count);
    }
}
