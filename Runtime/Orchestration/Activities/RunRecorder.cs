using FlowForge.Catalog;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Activities;

/// <summary>
/// Keeps the catalog's record of job attempts, and turns what went wrong into what Temporal is told: a passing failure is tried again
/// as the pipeline says, all others end the job. Thread-safe.
/// </summary>
public sealed class RunRecorder(RunStore runs, LogStore logs, TimeProvider clock)
{
    private const string Interrupted = "FF3005";

    /// <summary>A job that has taken its worker down this often will do so again.</summary>
    private const int MostInterruptions = 100;

    private static readonly TimeSpan BusyDelay = TimeSpan.FromSeconds(1);

    /// <summary>The result of a job that is recorded as succeeded: the worker died before it could tell the server.</summary>
    public JobResult? Succeeded(JobInput input) =>
        runs.Job(input.RunId, input.JobId) is { State: RunState.Succeeded } job ? Result(job.Counts, job.Table, job.TableVersion, job.Tables) : null;

    public static JobResult Result(RowCounts counts, string? table, long? version, IReadOnlyList<TableOutcome> tables) =>
        new(counts, table, version, tables.Count == 0 ? null : tables.Where(t => t.Version is not null).ToDictionary(t => t.Table, t => t.Version!.Value));

    /// <summary>The table is held by another run: try again soon; this is no attempt.</summary>
    public ApplicationFailure Waiting(JobToRun job, string holder)
    {
        var record = runs.Job(job.Run.RunId, job.Plan.Id) ?? Record(job, 0);
        var phase = $"waiting for {holder}";
        if (record.State == RunState.Queued && record.Phase != phase) runs.UpsertJob(record with { Phase = phase });
        return new ApplicationFailure($"{job.ClaimedTable} is being written by {holder}.", "TableBusy") { NextRetryDelay = BusyDelay };
    }

    /// <returns>The attempt's number, from 1. Attempts that never ended (their process died) are closed as interrupted.</returns>
    public int Start(JobToRun job)
    {
        var now = clock.GetUtcNow();
        var earlier = runs.Attempts(job.Run.RunId, job.Plan.Id);
        foreach (var open in earlier.Where(a => a.FinishedAt is null))
        {
            runs.AddAttempt(open with
            {
                State = RunState.Failed, FinishedAt = now,
                Error = new RunError(Interrupted, "The worker stopped in the middle of this attempt.", "Nothing to do: the next attempt went on."),
            });
            Log(job, JobLogLevel.Warning, $"attempt {open.Attempt} was interrupted; going on with attempt {open.Attempt + 1}");
        }
        if (earlier.Count(a => a.FinishedAt is null || a.Error?.Code == Interrupted) >= MostInterruptions) throw GivenUp(job);
        var number = earlier.Select(a => a.Attempt).DefaultIfEmpty().Max() + 1;
        runs.AddAttempt(new(job.Run.RunId, job.Plan.Id, number, RunState.Running, now, null, null));
        runs.SetWaiting(job.Run.RunId, null);
        runs.UpsertJob(Record(job, number) with { State = RunState.Running, StartedAt = earlier.Any(a => Counts(job, a)) ? null : now });
        return number;
    }

    private ApplicationFailure GivenUp(JobToRun job)
    {
        var error = new RunError("FF3002", $"{job.Plan.Id} was interrupted in {MostInterruptions} attempts.",
            "Look into the run's log for what it did last; a job that needs more memory than there is ends like this.");
        runs.UpsertJob((runs.Job(job.Run.RunId, job.Plan.Id) ?? Record(job, 0)) with { State = RunState.Failed, FinishedAt = clock.GetUtcNow(), Error = error });
        Log(job, JobLogLevel.Error, $"{error.Code}: {error.Message}");
        return new ApplicationFailure(error.Message, error.Code, nonRetryable: true) { Details = error };
    }

    public void Progress(JobToRun job, int attempt, JobProgress progress) => runs.UpsertProgress(Record(job, attempt) with
    {
        State = RunState.Running,
        Phase = progress.Phase,
        Counts = new RowCounts(progress.RowsRead, 0),
        Bytes = progress.Bytes,
        ProgressFraction = progress.Fraction,
        RowsPerSecond = progress.RowsPerSecond,
    });

    public void Succeed(JobToRun job, int attempt, JobOutcome outcome)
    {
        var now = clock.GetUtcNow();
        runs.UpsertJob(Record(job, attempt) with
        {
            State = RunState.Succeeded, FinishedAt = now, Counts = outcome.Counts, Bytes = outcome.Bytes,
            Table = outcome.Table ?? job.Plan.Writes, TableVersion = outcome.TableVersion, ProgressFraction = 1, Note = outcome.Note,
            Changes = outcome.Changes, Tables = outcome.Tables,
        });
        CloseAttempt(job, attempt, RunState.Succeeded, null, now);
        Log(job, JobLogLevel.Info, $"done: {outcome.Counts}{(outcome.Note is { } note ? $" ({note})" : "")}");
    }

