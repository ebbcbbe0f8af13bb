using FlowForge.Contracts;

namespace FlowForge.Api.Mapping;

/// <summary>One job of a run as the API shows it.</summary>
internal static class JobMapping
{
    public static JobRun ToJob(Catalog.JobRunRecord job, IEnumerable<Catalog.AttemptRecord> attempts, IEnumerable<Catalog.CheckResult> checks, bool isReference, string? notebook) => new()
    {
        Id = job.JobId, Name = job.Name, Kind = PipelineMapping.ToKind(job.Kind), State = RunMapping.ToState(job.State), DependsOn = job.DependsOn,
        IsReference = isReference, Attempt = job.Attempt, Rows = RunMapping.ToRows(job.Counts), Bytes = job.Bytes, StartedAt = job.StartedAt,
        FinishedAt = job.FinishedAt, Seconds = RunMapping.Seconds(job.StartedAt, job.FinishedAt),
        Progress = job.State == Catalog.RunState.Succeeded ? 1 : job.ProgressFraction, Phase = job.State is Catalog.RunState.Running or Catalog.RunState.Queued ? job.Phase : null, Pool = job.Pool,
        RowsPerSecond = Rate(job), Table = job.Table, TableVersion = job.TableVersion,
        RejectsTable = job.Counts.Rejected > 0 && job.Kind == Pipelines.JobKind.Ingest ? job.Table : null,
        Error = RunMapping.ToError(job.Error), Note = job.Note, Changes = ToChanges(job.Changes),
        Tables = [.. job.Tables.Select(t => new JobTableResult(t.Source, t.Table, t.Version, RunMapping.ToRows(t.Counts), ToChanges(t.Changes), t.Note, RunMapping.ToError(t.Error)))],
        Attempts = [.. attempts.Select(a => new JobAttempt(a.Attempt, RunMapping.ToState(a.State), a.StartedAt, a.FinishedAt, RunMapping.ToError(a.Error)))],
        Checks = [.. checks.Select(ToCheck)], Notebook = notebook
    };

    public static CheckOutcome ToCheck(Catalog.CheckResult check) => new(check.Check, check.Passed, check.OnFail switch
    {
        Pipelines.CheckAction.Warn => CheckAction.Warn,
        Pipelines.CheckAction.Drop => CheckAction.Drop,
        Pipelines.CheckAction.Quarantine => CheckAction.Quarantine,
        _ => CheckAction.Fail
    }, check.FailingRows, check.Message) { Value = check.Value, Run = check.RunId, Job = check.JobId, Table = check.Table };

    private static RowChanges? ToChanges(Catalog.RowChanges? changes) => changes is { } c ? new RowChanges(c.Inserted, c.Updated, c.Deleted, c.Unchanged) : null;

    private static double? Rate(Catalog.JobRunRecord job)
    {
        if (!Catalog.RunStates.IsFinal(job.State))
            return job.RowsPerSecond;
        return job.Counts.Read > 0 && RunMapping.Seconds(job.StartedAt, job.FinishedAt) is { } seconds and > 0 ? job.Counts.Read / seconds : null;
    }
}