    /// <summary>The attempt was told to stop: by a person, or because its worker goes down and another attempt will follow.</summary>
    public void Stopped(JobToRun job, int attempt, bool cancelled)
    {
        var now = clock.GetUtcNow();
        if (cancelled)
        {
            runs.UpsertJob(Record(job, attempt) with { State = RunState.Cancelled, FinishedAt = now });
            CloseAttempt(job, attempt, RunState.Cancelled, null, now);
            Log(job, JobLogLevel.Warning, "cancelled; nothing was published");
            return;
        }
        CloseAttempt(job, attempt, RunState.Failed, new RunError(Interrupted, "The worker was stopped in the middle of this attempt.", "Nothing to do: another attempt follows."), now);
        Log(job, JobLogLevel.Warning, $"attempt {attempt} was interrupted: the worker stops");
    }

    /// <returns>What to throw: retryable with its delay, or final.</returns>
    public ApplicationFailure Fail(JobToRun job, int attempt, Exception error)
    {
        var now = clock.GetUtcNow();
        var known = error as JobFailedException;
        var shown = known?.ToError() ?? new RunError("FF3000", $"{error.GetType().Name}: {error.Message}", "The log has the whole error. If it comes again, report it with the log.");
        var retry = job.Definition.Retry;
        var failures = 1 + runs.Attempts(job.Run.RunId, job.Plan.Id).Count(a => Counts(job, a) && a.State == RunState.Failed && a.Error?.Code != Interrupted);
        var again = (known?.Transient ?? true) && failures < retry.MaxAttempts;

        var state = shown.Code == RunHeld.Code ? RunState.Held : RunState.Failed;
        CloseAttempt(job, attempt, state, shown, now);
        Log(job, state == RunState.Held ? JobLogLevel.Warning : JobLogLevel.Error, $"{shown.Code}: {shown.Message}{(shown.Suggestion is { } s ? $" {s}" : "")}");
        if (known is null) Log(job, JobLogLevel.Debug, error.ToString());
        if (!again)
        {
            var counts = runs.Job(job.Run.RunId, job.Plan.Id)?.Counts ?? default;
            runs.UpsertJob(Record(job, attempt) with { State = state, FinishedAt = now, Error = shown, Counts = counts, Tables = known?.Tables ?? [] });
            return new ApplicationFailure(shown.Message, shown.Code, nonRetryable: true, error) { Details = shown };
        }
        var delay = Delay(retry, failures, known?.RetryAfter);
        runs.UpsertJob(Record(job, attempt) with { State = RunState.Running, Phase = $"retry in {delay.TotalSeconds:0} s", Error = shown });
        Log(job, JobLogLevel.Warning, $"attempt {attempt} failed for a passing reason; trying again in {delay.TotalSeconds:0} s");
        return new ApplicationFailure(shown.Message, shown.Code, nonRetryable: false, error) { Details = shown, NextRetryDelay = delay };
    }

    /// <summary>An attempt from before the run was taken up again, by a person or by itself, is history: it uses up nothing.</summary>
    private static bool Counts(JobToRun job, AttemptRecord attempt) => !(attempt.StartedAt < job.Run.ReopenedAt) && !(attempt.StartedAt < job.Input.Since);

    /// <summary>What the pipeline says, or longer when the system asked for it (within an hour); a tenth more by chance, so that jobs that failed together do not return together.</summary>
    private static TimeSpan Delay(RetryDefinition retry, int failures, TimeSpan? asked)
    {
        var delay = Delay(retry, failures);
        if (asked > delay) delay = asked < TimeSpan.FromHours(1) ? asked.Value : TimeSpan.FromHours(1);
        return delay * (1 + Random.Shared.NextDouble() / 10);
    }

    private static TimeSpan Delay(RetryDefinition retry, int failures)
    {
        var seconds = retry.Delay.TotalSeconds * Math.Pow(retry.Backoff, failures - 1);
        return TimeSpan.FromSeconds(Math.Min(seconds, retry.MaxDelay.TotalSeconds));
    }

    private void CloseAttempt(JobToRun job, int attempt, RunState state, RunError? error, DateTimeOffset now)
    {
        var started = runs.Attempts(job.Run.RunId, job.Plan.Id).FirstOrDefault(a => a.Attempt == attempt)?.StartedAt ?? now;
        runs.AddAttempt(new(job.Run.RunId, job.Plan.Id, attempt, state, started, now, error));
    }

    private static JobRunRecord Record(JobToRun job, int attempt) => new()
    {
        RunId = job.Run.RunId, JobId = job.Plan.Id, Name = job.Plan.Name, Kind = job.Plan.Kind, Attempt = attempt, Table = job.Plan.Writes,
    };

    private void Log(JobToRun job, JobLogLevel level, string message) => new JobLog(logs, job.Run.RunId, job.Plan.Id).Write(level, message);
}
